using System.Globalization;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Rows;

/// <summary>What a scan found of all rows.</summary>
public sealed class RowScanResult
{
    private RowScanResult(RowScanJoin join, RowResult[]? whole)
    {
        RowScanPart first = join.First;
        (Name, TunedName, Width, BaseType, TunedType) = (first.BaseName, first.TunedName, first.Width, first.BaseType, first.TunedType);
        (BaseScaleFingerprint, TunedScaleFingerprint) = (first.BaseScaleFingerprint, first.TunedScaleFingerprint);
        (Kernel, Threads, Elapsed, Pairing, AddedNorms) = (join.Kernel, join.Threads, join.Elapsed, join.Pairing, join.AddedNorms);
        BuildTime = join.BuildTime;
        RowResult[] rows = join.Rows(whole);
        (Blocks, Rows) = (join.Blocks(), rows);
        (BaseFingerprint, TunedFingerprint) = (Blocks?.Base.Root(), Blocks?.Tuned.Root());
        foreach (RowResult row in rows)
        {
            switch (row.State)
            {
                case RowState.Unchanged: Unchanged++; break;
                case RowState.Changed: Changed++; break;
                case RowState.Degenerate: Degenerate++; break;
                case RowState.Dropped: Dropped++; break;
                default: NonFinite++; break;
            }
            if (row.IsEligible) LargestCount = Math.Max(LargestCount, row.Count);
        }
    }

    /// <summary>Joins the parts of a scan: numbers, states and fingerprints are those of a scan of the whole.</summary>
    /// <param name="parts">All parts, in any order.</param>
    /// <exception cref="InvalidDataException">
    /// Parts are of other tensors, types or shapes, were scanned by other versions, overlap or leave a gap; the message names both.
    /// </exception>
    public static RowScanResult Of(IReadOnlyList<RowScanPart> parts)
    {
        ArgumentNullException.ThrowIfNull(parts);
        return new(new RowScanJoin(parts), whole: null);
    }

    /// <summary>The same for the only part, which is nobody else's.</summary>
    internal static RowScanResult OfWhole(RowScanPart whole) => new(new RowScanJoin([whole]), whole.Results);

    /// <summary>The same for parts of ranks, whose rows lie together already.</summary>
    internal static RowScanResult OfRanks(IReadOnlyList<RowScanPart> parts, RowResult[] rows) => new(new RowScanJoin(parts), rows);

    /// <summary>The base tensor's name.</summary>
    public string Name { get; }

    /// <summary>The tuned tensor's name.</summary>
    public string TunedName { get; }

    /// <summary>d.</summary>
    public int Width { get; }

    /// <summary>The base's element type.</summary>
    public ElementType BaseType { get; }

    /// <summary>The tuned matrix's element type.</summary>
    public ElementType TunedType { get; }

    /// <summary>Which rows stood against each other.</summary>
    public RowPairing Pairing { get; }

    /// <summary>The Euclidean norms of the tuned rows without a counterpart, in the order of <see cref="RowPairing.Added"/>.</summary>
    public IReadOnlyList<double> AddedNorms { get; }

    /// <summary>One result a row of the base, by row number.</summary>
    public IReadOnlyList<RowResult> Rows { get; }

    /// <summary>The base tensor's <see cref="FingerprintKind.Tree"/> fingerprint, taken by the scan; null where it was not asked
    /// for.</summary>
    public string? BaseFingerprint { get; }

    /// <summary>The tuned tensor's.</summary>
    public string? TunedFingerprint { get; }

    /// <summary>The fingerprint of the scale of the base's codes, where fingerprints were asked for; null where there is none.</summary>
    internal string? BaseScaleFingerprint { get; }

    /// <summary>That of the tuned tensor's codes.</summary>
    internal string? TunedScaleFingerprint { get; }

    /// <summary>The hashes of both tensors' blocks; null where they were not asked for.</summary>
    internal PairBlocks? Blocks { get; }

    /// <summary>The kernel that ran.</summary>
    public string Kernel { get; }

    /// <summary>How many threads ran it.</summary>
    public int Threads { get; }

    /// <summary>How long the scan took, reading included.</summary>
    public TimeSpan Elapsed { get; }

    /// <summary>How long a device compiled its kernels before, which is no part of <see cref="Elapsed"/>.</summary>
    public TimeSpan BuildTime { get; }

    /// <summary>How many rows kept every value.</summary>
    public long Unchanged { get; }

    /// <summary>How many rows changed, without the degenerate ones.</summary>
    public long Changed { get; }

    /// <summary>How many rows changed that were constant or nearly zero before.</summary>
    public long Degenerate { get; }

    /// <summary>How many row pairs hold a NaN or an infinity.</summary>
    public long NonFinite { get; }

    /// <summary>How many rows of the base have no counterpart.</summary>
    public long Dropped { get; }

    /// <summary>The numbers of the rows in a state, ascending.</summary>
    public IEnumerable<int> Find(RowState state) => Rows.Index().Where(row => row.Item.State == state).Select(row => row.Index);

    /// <summary>The largest h of any row without a NaN or an infinity; 0 when there is none.</summary>
    public int LargestCount { get; }

    /// <summary>The largest D = h/d of any such row.</summary>
    public double LargestStatistic => (double)LargestCount / Width;

    /// <summary>Rows tested per second.</summary>
    public double RowsPerSecond => Pairing.Count / Math.Max(Elapsed.TotalSeconds, 1e-9);

    /// <summary><c>2,000 rows of 512: 343 changed, 1,656 identical, largest D 0.5645</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Rows.Count:N0} rows of {Width:N0}: {Changed + Degenerate:N0} changed, {Unchanged:N0} identical, "
        + $"largest D {LargestStatistic:f4}");
}
