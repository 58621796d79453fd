using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Reports;

/// <summary>One line of <c>alpha-sweep.tsv</c>: the ticket of one α, and what it is worth.</summary>
/// <param name="Alpha">The level.</param>
/// <param name="Rows">The rows of its ticket.</param>
/// <param name="Shares">Every column that is a share or a score, by its name.</param>
internal sealed record AlphaStep(double Alpha, int Rows, IReadOnlyDictionary<string, double> Shares)
{
    /// <summary>The file's default name.</summary>
    public const string FileName = "alpha-sweep.tsv";

    /// <summary>Reads the sweep: <c>alpha</c>, <c>rows</c> and any columns of numbers.</summary>
    /// <exception cref="InvalidDataException">A line is damaged; names file and line.</exception>
    public static IReadOnlyList<AlphaStep> Read(string path) => [.. TsvFile.Read(path, "alpha", "rows").Select(line =>
    {
        double alpha = line.Real("alpha");
        if (!(alpha > 0 && alpha < 1)) throw line.Wrong("alpha", "it must lie between 0 and 1");
        return new AlphaStep(alpha, (int)line.Integer("rows", 0, int.MaxValue),
            line.Numbers("alpha", "rows").ToDictionary(c => c, line.Real));
    }).OrderBy(s => s.Alpha)];
}
