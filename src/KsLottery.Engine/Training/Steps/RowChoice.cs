using System.Globalization;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Training;

/// <summary>Rows to train in a ticket's place, so that a ticket can be compared with as many others.</summary>
internal static class RowChoice
{
    /// <summary>The tokens that most rows of the data read, ties by id: KS-Lottery's "Frequency Tuning" (arXiv 2402.02801).</summary>
    /// <param name="sequences">The data.</param>
    /// <param name="count">k.</param>
    /// <returns>k ids, the most frequent first, and the line <c>rows:frequency|k:</c> with their number.</returns>
    /// <exception cref="ArgumentException">The data have fewer different tokens.</exception>
    public static TicketList MostFrequent(IReadOnlyList<TokenSequence> sequences, int count)
    {
        ArgumentNullException.ThrowIfNull(sequences);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        SortedDictionary<int, long> counts = RowCounts.Of(sequences);
        return count <= counts.Count
            ? new([.. counts.OrderByDescending(c => c.Value).Take(count).Select(c => c.Key)], Line($"rows:frequency|k:{count}"))
            : throw new ArgumentException($"{count} rows are asked for, the data read {counts.Count} different tokens. Ask for fewer.",
                nameof(count));
    }

    /// <summary>Rows drawn by a seed among those whose token stands for text.</summary>
    /// <param name="tokens">The tokens.</param>
    /// <param name="vocabularySize">The number of rows of the embedding.</param>
    /// <param name="count">k.</param>
    /// <param name="seed">Decides the rows.</param>
    /// <returns>k distinct ids, in the order in which they were drawn, and the line <c>rows:random|k:…|seed:…</c>.</returns>
    /// <exception cref="ArgumentException">There are fewer such rows.</exception>
    public static TicketList Random(TokenTable tokens, int vocabularySize, int count, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        int[] ids = [.. Enumerable.Range(0, vocabularySize).Where(id => tokens.Kind(id) is TokenKind.Normal or TokenKind.Byte)];
        if (count > ids.Length)
            throw new ArgumentException($"{count} rows are asked for, {ids.Length} of the embedding's stand for text. Ask for fewer.",
                nameof(count));
        new SplitMix64(SplitMix64.Mix(seed)).Shuffle(ids.AsSpan());
        return new(ids[..count], Line($"rows:random|k:{count}|seed:{seed}"));
    }

    private static string Line(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
