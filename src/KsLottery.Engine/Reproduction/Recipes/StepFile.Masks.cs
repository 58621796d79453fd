using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Experiments;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Training;
using KsLottery.Engine.Transfer;

namespace KsLottery.Engine.Reproduction;

/// <content>What is pruned, and trained under the mask.</content>
internal static partial class StepFile
{
    private static readonly Dictionary<string, OutsideTicket> Outsides = new()
    {
        ["zero"] = OutsideTicket.Zero,
        ["match-l1"] = OutsideTicket.MatchL1,
        ["match-l2"] = OutsideTicket.MatchL2,
    };

    private static readonly Dictionary<string, TicketScore> PruningScores =
        new[] { TicketScore.Named("magnitude"), TicketScore.Named("random") }.ToDictionary(s => s.Name);

    private static PruneStep ReadPrune(PlanSection<StepKey> step, string name)
    {
        TicketScore by = ReadPruningScore(step);
        UnitShare? sparsity = ReadShare(step, StepKey.Sparsity);
        if (sparsity is null == step.Text(StepKey.Pattern) is null)
            throw step.Wrong(StepKey.Sparsity, "give it or pattern, one of the two");
        TicketSelection kept = sparsity is { } share ? ModelPruning.KeptOf(share, step.Flag(StepKey.PerTensor) ?? false)
            : ReadPattern(step);
        return new(name, ModelPruning.RecipeOf(by, kept, ReadTensors(step)), step.Required(StepKey.Of));
    }

    private static TicketScore ReadPruningScore(PlanSection<StepKey> step) =>
        PruningScores.TryGetValue(step.Text(StepKey.Score) ?? "magnitude", out TicketScore? score) ? score
        : throw step.Wrong(StepKey.Score, $"it must be one of {string.Join(", ", PruningScores.Keys)}");

    private static TensorChoice? ReadTensors(PlanSection<StepKey> step) =>
        step.Text(StepKey.Tensors) is { } names ? TensorChoice.Parse(names) : null;

    private static GroupPattern ReadPattern(PlanSection<StepKey> step)
    {
        try
        {
            return GroupPattern.Parse(step.Text(StepKey.Pattern)!);
        }
        catch (FormatException fault)
        {
            throw step.Wrong(StepKey.Pattern, fault.Message.TrimEnd('.'));
        }
    }

    /// <summary>Adds to a training what becomes of values outside of its ticket, and where it begins.</summary>
    private static TrainStep WithMask(PlanSection<StepKey> step, TrainStep train)
    {
        TrainStep masked = train with
        {
            Outside = step.Choice(StepKey.Outside, Outsides),
            Rewind = step.Text(StepKey.Rewind),
            RewindTo = ReadMoment(step),
            Redraws = step.Flag(StepKey.Redraw) ?? false,
        };
        if (masked.Outside is not null && (train.Ticket is null || train.Part is not (TrainedPart.Full or TrainedPart.Embedding)))
            throw step.Wrong(StepKey.Outside, "it belongs to the parts full and embedding, and to a ticket");
        if (masked.Outside is not null && train.L1ToBase > 0)
            throw step.Wrong(StepKey.L1ToBase, "with outside there is no base to stay near: leave it out");
        if (masked.Rewind is null && step.Text(StepKey.At) is not null)
            throw step.Wrong(StepKey.At, "it is the moment to rewind to: name the step (rewind)");
        return masked.Redraws && (masked.Rewind is not null || train.Part != TrainedPart.Full)
            ? throw step.Wrong(StepKey.Redraw, "it belongs to the part full, without rewind") : masked;
    }

    private static KeptState ReadMoment(PlanSection<StepKey> step)
    {
        if (step.Text(StepKey.At) is not { } text) return KeptState.After(0);
        try
        {
            return KeptState.Parse(text);
        }
        catch (FormatException fault)
        {
            throw step.Wrong(StepKey.At, fault.Message.TrimEnd('.'));
        }
    }
}
