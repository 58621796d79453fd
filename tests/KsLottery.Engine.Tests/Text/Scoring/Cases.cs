using System.Text.Json;
using KsLottery.Engine.Text.Scoring;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Text.Scoring;

/// <summary>Reads sacreBLEU's published cases and scores_golden.json, and keeps the worst difference of a comparison.</summary>
internal static class Cases
{
    private static readonly Lazy<JsonDocument> GoldenDocument = new(() => JsonDocument.Parse(File.ReadAllText(
        Path.Combine(SharedData.Root, "tests", "KsLottery.Engine.Tests", "Golden", "scores_golden.json"))));

    /// <summary>A section of the shared cases.json; ignores the running test where the shared data is absent.</summary>
    public static IEnumerable<JsonElement> Shared(string metric, string section)
    {
        JsonDocument document = JsonDocument.Parse(File.ReadAllText(SharedData.Path("bleu", "cases.json")));
        return document.RootElement.GetProperty(metric).GetProperty(section).EnumerateArray();
    }

    public static IEnumerable<JsonElement> Golden(string section) => GoldenDocument.Value.RootElement.GetProperty(section).EnumerateArray();

    public static string[] Lines(this JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetString()!)];

    public static string[][] Streams(this JsonElement array) => [.. array.EnumerateArray().Select(Lines)];

    public static long[] Counts(this JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetInt64())];

    public static double[] Values(this JsonElement array) => [.. array.EnumerateArray().Select(e => e.GetDouble())];

    public static double? NumberOrNull(this JsonElement element) => element.ValueKind == JsonValueKind.Null ? null : element.GetDouble();

    public static BleuSmoothing Smoothing(string name) => name switch
    {
        "exp" => BleuSmoothing.Exponential,
        "floor" => BleuSmoothing.Floor,
        "add-k" => BleuSmoothing.AddK,
        "none" => BleuSmoothing.None,
        _ => throw new ArgumentException(name),
    };
}

/// <summary>Compares scores and remembers the worst difference.</summary>
internal sealed class WorstDifference
{
    private string _where = "nothing compared";
    private double _worst = -1;
    private int _count;

    public void Compare(double actual, double expected, string where)
    {
        _count++;
        double difference = Math.Abs(actual - expected);
        if (double.IsNaN(difference)) difference = double.PositiveInfinity;
        if (difference > _worst) (_worst, _where) = (difference, $"{actual:R} against {expected:R}: {where.ReplaceLineEndings(" ")}");
    }

    public void AssertWithin(double tolerance, int count)
    {
        TestContext.Out.WriteLine($"worst difference of {_count}: {_worst:E2} at {_where}");
        Assert.That(_count, Is.EqualTo(count), "cases compared");
        Assert.That(_worst, Is.InRange(0, tolerance), _where);
    }
}
