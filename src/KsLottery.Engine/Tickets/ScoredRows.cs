using CommunityToolkit.HighPerformance.Buffers;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Statistics;

namespace KsLottery.Engine.Tickets;

/// <summary>All rows of a scan with their p-values, and which of them win.</summary>
/// <remarks>
/// A p-value, adjusted or not, depends on the row's h alone, so there is one table of d + 1 entries for however many rows. Every row
/// with an h is a test; a row that holds a NaN or an infinity, before or after, is none: it does not count among them and never wins.
/// </remarks>
public sealed class ScoredRows
{
    private readonly NullDistribution _null;
    private readonly double[] _adjusted; // log10, by h; NaN where no row has this h

    /// <summary>Scores the rows of a scan.</summary>
    /// <param name="scan">The scan.</param>
    /// <param name="selection">Level, method and correction; the paper's by default.</param>
    public ScoredRows(RowScanResult scan, TicketSelection? selection = null)
    {
        ArgumentNullException.ThrowIfNull(scan);
        (Scan, Selection) = (scan, selection ?? new BelowAlpha());
        _null = NullDistribution.ForEqualLengths(scan.Width, Selection.Method);
        _adjusted = Adjust(out int tested);
        Tested = tested;
        CriticalCount = FindCriticalCount();
    }

    /// <summary>The scan.</summary>
    public RowScanResult Scan { get; }

    /// <summary>Level, method and correction.</summary>
    public TicketSelection Selection { get; }

    /// <summary>How the p-values were computed, never <see cref="KsMethod.Auto"/>.</summary>
    public KsMethod Method => _null.Method;

    /// <summary>m: the number of rows with an h and no NaN or infinity.</summary>
    public int Tested { get; }

    /// <summary>h*: a row is below alpha exactly where h ≥ h*; d + 1 where no h would be.</summary>
    /// <remarks>
    /// Holm's and Benjamini and Hochberg's corrections depend on all rows. There it is the smallest h that won, or else what the best
    /// row would have needed.
    /// </remarks>
    public int CriticalCount { get; }

    /// <summary>One row with its p-values.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public ScoredRow this[int id]
    {
        get
        {
            RowResult row = Scan.Rows[id];
            double statistic = row.HasCount ? (double)row.Count / Scan.Width : double.NaN;
            if (!row.IsEligible) return new(id, row, statistic, double.NaN, double.NaN, double.NaN, double.NaN);
            double adjusted = _adjusted[row.Count], log10 = _null.Log10PValue(row.Count), p = _null.PValue(row.Count);
            // The power of the logarithm would lose digits where the correction left p as it was.
            return new(id, row, statistic, p, log10, adjusted == log10 ? p : Math.Pow(10, adjusted), adjusted);
        }
    }

    /// <summary>Whether a row is below alpha.</summary>
    public bool IsBelowAlpha(int id) => Scan.Rows[id].IsEligible && Scan.Rows[id].Count >= CriticalCount;

    /// <summary>The rows below alpha, as a set.</summary>
    public IndexSet SelectBelowAlpha() => IndexSet.Of(Scan.Rows.Count, Enumerable.Range(0, Scan.Rows.Count).Where(IsBelowAlpha));

    /// <summary>The rows of <see cref="RankTop"/>, as a set.</summary>
    public IndexSet SelectTop(int count) => IndexSet.Of(Scan.Rows.Count, RankTop(count).Order());

    /// <summary>The number of rows below alpha.</summary>
    public int CountBelowAlpha() => Scan.Rows.Count(row => row.IsEligible && row.Count >= CriticalCount);

    /// <summary>The ids of the rows below alpha, best first.</summary>
    /// <remarks>A ranking, and no set: by h, then by the larger relative change, then by id, the same on every machine.</remarks>
    public IReadOnlyList<int> RankBelowAlpha() => Rank(IsBelowAlpha);

    /// <summary>The ids of the best rows, best first, whether below alpha or not.</summary>
    /// <remarks>A ranking, ordered as <see cref="RankBelowAlpha"/>. Rows with h = 0 or with a value that is not finite have no rank:
    /// where too few are left, fewer are given.</remarks>
    public IReadOnlyList<int> RankTop(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        // Rows below the h that already has enough rows above it need no sorting.
        int[] rowsWith = new int[Scan.Width + 1];
        foreach (RowResult row in Scan.Rows)
            if (row.IsEligible) rowsWith[row.Count]++;
        int least = Scan.Width + 1;
        for (int enough = 0; least > 1 && enough < count;) enough += rowsWith[--least];
        return [.. Rank(id => Scan.Rows[id].IsEligible && Scan.Rows[id].Count >= least).Take(count)];
    }

    private List<int> Rank(Predicate<int> chosen)
    {
        List<int> ids = [];
        for (int id = 0; id < Scan.Rows.Count; id++)
            if (chosen(id)) ids.Add(id);
        ids.Sort((a, b) =>
        {
            RowResult x = Scan.Rows[a], y = Scan.Rows[b];
            int order = y.Count.CompareTo(x.Count);
            if (order == 0) order = y.RelativeDelta.CompareTo(x.RelativeDelta);
            return order != 0 ? order : a.CompareTo(b);
        });
        return ids;
    }

    private double[] Adjust(out int tested)
    {
        IReadOnlyList<RowResult> rows = Scan.Rows;
        tested = 0;
        using SpanOwner<double> owner = SpanOwner<double>.Allocate(rows.Count);
        Span<double> log10 = owner.Span;
        for (int i = 0; i < rows.Count; i++)
        {
            log10[i] = rows[i].IsEligible ? _null.Log10PValue(rows[i].Count) : double.NaN;
            if (rows[i].IsEligible) tested++;
        }
        MultipleTesting.Adjust(log10, Selection.ColumnAdjustment, log10);
        double[] byCount = new double[Scan.Width + 1];
        Array.Fill(byCount, double.NaN);
        for (int i = 0; i < rows.Count; i++)
            if (rows[i].IsEligible) byCount[rows[i].Count] = log10[i];
        return byCount;
    }

    private int FindCriticalCount()
    {
        if (Selection.Adjustment == PValueAdjustment.None) return _null.CriticalCount(Selection.Alpha);
        double level = Math.Log10(Selection.Alpha);
        for (int h = 0; h < _adjusted.Length; h++)
            if (_adjusted[h] < level) return h;
        return Tested == 0 ? Scan.Width + 1 : _null.CriticalCount(Selection.Alpha / Tested);
    }
}

/// <summary>A row with its p-values.</summary>
/// <param name="Id">The row number, which is the token id in an embedding.</param>
/// <param name="Row">What the scan found.</param>
/// <param name="Statistic">D = h/d; NaN where there is no h.</param>
/// <param name="PValue">The p-value of h; 0 where it underflows.</param>
/// <param name="Log10PValue">The decimal logarithm of p, which does not underflow.</param>
/// <param name="AdjustedPValue">The p-value adjusted by <see cref="TicketSelection.ColumnAdjustment"/>; 0 where it underflows.</param>
/// <param name="Log10AdjustedPValue">The decimal logarithm of the adjusted p.</param>
public readonly record struct ScoredRow(
    int Id, RowResult Row, double Statistic, double PValue, double Log10PValue, double AdjustedPValue, double Log10AdjustedPValue);
