using System.Diagnostics;
using System.Globalization;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Experiments;

/// <summary>The arms of one task and seed: they share data, Embed Tuning and its ticket.</summary>
/// <param name="baseModel">What they begin from.</param>
/// <param name="task">The task's data.</param>
/// <param name="seed">The seed.</param>
internal sealed class ArmGroup(ExperimentBase baseModel, TaskData task, ulong seed)
{
    private readonly ExperimentPlan _plan = baseModel.Plan;

    public TaskData Task => task;

    public ulong Seed => seed;

    /// <summary>The ticket, once Embed Tuning has run.</summary>
    public FoundTicket? Found { get; set; }

    public ArmRows Rows => new(_plan, task, Found, baseModel.Tokenizer, baseModel.Config, seed);

    /// <summary>Whether Embed Tuning must have run, for an arm or for a look whether it is like an earlier one.</summary>
    public bool NeedsTicket(ExperimentArm arm) => arm.NeedsTicket
        || (arm.IsControl && _plan.Arms.TakeWhile(a => a != arm).Any(a => a.Method == arm.Method && a.NeedsTicket));

    /// <summary>The name of the folder in which an arm stands: its own, or that of an earlier control that is the same thing.</summary>
    /// <exception cref="ArmSkippedException">The arm has no rows.</exception>
    public string FolderOf(ExperimentArm arm) =>
        ArmFolders.NameOf(task.Task, arm.Method == ArmMethod.Base ? null : seed, arm.IsControl ? FirstLike(arm) : arm);

    /// <summary>What an arm trains.</summary>
    /// <param name="arm">The arm.</param>
    /// <param name="rows">Its rows of the embedding, where it has some.</param>
    /// <exception cref="ArmSkippedException">The arm has no rows.</exception>
    public TrainingScope ScopeOf(ExperimentArm arm, IndexSet? rows) => arm.Preset.Action switch
    {
        ArmAction.TrainAll => TrainingScope.Full,
        ArmAction.TrainEmbedding => TrainingScope.Embedding,
        ArmAction.TrainRows => TrainingScope.Mask(new([TensorMask.OfRows(baseModel.Embedding.Name, baseModel.Config.Width, rows!)])),
        ArmAction.TrainAdapters => TrainingScope.LowRank(baseModel.RankFor(Rows.CountOf(arm)), seed),
        _ => throw new UnreachableException($"{arm.Preset.Action} trains nothing"),
    };

    /// <summary>The arm of Partial Tuning that a random delta is taken from.</summary>
    public ExperimentArm TunedOf(ExperimentArm delta) => _plan.Arms.First(a => a.Method == ArmMethod.Ticket && a.HasRowsOf(delta));

    /// <summary>Controls of tickets that happen to have one size are one control.</summary>
    private ExperimentArm FirstLike(ExperimentArm arm)
    {
        string key = KeyOf(arm);
        return _plan.Arms.TakeWhile(a => a != arm).FirstOrDefault(a => a.Method == arm.Method && TryKeyOf(a) == key) ?? arm;
    }

    private string? TryKeyOf(ExperimentArm arm)
    {
        try
        {
            return KeyOf(arm);
        }
        catch (ArmSkippedException)
        {
            return null;
        }
    }

    private string KeyOf(ExperimentArm arm) => arm.Preset.Action switch
    {
        ArmAction.TrainAdapters => string.Create(CultureInfo.InvariantCulture,
            $"{baseModel.RankFor(Rows.CountOf(arm))} {_plan.Rates.Of(arm)}"),
        ArmAction.PerturbRows => string.Create(CultureInfo.InvariantCulture,
            $"{string.Join(' ', Rows.Of(arm).Rows)} {_plan.Rates.Of(TunedOf(arm))}"),
        ArmAction.TrainRows => string.Create(CultureInfo.InvariantCulture,
            $"{string.Join(' ', Rows.Of(arm).Rows)} {_plan.Rates.Of(arm)}"),
        _ => throw new UnreachableException($"{arm.Preset.Action} is no control"),
    };
}
