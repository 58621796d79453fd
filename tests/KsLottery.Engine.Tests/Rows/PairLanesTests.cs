using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Rows;

/// <summary>Scans that hash many blocks of both matrices side by side, against fingerprints and row tests that are each taken
/// alone.</summary>
public sealed class PairLanesTests
{
    // More than seventeen blocks, eight of which are hashed side by side; rows do not end with blocks.
    private const int Rows = 30_001, Width = 307;

    /// <summary>Where the tuned matrix differs: in every row, in one that lies in the middle of a block, or nowhere.</summary>
    public enum Change
    {
        All, One, None,
    }

    [Test]
    public void A_scan_that_takes_fingerprints_has_the_rows_and_the_fingerprints_of_each([Values] Change change,
        [Values(1, 2)] int threads, [Values] bool isMapped)
    {
        using Pair pair = new(change, isMapped);
        (RowMatrix before, RowMatrix after) = pair.Matrices;
        RowScanResult scan = RowScan.Run(before, after, new() { Threads = threads, TakesFingerprints = true });
        RowScanResult alone = RowScan.Run(before, after, new() { Threads = threads });
        Assert.That(scan.Rows, Is.EqualTo(alone.Rows));
        Assert.That(scan.Rows.Count(row => row.State == RowState.Unchanged), Is.EqualTo(Rows - (change switch
        {
            Change.All => Rows,
            Change.One => 1,
            _ => 0,
        })));
        Assert.That(scan.BaseFingerprint, Is.EqualTo(Fingerprint.OfTensor(pair.Base, FingerprintKind.Tree)));
        Assert.That(scan.TunedFingerprint, Is.EqualTo(Fingerprint.OfTensor(pair.Tuned, FingerprintKind.Tree)));
        Assert.That(scan.BaseFingerprint == scan.TunedFingerprint, Is.EqualTo(change == Change.None));
    }

    /// <summary>The second part begins within a block, which is the first's.</summary>
    [Test]
    public void Parts_join_to_the_same([Values(5, 4_000)] int firstRows)
    {
        using Pair pair = new(Change.All, isMapped: true);
        (RowMatrix before, RowMatrix after) = pair.Matrices;
        RowScanResult joined = RowScanResult.Of([
            RowScan.RunPart(before, after, new RowRange(0, firstRows), new() { Threads = 1 }),
            RowScan.RunPart(before, after, new RowRange(firstRows, Rows - firstRows), new() { Threads = 1 }),
        ]);
        RowScanResult whole = RowScan.Run(before, after, new() { Threads = 1, TakesFingerprints = true });
        Assert.That(joined.Rows, Is.EqualTo(whole.Rows));
        Assert.That((joined.BaseFingerprint, joined.TunedFingerprint), Is.EqualTo((whole.BaseFingerprint, whole.TunedFingerprint)));
    }

    [Test]
    public void A_cancelled_scan_ends()
    {
        using Pair pair = new(Change.All, isMapped: true);
        (RowMatrix before, RowMatrix after) = pair.Matrices;
        using CancellationTokenSource source = new();
        RowScanOptions options = new() { Threads = 1, TakesFingerprints = true, Progress = new Cancelling(source) };
        Assert.That(() => RowScan.Run(before, after, options, source.Token), Throws.InstanceOf<OperationCanceledException>());
    }

    private sealed class Cancelling(CancellationTokenSource source) : IProgress<RowScanProgress>
    {
        public void Report(RowScanProgress value) => source.Cancel();
    }

    private sealed class Pair : IDisposable
    {
        private readonly TemporaryFolder _folder = new();
        private readonly SafetensorsFile _base, _tuned;

        public Pair(Change change, bool isMapped)
        {
            byte[] before = new byte[Rows * Width * sizeof(ushort)];
            Random random = new(5);
            for (int i = 0; i < before.Length; i += sizeof(ushort))
                BitConverter.TryWriteBytes(before.AsSpan(i), HalfPrecision.ToBFloat16((float)(random.NextDouble() - 0.5)));
            byte[] after = [.. before];
            int step = Width * sizeof(ushort);
            if (change == Change.All) for (int at = 0; at < after.Length; at += step) after[at] ^= 1;
            if (change == Change.One) after[after.Length / 3] ^= 1;
            _base = Open("base", before, isMapped);
            _tuned = Open("tuned", after, isMapped);
        }

        public Tensor Base => _base.GetTensor("t");

        public Tensor Tuned => _tuned.GetTensor("t");

        public (RowMatrix Before, RowMatrix After) Matrices => (RowMatrix.FromTensor(Base), RowMatrix.FromTensor(Tuned));

        public void Dispose()
        {
            _base.Dispose();
            _tuned.Dispose();
            _folder.Dispose();
        }

        private SafetensorsFile Open(string name, byte[] bytes, bool isMapped)
        {
            string path = _folder.File($"{name}.safetensors");
            SafetensorsWriter.Write(path, [TensorSource.FromBytes("t", ElementType.BF16, [Rows, Width], bytes)]);
            return SafetensorsFile.Open(path, new() { UseMemoryMap = isMapped });
        }
    }
}
