using System.Diagnostics;
using System.Globalization;
using KsLottery.Engine.Models;
using KsLottery.Engine.Ranks;
using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Engine.Training;

/// <summary>Steps a trainer to its end, evaluates, and writes metrics and states, so that a run that was killed ends with the same
/// bytes.</summary>
/// <remarks>
/// Of a step first the weights change, then it is evaluated where it is due, then its line is written, then the state is saved where that
/// is due. A line without a saved state is dropped on resumption. A state without its line exists only where the evaluation was
/// cancelled: then that is done again. Of several ranks the first alone writes; all end at the same step.
/// </remarks>
internal sealed class TrainingLoop(Trainer trainer, LlamaModel model, IReadOnlyList<TokenBatch> evaluation, long evaluateEvery,
    RunFolder folder,
    IReadOnlyDictionary<string, string> settings, TimeSpan saveEvery, KeptStates kept, string? rewind, RankGroup ranks)
{
    private long _started = Stopwatch.GetTimestamp(), _firstStep, _saved = Stopwatch.GetTimestamp();

    /// <summary>Goes on from the saved state, if there is one, to the end; the last state is saved then.</summary>
    /// <exception cref="NotFiniteNumberException">The training diverged; the state before that step is saved.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; the state is saved.</exception>
    public void Run(IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        if (File.Exists(folder.StatePath)) trainer.Restore(folder.StatePath, settings);
        else if (rewind is not null) trainer.Rewind(rewind);
        ranks.ThrowAll(trainer.Step == ranks.Largest(trainer.Step) ? null : $"{ranks.NameOf(ranks.Rank)} finds the run in {folder.Path} at "
            + $"step {trainer.Step}, and another rank at a later one. Resume where all ranks see the same files.",
            message => new InvalidDataException(message));
        using MetricsWriter? metrics = ranks.Writes ? new(folder.MetricsPath, HasBegun() ? trainer.Step : 0) : null;
        long lastLine = ranks.Largest(metrics?.LastStep ?? -1);
        try
        {
            if (!HasBegun()) Evaluate(new StepMetrics(trainer.Step, trainer.Epoch));
            else if (lastLine < trainer.Step) Evaluate(trainer.Last!);
            Keep();
            (_started, _firstStep) = (Stopwatch.GetTimestamp(), trainer.Step);
            while (!trainer.IsDone)
            {
                if (ranks.Size > 1) ranks.Enter(string.Create(CultureInfo.InvariantCulture, $"step {trainer.Step + 1}"));
                Evaluate(trainer.Next(cancellationToken));
                Keep();
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
            StepMetrics line = isDue ? step with { EvalLoss = Trainer.Evaluate(model, evaluation, ranks, cancellationToken) } : step;
            if (!step.IsStart || isDue) metrics?.Write(line);
            if (ranks.Writes) progress?.Report(new(trainer.StepCount, line, Remaining()));
        }

        void Keep()
        {
            if (kept.IsDue(trainer.Step)) ranks.OnFirst(() => kept.Keep(trainer, settings, cancellationToken));
        }

        void Save()
        {
            if (metrics is null) return;
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
