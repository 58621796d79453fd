using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;

namespace KsLottery.Engine.Tickets;

/// <summary>What the map keeps of a matrix: no rows, so that it stays small however many tensors there are.</summary>
/// <param name="Name">The tensor's name in the base.</param>
/// <param name="BaseType">The base's element type.</param>
/// <param name="TunedType">The tuned matrix's element type.</param>
/// <param name="Rows">Row pairs that were compared.</param>
/// <param name="Width">d.</param>
/// <param name="Unchanged">Rows that kept every value.</param>
/// <param name="Changed">Rows that changed, without the degenerate ones.</param>
/// <param name="Degenerate">Rows that changed and were constant or nearly zero before.</param>
/// <param name="NonFinite">Rows with a NaN or an infinity.</param>
/// <param name="TicketRows">Rows below alpha.</param>
/// <param name="CriticalCount">h*, see <see cref="ScoredRows.CriticalCount"/>.</param>
/// <param name="LargestCount">The largest h of a row.</param>
internal readonly record struct TensorMapLine(string Name, ElementType BaseType, ElementType TunedType, long Rows, int Width,
    long Unchanged, long Changed, long Degenerate, long NonFinite, long TicketRows, int CriticalCount, int LargestCount)
{
    /// <summary>The largest D of a row.</summary>
    public double LargestStatistic => (double)LargestCount / Width;

    /// <summary>How long the scan took; no part of the file.</summary>
    public TimeSpan Elapsed { get; init; }

    internal static TensorMapLine Of(ScoredRows rows)
    {
        RowScanResult scan = rows.Scan;
        return new(scan.Name, scan.BaseType, scan.TunedType, scan.Pairing.Count, scan.Width, scan.Unchanged, scan.Changed, scan.Degenerate,
            scan.NonFinite, rows.CountBelowAlpha(), rows.CriticalCount, scan.LargestCount)
        { Elapsed = scan.Elapsed };
    }

    /// <summary>Writes a line for another rank of the same version.</summary>
    internal static void Write(BinaryWriter writer, TensorMapLine line)
    {
        writer.Write(line.Name);
        foreach (long number in (long[])[(long)line.BaseType, (long)line.TunedType, line.Rows, line.Width, line.Unchanged, line.Changed,
            line.Degenerate, line.NonFinite, line.TicketRows, line.CriticalCount, line.LargestCount, line.Elapsed.Ticks])
            writer.Write(number);
    }

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    internal static TensorMapLine Read(BinaryReader reader)
    {
        string name = reader.ReadString();
        long[] n = [.. Enumerable.Range(0, 12).Select(_ => reader.ReadInt64())];
        return new(name, (ElementType)n[0], (ElementType)n[1], n[2], (int)n[3], n[4], n[5], n[6], n[7], n[8], (int)n[9], (int)n[10])
        {
            Elapsed = new(n[11]),
        };
    }
}
