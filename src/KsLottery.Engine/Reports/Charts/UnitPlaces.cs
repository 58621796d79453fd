using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Reports;

/// <summary>Where along the rows of each tensor a ticket's values lie, as a picture.</summary>
internal static class UnitPlaces
{
    public const string Name = "unit-places";

    private const int MaxTensors = 40, Columns = 128;
    private const double NearlyAll = 0.9;

    public static Figure? Draw(UnitFinding found)
    {
        const string Title = "Where in the tensors it lies";
        TensorMask[] tensors = [.. (found.Mask?.Tensors ?? []).Where(t => t.Units.Count > 0 && t.Grid.Rows > 1)
            .OrderByDescending(t => t.Parameters).Take(MaxTensors)];
        if (tensors.Length == 0) return null;
        double[][] shares = [.. tensors.Select(SharesOf)];
        double most = shares.Largest(row => row.Largest(v => v));
        byte[] opacity = [.. shares.SelectMany(row => Enumerable.Range(0, Columns)
            .Select(c => (byte)Math.Round(255 * Math.Sqrt(row[(int)((long)c * row.Length / Columns)] / most))))];
        SvgChart chart = new(Title, $"The part of the values in the ticket along the rows of {Digits.Count(tensors.Length, "tensor")}.",
            Axis.Linear("place among the tensor’s rows, %", 0, 100), Axis.Names("", [.. tensors.Select(ShortName).Reverse()]),
            height: Math.Clamp(16 * tensors.Length, 40, 16 * MaxTensors));
        chart.Picture(opacity, Columns, (0, 100), (0, tensors.Length));
        chart.LegendScale($"0 to {Digits.Percent(most)} of the values");
        NumberTable numbers = new("tensor", "first_row", "rows", "share");
        foreach ((TensorMask tensor, double[] row) in tensors.Zip(shares))
            for (int bin = 0; bin < row.Length; bin++)
                numbers.Add(NumberTable.Text(tensor.Name), Digits.Exact(First(bin, row.Length, tensor)),
                    Digits.Exact(First(bin + 1, row.Length, tensor) - First(bin, row.Length, tensor)), Digits.Exact(row[bin]));
        return new(Name, Title, (tensors.Length == 1 ? "The tensor" : "A line for each tensor, the one with most of the ticket on top,")
            + " from its first row (output channel, token) at the left to its last; the stronger the blue, the larger the part of the "
            + $"values there that is in the ticket, by its square root. The strongest is {Digits.Percent(most)}."
            + (most >= NearlyAll ? " Single strong strokes are places of which nearly all was taken." : ""), chart, numbers);
    }

    private static string ShortName(TensorMask tensor) =>
        TensorFields.Part(tensor.Name, out int? layer) is var part && layer is { } number ? $"{Digits.Exact(number)} {part}" : part;

    private static long First(int bin, int bins, TensorMask tensor) => (long)((Int128)bin * tensor.Grid.Rows / bins);

    /// <summary>The part of each bin of rows that is in the mask.</summary>
    private static double[] SharesOf(TensorMask tensor)
    {
        (long rows, long columns) = (tensor.Grid.Rows, tensor.Grid.Columns);
        int bins = (int)Math.Min(Columns, rows);
        long[] counts = new long[bins];
        foreach (IndexRun run in tensor.Runs)
            for (long start = run.Start; start < run.End;)
            {
                long row = start / columns, end = Math.Min(run.End, (row + 1) * columns);
                counts[(int)((((Int128)row + 1) * bins - 1) / rows)] += end - start;
                start = end;
            }
        return [.. counts.Select((count, bin) => (double)count / ((First(bin + 1, bins, tensor) - First(bin, bins, tensor)) * columns))];
    }
}
