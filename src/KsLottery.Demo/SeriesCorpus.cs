using KsLottery.Engine.Numerics;
using KsLottery.Engine.Reproduction;

namespace KsLottery.Demo;

/// <summary>Tasks on series of five digits or letters, which a model of some hundred thousand weights learns in a minute.</summary>
/// <remarks>
/// The base meets series that are copied, sorted and counted on from their first member, each with its word before it and on a line of its
/// own, so that it can look back and knows the orders; it never meets a task. <c>shift</c> gives each digit's successor, <c>mirror</c> for
/// each of the letters a to j the one that is as far from j. Series of tests are told apart by a hash, whatever the seed.
/// </remarks>
internal sealed class SeriesCorpus : ISyntheticCorpus
{
    private const int Length = 5, Kinds = 10, Lines = 4, TestShare = 8;

    private static readonly Dictionary<string, (char First, Func<int, int> Of)> Tasks = new()
    {
        ["shift"] = ('0', member => (member + 1) % Kinds),
        ["mirror"] = ('a', member => Kinds - 1 - member),
    };

    private static readonly (string Word, Func<int[], IEnumerable<int>> Of)[] Read =
    [
        ("copy", series => series), ("sort", series => series.Order()),
        ("count", series => Enumerable.Range(series[0], Length).Select(member => member % Kinds)),
    ];

    /// <inheritdoc/>
    public string Name => "series";

    /// <inheritdoc/>
    public IReadOnlyList<string> Text(ulong seed, int characters)
    {
        SplitMix64 random = new(SplitMix64.Mix(seed));
        List<string> documents = [];
        for (int length = 0; length < characters; length += documents[^1].Length + 1)
        {
            string[] lines = new string[Lines];
            for (int i = 0; i < Lines; i++)
            {
                (string word, Func<int[], IEnumerable<int>> of) = Read[random.NextBelow(Read.Length)];
                char first = random.NextBelow(2) == 0 ? '0' : 'a';
                int[] series = Draw(ref random);
                lines[i] = $"{word} {Write(series, first)}\n{Write(of(series), first)}";
            }
            documents.Add(string.Join('\n', lines));
        }
        return documents;
    }

    /// <inheritdoc/>
    public IReadOnlyList<(string Source, string Target)> Pairs(ulong seed, string task, int count, bool isTest)
    {
        if (!Tasks.TryGetValue(task, out (char First, Func<int, int> Of) known))
            throw new ArgumentException($"the corpus {Name} has the tasks {string.Join(", ", Tasks.Keys)}, not '{task}'. Name one of them.",
                nameof(task));
        // Each part has a good ten thousand series; half of them are found before repeats slow it down.
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, 5_000);
        SplitMix64 random = new(SplitMix64.Mix(seed) + (isTest ? 2u : 1u));
        HashSet<string> seen = [];
        List<(string, string)> pairs = [];
        while (pairs.Count < count)
        {
            int[] series = Draw(ref random);
            string source = Write(series, known.First);
            bool isForTests = series.Aggregate(0UL, (hash, d) => SplitMix64.Mix(hash ^ (uint)d)) % TestShare == 0;
            if (isForTests == isTest && seen.Add(source)) pairs.Add(($"{task} {source}", Write(series.Select(known.Of), known.First)));
        }
        return pairs;
    }

    private static int[] Draw(ref SplitMix64 random)
    {
        int[] series = new int[Length];
        for (int i = 0; i < Length; i++) series[i] = random.NextBelow(Kinds);
        return series;
    }

    private static string Write(IEnumerable<int> series, char first) => string.Join(' ', series.Select(member => (char)(first + member)));
}
