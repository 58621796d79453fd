using System.Globalization;

namespace KsLottery.Engine.Text.Scoring;

/// <summary>A value, and the interval in which 95 % of its resamples lie.</summary>
/// <param name="Value">The value of all segments and seeds.</param>
/// <param name="Low">The resample with 2.5 % below it.</param>
/// <param name="High">The resample with 2.5 % above it.</param>
public readonly record struct ScoreInterval(double Value, double Low, double High)
{
    /// <summary>The interval of a value's resamples, its ends those that sacreBLEU takes; NaN where a resample is none.</summary>
    /// <param name="value">The value.</param>
    /// <param name="resamples">One or more; they are sorted in place.</param>
    internal static ScoreInterval Of(double value, Span<double> resamples)
    {
        foreach (double resample in resamples)
            if (double.IsNaN(resample)) return new(value, double.NaN, double.NaN);
        resamples.Sort();
        int below = resamples.Length / 40;
        return new(value, resamples[below], resamples[^(below + 1)]);
    }

    /// <summary><c>1.25 [0.31, 2.2]</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Value:g4} [{Low:g4}, {High:g4}]");
}
