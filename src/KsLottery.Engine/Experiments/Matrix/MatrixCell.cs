using KsLottery.Engine.Statistics;
using KsLottery.Engine.Text.Scoring;

namespace KsLottery.Engine.Experiments;

/// <summary>A model on a test.</summary>
public sealed record MatrixCell
{
    /// <summary>The model.</summary>
    public required MatrixModel Model { get; init; }

    /// <summary>What it was tested on.</summary>
    public required MatrixTest Test { get; init; }

    /// <summary>What the pair is to the model.</summary>
    public PairExposure Exposure => Model.ExposureTo(Test.Languages);

    /// <summary>The number of pairs.</summary>
    public required int Pairs { get; init; }

    /// <summary>Pairs that the model has no room for, and that were left out.</summary>
    public required int Skipped { get; init; }

    /// <summary>The mean loss of a reference's token in nats, the right tokens before it being given.</summary>
    public required double Loss { get; init; }

    /// <summary>The mean number of tokens that it wrote.</summary>
    public required double MeanTokens { get; init; }

    /// <summary>What it wrote, scored.</summary>
    public required MatrixScores Scores { get; init; }

    /// <summary>How many of the first references the identifier takes for another language: what it would say of faultless
    /// outputs.</summary>
    public required LanguageCounts ReferenceLanguages { get; init; }

    /// <summary>The identifier's errors on held-out lines of the target's language.</summary>
    public required LanguageAccuracy Accuracy { get; init; }

    /// <summary>chrF above the baseline's on the same test; null without one.</summary>
    public double? Gain { get; init; }

    /// <summary>Whether more outputs are in a wrong language than the identifier's errors explain: the 95 % intervals of both rates, by
    /// Clopper and Pearson, lie apart.</summary>
    public bool IsOffTarget => Scores.Languages.Determined is > 0 and var determined
        && BinomialInterval.ClopperPearson(Scores.OffTarget, determined).Low
            > BinomialInterval.ClopperPearson(Accuracy.Errors, Accuracy.HeldOut).High;
}

/// <summary>The cells of a model of one exposure.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Exposure">What their pairs are to it.</param>
/// <param name="Cells">How many there are.</param>
/// <param name="MeanChrf">The mean of their chrF.</param>
/// <param name="SpreadOfChrf">Its standard deviation over the cells, with one less than their number; NaN for one cell.</param>
/// <param name="MeanGain">The mean of their gains; null without a baseline.</param>
/// <param name="OffTargetRate">Outputs in a wrong language among all that are in any; NaN where none is.</param>
/// <param name="EosRate">The share of texts that the model ended itself.</param>
public sealed record MatrixGroup(string Model, PairExposure Exposure, int Cells, double MeanChrf, double SpreadOfChrf, double? MeanGain,
    double OffTargetRate, double EosRate)
{
    /// <summary>The groups of some cells, in their order.</summary>
    internal static IEnumerable<MatrixGroup> Of(IEnumerable<MatrixCell> cells) =>
        cells.GroupBy(c => (c.Model.Name, c.Exposure)).Select(group =>
        {
            double mean = group.Average(c => c.Scores.Chrf.Score);
            double squares = group.Sum(c => (c.Scores.Chrf.Score - mean) * (c.Scores.Chrf.Score - mean));
            return new MatrixGroup(group.Key.Name, group.Key.Exposure, group.Count(), mean, Math.Sqrt(squares / (group.Count() - 1)),
                group.Average(c => c.Gain), (double)group.Sum(c => c.Scores.OffTarget) / group.Sum(c => c.Scores.Languages.Determined),
                group.Sum(c => c.Scores.Summary.EosRate * c.Pairs) / group.Sum(c => c.Pairs));
        });
}

/// <summary>The two directions of a pair under one model.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Better">The direction with the higher number.</param>
/// <param name="Value">Its gain over the baseline, its chrF without one.</param>
/// <param name="Reverse">That of the other direction.</param>
public sealed record MatrixDirections(string Model, LanguagePair Better, double Value, double Reverse)
{
    /// <summary>How much better the better direction is, 0 or more.</summary>
    public double Difference => Value - Reverse;

    /// <summary>All pairs that are tested in both directions, in the order of the cells; of several tests of one direction the first
    /// counts.</summary>
    internal static IEnumerable<MatrixDirections> Of(IReadOnlyList<MatrixCell> cells) =>
        from model in cells.GroupBy(c => c.Model.Name)
        let tests = model.DistinctBy(c => c.Test.Languages).ToArray()
        from i in Enumerable.Range(0, tests.Length)
        from other in tests.Skip(i + 1).Where(c => c.Test.Languages == tests[i].Test.Languages.Reverse)
        let pair = new[] { tests[i], other }.OrderByDescending(ValueOf).ToArray()
        select new MatrixDirections(model.Key, pair[0].Test.Languages, ValueOf(pair[0]), ValueOf(pair[1]));

    private static double ValueOf(MatrixCell cell) => cell.Gain ?? cell.Scores.Chrf.Score;
}
