using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Transfer;

/// <summary>Sums in bfloat16 against the same one by one, over several windows and a rest, with values that are none.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class MergedSumTests : IDisposable
{
    private const int Count = (3 * PatchChanges.MaxCount) + 100, Patches = 3;
    private const ushort SignallingNaN = 0x7f81, Infinity = 0x7f80, MinusZero = 0x8000, Subnormal = 1, Greatest = 0x7f7f;

    // In words of 64 elements of their own, and in the rest.
    private static readonly (int Element, ushort Bits)[] Untouched =
        [(70, SignallingNaN), (140, Infinity), (200, MinusZero), (300, Subnormal), (Count - 1, SignallingNaN), (Count - 2, MinusZero)];

    private readonly TemporaryFolder _folder = new();
    private readonly ushort[] _base = new ushort[Count];
    private readonly SortedDictionary<int, float>[] _changes =
        [.. Enumerable.Range(0, Patches).Select(_ => new SortedDictionary<int, float>())];

    public MergedSumTests()
    {
        Random random = new(5);
        for (int i = 0; i < Count; i++)
        {
            _base[i] = HalfPrecision.ToBFloat16((float)(random.NextDouble() - 0.5));
            foreach (SortedDictionary<int, float> patch in _changes)
                if (random.Next(4) == 0) patch[i] = random.Next(9) == 0 ? 0 : (float)(random.NextDouble() - 0.5) / (1 << random.Next(12));
        }
        // Runs without a gap, a word that all change, and one that none does.
        for (int i = 1024; i < 1088; i++)
            foreach (SortedDictionary<int, float> patch in _changes) patch[i] = 0.125f * (i % 3);
        for (int i = 2048; i < 2112; i++)
            foreach (SortedDictionary<int, float> patch in _changes) patch.Remove(i);
        foreach ((int element, ushort bits) in Untouched)
        {
            _base[element] = bits;
            foreach (SortedDictionary<int, float> patch in _changes) patch.Remove(element);
        }
    }

    public void Dispose() => _folder.Dispose();

    [Test]
    public void Sums_are_those_of_one_by_one_and_all_else_keeps_its_bits([Values] bool isMapped, [Values(1, 2, Patches)] int patches)
    {
        Check(isMapped, patches, new());
        using Checkpoint merged = Checkpoint.Open(Path.Combine(_folder.File("out"), "base.safetensors"));
        foreach ((int element, ushort bits) in Untouched) Assert.That(Bits(merged.GetTensor("w"))[element], Is.EqualTo(bits));
    }

    [TestCase(500)]
    [TestCase(Count - 3)]
    public void A_sum_that_overflows_is_named_or_written_as_it_is(int element)
    {
        _base[element] = Greatest;
        _changes[1][element] = 2e38f;
        Assert.That(() => Merge(isMapped: true, Patches, new()), Throws.TypeOf<NotFiniteNumberException>()
            .With.Message.StartsWith($"tensor \"w\": element {element} would hold a NaN or an infinity as BF16"));
        Check(isMapped: true, Patches, new() { AllowsNonFinite = true });
    }

    private void Check(bool isMapped, int patches, PatchOptions options)
    {
        MergeResult result = Merge(isMapped, patches, options);
        (ushort[] expected, int inexact, int overflowed) = Add(patches);
        using (Checkpoint merged = Checkpoint.Open(Path.Combine(_folder.File("out"), "base.safetensors")))
            Assert.That(Bits(merged.GetTensor("w")), Is.EqualTo(expected));
        Assert.That((result.InexactValues, result.OverflowedValues), Is.EqualTo(((long)inexact, (long)overflowed)));
        Assert.That(inexact, Is.AtLeast(Count / 10));
        int[] elements = [.. Enumerable.Range(0, Count)];
        int Sign(int patch, int i) => _changes[patch].TryGetValue(i, out float change) ? Math.Sign(change) : 0;
        MergeOverlap overlap = result.Overlap!;
        Assert.That(overlap.Union, Is.EqualTo(elements.Count(i => _changes[..patches].Any(c => c.ContainsKey(i)))));
        Assert.That(overlap.Shared, Is.EqualTo(elements.Count(i => _changes[..patches].Count(c => c.ContainsKey(i)) > 1)));
        Assert.That(overlap.Pairs, Has.Count.EqualTo(patches * (patches - 1) / 2));
        foreach (PatchPairOverlap pair in overlap.Pairs)
            Assert.That((pair.Shared, pair.Conflicting), Is.EqualTo((
                (long)elements.Count(i => _changes[pair.First].ContainsKey(i) && _changes[pair.Second].ContainsKey(i)),
                (long)elements.Count(i => Sign(pair.First, i) * Sign(pair.Second, i) < 0))));
        MergeOverlap? told = null;
        MergeResult again = Merge(isMapped, patches, options, one => told = one);
        Assert.That(told, Is.SameAs(again.Overlap));
        Assert.That((told!.Union, told.Shared, told.Conflicting), Is.EqualTo((overlap.Union, overlap.Shared, overlap.Conflicting)));
        Assert.That(told.Pairs, Is.EqualTo(overlap.Pairs));
        Assert.That(told.Elements, Is.EqualTo(overlap.Elements));
    }

    private (ushort[] Bits, int Inexact, int Overflowed) Add(int patches)
    {
        ushort[] bits = [.. _base];
        int inexact = 0, overflowed = 0;
        for (int i = 0; i < Count; i++)
        {
            float sum = HalfPrecision.FromBFloat16(bits[i]);
            bool isChanged = false;
            foreach (SortedDictionary<int, float> patch in _changes[..patches])
                if (patch.TryGetValue(i, out float change)) (sum, isChanged) = (sum + change, true);
            if (!isChanged) continue;
            bits[i] = HalfPrecision.ToBFloat16(sum);
            float stored = HalfPrecision.FromBFloat16(bits[i]);
            if (stored != sum) inexact++;
            if (float.IsInfinity(stored) && float.IsFinite(sum)) overflowed++;
        }
        return (bits, inexact, overflowed);
    }

    private MergeResult Merge(bool isMapped, int patches, PatchOptions options, Action<MergeOverlap>? beforeWriting = null)
    {
        string path = _folder.File("base.safetensors"), output = _folder.File("out");
        SafetensorsWriter.Write(path, [TensorSource.FromBytes("w", ElementType.BF16, [1, Count],
            MemoryMarshal.AsBytes<ushort>(_base).ToArray())]);
        string[] files = [.. Enumerable.Range(0, patches).Select(n => _folder.File($"{n}.safetensors"))];
        using (Checkpoint before = Checkpoint.Open(path))
            foreach ((int n, string file) in files.Index())
            {
                TensorMask mask = new("w", TicketUnit.Elements.Cut(1, Count), IndexSet.Of(Count, _changes[n].Keys));
                TicketPatch.Write(file, [new(before.GetTensor("w"), mask, TicketPayload.Delta)
                {
                    Values = (float[])[.. _changes[n].Select(c => HalfPrecision.FromBFloat16(_base[c.Key]) + c.Value)],
                    Changes = (float[])[.. _changes[n].Values],
                }], new() { Signature = "" });
            }
        if (Directory.Exists(output)) Directory.Delete(output, recursive: true);
        return PatchMerging.Merge(path, files, output, new(), options with { Reading = new() { UseMemoryMap = isMapped } }, beforeWriting);
    }

    private static ushort[] Bits(Tensor tensor)
    {
        byte[] bytes = new byte[tensor.ByteLength];
        return MemoryMarshal.Cast<byte, ushort>(tensor.GetBytes(0, bytes.Length, bytes)).ToArray();
    }
}
