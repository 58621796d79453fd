using KsLottery.Engine.Numerics;
using KsLottery.Engine.Reproduction;

namespace KsLottery.Demo;

/// <summary>Tasks on series of five digits or letters, which a model of some hundred thousand weights learns in a minute.</summary>
/// <remarks>The base meets series of both, and never a task. <c>shift</c> gives each digit's successor, <c>mirror</c> for each of the
/// letters a to j the one that is as far from j; <c>repeat</c> copies digits and <c>follow</c> counts letters on, which the base can do
/// by other words.</remarks>
internal sealed class SeriesCorpus : ISyntheticCorpus
{
    private const string Digits = "0123456789", Letters = "abcdefghij";

    private static readonly Dictionary<string, (string Order, Func<int[], IEnumerable<int>> Of)> Tasks = new()
    {
        ["shift"] = (Digits, series => series.Select(member => (member + 1) % Series.Kinds)),
        ["mirror"] = (Letters, series => series.Select(member => Series.Kinds - 1 - member)),
        ["repeat"] = (Digits, series => series),
        ["follow"] = (Letters, series => Series.CountOn(series[0])),
    };

    /// <inheritdoc/>
    public string Name => "series";

    /// <inheritdoc/>
    public IReadOnlyList<string> Text(ulong seed, int characters)
    {
        SplitMix64 random = new(SplitMix64.Mix(seed));
        List<string> documents = [];
        for (int length = 0; length < characters; length += documents[^1].Length + 1)
            documents.Add(Series.Document(ref random, Digits, Letters));
        return documents;
    }

    /// <inheritdoc/>
    public IReadOnlyList<(string Source, string Target)> Pairs(ulong seed, string task, int count, bool isTest) =>
        Tasks.TryGetValue(task, out (string Order, Func<int[], IEnumerable<int>> Of) known)
        ? Series.Pairs(seed, count, isTest, task, known.Order, known.Of)
        : throw new ArgumentException($"the corpus {Name} has the tasks {string.Join(", ", Tasks.Keys)}, not '{task}'. Name one of them.",
            nameof(task));
}
