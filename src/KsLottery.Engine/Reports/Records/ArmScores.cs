using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Experiments;

namespace KsLottery.Engine.Reports;

/// <summary>One line of <c>experiment.tsv</c>: an arm of an experiment, with one seed.</summary>
/// <param name="Task">The task; empty where the file has no such column.</param>
/// <param name="Method">What was done to the base.</param>
/// <param name="Rows">The rows that differ from the base's; null where they are not counted.</param>
/// <param name="Parameters">The values that differ.</param>
/// <param name="Scores">Every other column that is a number, by its name.</param>
internal sealed record ArmScores(string Task, string Method, int? Rows, long Parameters, IReadOnlyDictionary<string, double> Scores)
{
    /// <summary>The file's default name.</summary>
    public const string FileName = ExperimentTables.ResultsName;

    /// <summary>The arms whose ticket's size a control has; empty for others.</summary>
    public string ControlOf { get; init; } = "";

    /// <summary>The names of these arms.</summary>
    public string[] Controlled => ControlOf.Length == 0 ? [] : ControlOf.Split("; ");

    /// <summary>The seed; NaN where it has none.</summary>
    public double Seed => Scores.GetValueOrDefault("seed", double.NaN);

    private const string TaskColumn = "task", ControlColumn = "control_of";

    private static readonly string[] Fixed = ["method", "rows", "parameters"];

    /// <summary>
    /// Reads the table: <c>method</c>, <c>rows</c> (empty where not counted), <c>parameters</c>, and any columns of numbers.
    /// </summary>
    /// <remarks>
    /// A line for each seed, in a column <c>seed</c>, makes means and spreads of them; with a column <c>task</c> methods have a name each.
    /// </remarks>
    /// <exception cref="InvalidDataException">A line is damaged; names file and line.</exception>
    public static IReadOnlyList<ArmScores> Read(string path) => [.. TsvFile.Read(path, Fixed).Select(line => new ArmScores(
        line.Has(TaskColumn) ? line.Text(TaskColumn) : "", line.Text("method"),
        line.Text("rows") is "" or "nan" ? null : (int)line.Integer("rows", 0, int.MaxValue), line.Integer("parameters", 0, long.MaxValue),
        line.Numbers([.. Fixed, ControlColumn]).ToDictionary(c => c, line.Real))
    {
        ControlOf = line.Has(ControlColumn) ? line.Text(ControlColumn) : "",
    })];

    /// <summary>The tasks, in the order of their first lines.</summary>
    public static IReadOnlyList<IReadOnlyList<ArmScores>> ByTask(IEnumerable<ArmScores> arms) =>
        [.. arms.GroupBy(a => a.Task).Select(g => (IReadOnlyList<ArmScores>)[.. g])];

    /// <summary>
    /// The lines of one method and number of rows, whatever their seed, in the order of the first of each; of a task those of one method.
    /// </summary>
    /// <remarks>A ticket found again with another seed has another number of rows and is the same arm, which its name says.</remarks>
    public static IReadOnlyList<IReadOnlyList<ArmScores>> Group(IEnumerable<ArmScores> arms) =>
        [.. arms.GroupBy(a => (a.Task, a.Method, a.Task.Length == 0 ? a.Rows : null)).Select(g => (IReadOnlyList<ArmScores>)[.. g])];

    /// <summary>The mean number of rows of some lines; null where one is not counted.</summary>
    public static int? MeanRows(IReadOnlyList<ArmScores> arms) =>
        arms.All(a => a.Rows is not null) ? (int)Math.Round(arms.Average(a => (double)a.Rows!.Value)) : null;

    /// <summary>A score over seeds.</summary>
    public static ArmSpread Spread(IEnumerable<ArmScores> arms, string score) =>
        ArmSpread.Of(arms.Where(a => a.Scores.ContainsKey(score)).Select(a => a.Scores[score]).Where(double.IsFinite));
}
