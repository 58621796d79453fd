using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Reports;

/// <summary>How far each value of each ticket row moved, as a picture.</summary>
internal static class UpdateMap
{
    public const string Name = "update-heatmap";

    private const int MaxColumns = 128, MaxNames = 24;
    private const double Strong = 0.995;

    public static Figure? Draw(TestedRows rows, RowValues values)
    {
        const string Title = "What moved inside the rows";
        TicketEntry[] entries = [.. rows.Best.Where(e => values.Find(e.Id) is not null).Take(RowValues.MaxRows)];
        if (entries.Length == 0) return null;
        int columns = ColumnsOf(rows.Width);
        double[][] moved = [.. entries.Select(e => Bins(values.Find(e.Id)!.Value, columns))];
        double[] sorted = [.. moved.SelectMany(r => r).Where(double.IsFinite).Order()];
        double strong = sorted.Length == 0 ? 1 : Math.Max(sorted[(int)(Strong * (sorted.Length - 1))], double.Epsilon);
        byte[] opacity =
            [.. moved.SelectMany(r => r).Select(v => (byte)Math.Round(255 * Math.Min(1, double.IsFinite(v) ? v / strong : 1)))];
        int every = (entries.Length + MaxNames - 1) / MaxNames;
        string[] names = [.. entries.Select((e, i) => i % every == 0 ? RowCloud.Name(e) : "").Reverse()];
        SvgChart chart = new(Title, $"Absolute change of {Digits.Count(rows.Width)} values in {Digits.Count(entries.Length, "row")}.",
            Axis.Quarters("place in the row", rows.Width), Axis.Names("", names),
            height: Math.Clamp(16 * entries.Length, 32, 16 * MaxNames));
        chart.Picture(opacity, columns, (0, rows.Width), (0, entries.Length));
        chart.LegendScale($"0 to {Digits.Real(strong)}, |tuned − base|");
        NumberTable numbers = new("token_id", "first_value", "values", "mean_absolute_change");
        for (int i = 0; i < entries.Length; i++)
        {
            for (int c = 0; c < columns; c++)
            {
                (int from, int to) = Bin(c, columns, rows.Width);
                numbers.Add(Digits.Exact(entries[i].Id), Digits.Exact(from), Digits.Exact(to - from), Digits.Exact(moved[i][c]));
            }
        }
        string left = rows.Best.Count == entries.Length ? "" : $" Drawn are {Digits.Count(entries.Length)} of "
            + $"{Digits.Count(rows.Best.Count, "row")}, those of largest h whose values are at hand.";
        string unnamed = every == 1 ? "" : $" Every {Digits.Count(every)}th row is named, of {Digits.Count(entries.Length)}.";
        string about = rows.Width % columns == 0 ? "" : " or so";
        string binned = columns < rows.Width ? $", each column the mean of {Digits.Count(rows.Width / columns)}{about} values" : "";
        return new(Name, Title, $"Absolute change of every value, the best row on top{binned}; the strongest blue is {Digits.Real(strong)} "
            + $"and above. A column through all rows would be a direction that the fine-tune pushed every token "
            + $"along.{left}{unnamed}", chart, numbers);
    }

    /// <summary>Columns of equally many values, where that can be: unequal ones would show a pattern that is none.</summary>
    private static int ColumnsOf(int width) => width <= MaxColumns ? width
        : Enumerable.Range(MaxColumns / 2, (MaxColumns / 2) + 1).Reverse().FirstOrDefault(n => width % n == 0, MaxColumns);

    private static (int From, int To) Bin(int column, int columns, int width) =>
        ((int)((long)column * width / columns), (int)((column + 1L) * width / columns));

    private static double[] Bins((float[] Base, float[] Tuned) row, int columns)
    {
        double[] bins = new double[columns];
        for (int c = 0; c < columns; c++)
        {
            (int from, int to) = Bin(c, columns, row.Base.Length);
            double sum = 0;
            for (int i = from; i < to; i++) sum += Math.Abs((double)row.Tuned[i] - row.Base[i]);
            bins[c] = sum / (to - from);
        }
        return bins;
    }
}
