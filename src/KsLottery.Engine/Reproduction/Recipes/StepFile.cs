using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Experiments;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Training;

namespace KsLottery.Engine.Reproduction;

/// <summary>Reads the steps and claims of a recipe.</summary>
internal static partial class StepFile
{
    private enum StepKey
    {
        Do, Name, Part, Task, From, Ticket, Layers, LearningRate, Epochs, FlopsOf, Scored, Score, Alpha, Share, Top, Tensors, Unit, Tuned,
        Excluding, Draw, Like, Text, Of, L1ToBase, RegrowEvery, RegrowRate, Candidates, MaxShare, Steps, Batch, Models, Tests, Languages,
        Baseline, Sparsity, Pattern, PerTensor, Outside, Rewind, At, Redraw, Order, Points, Sparsities,
        Normal, By, Rounds, P, Q, Gamma, Patience, Measure, KneeOf, WeightDecay, Until, Than, RightShare,
    }

    private const string AboveZero = "it must be a number above 0";

    private const string NameRule = "it names a folder: it must hold a letter a to z or a digit, no control character";

    private static readonly Dictionary<string, Func<PlanSection<StepKey>, string, double, RecipeStep>> Kinds = new()
    {
        ["train"] = (step, name, _) => ReadTrain(step, name),
        ["find"] = ReadFind,
        ["draw"] = (step, name, _) => ReadDraw(step, name),
        ["copy"] = (step, name, _) => new CopyStep(name, step.Required(StepKey.Tuned), step.Required(StepKey.Ticket))
        {
            From = step.Text(StepKey.From) ?? RecipeStep.Base,
        },
        ["perturb"] = (step, name, _) => new PerturbStep(name, step.Required(StepKey.Of)),
        ["reinitialize"] = (step, name, _) => new ReinitializeStep(name) { IsNormal = step.Flag(StepKey.Normal) ?? false },
        ["merge"] = (step, name, _) => new MergeStep(name, [.. (step.List(StepKey.Of)
            ?? throw step.Wrong(StepKey.Of, "Name the steps whose changes are added")).Select(s => s.Text())]),
        ["graft"] = (step, name, _) => ReadGraft(step, name),
        ["matrix"] = (step, name, _) => ReadMatrix(step, name),
        ["prune"] = (step, name, _) => ReadPrune(step, name),
        ["between"] = (step, name, _) => ReadBetween(step, name),
        ["sweep"] = (step, name, _) => ReadSweep(step, name),
        ["scale"] = (step, name, _) => ReadScale(step, name),
        ["rounds"] = (step, name, _) => ReadRounds(step, name),
        ["sparsity"] = (step, name, _) => ReadSparsity(step, name),
        ["turn"] = (step, name, _) => ReadTurn(step, name),
        ["pace"] = (step, name, _) => new PaceStep(name, step.Required(StepKey.Of), step.Required(StepKey.Task))
        {
            Than = step.Text(StepKey.Than),
            RightShare = step.Number(StepKey.RightShare, n => n is > 0 and <= 1, "it must be a share above 0, at most 1"),
        },
    };

    /// <summary>Reads a step.</summary>
    /// <param name="path">The recipe, for messages.</param>
    /// <param name="place">The step.</param>
    /// <param name="alpha">The level of tickets that name none.</param>
    public static RecipeStep ReadStep(string path, JsonPlace place, double alpha)
    {
        PlanSection<StepKey> step = new(path, place);
        string name = step.Required(StepKey.Name), kind = step.Required(StepKey.Do);
        if (!ExperimentFile.IsName(name)) throw step.Wrong(StepKey.Name, NameRule);
        if (!Kinds.TryGetValue(kind, out Func<PlanSection<StepKey>, string, double, RecipeStep>? read))
            throw step.Wrong(StepKey.Do, $"it must be one of {string.Join(", ", Kinds.Keys)}");
        RecipeStep found = read(step, name, alpha) with { IsScored = step.Flag(StepKey.Scored) ?? true };
        step.ThrowIfUnread();
        return found;
    }

