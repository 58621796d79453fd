using System.Globalization;
using System.Text;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Text.Scoring;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Engine.Experiments;

/// <summary>The tab-separated files of an experiment, which <c>kslottery report</c> reads.</summary>
internal static class ExperimentTables
{
    /// <summary>A line for each arm and seed.</summary>
    public const string ResultsName = "experiment.tsv";

    /// <summary>What each two tickets share.</summary>
    public const string OverlapName = "ticket_overlap.tsv";

    /// <summary>How far rows moved against how often they were read.</summary>
    public const string FrequencyName = "shift_frequency.tsv";

    /// <summary>The groups of tokens that tickets are made of.</summary>
    public const string GroupsName = "ticket_groups.tsv";

    /// <summary>Each arm against each control.</summary>
    public const string ComparisonsName = "experiment_verdicts.tsv";

    private static readonly string[] Keys = ["task", "seed", "method"];

    /// <summary>Writes the results so far; lines of an earlier run whose arms are still to come stay.</summary>
    public static void WriteResults(string folder, IReadOnlyList<ArmResult> results, ExperimentPlan plan, CancellationToken cancel)
    {
        string path = Path.Combine(folder, ResultsName);
        string title = string.Join('\t',
            (string[])[.. Keys, "rows", "parameters", "share", .. ArmOutcome.Columns.Select(c => c.Name), "control_of", "diverged"]);
        Dictionary<string, string> lines = [];
        if (File.Exists(path) && File.ReadLines(path).First() == title)
            foreach (string line in File.ReadLines(path).Skip(1)) lines[KeyOf(line.Split('\t'))] = line;
        foreach (ArmResult result in results)
        {
            string[] cells = [result.Task, $"{result.Seed}", result.Arm.Name, $"{result.Rows}", $"{result.Parameters}", Real(result.Share),
                .. ArmOutcome.Columns.Select(c => Real(c.Get(result.Outcome))),
                string.Join("; ", plan.ControlledBy(result.Arm).Select(a => a.Name)), result.HasDiverged ? "yes" : ""];
            lines[KeyOf(cells)] = string.Join('\t', cells);
        }
        StringBuilder text = new StringBuilder(title).Append('\n');
        foreach (ExperimentTask task in plan.Tasks)
            foreach (ExperimentArm arm in plan.Arms)
                foreach (string seed in plan.Seeds.Select(s => $"{s}").Prepend(""))
                    if (lines.TryGetValue(KeyOf([task.Name, seed, arm.Name]), out string? line)) text.Append(line).Append('\n');
        AtomicFile.WriteText(path, text.ToString(), cancel);
    }

    /// <summary>Writes how the arms do against their controls.</summary>
    public static void WriteComparisons(string folder, IReadOnlyList<ArmComparison> comparisons, CancellationToken cancel)
    {
        if (comparisons.Count == 0) return;
        StringBuilder text = new("task\tmethod\tcontrol\tseeds\tsegments\tbleu\tbleu_low\tbleu_high\tbleu_verdict\t"
            + "loss\tloss_low\tloss_high\tloss_verdict\n");
        foreach (ArmComparison one in comparisons)
            Add(text, [one.Task, one.Arm.Name, one.Control.Name, $"{one.Seeds}", $"{one.Segments}",
                .. Cells(one.Bleu), ArmComparison.NameOf(one.ByBleu), .. Cells(one.Loss), ArmComparison.NameOf(one.ByLoss)]);
        AtomicFile.WriteText(Path.Combine(folder, ComparisonsName), text.ToString(), cancel);
    }

    /// <summary>Writes what the tickets have in common, and what they are made of.</summary>
    public static void WriteFindings(
        string folder, IReadOnlyList<FoundTicket> tickets, IReadOnlyList<TaskData> tasks, TokenTable tokens, CancellationToken cancel)
    {
        if (tickets.Count == 0) return;
        StringBuilder overlap = new("task\tseed\tother_task\tother_seed\trows\tother_rows\tshared\tjaccard\tshared_by_chance\n");
        foreach (TicketPair pair in TicketPair.Of(tickets))
            Add(overlap, [pair.One.Task, $"{pair.One.Seed}", pair.Other.Task, $"{pair.Other.Seed}",
                $"{pair.One.Ticket.Entries.Count}", $"{pair.Other.Ticket.Entries.Count}", $"{pair.Shared}", Real(pair.Jaccard),
                    Real(pair.SharedByChance)]);
        AtomicFile.WriteText(Path.Combine(folder, OverlapName), overlap.ToString(), cancel);

        StringBuilder frequency = new("task\tseed\ttokens\tspearman_l2\tspearman_h\n"),
            groups = new("task\tseed\tgroup\trows\tvocabulary\n");
        foreach (FoundTicket ticket in tickets)
        {
            TaskData task = tasks.First(t => t.Task.Name == ticket.Task);
            (int count, double distance, double h) = ticket.CorrelateWithFrequency(task.Training);
            Add(frequency, [ticket.Task, $"{ticket.Seed}", $"{count}", Real(distance), Real(h)]);
            foreach (TokenGroup group in Enum.GetValues<TokenGroup>())
                Add(groups, [ticket.Task, $"{ticket.Seed}", TokenGroups.NameOf(group),
                    $"{ticket.Ticket.Ids.Count(id => task.Groups.Contains(group, (int)id))}",
                    $"{Enumerable.Range(0, tokens.Count).Count(id => task.Groups.Contains(group, id))}"]);
        }
        AtomicFile.WriteText(Path.Combine(folder, FrequencyName), frequency.ToString(), cancel);
        AtomicFile.WriteText(Path.Combine(folder, GroupsName), groups.ToString(), cancel);
    }

    private static string KeyOf(string[] cells) => string.Join('\t', cells, 0, Keys.Length);

    private static void Add(StringBuilder text, IEnumerable<string> cells) => text.AppendJoin('\t', cells).Append('\n');

    private static IEnumerable<string> Cells(ScoreInterval interval) =>
        ((double[])[interval.Value, interval.Low, interval.High]).Select(v => double.IsFinite(v) ? Real(v) : "nan");

    private static string Real(double value) => value.ToString("R", CultureInfo.InvariantCulture);
}
