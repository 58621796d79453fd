using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tests.Tickets;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Transfer;

/// <summary>Merged patches against the golden data of the shared folder, made by ways of its own, and taken out again.</summary>
public sealed class PatchMergingTests
{
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new();

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    private static JsonElement[] Cases => [.. ScoreFixture.Golden("merge.json").GetProperty("cases").EnumerateArray()];

    [Test]
    public void Every_method_gives_the_golden_bits()
    {
        int compared = 0;
        foreach (JsonElement one in Cases)
        {
            JsonElement expected = one.GetProperty("expected");
            MergeRecipe weighted = new()
            {
                Weights = ScoreFixture.Singles(one.GetProperty("weights")),
                Scale = one.GetProperty("lambda").GetSingle(),
            };
            Check(one, "add_in_order_bits", expected, new() { Method = MergeMethod.Add });
            foreach ((string wins, bool isFirst) in ((string, bool)[])[("first", true), ("last", false)])
                Check(one, $"grafts_{wins}_wins_bits", expected, new() { Method = MergeMethod.Graft, FirstWins = isFirst }, isKept: true);
            MergeRecipe arithmetic = weighted with { Method = MergeMethod.TaskArithmetic };
            Check(one, "task_arithmetic_bits", expected, arithmetic);
            if (expected.TryGetProperty("task_arithmetic_normalised_bits", out _))
                Check(one, "task_arithmetic_normalised_bits", expected, arithmetic with { IsNormalized = true });
            foreach ((string rule, ZeroSumRule zero) in ((string, ZeroSumRule)[])[("plus", ZeroSumRule.Plus),
                ("global_majority", ZeroSumRule.Majority), ("drops", ZeroSumRule.Drop)])
            {
                MergeRecipe ties = weighted with { Method = MergeMethod.Ties, ZeroSum = zero, Trim = Density(one) };
                JsonElement ofRule = expected.GetProperty($"ties_zero_sum_{rule}");
                Check(one, "result_mean_bits", ofRule, ties);
                Check(one, "result_weighted_bits", ofRule, ties with { IsNormalized = true });
            }
            compared++;
        }
        Assert.That(compared, Is.EqualTo(14));
    }

    [Test]
    public void Overlaps_are_the_golden_ones()
    {
        foreach (JsonElement one in Cases)
        {
            (_, MergeOverlap overlap) = Merge(one, new() { Method = MergeMethod.Ties, Trim = Density(one) });
            JsonElement expected = one.GetProperty("expected").GetProperty("counts"), ratios = one.GetProperty("expected")
                .GetProperty("jaccard");
            string name = one.GetProperty("name").GetString()!;
            Assert.Multiple(() =>
            {
                Assert.That(overlap.Elements, Is.EqualTo(ScoreFixture.Longs(expected.GetProperty("kept_per_ticket"))), name);
                Assert.That(overlap.Union, Is.EqualTo(expected.GetProperty("union").GetInt64()), name);
                Assert.That(overlap.Shared, Is.EqualTo(expected.GetProperty("overlap_two_or_more").GetInt64()), name);
                Assert.That(overlap.Conflicting, Is.EqualTo(expected.GetProperty("sign_conflict").GetInt64()), name);
                foreach (PatchPairOverlap pair in overlap.Pairs)
                    Assert.That(pair.Jaccard, Is.EqualTo(ratios[pair.First][pair.Second].GetDouble()).Within(1e-15), name);
            });
        }
    }

