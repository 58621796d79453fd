using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Tests.Devices;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Rows;

public sealed class RowPairingTests
{
    private const int Width = 20;

    private static readonly int[] TunedOf = [4, -1, 0, 3, -1, 1];

    private static float[] Row(int seed) => [.. Enumerable.Range(0, Width).Select(i => MathF.Sin(seed + (i * i)))];

    private static float[][] Rows(int count, int seed) => [.. Enumerable.Range(0, count).Select(i => Row((100 * seed) + i))];

    private static RowMatrix Matrix(float[][] rows) =>
        RowMatrix.FromMemory(MemoryMarshal.AsBytes<float>(rows.SelectMany(r => r).ToArray()).ToArray(), ElementType.F32, rows.Length,
            Width);

    /// <summary>What is found of pairs is what is found of matrices that hold just these, in any place.</summary>
    [Test]
    public void A_paired_scan_has_the_results_of_the_pairs([Values("cpu", TestDevices.Simulated)] string name, [Values] bool byText)
    {
        float[][] before = Rows(6, 1), after = Rows(5, 2);
        RowPairing pairing = byText ? RowPairing.Of(TunedOf, 5) : RowPairing.ById(6, 5);
        using KernelDevice? device = name == "cpu" ? null : TestDevices.Open(name);
        RowScanResult scan = RowScan.Run(Matrix(before), Matrix(after), new() { Pairing = pairing, KernelDevice = device, Threads = 2 });
        int[] paired = [.. Enumerable.Range(0, 6).Where(row => pairing.TunedOf(row) >= 0)];
        RowScanResult plain = RowScan.Run(Matrix([.. paired.Select(row => before[row])]),
            Matrix([.. paired.Select(row => after[pairing.TunedOf(row)])]));
        Assert.That(paired.Select(row => scan.Rows[row]), Is.EqualTo(plain.Rows));
        Assert.That((scan.Rows.Count, scan.Dropped, scan.Changed), Is.EqualTo((6, (long)pairing.Dropped.Count, (long)paired.Length)));
        Assert.That(pairing.Dropped.Select(row => (scan.Rows[row].State, scan.Rows[row].Count, scan.Rows[row].HasCount)),
            Is.All.EqualTo((RowState.Dropped, -1, false)));
        foreach (int row in pairing.Dropped) Assert.That(scan.Rows[row].BaseNorm, Is.EqualTo(Norm(before[row])).Within(1e-9));
        foreach ((int place, int row) in pairing.Added.Index()) Assert.That(scan.AddedNorms[place],
            Is.EqualTo(Norm(after[row])).Within(1e-9));
    }

    [Test]
    public void Rows_are_found_in_files_mapped_or_not([Values] bool useMemoryMap, [Values] bool byText)
    {
        using TemporaryFolder folder = new();
        float[][] before = Rows(6, 1), after = Rows(5, 2);
        foreach ((string name, float[][] rows) in new[] { ("a", before), ("b", after) })
            SafetensorsWriter.Write(folder.File(name), [TensorSource.FromBytes("e", ElementType.F32, [rows.Length, Width],
                MemoryMarshal.AsBytes<float>(rows.SelectMany(r => r).ToArray()).ToArray())]);
        RowPairing pairing = byText ? RowPairing.Of(TunedOf, 5) : RowPairing.ById(6, 5);
        using SafetensorsFile a = SafetensorsFile.Open(folder.File("a"), new() { UseMemoryMap = useMemoryMap });
        using SafetensorsFile b = SafetensorsFile.Open(folder.File("b"), new() { UseMemoryMap = useMemoryMap });
        RowScanResult scan = RowScan.Run(RowMatrix.FromTensor(a.Tensors[0]), RowMatrix.FromTensor(b.Tensors[0]),
            new() { Pairing = pairing });
        Assert.That(scan.Rows, Is.EqualTo(RowScan.Run(Matrix(before), Matrix(after), new() { Pairing = pairing }).Rows));
    }

    [Test]
    public void Pairs_say_who_is_dropped_and_who_is_added()
    {
        RowPairing byText = RowPairing.Of(TunedOf, 5), larger = RowPairing.ById(3, 5), smaller = RowPairing.ById(5, 3),
            plain = RowPairing.ById(4, 4);
        Assert.That((byText.Count, byText.IsById, byText.IsPlain), Is.EqualTo((4, false, false)));
        Assert.That((byText.Dropped.ToArray(), byText.Added.ToArray()), Is.EqualTo((new[] { 1, 4 }, new[] { 2 })));
        Assert.That(byText.ToBase(), Is.EqualTo(new[] { 2, 5, -1, 3, 0 }));
        Assert.That((larger.Count, larger.Added.ToArray(), larger.Dropped.Count), Is.EqualTo((3, new[] { 3, 4 }, 0)));
        Assert.That((smaller.Count, smaller.Dropped.ToArray(), smaller.TunedOf(4)), Is.EqualTo((3, new[] { 3, 4 }, -1)));
        Assert.That((plain.IsPlain, plain.TunedOf(3)), Is.EqualTo((true, 3)));
    }

    [Test]
    public void Pairs_that_cannot_be_are_refused()
    {
        Assert.That(() => RowPairing.Of([0, 5], 5), Throws.ArgumentException.With.Message.Contains("outside -1 to 4"));
        Assert.That(() => RowPairing.Of([0, -2], 5), Throws.ArgumentException.With.Message.Contains("-2"));
        Assert.That(() => RowPairing.Of([3, 3], 5), Throws.ArgumentException.With.Message.Contains("as another has"));
        Assert.That(() => RowPairing.ById(-1, 5), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => RowPairing.ById(2, 2).TunedOf(2), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => RowScan.Run(Matrix(Rows(6, 1)), Matrix(Rows(5, 2)), new() { Pairing = RowPairing.ById(6, 6) }),
            Throws.ArgumentException.With.Message.Contains("Give the pairs of these"));
        Assert.That(() => RowScan.Run(Matrix(Rows(6, 1)), Matrix(Rows(5, 2))),
            Throws.ArgumentException.With.Message.Contains("Pair the rows"));
    }

    private static double Norm(float[] row) => Math.Sqrt(row.Sum(x => (double)x * x));
}
