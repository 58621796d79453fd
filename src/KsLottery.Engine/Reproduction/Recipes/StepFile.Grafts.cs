using System.Text.Json;
using KsLottery.Engine.Experiments;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Reproduction;

/// <content>Grafts and report cards.</content>
internal static partial class StepFile
{
    private static GraftStep ReadGraft(PlanSection<StepKey> step, string name)
    {
        UnitShare share = ReadShare(step, StepKey.Share)
            ?? throw step.Wrong(StepKey.Share, "Say how large the base patch is: 0.01%, for instance");
        GraftStep graft = new(name, step.Required(StepKey.Tuned), step.Required(StepKey.Task), share)
        {
            From = step.Text(StepKey.From) ?? RecipeStep.Base,
            Tensors = ReadTensors(step),
            Candidates = ReadShare(step, StepKey.Candidates) ?? new(1),
            MaxShare = ReadShare(step, StepKey.MaxShare),
            LearningRate = step.Number(StepKey.LearningRate, n => n > 0, AboveZero),
            Steps = step.Count(StepKey.Steps),
            BatchSize = step.Count(StepKey.Batch),
        };
        ThrowIfBelow(StepKey.Candidates, graft.Candidates);
        if (graft.MaxShare is { } max) ThrowIfBelow(StepKey.MaxShare, max);
        return graft;

        void ThrowIfBelow(StepKey key, UnitShare value)
        {
            if (value.Value < share.Value) throw step.Wrong(key, $"it must hold the base patch, {share} at least");
        }
    }

    private static MatrixStep ReadMatrix(PlanSection<StepKey> step, string name)
    {
        const string Rule = "Name two languages or more, each with a file of it: { \"English\": \"pairs.tsv:1\" }";
        if (step.Find(StepKey.Languages) is not { Value.ValueKind: JsonValueKind.Object } languages)
            throw step.Wrong(StepKey.Languages, Rule);
        MatrixLanguage[] named = [.. languages.Value.EnumerateObject()
            .Select(l => new MatrixLanguage(l.Name, PlanSection<StepKey>.TextOf(languages.Find(l.Name) ?? languages)))];
        return named.Length > 1 && named.DistinctBy(l => l.Name).Count() == named.Length
            ? new(name, ReadNames(step, StepKey.Models), named)
            {
                Tests = ReadNames(step, StepKey.Tests),
                Baseline = step.Text(StepKey.Baseline),
            }
            : throw step.Wrong(StepKey.Languages, Rule);
    }

    private static string[] ReadNames(PlanSection<StepKey> step, StepKey key) =>
        [.. (step.List(key) ?? throw step.Wrong(key, "Name one or more")).Select(PlanSection<StepKey>.TextOf)];
}
