using KsLottery.Engine.Numerics;

namespace KsLottery.Demo;

/// <summary>Series of five members of an order of ten, and text about them: they are copied, sorted and counted on from their first
/// member, each with its word before it and on a line of its own, so that a base can look back and knows the order.</summary>
internal static class Series
{
    /// <summary>Members of a series.</summary>
    public const int Length = 5;

    /// <summary>Members of an order.</summary>
    public const int Kinds = 10;

    private const int Lines = 4, TestShare = 8;

    private static readonly (string Word, Func<int[], IEnumerable<int>> Of)[] Read =
    [
        ("copy", series => series), ("sort", series => series.Order()), ("count", series => CountOn(series[0])),
    ];

    /// <summary>A member and those that follow it, as many as a series has; the last is followed by the first.</summary>
    public static IEnumerable<int> CountOn(int member) => Enumerable.Range(member, Length).Select(next => next % Kinds);

    /// <summary>A document of some lines, each of one of the orders.</summary>
    public static string Document(ref SplitMix64 random, params ReadOnlySpan<string> orders)
    {
        string[] lines = new string[Lines];
        for (int i = 0; i < Lines; i++)
        {
            (string word, Func<int[], IEnumerable<int>> of) = Read[random.NextBelow(Read.Length)];
            string order = orders.Length == 1 ? orders[0] : orders[random.NextBelow(orders.Length)];
            int[] series = Draw(ref random);
            lines[i] = $"{word} {Write(series, order)}\n{Write(of(series), order)}";
        }
        return string.Join('\n', lines);
    }

    /// <summary>Pairs of a task, each source once; series of tests are told apart by a hash, whatever the seed.</summary>
    /// <param name="seed">Decides them.</param>
    /// <param name="count">How many.</param>
    /// <param name="isTest">Whether they are for scoring.</param>
    /// <param name="word">The task's word, which begins a source.</param>
    /// <param name="order">The members.</param>
    /// <param name="of">What the task makes of a series.</param>
    public static IReadOnlyList<(string Source, string Target)> Pairs(ulong seed, int count, bool isTest, string word, string order,
        Func<int[], IEnumerable<int>> of)
    {
        // Each part has a good ten thousand series; half of them are found before repeats slow it down.
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, 5_000);
        SplitMix64 random = new(SplitMix64.Mix(seed) + (isTest ? 2u : 1u));
        HashSet<string> seen = [];
        List<(string, string)> pairs = [];
        while (pairs.Count < count)
        {
            int[] series = Draw(ref random);
            string source = Write(series, order);
            bool isForTests = series.Aggregate(0UL, (hash, d) => SplitMix64.Mix(hash ^ (uint)d)) % TestShare == 0;
            if (isForTests == isTest && seen.Add(source)) pairs.Add(($"{word} {source}", Write(of(series), order)));
        }
        return pairs;
    }

    private static int[] Draw(ref SplitMix64 random)
    {
        int[] series = new int[Length];
        for (int i = 0; i < Length; i++) series[i] = random.NextBelow(Kinds);
        return series;
    }

    private static string Write(IEnumerable<int> series, string order) => string.Join(' ', series.Select(member => order[member]));
}
