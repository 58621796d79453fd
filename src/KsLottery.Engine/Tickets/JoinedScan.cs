using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;

namespace KsLottery.Engine.Tickets;

/// <summary>Whether a scan that was made before, as of joined parts, is one of the tensors at hand.</summary>
internal static class JoinedScan
{
    /// <summary>Compares what a scan says of its tensors with two others.</summary>
    /// <param name="scan">The scan, with fingerprints.</param>
    /// <param name="before">The base.</param>
    /// <param name="after">The tuned tensor.</param>
    /// <param name="pairing">Which rows stand against each other; null for those of one number.</param>
    /// <exception cref="ArgumentException">The scan took no fingerprints.</exception>
    /// <exception cref="TicketMismatchException">The scan is of other tensors, or pairs other rows.</exception>
    public static void ThrowIfOther(RowScanResult scan, Tensor before, Tensor after, RowPairing? pairing)
    {
        if (scan.Blocks is not { } blocks)
            throw new ArgumentException("the scan took no fingerprints, by which its tensors are known again. Take them "
                + "(RowScanOptions.TakesFingerprints).", nameof(scan));
        Compare(before, scan.Name, blocks.Base, scan.BaseScaleFingerprint);
        Compare(after, scan.TunedName, blocks.Tuned, scan.TunedScaleFingerprint);
        RowPairing expected = pairing ?? RowPairing.ById(before.RowShape.Rows, after.RowShape.Rows);
        if (scan.Pairing.IsById != expected.IsById
            || !Enumerable.Range(0, expected.BaseRows).All(row => scan.Pairing.TunedOf(row) == expected.TunedOf(row)))
            throw new TicketMismatchException($"{after.File.Path}: the parts pair other rows than the tokenizers beside both checkpoints "
                + $"do now. Put those there that the parts were scanned with. {Remedy.ScanPart}.");
    }

    /// <summary>Hashes the blocks again that some rows lie in, and the first: what a patch takes is what was scanned.</summary>
    /// <param name="scan">The scan.</param>
    /// <param name="before">The base.</param>
    /// <param name="after">The tuned tensor.</param>
    /// <param name="rows">Rows of the base.</param>
    /// <param name="cancellationToken">Stops between blocks.</param>
    /// <exception cref="TicketMismatchException">A tensor holds other bytes there.</exception>
    public static void ThrowIfOtherBytes(
        RowScanResult scan, Tensor before, Tensor after, IndexSet rows, CancellationToken cancellationToken)
    {
        Compare(before, scan.Blocks!.Base, rows, cancellationToken);
        Compare(after, scan.Blocks.Tuned, rows.Select(row => (long)scan.Pairing.TunedOf((int)row)), cancellationToken);
    }

    private static void Compare(Tensor tensor, string name, FingerprintBlocks scanned, string? scale)
    {
        string title = FingerprintBlocks.Of(tensor).Title;
        if (tensor.Name != name) throw Other(tensor, $"the parts were scanned of {Quote(name)}");
        if (title != scanned.Title) throw Other(tensor, $"it is {title.Trim()}, the parts were scanned of {scanned.Title.Trim()}");
        if ((tensor.Scale is { } own ? Fingerprint.OfTensor(own.Stored) : null) != scale)
            throw Other(tensor, "the scale beside it is not that of the parts");
    }

    private static void Compare(Tensor tensor, FingerprintBlocks scanned, IEnumerable<long> rows, CancellationToken cancellationToken)
    {
        if (scanned.Count == 0) return;
        FingerprintBlocks now = FingerprintBlocks.Of(tensor);
        long rowBytes = tensor.ByteLength / Math.Max(tensor.RowShape.Rows, 1);
        int[] blocks = [.. rows.SelectMany(row => BlocksOf(row * rowBytes, rowBytes)).Append(0).Distinct()];
        now.Take(blocks, threads: 0, cancellationToken);
        foreach (int block in blocks)
            if (!now[block].SequenceEqual(scanned[block]))
                throw Other(tensor, $"of its bytes {(long)block * FingerprintBlocks.BlockLength} to {now.EndOf(block) - 1} some are not "
                    + "those that the parts were scanned with");
    }

    private static IEnumerable<int> BlocksOf(long start, long length)
    {
        int first = (int)(start / FingerprintBlocks.BlockLength);
        return Enumerable.Range(first, (int)((start + length - 1) / FingerprintBlocks.BlockLength) - first + 1);
    }

    private static TicketMismatchException Other(Tensor tensor, string problem) => new($"{tensor.File.Path}, tensor {Quote(tensor.Name)}: "
        + $"{problem}. Give the checkpoints that the parts were scanned with, or scan these.");

    private static string Quote(string name) => CheckpointFormatException.Quote(name);
}
