using System.Runtime.InteropServices;
using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Transfer;

/// <summary>Tensors of several windows of 16,384 elements: none reaches into the next.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class WindowTests : IDisposable
{
    private const int Rows = 130, Width = 300, Count = Rows * Width, Parts = 3;

    private static readonly TicketMask Thirds = new([new("w", TicketUnit.Elements.Cut(Rows, Width),
        IndexSet.Of(Count, Enumerable.Range(0, Count).Where(i => i % 3 == 0)))]);

    private readonly TemporaryFolder _folder = new();
    private readonly float[] _before = Make(1, 64), _after = Make(2, 64);

    private string Base => _folder.File("base.safetensors");

    private string Tuned => _folder.File("tuned.safetensors");

    private string Patch => _folder.File(TicketPatch.FileName);

    public void Dispose() => _folder.Dispose();

    [Test]
    public void Patches_go_in_and_come_out_again([Values] TicketPayload payload)
    {
        Write(payload);
        float[] expected = [.. Enumerable.Range(0, Count).Select(i => Expect(payload, i))];
        foreach (bool isMapped in (bool[])[true, false])
        {
            CheckpointOptions reading = new() { UseMemoryMap = isMapped };
            string applied = _folder.File($"applied {isMapped}"), back = _folder.File($"back {isMapped}");
            PatchApplication.Apply(Base, Patch, applied, new() { Reading = reading });
            Assert.That(Read(Path.Combine(applied, "base.safetensors")).AsSpan().SequenceEqual(expected), Is.True);
            PatchApplication.Revert(Path.Combine(applied, "base.safetensors"), Patch, back, reading);
            TicketFixture.AssertSame(Path.Combine(back, "base.safetensors"), Base);

            using Checkpoint before = Checkpoint.Open(Base, reading);
            using TicketPatch patch = TicketPatch.Open(Patch, reading);
            Tensor computed = new PatchedElements(PatchTarget.Find(patch, before)[0]).ToTensor();
            Assert.That(Values(computed, 0, Rows).AsSpan().SequenceEqual(expected), Is.True, "computed as it is read");
            for (int row = Rows - 1; row >= 0; row -= 43)
                Assert.That(Values(computed, row, 1).AsSpan().SequenceEqual(expected.AsSpan(row * Width, Width)), Is.True, "backwards");
        }
    }

    /// <summary>What a patch of what is kept changes begins before its mask.</summary>
    [Test]
    public void A_zero_that_changed_since_is_found_before_what_is_kept()
    {
        Save(Base, _before);
        using (Checkpoint before = Checkpoint.Open(Base))
            TicketPatch.Write(Patch, before, null, new([new("w", TicketUnit.Elements.Cut(Rows, Width), IndexSet.Of(Count, [Count - 1L]))]),
                TicketPayload.Keep, new() { Signature = "" });
        PatchApplication.Apply(Base, Patch, _folder.File("applied"));
        string applied = _folder.File("applied/base.safetensors");
        TicketFixture.Flip(applied, TicketFixture.Place(applied, "w").Start);
        Assert.That(() => PatchApplication.Revert(applied, Patch, _folder.File("back")), Throws.TypeOf<PatchMismatchException>()
            .With.Message.Contains("of its 1 elements 1 (0) do not hold its tuned values"));
    }

    [Test]
    public void Elements_are_read_forwards_and_back([Values] bool isMapped)
    {
        Save(Base, _before);
        using Checkpoint checkpoint = Checkpoint.Open(Base, new() { UseMemoryMap = isMapped });
        ElementReader reader = new(checkpoint.GetTensor("w"));
        foreach ((int first, int count) in ((int, int)[])[(17_000, 9), (3, 16_384), (16_380, 10), (0, 1), (Count - 2, 2), (Count, 0)])
            Assert.That(MemoryMarshal.Cast<byte, float>(reader.Get(first, count)).SequenceEqual(_before.AsSpan(first, count)), Is.True,
                $"{first} + {count}");
    }

    [Test]
    public void Trained_values_have_the_fingerprint_of_the_base_with_these()
    {
        Save(Base, _before);
        IndexSet rows = IndexSet.Of(Rows, [3L, 100]);
        float[] tuned = [.. _before], values = [.. _after[..(2 * Width)]];
        foreach ((int i, long row) in rows.Index()) values.AsSpan(i * Width, Width).CopyTo(tuned.AsSpan((int)row * Width));
        Save(Tuned, tuned);
        using Checkpoint before = Checkpoint.Open(Base), after = Checkpoint.Open(Tuned);
        TicketPatch.Write(Patch, [PatchSource.OfRows(before.GetTensor("w"), rows) with { Values = values }], new() { Signature = "" });
        using TicketPatch patch = TicketPatch.Open(Patch);
        Assert.That(patch.Rows!.TunedFingerprint, Is.EqualTo(Fingerprint.OfTensor(after.GetTensor("w"))));
    }

    [Test]
    public void Of_many_units_that_are_not_finite_the_first_thousand_are_listed()
    {
        Save(Base, _before);
        Save(Tuned, [.. Enumerable.Repeat(float.NaN, Count)]);
        using (Checkpoint before = Checkpoint.Open(Base), after = Checkpoint.Open(Tuned))
            TicketPatch.Write(Patch, before, after, Thirds, TicketPayload.Replace, new() { Signature = "" });
        using SafetensorsFile file = SafetensorsFile.Open(Patch);
        using JsonDocument list = JsonDocument.Parse(file.Metadata["tensors"]);
        Assert.That(list.RootElement[0].GetProperty("non_finite").EnumerateArray().Select(unit => unit.GetInt32()),
            Is.EqualTo(Enumerable.Range(0, 1000).Select(i => 3 * i)));
    }

    [Test]
    public void A_file_of_several_chunks_is_copied_and_told_of_once()
    {
        const int Long = 600, Wide = 512;
        TicketFixture.WriteMatrix(Base, ElementType.F32, Long, Wide, 1);
        TicketFixture.WriteMatrix(Tuned, ElementType.F32, Long, Wide, 2);
        TicketFixture.WritePatch(Patch, Base, Tuned, [0, 511, 512, Long - 1]);
        List<PatchProgress> heard = [];
        PatchApplication.Apply(Base, Patch, _folder.File("out"), new() { AllowsNonFinite = true }, new Hearing(heard.Add));
        long length = new FileInfo(Base).Length;
        Assert.That(heard, Is.EqualTo(new[] { new PatchProgress("base.safetensors", length, length) }));
        Assert.That(File.ReadAllBytes(_folder.File("out/base.safetensors")).AsSpan().SequenceEqual(
            TicketFixture.WithRows(Base, Tuned, [0, 511, 512, Long - 1])), Is.True);
    }

    [Test]
    public void Paired_rows_may_be_longer_than_a_window()
    {
        const int Long = 20_000;
        TicketFixture.WriteMatrix(Base, ElementType.U8, 2, Long, 1);
        TicketFixture.WriteMatrix(Tuned, ElementType.U8, 3, Long, 2);
        using SafetensorsFile before = SafetensorsFile.Open(Base), after = SafetensorsFile.Open(Tuned);
        TicketPatch.Write(Patch, [TicketFixture.Rows(before.Tensors[0], after.Tensors[0], 1)],
            new() { Signature = "", Pairing = RowPairing.Of([0, 2], 3) });
        using TicketPatch patch = TicketPatch.Open(Patch);
        Assert.That(patch.Rows!.TunedRows.GetRow<byte>(0).SequenceEqual(after.Tensors[0].GetRow<byte>(2)), Is.True);
    }

    [Test]
    public void Merging_a_tensor_is_merging_its_parts([Values] MergeMethod method)
    {
        float[][] tuned = [.. Enumerable.Range(3, 3).Select(seed => Make(seed, 4))];
        IndexSet[] masks = [.. Enumerable.Range(0, 3).Select(n => IndexSet.Of(Count,
            Enumerable.Range(0, Count).Where(i => (i * 7 / 5 % 11 <= 7 - (2 * n)) && tuned[n][i] != _before[i])))];
        MergeRecipe recipe = method is MergeMethod.Add or MergeMethod.Graft ? new() { Method = method }
            : new() { Method = method, Weights = [1, 0.5f, 2], Scale = 0.5f, IsNormalized = true };
        if (method == MergeMethod.Ties) recipe = recipe with { ZeroSum = ZeroSumRule.Majority };

        (float[] whole, MergeOverlap overlap) = Merge("whole", 1, tuned, masks, recipe);
        (float[] parts, MergeOverlap ofParts) = Merge("parts", Parts, tuned, masks, recipe);
        Assert.That(whole.AsSpan().SequenceEqual(parts), Is.True);
        int Sign(int n, int i) => masks[n].Contains(i) ? Math.Sign(tuned[n][i] - _before[i]) : 0;
        int[] elements = [.. Enumerable.Range(0, Count)];
        foreach (MergeOverlap some in (MergeOverlap[])[overlap, ofParts])
        {
            Assert.That(some.Elements, Is.EqualTo(masks.Select(m => m.Count)));
            Assert.That((some.Union, some.Shared, some.Conflicting), Is.EqualTo((
                elements.LongCount(i => masks.Any(m => m.Contains(i))), elements.LongCount(i => masks.Count(m => m.Contains(i)) > 1),
                elements.LongCount(i => Enumerable.Range(0, 3).Any(n => Sign(n, i) * Sign((n + 1) % 3, i) < 0)))));
            foreach (PatchPairOverlap pair in some.Pairs)
                Assert.That((pair.Shared, pair.Conflicting), Is.EqualTo((masks[pair.First].Intersect(masks[pair.Second]).Count,
                    elements.LongCount(i => Sign(pair.First, i) * Sign(pair.Second, i) < 0))));
        }
    }

    [Test]
    public void An_overflow_is_named_by_its_element()
    {
        _before[20_001] = float.MaxValue;
        _after[20_001] = float.MaxValue;
        Write(TicketPayload.Delta);
        using (SafetensorsFile file = SafetensorsFile.Open(Patch))
        {
            // A difference that is large enough, where that of two numbers is 0.
            byte[] values = MemoryMarshal.AsBytes<float>([.. Enumerable.Repeat(1e38f, Count / 3)]).ToArray();
            SafetensorsWriter.Write(_folder.File("large"), [.. file.Tensors.Where(t => t.Name != "values/w")
                .Select(TensorSource.FromTensor), TensorSource.FromBytes("values/w", ElementType.F32, [Count / 3, 1], values)],
                    file.Metadata);
        }
        PatchOptions options = new() { Reading = new() { IgnoresChecksum = true } };
        Assert.That(() => PatchMerging.Merge(Base, [_folder.File("large")], _folder.File("merged"), new(), options),
            Throws.TypeOf<NotFiniteNumberException>().With.Message.EqualTo("tensor \"w\": element 20001 would hold a NaN or an infinity as "
                + "F32, with which no model works. Take smaller weights or other patches, or ask for it (PatchOptions.AllowsNonFinite)."));
    }

    private sealed class Hearing(Action<PatchProgress> hear) : IProgress<PatchProgress>
    {
        public void Report(PatchProgress value) => hear(value);
    }

    private (float[] Values, MergeOverlap Overlap) Merge(string name, int parts, float[][] tuned, IndexSet[] masks, MergeRecipe recipe)
    {
        string path = _folder.File($"{name}.safetensors"), merged = _folder.File($"{name} merged");
        int length = Count / parts;
        SafetensorsWriter.Write(path, Enumerable.Range(0, parts).Select(p =>
            TensorSource.FromBytes($"w{p}", ElementType.F32, [1, length], Bytes(_before.AsSpan(p * length, length)))));
        string[] patches = [.. masks.Select((_, n) => _folder.File($"{name} {n}.safetensors"))];
        using (Checkpoint before = Checkpoint.Open(path))
            foreach ((int n, string patch) in patches.Index())
                TicketPatch.Write(patch, [.. Enumerable.Range(0, parts).Select(p =>
                {
                    long[] own = [.. masks[n].Where(i => i / length == p)];
                    TensorMask mask = new($"w{p}", TicketUnit.Elements.Cut(1, length), IndexSet.Of(length, own.Select(i => i % length)));
                    return new PatchSource(before.GetTensor(mask.Name), mask, TicketPayload.Replace)
                    {
                        Values = (float[])[.. own.Select(i => tuned[n][i])],
                    };
                })], new() { Signature = "" });
        MergeOverlap overlap = PatchMerging.Merge(path, patches, merged, recipe).Overlap!;
        using Checkpoint result = Checkpoint.Open(Path.Combine(merged, Path.GetFileName(path)));
        return ([.. Enumerable.Range(0, parts).SelectMany(p => Values(result.GetTensor($"w{p}"), 0, 1))], overlap);
    }

    private void Write(TicketPayload payload)
    {
        Save(Base, _before);
        Save(Tuned, _after);
        using Checkpoint before = Checkpoint.Open(Base), after = Checkpoint.Open(Tuned);
        PatchOrigin origin = new() { Signature = "" };
        if (payload == TicketPayload.Share) TicketPatch.Write(Patch, PayloadFixture.Share(before, Thirds), origin);
        else TicketPatch.Write(Patch, before, payload == TicketPayload.Drop ? null : after, Thirds, payload, origin);
    }

    private float Expect(TicketPayload payload, int element)
    {
        bool isIn = element % 3 == 0;
        if (!isIn) return payload == TicketPayload.Keep ? 0 : _before[element];
        return payload switch
        {
            TicketPayload.Delta => _before[element] + (_after[element] - _before[element]),
            TicketPayload.Drop => 0,
            TicketPayload.Sign => MathF.CopySign(_before[element], _after[element]),
            TicketPayload.Share => PayloadFixture.Gathered(Thirds, "w", element),
            _ => _after[element],
        };
    }

    /// <summary>Multiples of an eighth, so that sums are exact and some of them 0.</summary>
    private static float[] Make(int seed, int range)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, Count).Select(_ => random.Next(-range, range + 1) / 8f)];
    }

    private static void Save(string path, float[] values) =>
        SafetensorsWriter.Write(path, [TensorSource.FromBytes("w", ElementType.F32, [Rows, Width], Bytes(values))]);

    private static float[] Read(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        return Values(file.GetTensor("w"), 0, Rows);
    }

    private static float[] Values(Tensor tensor, int row, int count)
    {
        int length = (int)(tensor.ByteLength / tensor.Shape[0]);
        byte[] bytes = new byte[count * length];
        return MemoryMarshal.Cast<byte, float>(tensor.GetBytes((long)row * length, bytes.Length, bytes)).ToArray();
    }

    private static byte[] Bytes(ReadOnlySpan<float> values) => MemoryMarshal.AsBytes(values).ToArray();
}
