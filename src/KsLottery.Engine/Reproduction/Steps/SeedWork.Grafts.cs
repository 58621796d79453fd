using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Experiments;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Training;
using KsLottery.Engine.Transfer;

namespace KsLottery.Engine.Reproduction;

/// <content>Grafts, and report cards.</content>
internal sealed partial class SeedWork
{
    private const int HeldOutShare = 10;

    private MadeStep Graft(GraftStep step, string folder)
    {
        TokenSequence[] all = _tasks[step.Task].Training;
        int held = Math.Max(1, all.Length / HeldOutShare);
        TokenSequence[] training = all[..^held], heldOut = all[^held..];
        if (training.Length == 0)
            throw new StepSkippedException($"the task {step.Task} has one pair to learn from, and a mask needs one more, held out");
        if (CountChanged(step.From, step.Tuned, []) == 0)
            throw new StepSkippedException($"\"{step.Tuned}\" moved no value of \"{step.From}\", so that there is none to graft");
        GraftRunOptions options = new() { Share = step.Share, Out = folder };
        options = options with
        {
            Candidates = step.Candidates,
            MaxShare = step.MaxShare,
            Tensors = step.Tensors,
            LearningRate = step.LearningRate ?? options.LearningRate,
            Steps = step.Steps ?? options.Steps,
            BatchSize = step.BatchSize ?? options.BatchSize,
            Seed = _seed,
            Resume = true,
        };
        if (!new RunFolder(folder, resume: true, keepFinished: true).IsFinished)
        {
            using Checkpoint from = Checkpoint.Open(PathOf(step.From)), tuned = Checkpoint.Open(PathOf(step.Tuned));
            // Of a device of its own the peak is this graft's.
            using ComputeDevice device = ComputeDevice.Open(_device.Name, DeviceWork.Model, _device.ThreadCount);
            using GraftRun run = new(from, tuned, training, heldOut, device.Operations, options, _cancel);
            GraftSummary made = run.Run(cancellationToken: _cancel);
            new PeakMemory(folder, () => made.PeakBytes, next: null).Report(default);
        }
        // Of an empty graft there is no patch.
        if (!File.Exists(Path.Combine(folder, TicketPatch.FileName))) return OfTicket(step, folder, new([]));
        TicketMask mask = TicketFolder.ReadMask(folder);
        // All that is not taken had a mask that learned; of an evaluation the gradients are counted as well, a bound from above.
        TrainingScope scope = TrainingScope.Mask(mask.Complement());
        double passes = (double)options.Steps * Math.Min(options.BatchSize, training.Length) / training.Length;
        return OfTicket(step, folder, mask) with
        {
            PeakBytes = new PeakMemory(folder, () => 0, next: null).Bytes,
            Cost = (passes * TrainingCost.OfPass(Config, training, scope))
                + (options.Steps * TrainingCost.OfPass(Config, heldOut, scope)),
        };
    }

    private MadeStep ReportOn(MatrixStep step, string folder)
    {
        Directory.CreateDirectory(folder);
        MatrixResult card = MatrixRun.Run(new()
        {
            Tokenizer = _plan.Tokenizer ?? _tokenizer.FilePath,
            Template = _plan.Template,
            Languages = [.. step.Languages.Select(l => l with { Text = Path.Combine(_folder, l.Text) })],
            Models = [.. step.Of.Select(name => new MatrixModel(name) { Checkpoint = PathOf(name), TrainedOn = PairsOf(name) })],
            Tests = [.. step.Tests.Select(name => _tasks[name].Task)
                .Select(t => new MatrixTest(t.Name, LanguagesOf(t), t.Test) { Pairs = t.Pairs })],
            Baseline = step.Baseline,
            MaxNewTokens = _plan.MaxNewTokens,
            Beams = _plan.Beams,
            Slots = _plan.Slots,
            StopIds = _plan.StopIds,
            StopTexts = _plan.StopTexts,
            SkipOverlong = _plan.SkipOverlong,
        }, folder, _device, Scoring is null ? null : new ProgressRelay<MatrixProgress>(value => Scoring.Report(value.Evaluation)), _cancel);
        return new(step, folder) { Card = card };
    }

    /// <summary>From which language to which a model was trained, in all trainings that it is built on.</summary>
    private LanguagePair[] PairsOf(string name) => [.. Reach(name, s => s.BuiltOn).SelectMany(m => m.Step is TrainStep ? m.Step.Tasks : [])
        .Select(t => LanguagesOf(_tasks[t].Task)).Distinct()];

    private static LanguagePair LanguagesOf(ExperimentTask task) => new(task.SourceLanguage!, task.TargetLanguage!);
}
