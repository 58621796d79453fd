using System.Diagnostics;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Training;
using KsLottery.Engine.Transfer;

namespace KsLottery.Engine.Experiments;

/// <summary>Makes and scores what an arm's folder holds. What stands there is kept, and refused where it is another arm's.</summary>
/// <param name="baseModel">What arms begin from.</param>
/// <param name="folders">Where they stand.</param>
/// <param name="observer">Hears how it goes.</param>
internal sealed class ArmMaker(ExperimentBase baseModel, ArmFolders folders, IExperimentObserver? observer)
{
    /// <summary>Whether an arm is done: its scores are written last, and nothing in its folder changes any more.</summary>
    public bool IsScored(string name) => File.Exists(Path.Combine(folders.Place(name), ArmScoring.ScoresName))
        && File.Exists(Path.Combine(folders.Place(name), ArmSegments.FileName));

    /// <summary>Whether an arm's training is done, so that others can build on it.</summary>
    public bool IsTrained(string name) => File.Exists(Path.Combine(folders.Place(name), RunFolder.FileName))
        && new RunFolder(folders.Place(name), resume: true, keepFinished: true).IsFinished;

    /// <summary>How the training in a folder came to values that are not finite; null where it did not.</summary>
    public string? DivergenceOf(string name)
    {
        string path = Path.Combine(folders.Place(name), ArmFolders.DivergedName);
        return File.Exists(path) ? File.ReadAllText(path).TrimEnd() : null;
    }

    /// <summary>Keeps with a folder why nothing of it can be scored.</summary>
    public void KeepDivergence(string name, string reason)
    {
        string folder = folders.Place(name);
        if (Directory.Exists(folder)) AtomicFile.WriteText(Path.Combine(folder, ArmFolders.DivergedName), reason + "\n");
    }

    /// <summary>Makes an arm's model or patch and scores it.</summary>
    /// <exception cref="ArmSkippedException">The arm has no rows.</exception>
    /// <exception cref="NotFiniteNumberException">Its training came to values that are not finite, or that cannot be scored.</exception>
    public ArmResult Run(ExperimentArm arm, ArmGroup group, CancellationToken cancel)
    {
        string folder = folders.Place(group.FolderOf(arm));
        (int? rows, long parameters) = Make(arm, group, folder, cancel);
        Directory.CreateDirectory(folder);
        ArmScoring scoring = new(baseModel.Plan, baseModel.Device.Operations, baseModel.Tokenizer, group.Task);
        bool hasDiverged = Divergence.StandsIn(folder);
        ArmOutcome outcome;
        try
        {
            outcome = scoring.Run(folder, baseModel.Checkpoint, baseModel.Fingerprint,
                observer is null ? null : new ProgressRelay<Evaluation.EvaluationProgress>(observer.OnScoring), cancel);
        }
        // Such weights may be finite and their logits not.
        catch (Exception fault) when (hasDiverged && fault is (InvalidOperationException or InvalidDataException or ArgumentException))
        {
            throw new NotFiniteNumberException($"the training diverged, and what it gave cannot be scored: {fault.Message}", fault);
        }
        return new(group.Task.Task.Name, arm.Method == ArmMethod.Base ? null : group.Seed, arm, rows, parameters,
            (double)parameters / baseModel.Config.ParameterCount, outcome)
        {
            HasDiverged = hasDiverged,
        };
    }

    /// <summary>Trains an arm, unless that is done; returns how many weights learn.</summary>
    public long Train(ExperimentArm arm, ArmGroup group, IndexSet? rows, string signature, CancellationToken cancel)
    {
        TrainingScope scope = group.ScopeOf(arm, rows);
        using TuningRun run = new(baseModel.Checkpoint, scope, group.Task.Training, [], baseModel.Device.Operations, new()
        {
            Plan = baseModel.Plan.Training with { Seed = group.Seed, LearningRate = baseModel.Plan.Rates.Of(arm) },
            Out = folders.Place(group.FolderOf(arm)),
            Resume = true,
            KeepFinished = true,
            Tokenizer = baseModel.Plan.Tokenizer,
            Signature = signature,
        }, cancel);
        run.Run(observer is null ? null : new ProgressRelay<TrainingProgress>(observer.OnTraining), cancel);
        return run.ParameterCount;
    }

    /// <summary>The ticket that Embed Tuning gives, which is done.</summary>
    public FoundTicket Find(ArmGroup group, CancellationToken cancel)
    {
        using Checkpoint tuned = Checkpoint.Open(folders.Place(group.FolderOf(baseModel.EmbeddingArm)));
        TicketResult found = TicketFinder.FindRows(baseModel.Checkpoint, baseModel.Embedding, tuned.GetInputEmbedding(), new()
        {
            Selection = new BelowAlpha { Alpha = baseModel.Plan.Alpha },
            Scan = new() { Device = baseModel.Device },
            Tokens = new(baseModel.Tokenizer.Names, baseModel.Checkpoint.Config),
            BaseFingerprint = baseModel.Fingerprint,
        }, cancel);
        return new(group.Task.Task.Name, group.Seed, found.Ticket, found.Rows, found.Tokens,
            folders.Place(ArmFolders.NameOfTicket(group.Task.Task, group.Seed)));
    }

    /// <summary>Writes a ticket's folder, unless it stands there.</summary>
    public void Write(FoundTicket found, ArmGroup group, CancellationToken cancel)
    {
        if (Stands(found)) return;
        using Checkpoint tuned = Checkpoint.Open(folders.Place(group.FolderOf(baseModel.EmbeddingArm)));
        using TicketFolder target = new(found.Folder, replace: true);
        target.Write(found.Ticket, found.Rows, found.Tokens, baseModel.Embedding, tuned.GetInputEmbedding(), cancellationToken: cancel);
    }