    /// <summary>Rows of the one, blocks of the other, differences of a third: what each does alone adds up, and goes out again.</summary>
    [Test]
    public void Patches_of_any_unit_and_payload_go_in_together_and_out_again([Values] bool isMapped,
        [Values(ElementType.F32, ElementType.BF16)] ElementType type)
    {
        using PayloadFixture fixture = new(type, ElementType.F32);
        (TicketUnit Unit, TicketPayload Payload)[] parts =
        [
            (TicketUnit.Rows, TicketPayload.Replace), (TicketUnit.Blocks(2, 3), TicketPayload.Delta),
            (TicketUnit.Elements, TicketPayload.Delta),
        ];
        CheckpointOptions reading = new() { UseMemoryMap = isMapped };
        List<string> patches = [];
        Dictionary<string, double[]> sums = fixture.Before.ToDictionary(t => t.Key, t => Values(t.Value, type));
        foreach ((int i, (TicketUnit unit, TicketPayload payload)) in parts.Index())
        {
            TicketMask mask = PayloadFixture.MaskOf(unit, seed: 10 + i);
            fixture.Write(mask, payload);
            patches.Add(_folder.File($"{i}.safetensors"));
            File.Move(fixture.Patch, patches[i]);
            foreach (TensorMask tensor in mask.Tensors)
                foreach (long element in tensor.Grid.ToElements(tensor.Units))
                    sums[tensor.Name][element] += Values(fixture.After[tensor.Name], ElementType.F32)[element]
                        - Values(fixture.Before[tensor.Name], type)[element];
        }
        string merged = _folder.File("merged"), back = _folder.File("back");
        MergeResult result = PatchMerging.Merge(fixture.Base, patches, merged, new(), new() { Reading = reading });
        Assert.That(result.WrittenFiles, Is.EquivalentTo(PayloadFixture.Shards));
        using (Checkpoint written = Checkpoint.Open(merged))
            foreach ((string name, double[] sum) in sums)
            {
                byte[] bytes = new byte[written.GetTensor(name).ByteLength];
                bytes = written.GetTensor(name).GetBytes(0, bytes.Length, bytes).ToArray();
                Assert.That(Values(bytes, type), Is.EqualTo(sum).Within(type == ElementType.F32 ? 2e-6 : 0.04), name);
            }
        MergeResult restored = PatchMerging.Revert(merged, [.. patches.AsEnumerable().Reverse()], back, reading);
        Assert.That(restored.Overlap, Is.Null);
        fixture.AssertHolds(back, fixture.Before, "taken out again");
        Assert.That(() => PatchMerging.Revert(merged, patches[..2], _folder.File("other"), reading),
            Throws.TypeOf<PatchMismatchException>().With.Message.Contains("does not become the base"));
        Assert.That(Directory.Exists(_folder.File("other")), Is.False);
    }

    [Test]
    public void A_graft_has_the_patches_own_values()
    {
        using PayloadFixture fixture = new(ElementType.F32, ElementType.F32);
        TicketMask mask = PayloadFixture.MaskOf(TicketUnit.Elements);
        fixture.Write(mask, TicketPayload.Replace);
        PatchMerging.Merge(fixture.Base, [fixture.Patch], _folder.File("merged"), new() { Method = MergeMethod.Graft });
        fixture.AssertHolds(_folder.File("merged"), fixture.Expect(mask, TicketPayload.Replace), "graft");
    }

