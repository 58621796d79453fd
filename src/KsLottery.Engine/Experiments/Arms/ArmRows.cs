using System.Diagnostics;
using System.Globalization;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Training;

namespace KsLottery.Engine.Experiments;

/// <summary>Says which rows an arm takes.</summary>
internal sealed class ArmRows(ExperimentPlan plan, TaskData task, FoundTicket? found, Tokenizer tokenizer, LlamaConfig config, ulong seed)
{
    /// <summary>How many rows an arm has, or is matched with.</summary>
    public int CountOf(ExperimentArm arm) => arm.HasFixedCount ? arm.Rows!.Value : (int)SelectFrom(arm).Rows.Count;

    /// <summary>The rows, and the line that says how they were chosen.</summary>
    /// <exception cref="ArmSkippedException">There are none, or not so many.</exception>
    public (IndexSet Rows, string Signature) Of(ExperimentArm arm)
    {
        (IndexSet rows, string signature) = arm.Preset.Recipe?.Score switch
        {
            KsScore => SelectFrom(arm),
            null when arm.Preset.TakesText => (ToSet(Read(tokenizer.Encode(arm.Text!))), "rows:list"),
            RandomScore => (ToSet(OrSkip(() => RowChoice.Random(tokenizer.Names, config.VocabularySize, CountOf(arm), seed).Ids)),
                $"rows:random|seed:{seed}"),
            FrequencyScore => (ToSet(OrSkip(() => RowChoice.MostFrequent(task.Training, CountOf(arm)).Ids)), "rows:frequency"),
            L2ShiftScore => (ToSet(Farthest(CountOf(arm))), "rows:largest-shift"),
            _ => throw new UnreachableException($"an arm of the method {arm.MethodName} has no rows"),
        };
        return (rows, string.Create(CultureInfo.InvariantCulture, $"{signature}|k:{rows.Count}"));
    }

    private IndexSet ToSet(IEnumerable<int> rows) => IndexSet.Of(config.VocabularySize, rows.Order());

    /// <summary>Rows that nobody reads learn nothing: where tokens join, a text's own tokens need not occur in any longer text.</summary>
    private IEnumerable<int> Read(int[] ids) => task.Training.Any(s => s.Tokens.Span[..s.RowCount].IndexOfAny(ids) >= 0) ? ids.Distinct()
        : throw new ArmSkippedException("the training data read none of these rows, so that they would learn nothing.");

    private (IndexSet Rows, string Signature) SelectFrom(ExperimentArm arm)
    {
        double alpha = arm.Alpha ?? plan.Alpha;
        ScoredRows scored = arm.Alpha is null ? found!.Rows : new(found!.Rows.Scan, new BelowAlpha { Alpha = alpha });
        IndexSet rows = arm.Rows is { } count ? scored.SelectTop(count) : scored.SelectBelowAlpha();
        if (rows.Count == 0) throw NoTicket(alpha);
        TicketSelection test = found.Ticket.Selection with { Alpha = alpha },
            selection = arm.Rows is { } asked ? new TopUnits(asked, test) : new BelowAlpha(test);
        string signature = (found.Ticket.Signature with { Selection = selection, IsByRank = arm.Rows is not null }).ToString();
        if ((arm.Only ?? arm.Without) is not { } group) return (rows, signature);
        IndexSet kept = IndexSet.Of(rows.Length, rows.Where(id => task.Groups.Contains(group, (int)id) == arm.Only is not null));
        if (kept.Count == 0 || kept.Count == rows.Count)
            throw new ArmSkippedException(
                $"of the ticket's {rows.Count} rows {(kept.Count == 0 ? "none is left" : "all are left")}: nothing to compare.");
        return (kept, $"{signature}|{(arm.Only is null ? "without" : "only")}:{TokenGroups.NameOf(group)}");
    }

    /// <summary>Where there are not so many rows to choose, the arm is left out and the others go on.</summary>
    private static IReadOnlyList<int> OrSkip(Func<IReadOnlyList<int>> choose)
    {
        try
        {
            return choose();
        }
        catch (ArgumentException fault)
        {
            throw new ArmSkippedException(fault.Message.Split(" (Parameter", 2)[0]);
        }
    }

    private IEnumerable<int> Farthest(int count)
    {
        IReadOnlyList<RowResult> rows = found!.Rows.Scan.Rows;
        int[] moved = [.. Enumerable.Range(0, rows.Count).Where(id => rows[id].L2Delta is > 0 and < double.PositiveInfinity)];
        return moved.Length >= count ? moved.OrderByDescending(id => rows[id].L2Delta).ThenBy(id => id).Take(count)
            : throw new ArmSkippedException($"{count} rows are asked for, {moved.Length} moved.");
    }

    private static ArmSkippedException NoTicket(double alpha) =>
        new(string.Create(CultureInfo.InvariantCulture, $"no row is below alpha {alpha}: there is no ticket."));
}
