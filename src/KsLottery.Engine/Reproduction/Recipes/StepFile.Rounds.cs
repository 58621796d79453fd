using System.Globalization;
using KsLottery.Engine.Experiments;
using KsLottery.Engine.Statistics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Reproduction;

/// <content>Rounds of pruning, and the index of what they leave.</content>
internal static partial class StepFile
{
    private const string AdaptiveWord = "adaptive";

    private static RoundsStep ReadRounds(PlanSection<StepKey> step, string name)
    {
        int count = step.Count(StepKey.Rounds) ?? throw step.Wrong(StepKey.Rounds, "Say how many rounds there are at most");
        bool isPerTensor = step.Flag(StepKey.PerTensor) ?? false;
        string sparsity = step.Text(StepKey.Sparsity)
            ?? throw step.Wrong(StepKey.Sparsity, "Give the part of what is left that a round prunes, 20% for instance, or "
                + AdaptiveWord);
        AdaptiveShare? adaptive = sparsity == AdaptiveWord ? ReadAdaptive(step, isPerTensor) : null;
        UnitShare? share = adaptive is null ? ReadShare(step, StepKey.Sparsity) : null;
        if (share is { Value: >= 1 }) throw step.Wrong(StepKey.Sparsity, "something must be left: it must be below 100%");
        return new(name, step.Required(StepKey.Of), count)
        {
            Tensors = ReadTensors(step),
            IsPerTensor = isPerTensor,
            Adaptive = adaptive,
            Geometric = share is { } part ? new(part) : null,
            Patience = step.Count(StepKey.Patience),
            RewindTo = ReadMoment(step),
        };
    }

    private static AdaptiveShare ReadAdaptive(PlanSection<StepKey> step, bool isPerTensor)
    {
        PqIndex standard = new();
        SapRule rule = new();
        double p = step.Number(StepKey.P, n => n is > 0 and <= 1, "it must be a number above 0, at most 1") ?? standard.P,
            q = step.Number(StepKey.Q, n => n >= 1 && n > p, "it must be a number from 1, and above p") ?? standard.Q;
        if (!(q > p)) throw step.Wrong(StepKey.P, $"it must be below q, which is {q.ToString(CultureInfo.InvariantCulture)}");
        return new(new(p, q), rule with { Gamma = step.Number(StepKey.Gamma, n => n > 0, AboveZero) ?? rule.Gamma }, isPerTensor);
    }

    private static ScaleStep ReadScale(PlanSection<StepKey> step, string name) => new(name, step.Required(StepKey.Of),
        step.Number(StepKey.By, n => n != 0, "it must be a number other than 0") ?? throw step.Wrong(StepKey.By, "it is missing"));

    private static SparsityStep ReadSparsity(PlanSection<StepKey> step, string name) =>
        new(name, step.Required(StepKey.Of)) { Tensors = ReadTensors(step) };

    private static TurnStep ReadTurn(PlanSection<StepKey> step, string name)
    {
        string measure = step.Required(StepKey.Measure);
        string[] known = [.. ArmOutcome.Columns.Select(c => c.Name)];
        return known.Contains(measure)
            ? new(name, step.Required(StepKey.Of), step.Required(StepKey.Task), measure) { KneeOf = step.Text(StepKey.KneeOf) }
            : throw step.Wrong(StepKey.Measure, $"it must be one of {string.Join(", ", known)}");
    }
}