    private static TrainStep ReadTrain(PlanSection<StepKey> step, string name)
    {
        TrainStep train = new(name, Choose<TrainedPart>(step, StepKey.Part), step.Text(StepKey.Task))
        {
            Text = step.Text(StepKey.Text),
            From = step.Text(StepKey.From) ?? RecipeStep.Base,
            Ticket = step.Text(StepKey.Ticket),
            Layers = step.List(StepKey.Layers)?.Select(l => (int)l.Integer(0, int.MaxValue)).ToArray(),
            LearningRate = step.Number(StepKey.LearningRate, n => n > 0, AboveZero),
            Epochs = step.Number(StepKey.Epochs, n => n > 0, AboveZero),
            Order = step.Count(StepKey.Order) ?? 1,
            WeightDecay = step.Number(StepKey.WeightDecay, n => n >= 0, "it must be a number from 0"),
            Steps = step.Count(StepKey.Steps),
            Until = step.Find(StepKey.Until) is null ? null : Choose<NetworkEnd>(step, StepKey.Until),
            FlopsOf = step.Text(StepKey.FlopsOf),
            L1ToBase = step.Number(StepKey.L1ToBase, n => n >= 0, "it must be a number from 0") ?? 0,
            Regrowth = ReadRegrowth(step),
        };
        if (train.Task is null == train.Text is null) throw step.Wrong(StepKey.Task, "give it or text, one of the two");
        if (train.Part is TrainedPart.Ticket or TrainedPart.Lora or TrainedPart.Spiel && train.Ticket is null)
            throw step.Wrong(StepKey.Ticket, "name the ticket that learns, or that adapters or values that move are as many as");
        if (train.Part is TrainedPart.Full or TrainedPart.Embedding && train.Ticket is not null && step.Find(StepKey.Outside) is null)
            throw step.Wrong(StepKey.Ticket, "whole tensors learn: say what becomes of all that it leaves out (outside), or take it out");
        if (train.Part == TrainedPart.Spiel && train.L1ToBase > 0)
            throw step.Wrong(StepKey.L1ToBase, "values that move have no beginning of their own to stay near: leave it out");
        if (train.Part == TrainedPart.Lora && train.L1ToBase > 0)
            throw step.Wrong(StepKey.L1ToBase, "adapters begin at random and stay near nothing: leave it out");
        if (train.Part != TrainedPart.Spiel && train.Regrowth != new RegrowthPlan())
            throw step.Wrong(StepKey.RegrowEvery, "it and regrow_rate belong to the part spiel");
        return train.Layers is null || train.Part == TrainedPart.Lora ? WithMask(step, train)
            : throw step.Wrong(StepKey.Layers, "it belongs to the part lora");
    }

    private static RegrowthPlan ReadRegrowth(PlanSection<StepKey> step)
    {
        RegrowthPlan plan = new();
        return plan with
        {
            Every = (int?)step.Number(StepKey.RegrowEvery, n => n >= plan.Accumulated && n == Math.Floor(n) && n <= int.MaxValue,
                $"it must be a whole number of steps from {plan.Accumulated}, over which gradients are added up") ?? plan.Every,
            Rate = step.Number(StepKey.RegrowRate, n => n is >= 0 and <= 1, "it must be a share from 0 to 1") ?? plan.Rate,
        };
    }

    private static FindStep ReadFind(PlanSection<StepKey> step, string name, double alpha)
    {
        string score = step.Required(StepKey.Score);
        if (!TicketScore.Names.Contains(score))
            throw step.Wrong(StepKey.Score, $"it must be one of {string.Join(", ", TicketScore.Names)}");
        StepKey[] amounts = [StepKey.Top, StepKey.Share, StepKey.Alpha];
        if (step.Text(StepKey.Like) is not null && Array.Exists(amounts, key => step.Find(key) is not null))
            throw step.Wrong(StepKey.Like, "it says how many units are taken: leave top, share and alpha out");
        TicketUnit unit = TicketUnit.Rows;
        if (step.Text(StepKey.Unit) is { } text && !TicketUnit.TryParse(text, out unit))
            throw step.Wrong(StepKey.Unit, $"it must be one of {string.Join(", ", TicketUnit.Names)}");
        return new(name, new()
        {
            Scope = new(step.Text(StepKey.Tensors) is { } tensors ? TensorChoice.Parse(tensors) : null, unit),
            Score = TicketScore.Named(score),
            Selection = ReadSelection(step, alpha),
        }, step.Required(StepKey.Tuned))
        {
            From = step.Text(StepKey.From) ?? RecipeStep.Base,
            Like = step.Text(StepKey.Like),
            Excluding = [.. (step.List(StepKey.Excluding) ?? []).Select(e => e.Text())],
        };
    }

    private static TicketSelection ReadSelection(PlanSection<StepKey> step, double alpha)
    {
        if (step.Count(StepKey.Top) is { } top) return new TopUnits(top);
        return ReadShare(step, StepKey.Share) is { } share ? new TopShare(share)
            : new BelowAlpha { Alpha = step.Number(StepKey.Alpha, n => n is > 0 and < 1, "it must lie between 0 and 1") ?? alpha };
    }

    private static UnitShare? ReadShare<TKey>(PlanSection<TKey> section, TKey key) where TKey : struct, Enum
    {
        if (section.Text(key) is not { } share) return null;
        try
        {
            return UnitShare.Parse(share);
        }
        catch (FormatException fault)
        {
            throw section.Wrong(key, fault.Message.TrimEnd('.'));
        }
    }

    private static DrawStep ReadDraw(PlanSection<StepKey> step, string name)
    {
        DrawStep draw = new(name, Choose<DrawnUnits>(step, StepKey.Draw))
        {
            Like = step.Text(StepKey.Like),
            Text = step.Text(StepKey.Text),
            Excluding = [.. (step.List(StepKey.Excluding) ?? []).Select(e => e.Text())],
        };
        if (draw.How == DrawnUnits.Tokens ? draw.Text is null : draw.Like is null)
            throw step.Wrong(draw.How == DrawnUnits.Tokens ? StepKey.Text : StepKey.Like, "it is missing");
        return draw;
    }

    private static T Choose<T>(PlanSection<StepKey> step, StepKey key) where T : struct, Enum
    {
        Dictionary<string, T> choices = Enum.GetValues<T>().ToDictionary(v => v.ToString().ToLowerInvariant());
        return step.Choice(key, choices) ?? throw step.Wrong(key, $"it must be one of {string.Join(", ", choices.Keys)}");
    }
}
