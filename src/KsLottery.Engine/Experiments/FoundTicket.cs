using KsLottery.Engine.Rows;
using KsLottery.Engine.Statistics;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Experiments;

/// <summary>The ticket of a task and a seed, with all rows that it was chosen from.</summary>
/// <param name="Task">The task's name.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Ticket">The rows below the plan's alpha.</param>
/// <param name="Rows">All rows.</param>
/// <param name="Tokens">Names the rows.</param>
/// <param name="Folder">The folder that holds it.</param>
internal sealed record FoundTicket(string Task, ulong Seed, Ticket Ticket, ScoredRows Rows, RowTokens Tokens, string Folder)
{
    /// <summary>Spearman's correlation of how far rows moved with how often the training data read them.</summary>
    /// <param name="training">The data.</param>
    /// <returns>
    /// The number of tokens that occur, ρ of the Euclidean distance and of h with their counts; NaN where all are alike.
    /// </returns>
    public (int Tokens, double Distance, double Count) CorrelateWithFrequency(IReadOnlyList<TokenSequence> training)
    {
        SortedDictionary<int, long> counts = RowCounts.Of(training);
        RowResult[] rows = [.. counts.Keys.Select(id => Rows.Scan.Rows[id])];
        int[] usable = [.. Enumerable.Range(0, rows.Length).Where(i => rows[i].HasCount && double.IsFinite(rows[i].L2Delta))];
        double[] often = [.. counts.Values.Select(c => (double)c)];
        double[] shown = [.. usable.Select(i => often[i])];
        return (usable.Length, RankCorrelation.Spearman([.. usable.Select(i => rows[i].L2Delta)], shown),
            RankCorrelation.Spearman([.. usable.Select(i => (double)rows[i].Count)], shown));
    }
}
