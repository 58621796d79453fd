using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Experiments;

namespace KsLottery.Engine.Reports;

/// <summary>What an experiment found about one of its tickets.</summary>
/// <param name="Task">The task.</param>
/// <param name="Seed">The seed.</param>
/// <param name="Tokens">The tokens that the training data read.</param>
/// <param name="Distance">Spearman's ρ of how far their rows moved with how often they were read.</param>
/// <param name="Count">The same of their h.</param>
/// <param name="Groups">The ticket's rows by group of tokens, and the whole vocabulary's.</param>
internal sealed record TicketFinding(
    string Task, string Seed, long Tokens, double Distance, double Count, IReadOnlyList<(string Group, long Rows, long Vocabulary)> Groups)
{
    /// <summary>Reads both tables of a folder; none where one is absent.</summary>
    /// <exception cref="InvalidDataException">A line is damaged; names file and line.</exception>
    public static IReadOnlyList<TicketFinding> Read(string folder)
    {
        string frequency = Path.Combine(folder, ExperimentTables.FrequencyName), groups = Path.Combine(folder, ExperimentTables.GroupsName);
        if (!File.Exists(frequency) || !File.Exists(groups)) return [];
        ILookup<(string, string), (string, long, long)> found = TsvFile.Read(groups, "task", "seed", "group", "rows", "vocabulary")
            .ToLookup(l => (l.Text("task"), l.Text("seed")),
                l => (l.Text("group"), l.Integer("rows", 0, int.MaxValue), l.Integer("vocabulary", 0, int.MaxValue)));
        return [.. TsvFile.Read(frequency, "task", "seed", "tokens", "spearman_l2", "spearman_h").Select(line => new TicketFinding(
            line.Text("task"), line.Text("seed"), line.Integer("tokens", 0, int.MaxValue), line.Real("spearman_l2"),
                line.Real("spearman_h"),
            [.. found[(line.Text("task"), line.Text("seed"))]]))];
    }
}