    private static bool Stands(FoundTicket found)
    {
        if (!File.Exists(Path.Combine(found.Folder, RowsFile.FileName)) || !File.Exists(Path.Combine(found.Folder, TicketFile.FileName)))
            return false;
        try
        {
            Ticket ticket = TicketFile.Read(found.Folder);
            return ticket.Signature.ToString() == found.Ticket.Signature.ToString() && ticket.Ids.Equals(found.Ticket.Ids)
                && ticket.Origin == found.Ticket.Origin;
        }
        catch (InvalidDataException)
        {
            return false;
        }
    }

    /// <summary>Makes an arm's model or patch; returns how many rows and values differ.</summary>
    private (int? Rows, long Parameters) Make(ExperimentArm arm, ArmGroup group, string folder, CancellationToken cancel)
    {
        switch (arm.Preset.Action)
        {
            case ArmAction.Keep: return (null, 0);
            case ArmAction.TrainAll or ArmAction.TrainAdapters: return (null, Train(arm, group, null, "", cancel));
            case ArmAction.TrainEmbedding: return (baseModel.Config.VocabularySize, Train(arm, group, null, "", cancel));
            case ArmAction.TrainRows or ArmAction.CopyRows or ArmAction.PerturbRows: return MakeRows(arm, group, folder, cancel);
            default: throw new UnreachableException($"{arm.Preset.Action} is not made");
        }
    }

    private (int? Rows, long Parameters) MakeRows(ExperimentArm arm, ArmGroup group, string folder, CancellationToken cancel)
    {
        (IndexSet rows, string signature) = group.Rows.Of(arm);
        if (arm.Preset.Action == ArmAction.CopyRows) Transfer(folder, group, rows, signature, cancel);
        else if (arm.Preset.Action == ArmAction.PerturbRows) RandomDelta(folder, arm, group, rows, signature, cancel);
        else Train(arm, group, rows, signature, cancel);
        return ((int)rows.Count, rows.Count * baseModel.Config.Width);
    }

    private void Transfer(string folder, ArmGroup group, IndexSet rows, string signature, CancellationToken cancel)
    {
        if (Stands(folder, rows)) return;
        using Checkpoint tuned = Checkpoint.Open(folders.Place(group.FolderOf(baseModel.EmbeddingArm)));
        Directory.CreateDirectory(folder);
        TicketPatch.Write(Path.Combine(folder, TicketPatch.FileName),
            [PatchSource.OfRows(baseModel.Embedding, rows) with { Tuned = tuned.GetInputEmbedding() }],
            new() { Signature = signature, IsTied = baseModel.Checkpoint.IsTied, BaseFingerprint = baseModel.Fingerprint }, cancel);
    }

    /// <summary>Whether a scored patch stands in a folder.</summary>
    /// <exception cref="InvalidDataException">It has other rows.</exception>
    private static bool Stands(string folder, IndexSet rows)
    {
        string path = Path.Combine(folder, TicketPatch.FileName);
        if (!File.Exists(Path.Combine(folder, ArmScoring.ScoresName)) || !File.Exists(path)) return false;
        using TicketPatch patch = TicketPatch.Open(path);
        RunSettings.ThrowIfDifferent(path, Settings(patch.GetRows("score it again").Indices), Settings(rows));
        return true;

        static Dictionary<string, string> Settings(IndexSet rows) => new() { ["rows"] = string.Join(' ', rows) };
    }

    /// <summary>The rows of Partial Tuning moved as far as it moved them, each in a random direction.</summary>
    private void RandomDelta(string folder, ExperimentArm arm, ArmGroup group, IndexSet rows, string signature, CancellationToken cancel)
    {
        if (Stands(folder, rows)) return;
        using TicketPatch tuned = TicketPatch.Open(Path.Combine(folders.Place(group.FolderOf(group.TunedOf(arm))), TicketPatch.FileName));
        PatchRows patch = tuned.GetRows("move its rows at random");
        IndexSet all = IndexSet.All(patch.Indices.Count);
        float[] before = WideRows.Read(patch.BaseRows, all), after = WideRows.Read(patch.TunedRows, all);
        float[] values = new float[before.Length];
        double[] direction = new double[patch.Width];
        SplitMix64 random = new(SplitMix64.Mix(group.Seed));
        for (int start = 0; start < values.Length; start += patch.Width)
        {
            double moved = 0, length = 0;
            for (int c = 0; c < direction.Length; c++)
            {
                direction[c] = random.NextNormal();
                double change = (double)after[start + c] - before[start + c];
                moved += change * change;
                length += direction[c] * direction[c];
            }
            double scale = Math.Sqrt(moved / length);
            for (int c = 0; c < direction.Length; c++) values[start + c] = (float)(before[start + c] + (scale * direction[c]));
        }
        Directory.CreateDirectory(folder);
        TicketPatch.Write(Path.Combine(folder, TicketPatch.FileName),
            [PatchSource.OfRows(baseModel.Embedding, patch.Indices) with { Values = values }], new()
            {
                Signature = $"{signature}|random-delta|seed:{group.Seed}",
                IsTied = baseModel.Checkpoint.IsTied,
                BaseFingerprint = baseModel.Fingerprint,
            }, cancel);
    }
}

/// <summary>An arm has nothing to train or to transfer: that is a finding, and the experiment goes on.</summary>
internal sealed class ArmSkippedException(string message) : Exception(message);
