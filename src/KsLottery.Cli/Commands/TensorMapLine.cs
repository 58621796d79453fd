using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Tickets;

namespace KsLottery.Cli.Commands;

/// <summary>What the map keeps of a matrix: no rows, so that it stays small however many tensors there are.</summary>
internal readonly record struct TensorMapLine(string Name, ElementType BaseType, ElementType TunedType, long Rows, int Width,
    long Unchanged, long Changed, long Degenerate, long NonFinite, long TicketRows, int CriticalCount, int LargestCount, double Seconds)
{
    /// <summary>The largest D of a row.</summary>
    public double LargestStatistic => (double)LargestCount / Width;

    public static TensorMapLine Of(ScoredRows rows)
    {
        RowScanResult scan = rows.Scan;
        return new(scan.Name, scan.BaseType, scan.TunedType, scan.Pairing.Count, scan.Width, scan.Unchanged, scan.Changed, scan.Degenerate,
            scan.NonFinite, rows.CountBelowAlpha(), rows.CriticalCount, scan.LargestCount, scan.Elapsed.TotalSeconds);
    }
}
