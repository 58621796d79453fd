using KsLottery.Engine.Transfer;

namespace KsLottery.Engine.Training;

/// <summary>States that a training keeps on its way, each in a folder <c>state-STEP</c> of its own within that of the run.</summary>
/// <remarks>Where a whole model is trained, the folder is also that of the model as it was: a checkpoint like any other. The state comes
/// last, so that a folder with a state is whole; others are made anew.</remarks>
/// <param name="run">The run's folder.</param>
/// <param name="steps">The steps.</param>
/// <param name="writeModel">Writes the model into a folder; null where none is trained as a whole.</param>
internal sealed class KeptStates(RunFolder run, IReadOnlySet<long> steps, Action<string, CancellationToken>? writeModel)
{
    /// <summary>What stands before the step in a folder's name.</summary>
    public const string Prefix = "state-";

    /// <summary>The steps of a training's states.</summary>
    /// <exception cref="ArgumentException">One is none of the training's.</exception>
    public static IReadOnlySet<long> StepsOf(IEnumerable<KeptState> states, long firstStep, long stepCount)
    {
        SortedSet<long> steps = [];
        foreach (KeptState state in states)
            if (state.StepOf(stepCount) is var step && step >= firstStep && step <= stepCount) steps.Add(step);
            else throw new ArgumentException($"the state at {state} is to be kept; the training goes from step {firstStep} to {stepCount}. "
                + "Ask for one of these.", nameof(states));
        return steps;
    }

    /// <summary>Looks whether the disk has room for those that are not there.</summary>
    /// <param name="bytesOfOne">About what one takes.</param>
    /// <exception cref="IOException">It has not.</exception>
    public void ThrowIfNoRoom(long bytesOfOne)
    {
        int missing = steps.Count(step => !File.Exists(FileOf(step)));
        if (missing > 0) DiskSpace.ThrowIfTooLittle(run.Path, run.Path, missing * bytesOfOne);
    }

    /// <summary>Whether the state at a step is asked for.</summary>
    public bool IsDue(long step) => steps.Contains(step);

    /// <summary>Keeps the state at a step, where that is asked for and not done.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; nothing is kept.</exception>
    public void Keep(Trainer trainer, IReadOnlyDictionary<string, string> settings, CancellationToken cancellationToken)
    {
        if (!IsDue(trainer.Step) || File.Exists(FileOf(trainer.Step))) return;
        string folder = Path.GetDirectoryName(FileOf(trainer.Step))!;
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        Directory.CreateDirectory(folder);
        writeModel?.Invoke(folder, cancellationToken);
        trainer.Save(FileOf(trainer.Step), settings);
    }

    /// <summary>The name of a step's folder.</summary>
    public static string NameOf(long step) => FormattableString.Invariant($"{Prefix}{step}");

    private string FileOf(long step) => Path.Combine(run.Place(NameOf(step)), TrainingState.FileName);
}
