namespace KsLottery.Engine.Reports;

/// <summary>One line of <c>experiment.tsv</c>: an arm of an experiment, with one seed.</summary>
/// <param name="Method">What was done to the base.</param>
/// <param name="Rows">The rows that differ from the base's; null where they are not counted.</param>
/// <param name="Parameters">The values that differ.</param>
/// <param name="Scores">Every other column that is a number, by its name.</param>
internal sealed record ArmScores(string Method, int? Rows, long Parameters, IReadOnlyDictionary<string, double> Scores)
{
    /// <summary>The file's usual name.</summary>
    public const string FileName = "experiment.tsv";

    private static readonly string[] Fixed = ["method", "rows", "parameters"];

    /// <summary>Reads the table: <c>method</c>, <c>rows</c> (empty where not counted), <c>parameters</c>, and any columns of numbers.</summary>
    /// <remarks>A line for each seed, in a column <c>seed</c>, makes means and spreads of them.</remarks>
    /// <exception cref="InvalidDataException">A line is damaged; names file and line.</exception>
    public static IReadOnlyList<ArmScores> Read(string path) => [.. TsvFile.Read(path, Fixed).Select(line => new ArmScores(
        line.Text("method"), line.Text("rows") is "" or "nan" ? null : (int)line.Integer("rows", 0, int.MaxValue),
        line.Integer("parameters", 0, long.MaxValue),
        line.Columns.Except(Fixed).Where(c => double.TryParse(line.Text(c), System.Globalization.CultureInfo.InvariantCulture, out _))
            .ToDictionary(c => c, line.Real)))];

    /// <summary>The lines of one method and number of rows, whatever their seed, in the order of the first of each.</summary>
    public static IReadOnlyList<IReadOnlyList<ArmScores>> Group(IEnumerable<ArmScores> arms) =>
        [.. arms.GroupBy(a => (a.Method, a.Rows)).Select(g => (IReadOnlyList<ArmScores>)[.. g])];

    /// <summary>The mean of a score over seeds, and its least and most; NaN where none has it.</summary>
    public static (double Mean, double Least, double Most) Spread(IEnumerable<ArmScores> arms, string score)
    {
        double[] values = [.. arms.Where(a => a.Scores.ContainsKey(score)).Select(a => a.Scores[score]).Where(double.IsFinite)];
        return values.Length == 0 ? (double.NaN, double.NaN, double.NaN) : (values.Average(), values.Min(), values.Max());
    }
}
