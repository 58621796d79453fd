using System.Diagnostics;
using KsLottery.Engine.Models;
using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Engine.Training;

/// <summary>Steps a trainer to its end, evaluates, and writes metrics and states, so that a run that was killed ends with the same
/// bytes.</summary>
/// <remarks>
/// Of a step first the weights change, then it is evaluated where it is due, then its line is written, then the state is saved where that
/// is due. A line without a saved state is dropped on resumption. A state without its line exists only where the evaluation was
/// cancelled: then that is done again.
/// </remarks>
internal sealed class TrainingLoop(Trainer trainer, LlamaModel model, IReadOnlyList<TokenBatch> evaluation, long evaluateEvery,
    RunFolder folder,
    IReadOnlyDictionary<string, string> settings, TimeSpan saveEvery, KeptStates kept, string? rewind)
{
    private long _started = Stopwatch.GetTimestamp(), _firstStep, _saved = Stopwatch.GetTimestamp();

    /// <summary>Goes on from the saved state, if there is one, to the end; the last state is saved then.</summary>
    /// <exception cref="NotFiniteNumberException">The training diverged; the state before that step is saved.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the state is saved.</exception>
    public void Run(IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        if (File.Exists(folder.StatePath)) trainer.Restore(folder.StatePath, settings);
        else if (rewind is not null) trainer.Rewind(rewind);
        using MetricsWriter metrics = new(folder.MetricsPath, HasBegun() ? trainer.Step : 0);
        try
        {
            if (!HasBegun()) Evaluate(new StepMetrics(trainer.Step, trainer.Epoch));
            else if (metrics.LastStep < trainer.Step) Evaluate(trainer.Last!);
            kept.Keep(trainer, settings, cancellationToken);
            (_started, _firstStep) = (Stopwatch.GetTimestamp(), trainer.Step);
            while (!trainer.IsDone)
            {
                Evaluate(trainer.Next(cancellationToken));
                kept.Keep(trainer, settings, cancellationToken);
                if (Stopwatch.GetElapsedTime(_saved) >= saveEvery) Save();
            }
        }
        catch (OperationCanceledException) when (HasBegun())
        {
            Save();
            throw;
        }
        catch (NotFiniteNumberException fault) when (HasBegun())
        {
            Save();
            throw new NotFiniteNumberException($"{fault.Message} What was learned before that step stands in {folder.StatePath}.", fault);
        }
        Save();

        bool HasBegun() => trainer.Step > trainer.FirstStep;

        void Evaluate(StepMetrics step)
        {
            bool isDue = evaluation.Count > 0 && (step.Step % evaluateEvery == 0 || trainer.IsDone || step.IsStart);
            StepMetrics line = isDue ? step with { EvalLoss = Trainer.Evaluate(model, evaluation, cancellationToken) } : step;
            if (!step.IsStart || isDue) metrics.Write(line);
            progress?.Report(new(trainer.StepCount, line, Remaining()));
        }

        void Save()
        {
            metrics.Flush();
            trainer.Save(folder.StatePath, settings);
            folder.RememberState(settings);
            _saved = Stopwatch.GetTimestamp();
        }
    }

    private TimeSpan Remaining()
    {
        long done = trainer.Step - _firstStep;
        return done <= 0 ? Timeout.InfiniteTimeSpan : Stopwatch.GetElapsedTime(_started) / done * (trainer.StepCount - trainer.Step);
    }
}
