namespace KsLottery.Engine.Reports;

/// <summary>One line of <c>tensors.tsv</c>: what a fine-tune did to a matrix.</summary>
internal sealed record TensorShift(string Name, long Rows, int Width, long Unchanged, long TicketRows, int CriticalCount, int LargestCount)
{
    /// <summary>The file's usual name.</summary>
    public const string FileName = "tensors.tsv";

    /// <summary>The largest D of a row.</summary>
    public double LargestStatistic => (double)LargestCount / Width;

    /// <summary>Reads the map that <c>kslottery find --all-tensors --out</c> writes.</summary>
    /// <exception cref="InvalidDataException">A line is damaged; names file and line.</exception>
    public static IReadOnlyList<TensorShift> Read(string path) =>
        [.. TsvFile.Read(path, "tensor", "rows", "width", "unchanged", "ticket_rows", "critical_h", "largest_h").Select(line =>
        {
            long rows = line.Integer("rows", 0, long.MaxValue);
            int width = (int)line.Integer("width", 1, int.MaxValue - 1);
            return new TensorShift(line.Text("tensor"), rows, width, line.Integer("unchanged", 0, rows),
                line.Integer("ticket_rows", 0, rows),
                (int)line.Integer("critical_h", 0, width + 1L), (int)line.Integer("largest_h", 0, width));
        })];
}
