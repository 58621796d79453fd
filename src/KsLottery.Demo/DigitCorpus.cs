using KsLottery.Engine.Numerics;
using KsLottery.Engine.Reproduction;

namespace KsLottery.Demo;

/// <summary>Tasks on rows of digits, which a model of some hundred thousand weights learns in a minute.</summary>
/// <remarks>
/// The base meets rows that are copied, counted on from their first digit and turned, each with its word before it and on a line of its
/// own, so that it can look back, and knows the order of digits and of places; it never meets a task's word. <c>shift</c> gives each
/// digit's successor, <c>reverse</c> the row from its end. Rows of tests are told apart by a hash, whatever the seed.
/// </remarks>
internal sealed class DigitCorpus : ISyntheticCorpus
{
    private const int Length = 5, Lines = 4, TestShare = 8;

    private static readonly Dictionary<string, Func<int[], IEnumerable<int>>> Tasks = new()
    {
        ["shift"] = row => row.Select(d => (d + 1) % 10),
        ["reverse"] = row => Enumerable.Reverse(row),
    };

    private static readonly (string Word, Func<int[], IEnumerable<int>> Of)[] Read =
    [
        ("copy", row => row), ("turn", row => Enumerable.Reverse(row)),
        ("count", row => Enumerable.Range(row[0], Length).Select(d => d % 10)),
    ];

    /// <inheritdoc/>
    public string Name => "digits";

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
                int[] row = Draw(ref random);
                lines[i] = $"{word}{Write(row)}\n{Write(of(row))[1..]}";
            }
            documents.Add(string.Join('\n', lines));
        }
        return documents;
    }

    /// <inheritdoc/>
    public IReadOnlyList<(string Source, string Target)> Pairs(ulong seed, string task, int count, bool isTest)
    {
        if (!Tasks.TryGetValue(task, out Func<int[], IEnumerable<int>>? of))
            throw new ArgumentException($"the corpus {Name} has the tasks {string.Join(", ", Tasks.Keys)}, not '{task}'. Name one of them.",
                nameof(task));
        // Each part has a good ten thousand rows; half of them are found before repeats slow it down.
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, 5_000);
        SplitMix64 random = new(SplitMix64.Mix(seed) + (isTest ? 2u : 1u));
        HashSet<string> seen = [];
        List<(string, string)> pairs = [];
        while (pairs.Count < count)
        {
            int[] row = Draw(ref random);
            string source = Write(row);
            bool isForTests = row.Aggregate(0UL, (hash, d) => SplitMix64.Mix(hash ^ (uint)d)) % TestShare == 0;
            if (isForTests == isTest && seen.Add(source)) pairs.Add(($"{task}{source}", Write(of(row))[1..]));
        }
        return pairs;
    }

    private static int[] Draw(ref SplitMix64 random)
    {
        int[] row = new int[Length];
        for (int i = 0; i < Length; i++) row[i] = random.NextBelow(10);
        return row;
    }

    private static string Write(IEnumerable<int> row) => string.Concat(row.Select(d => $" {d}"));
}
