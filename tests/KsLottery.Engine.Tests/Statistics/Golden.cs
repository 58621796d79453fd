using System.Text.Json;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Statistics;

/// <summary>Reads ks_golden.json, which lies beside the script that makes it, and keeps the worst error of a comparison.</summary>
internal static class Golden
{
    private static readonly Lazy<JsonDocument> Document = new(() => JsonDocument.Parse(File.ReadAllText(FilePath())));

    public static JsonElement Section(string name) => Document.Value.RootElement.GetProperty(name);

    public static double[] Numbers(this JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetDouble())];

    private static string FilePath() =>
        Path.Combine(SharedData.Root, "tests", "KsLottery.Engine.Tests", "Golden", "ks_golden.json");
}

/// <summary>Compares numbers by relative error and remembers the worst.</summary>
internal sealed class RelativeError(double tolerance)
{
    private string _where = "nothing compared";

    public double Worst { get; private set; } = -1;

    public void Compare(double actual, double expected, string where)
    {
        double error = actual == expected ? 0 : expected == 0 ? double.PositiveInfinity : Math.Abs(actual / expected - 1);
        if (double.IsNaN(error)) error = double.PositiveInfinity;
        if (error > Worst) (Worst, _where) = (error, $"{where}: {actual:R} against {expected:R}");
    }

    public void AssertWithinTolerance()
    {
        TestContext.Out.WriteLine($"worst relative error {Worst:E2} at {_where}");
        Assert.That(Worst, Is.InRange(0, tolerance), _where);
    }
}