    [Test]
    public void Work_that_was_broken_off_goes_on_where_a_shard_was_finished()
    {
        using PayloadFixture fixture = new(ElementType.F32, ElementType.F32);
        fixture.Write(PayloadFixture.MaskOf(TicketUnit.Elements), TicketPayload.Replace);
        string merged = _folder.File("merged");
        using CancellationTokenSource cancel = new();
        Progress finished = new(report => { if (report.File == PayloadFixture.Shards[1]) cancel.Cancel(); });
        Assert.That(() => PatchMerging.Merge(fixture.Base, [fixture.Patch], merged, new(), progress: finished,
            cancellationToken: cancel.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(Directory.Exists(merged), Is.False);
        MergeResult other = PatchMerging.Merge(fixture.Base, [fixture.Patch], _folder.File("b"), new() { Method = MergeMethod.Graft });
        Assert.That(other.ResumedFiles, Is.Empty, "a merge of another kind begins anew");
        MergeResult result = PatchMerging.Merge(fixture.Base, [fixture.Patch], merged, new());
        Assert.That(result.ResumedFiles, Is.EqualTo(PayloadFixture.Shards[..1]));
        PatchMerging.Merge(fixture.Base, [fixture.Patch], _folder.File("whole"), new());
        foreach (string shard in PayloadFixture.Shards)
            Assert.That(File.ReadAllBytes(Path.Combine(merged, shard)), Is.EqualTo(File.ReadAllBytes(
                Path.Combine(_folder.File("whole"), shard))));
        Assert.That(Directory.EnumerateFileSystemEntries(_folder.Path, ".*"), Is.Empty);
    }

    /// <summary>A finished shard also has tensors that no patch vouches for.</summary>
    [Test]
    public void Work_on_a_base_that_was_written_since_begins_anew()
    {
        using PayloadFixture fixture = new(ElementType.F32, ElementType.F32);
        fixture.Write(PayloadFixture.MaskOf(TicketUnit.Elements), TicketPayload.Replace);
        string merged = _folder.File("merged");
        using CancellationTokenSource cancel = new();
        Progress second = new(report => { if (report.File == PayloadFixture.Shards[1]) cancel.Cancel(); });
        Assert.That(() => PatchMerging.Merge(fixture.Base, [fixture.Patch], merged, new(), progress: second,
            cancellationToken: cancel.Token), Throws.InstanceOf<OperationCanceledException>());
        File.SetLastWriteTimeUtc(Path.Combine(fixture.Base, PayloadFixture.Shards[0]), DateTime.UnixEpoch);
        Assert.That(PatchMerging.Merge(fixture.Base, [fixture.Patch], merged, new()).ResumedFiles, Is.Empty);
    }

    /// <summary>An element that no patch touches, in the shard that is written last: it shows when the first one is finished.</summary>
    [Test]
    public void Another_base_is_refused_whatever_of_it_differs_and_nothing_is_left([Values] bool isFirstShard)
    {
        using PayloadFixture fixture = new(ElementType.BF16, ElementType.F32);
        TicketMask mask = PayloadFixture.MaskOf(TicketUnit.Elements);
        fixture.Write(mask, TicketPayload.Replace);
        string shard = Path.Combine(fixture.Base, PayloadFixture.Shards[isFirstShard ? 0 : 1]);
        long place;
        using (SafetensorsFile file = SafetensorsFile.Open(shard))
        {
            TensorMask patched = mask.Tensors.First(t => t.Units.Count > 0 && file.TryGetTensor(t.Name, out _));
            long element = Enumerable.Range(0, (int)patched.Grid.Count).First(e => !patched.Units.Contains(e));
            place = file.GetTensor(patched.Name).FileOffset + (element * 2);
        }
        byte[] bytes = File.ReadAllBytes(shard);
        bytes[place] ^= 1;
        File.WriteAllBytes(shard, bytes);
        bool isTold = false;
        Assert.That(() => PatchMerging.Merge(fixture.Base, [fixture.Patch], _folder.File("out"), new(),
            beforeWriting: _ => isTold = true), Throws.TypeOf<PatchMismatchException>().With.Message.Contains("others are not"));
        Assert.That(isTold, Is.True, "what differs lies behind the quick look");
        Assert.That(Directory.EnumerateFileSystemEntries(_folder.Path), Is.Empty);
    }

    [Test]
    public void What_has_no_change_to_add_is_refused(
        [Values(TicketPayload.Keep, TicketPayload.Drop, TicketPayload.Sign)] TicketPayload payload)
    {
        using PayloadFixture fixture = new(ElementType.F32, ElementType.F32);
        fixture.Write(PayloadFixture.MaskOf(TicketUnit.Elements), payload, hasTuned: payload != TicketPayload.Drop);
        Assert.That(() => PatchMerging.Merge(fixture.Base, [fixture.Patch], _folder.File("out"), new()),
            Throws.TypeOf<NotSupportedException>().With.Message.Contains(payload.ToName()).And.Message.Contains("replace or delta"));
    }

    private static readonly (MergeRecipe Recipe, string Says)[] Unfit =
    [
        (new() { Weights = [1, 2] }, "knows no weights"), (new() { Scale = 2 }, "knows no scale"),
        (new() { Method = MergeMethod.Ties, Weights = [1, 2, 3] }, "3 weights for 2 patches"),
        (new() { Method = MergeMethod.TaskArithmetic, Weights = [1, float.NaN] }, "no finite number"),
        (new() { Method = MergeMethod.TaskArithmetic, Weights = [1, -1], IsNormalized = true }, "add up to 0"),
        (new() { Method = MergeMethod.Graft, Trim = new(0.5m) }, "does not trim"),
        (new() { ZeroSum = ZeroSumRule.Drop }, "elects no sign"), (new() { FirstWins = true }, "win over another"),
    ];

    [Test]
    public void Numbers_that_do_not_fit_are_refused([Range(0, 7)] int number) => Assert.That(
        () => PatchMerging.Merge("nowhere", ["a", "b"], "out", Unfit[number].Recipe),
        Throws.ArgumentException.With.Message.Contains(Unfit[number].Says));

    [Test]
    public void An_overflow_is_written_only_when_asked_for()
    {
        string patch = Write([3e38f, 1, 2, 3], [[3e38f, 0, 0, 0]])[0];
        Assert.That(() => PatchMerging.Merge(_folder.File("base"), [patch], _folder.File("a"), new(), Unchecked),
            Throws.TypeOf<NotFiniteNumberException>().With.Message.Contains("element 0"));
        Assert.That(PatchMerging.Merge(_folder.File("base"), [patch], _folder.File("b"), new(), Unchecked with { AllowsNonFinite = true })
            .Tensors,
            Is.EqualTo((string[])["w"]));
    }

    [Test]
    public void A_patch_with_any_byte_damaged_is_told_of_whatever_came_of_it_and_nothing_is_left([Values] bool isMapped)
    {
        string sound = Write([3e38f, 1, 2, 3], [[0, 0, 0, 0]])[0], patch = _folder.File("damaged.safetensors");
        string folder = _folder.File("out");
        using (Checkpoint before = Checkpoint.Open(_folder.File("base")))
            TicketPatch.Write(sound, [new(before.GetTensor("w"), new("w", TicketUnit.Elements.Cut(1, 4), IndexSet.Of(4, [0, 2, 3])),
                TicketPayload.Delta) { Values = (float[])[2e38f, 5, 4] }], new() { Signature = "test|" });
        PatchOptions options = new() { Reading = new() { UseMemoryMap = isMapped } };
        byte[] bytes = File.ReadAllBytes(sound);
        int header = 8 + (int)BitConverter.ToUInt64(bytes);
        Assert.That(PatchMerging.Merge(_folder.File("base"), [sound], _folder.File("whole"), new(), options).Tensors, Has.Count.EqualTo(1));
        Assert.That(bytes.Length - header, Is.AtLeast(24));
        for (int at = header; at < bytes.Length; at++)
        {
            foreach (byte change in (byte[])[1, 0x7f, 0x80])
            {
                byte[] damaged = [.. bytes];
                damaged[at] ^= change;
                File.WriteAllBytes(patch, damaged);
                Assert.That(() => PatchMerging.Merge(_folder.File("base"), [sound, patch], folder, new(), options),
                    Throws.TypeOf<CheckpointFormatException>().With.Property(nameof(CheckpointFormatException.Kind))
                        .EqualTo(CheckpointDefect.WrongChecksum),
                    $"byte {at - header} of the values");
                Assert.That(Directory.GetFileSystemEntries(_folder.Path).Select(Path.GetFileName),
                    Is.EquivalentTo((string[])["base", "whole", "0.safetensors", "damaged.safetensors"]));
            }
        }
    }

    [Test]
    public void A_disk_that_is_too_full_is_told_of_before_anything_is_written() => Assert.That(
        () => DiskSpace.ThrowIfTooLittle("out", 1000, 400),
        Throws.TypeOf<IOException>().With.Message.Contains("Free 600 bytes"));

    private static PatchOptions Unchecked => new() { Reading = new() { IgnoresChecksum = true } };

    private static UnitShare Density(JsonElement one) =>
        new(decimal.Parse(one.GetProperty("density").GetString()!, CultureInfo.InvariantCulture));

    private static double[] Values(byte[] bytes, ElementType type)
    {
        float[] values = new float[bytes.Length / type.ByteSize()];
        ElementCodec.Of(type).Widen(bytes, values);
        return [.. values.Select(v => (double)v)];
    }

    private void Check(JsonElement one, string name, JsonElement expected, MergeRecipe recipe, bool isKept = false)
    {
        (float[] values, _) = Merge(one, recipe, isKept);
        Assert.That(values.Select(v => $"{(v == 0 ? 0 : BitConverter.SingleToUInt32Bits(v)):x8}"),
            Is.EqualTo(expected.GetProperty(name).EnumerateArray().Select(b => b.GetString() is "80000000" ? "00000000" : b.GetString())),
            $"{one.GetProperty("name")}: {name}");
    }

    /// <param name="one">The case.</param>
    /// <param name="recipe">How.</param>
    /// <param name="isKept">Whether the patches have the changes that the case keeps alone, and not all, zeros too.</param>
    private (float[] Values, MergeOverlap Overlap) Merge(JsonElement one, MergeRecipe recipe, bool isKept = false)
    {
        float[][] changes = [.. one.GetProperty("deltas").EnumerateArray().Select(ScoreFixture.Singles)];
        string[] patches = Write(ScoreFixture.Singles(one.GetProperty("base")), changes, isKept
            ? [.. one.GetProperty("expected").GetProperty("trimmed_kept").EnumerateArray().Select(ScoreFixture.Longs)] : null);
        string merged = _folder.File(Path.GetRandomFileName());
        MergeOverlap overlap = PatchMerging.Merge(_folder.File("base"), patches, merged, recipe, Unchecked).Overlap!;
        using Checkpoint result = Checkpoint.Open(merged);
        return (result.GetTensor("w").GetRow<float>(0).ToArray(), overlap);
    }

    /// <summary>A base of one row, and patches of the differences.</summary>
    private string[] Write(float[] values, float[][] changes, long[][]? kept = null)
    {
        string path = Path.Combine(_folder.File("base"), "model.safetensors");
        Directory.CreateDirectory(_folder.File("base"));
        SafetensorsWriter.Write(path, [TensorSource.FromBytes("w", ElementType.F32, [1, values.Length],
            MemoryMarshal.AsBytes<float>(values).ToArray())]);
        using Checkpoint before = Checkpoint.Open(path);
        return [.. changes.Select((change, i) => Write(_folder.File($"{i}.safetensors"), before.GetTensor("w"), change,
            kept?[i] ?? [.. Enumerable.Range(0, change.Length).Select(e => (long)e)]))];
    }

    /// <summary>The differences stand in the file as they are: those of two values would be rounded.</summary>
    private static string Write(string path, Tensor tensor, float[] change, long[] ids)
    {
        TensorMask mask = new("w", TicketUnit.Elements.Cut(1, change.Length), IndexSet.Of(change.Length, ids));
        TicketPatch.Write(path, [new(tensor, mask, TicketPayload.Delta) { Values = new float[ids.Length] }], new() { Signature = "test|" });
        long offset;
        using (SafetensorsFile file = SafetensorsFile.Open(path)) offset = file.GetTensor(PatchFileReader.Values + "w").FileOffset;
        byte[] bytes = File.ReadAllBytes(path);
        foreach ((int i, long id) in ids.Index()) BitConverter.GetBytes(change[id]).CopyTo(bytes, offset + (i * sizeof(float)));
        File.WriteAllBytes(path, bytes);
        return path;
    }

    private sealed class Progress(Action<PatchProgress> hear) : IProgress<PatchProgress>
    {
        public void Report(PatchProgress value) => hear(value);
    }
}
