using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Experiments;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Reproduction;

/// <content>What is measured of models.</content>
internal static partial class StepFile
{
    private static BetweenStep ReadBetween(PlanSection<StepKey> step, string name)
    {
        if (step.List(StepKey.Of) is not [var one, var other]) throw step.Wrong(StepKey.Of, "name the two steps whose models are the ends");
        return new(name, PlanSection<StepKey>.TextOf(one), PlanSection<StepKey>.TextOf(other), step.Required(StepKey.Task),
            (int?)step.Number(StepKey.Points, n => n is >= 3 and <= 1001 && n == Math.Floor(n),
                "it must be a whole number from 3 to 1001, both ends among them") ?? BetweenStep.DefaultPoints);
    }

    private static SweepStep ReadSweep(PlanSection<StepKey> step, string name)
    {
        string task = step.Required(StepKey.Task);
        if (step.Find(StepKey.Models) is not null)
            return ReadNames(step, StepKey.Models) is { Length: > 1 } models ? new(name, models, task)
                : throw step.Wrong(StepKey.Models, "name two trainings or more, the dense one first");
        string of = step.Text(StepKey.Of) ?? throw step.Wrong(StepKey.Of, "give it with sparsities, or models, one of the two");
        const string Rule = "Give the parts that are pruned, ascending: [\"10%\", \"20%\"]";
        UnitShare[] sparsities = [.. (step.List(StepKey.Sparsities) ?? throw step.Wrong(StepKey.Sparsities, Rule)).Select(ReadSparsity)];
        if (sparsities.Zip(sparsities.Skip(1)).Any(pair => pair.First.Value >= pair.Second.Value))
            throw step.Wrong(StepKey.Sparsities, Rule);
        return new(name, [of], task)
        {
            Pruned = new(sparsities, ReadPruningScore(step), ReadTensors(step), step.Flag(StepKey.PerTensor) ?? false),
        };
    }

    private static UnitShare ReadSparsity(JsonPlace place)
    {
        try
        {
            return UnitShare.Parse(PlanSection<StepKey>.TextOf(place)) is { Value: < 1 } share ? share
                : throw place.Wrong("something must be left: it must be below 100%");
        }
        catch (FormatException fault)
        {
            throw place.Wrong(fault.Message.TrimEnd('.'));
        }
    }
}
