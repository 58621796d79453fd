using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Generation;
using KsLottery.Engine.Models;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Tokens;
using KsLottery.Engine.Training;
using KsLottery.Engine.Transfer;

namespace KsLottery.Engine.Experiments;

/// <summary>Runs an experiment: for each seed and task Embed Tuning, the ticket, and every arm, all scored on the same pairs.</summary>
/// <remarks>
/// Each arm has a folder, <c>TASK-SEED-ARM</c>, in the form that <c>kslottery tune</c> leaves, with <c>scores.json</c> and what was written.
/// What stands there and has the same settings is not done again, so that an experiment can be cut short at any moment, and given arms or
/// seeds later; what has other settings is refused. <c>experiment.tsv</c> grows with every arm.
/// </remarks>
public sealed class ExperimentRun : IDisposable
{
    /// <summary>What the folder of a ticket ends with; no arm may be called so.</summary>
    internal const string TicketName = "ticket";

    private readonly ExperimentPlan _plan;
    private readonly string _folder;
    private readonly ComputeDevice _device;
    private readonly IExperimentObserver? _observer;
    private readonly Checkpoint _basis;
    private readonly Tensor _embedding;
    private readonly LlamaConfig _config;
    private readonly Tokenizer _tokenizer;
    private readonly TaskData[] _tasks;
    private readonly List<ArmResult> _results = [];
    private string _baseFingerprint = "";
    private readonly List<SkippedArm> _skipped = [];
    private readonly List<FoundTicket> _tickets = [];

    /// <summary>Reads the base and all data; nothing is written yet.</summary>
    /// <param name="plan">The experiment.</param>
    /// <param name="folder">Where it goes, in a folder that exists.</param>
    /// <param name="device">Where it is computed.</param>
    /// <param name="observer">Hears how it goes.</param>
    /// <exception cref="InvalidDataException">Pairs are damaged, empty, too long or not of the base's vocabulary; names file and line.</exception>
    /// <exception cref="ArgumentException">The template needs a language that a task does not name, or the tokenizer has no end token.</exception>
    /// <exception cref="IOException">A file is absent or cannot be read.</exception>
    /// <exception cref="NotSupportedException">The base is no LLaMA-type model that is computed here.</exception>
    public ExperimentRun(ExperimentPlan plan, string folder, ComputeDevice device, IExperimentObserver? observer = null)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ArgumentNullException.ThrowIfNull(device);
        (_plan, _folder, _device, _observer) = (plan, folder, device, observer);
        _basis = Checkpoint.Open(plan.Base);
        try
        {
            _embedding = _basis.FindInputEmbedding() ?? throw NoEmbedding(plan.Base);
            _config = LlamaConfig.Load(plan.Base);
            _tokenizer = plan.Tokenizer is { } path ? Tokenizer.Open(path)
                : Tokenizer.OpenBeside(plan.Base, "Name one (\"tokenizer\").");
            Stops = StopTokens.Of(_config, _tokenizer, plan.StopIds, plan.StopTexts);
            _tasks = [.. plan.Tasks.Select(task => TaskData.Read(task, plan, _tokenizer, _config))];
            foreach (ExperimentArm arm in plan.Arms)
                if (arm.Text is { } text && _tokenizer.Encode(text).Length == 0)
                    throw new ArgumentException($"the arm {arm.Name}: its text has no token. Give a text that the tokenizer knows.", nameof(plan));
        }
        catch
        {
            _basis.Dispose();
            throw;
        }
    }

    /// <summary>What ends the texts that are scored.</summary>
    public StopTokens Stops { get; }

    /// <summary>The tokenizer of all models.</summary>
    public Tokenizer Tokenizer => _tokenizer;

    /// <summary>The results so far, in the order in which they came.</summary>
    public IReadOnlyList<ArmResult> Results => _results;

    /// <summary>The arms that could not be run.</summary>
    public IReadOnlyList<SkippedArm> Skipped => _skipped;

    /// <summary>The tickets.</summary>
    public IReadOnlyList<FoundTicket> Tickets => _tickets;

    /// <summary>The test pairs of each task, by the task's name, and how many of their sources are also trained on.</summary>
    public IReadOnlyDictionary<string, (int Count, int Repeated)> TestPairs => _tasks.ToDictionary(t => t.Task.Name, t => (t.Test.Count, t.Repeated));

    /// <summary>Runs what is not done yet.</summary>
    /// <param name="cancellationToken">Stops between parts of a step; a training's state is saved.</param>
    /// <exception cref="InvalidDataException">What stands in the folder has other settings; names the first.</exception>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    /// <exception cref="NotFiniteNumberException">A training diverged.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; a run of the same plan in the same folder goes on.</exception>
    public void Run(CancellationToken cancellationToken = default)
    {
        Directory.CreateDirectory(_folder);
        // A file that says the same stays: it may be the one that the plan was read from.
        string own = Place(ExperimentFile.FileName);
        if (!File.Exists(own) || !ExperimentFile.Says(own, _plan)) ExperimentFile.Write(own, _plan, cancellationToken);
        _baseFingerprint = Fingerprint.OfTensor(_embedding, cancellationToken);
        foreach (ulong seed in _plan.Seeds)
            foreach (TaskData task in _tasks)
                Run(task, seed, cancellationToken);
        ExperimentTables.WriteFindings(_folder, _tickets, _tasks, _tokenizer.Names, cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _basis.Dispose();

    private void Run(TaskData task, ulong seed, CancellationToken cancel)
    {
        FoundTicket? found = _plan.Arms.Any(a => a.NeedsTicket) ? Find(task, seed, cancel) : null;
        ArmRows rows = new(_plan, task, found, _tokenizer, _config, seed);
        foreach (ExperimentArm arm in _plan.Arms)
        {
            if (arm.Method == ArmMethod.Base && seed != _plan.Seeds[0]) continue;
            cancel.ThrowIfCancellationRequested();
            ulong? shownSeed = arm.Method == ArmMethod.Base ? null : seed;
            _observer?.OnArm(task.Task.Name, shownSeed, arm);
            try
            {
                (int? count, long parameters) = Make(arm, task, seed, rows, cancel);
                ArmOutcome outcome = Score(arm, task, shownSeed, cancel);
                _results.Add(new(task.Task.Name, shownSeed, arm, count, parameters, (double)parameters / _config.ParameterCount, outcome));
            }
            catch (ArmSkippedException skipped)
            {
                _skipped.Add(new(task.Task.Name, seed, arm, skipped.Message));
                _observer?.OnSkipped(_skipped[^1]);
                continue;
            }
            ExperimentTables.WriteResults(_folder, _results, _plan, cancel);
            _observer?.OnScored(_results[^1]);
        }
    }

    /// <summary>Makes an arm's model or patch; returns how many rows and values differ.</summary>
    private (int? Rows, long Parameters) Make(ExperimentArm arm, TaskData task, ulong seed, ArmRows rows, CancellationToken cancel)
    {
        switch (arm.Method)
        {
            case ArmMethod.Base: return (null, 0);
            case ArmMethod.Full: return (null, Train(arm, task, seed, TrainingScope.Full, "", cancel));
            case ArmMethod.Embedding: return (_config.VocabularySize, Train(arm, task, seed, TrainingScope.Embedding, "", cancel));
            case ArmMethod.LowRank:
                return (null, Train(arm, task, seed, TrainingScope.LowRank(RankFor(rows.CountOf(arm)), seed), "", cancel));
        }
        (int[] ids, string signature) = rows.Of(arm);
        switch (arm.Method)
        {
            case ArmMethod.Transfer: Transfer(FolderOf(task, seed, arm), task, seed, ids, signature, cancel); break;
            case ArmMethod.RandomDelta: RandomDelta(arm, task, seed, signature, cancel); break;
            default: Train(arm, task, seed, TrainingScope.Ticket(ids), signature, cancel); break;
        }
        return (ids.Length, (long)ids.Length * _config.Width);
    }

    private long Train(ExperimentArm arm, TaskData task, ulong seed, TrainingScope scope, string signature, CancellationToken cancel)
    {
        using TuningRun run = new(_basis, scope, task.Training, [], _device.Operations, new()
        {
            Plan = _plan.Training with { Seed = seed, LearningRate = _plan.Rates.Of(arm) },
            Out = FolderOf(task, seed, arm),
            Resume = true,
            KeepFinished = true,
            Tokenizer = _plan.Tokenizer,
            Signature = signature,
        }, cancel);
        run.Run(_observer is null ? null : new Relay<TrainingProgress>(_observer.OnTraining), cancel);
        return run.ParameterCount;
    }

    /// <summary>Embed Tuning, and the ticket that it gives.</summary>
    private FoundTicket Find(TaskData task, ulong seed, CancellationToken cancel)
    {
        ExperimentArm embedding = EmbeddingArm;
        _observer?.OnArm(task.Task.Name, seed, embedding);
        Train(embedding, task, seed, TrainingScope.Embedding, "", cancel);
        string folder = Place($"{task.Task.Slug}-{seed}-{TicketName}");
        using Checkpoint tuned = Checkpoint.Open(FolderOf(task, seed, embedding));
        Tensor after = tuned.FindInputEmbedding() ?? throw NoEmbedding(tuned.Path);
        ScoredRows rows = new(RowScan.Run(RowMatrix.FromTensor(_embedding), RowMatrix.FromTensor(after), new() { Device = _device }, cancel),
            new() { Alpha = _plan.Alpha });
        RowTokens tokens = new(_tokenizer.Names, _basis.Config);
        TicketOrigin origin = TicketOrigin.Of(_basis, _embedding, after, _baseFingerprint, Fingerprint.OfTensor(after, cancel));
        Ticket ticket = Ticket.Select(rows, origin, tokens);
        // It costs less than a look whether the one that stands there is the same.
        using (TicketFolder target = new(folder, replace: true)) target.Write(ticket, rows, tokens, _embedding, after,
            cancellationToken: cancel);
        _tickets.Add(new(task.Task.Name, seed, ticket, rows, tokens, folder));
        _observer?.OnTicket(_tickets[^1]);
        return _tickets[^1];
    }

    private void Transfer(string folder, TaskData task, ulong seed, int[] ids, string signature, CancellationToken cancel)
    {
        using Checkpoint tuned = Checkpoint.Open(FolderOf(task, seed, EmbeddingArm));
        Directory.CreateDirectory(folder);
        RowPatch.Write(Path.Combine(folder, RowPatch.FileName), _embedding, tuned.FindInputEmbedding() ?? throw NoEmbedding(tuned.Path), ids,
            new() { Signature = signature, IsTied = _basis.IsTied, BaseFingerprint = _baseFingerprint }, cancel);
    }

    /// <summary>The rows of Partial Tuning moved as far as it moved them, each in a random direction.</summary>
    private void RandomDelta(ExperimentArm arm, TaskData task, ulong seed, string signature, CancellationToken cancel)
    {
        ExperimentArm tuned = _plan.Arms.First(a => a.Method == ArmMethod.Ticket && a.HasRowsOf(arm));
        using RowPatch patch = RowPatch.Open(Path.Combine(FolderOf(task, seed, tuned), RowPatch.FileName));
        int[] all = [.. Enumerable.Range(0, patch.Indices.Count)];
        float[] before = PatchOverlay.Values(patch.BaseRows, all, ElementType.F32, out _);
        float[] after = PatchOverlay.Values(patch.Rows, all, ElementType.F32, out _);
        float[] values = new float[before.Length];
        double[] direction = new double[patch.Width];
        SplitMix64 random = new(SplitMix64.Mix(seed));
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
        string folder = FolderOf(task, seed, arm);
        Directory.CreateDirectory(folder);
        RowPatch.Write(Path.Combine(folder, RowPatch.FileName), _embedding, patch.Indices, values,
            new() { Signature = $"{signature}|random-delta|seed:{seed}", IsTied = _basis.IsTied, BaseFingerprint = _baseFingerprint }, cancel);
    }

    private ArmOutcome Score(ExperimentArm arm, TaskData task, ulong? seed, CancellationToken cancel)
    {
        string folder = FolderOf(task, seed, arm);
        Directory.CreateDirectory(folder);
        ArmScoring scoring = new(_plan, _device.Operations, _tokenizer, task);
        return scoring.Run(folder, _basis, _baseFingerprint,
            _observer is null ? null : new Relay<Evaluation.EvaluationProgress>(_observer.OnScoring), cancel);
    }

    /// <summary>The rank that gives adapters as many parameters as rows have, or as near as can be.</summary>
    private int RankFor(int rows)
    {
        long ofRank = _config.LayerCount * ((2L * _config.Width) + _config.Attention.QueryWidth + _config.Attention.KeyWidth);
        return (int)Math.Max(1, Math.Round((double)rows * _config.Width / ofRank));
    }

    private ExperimentArm EmbeddingArm => _plan.Arms.FirstOrDefault(a => a.Method == ArmMethod.Embedding) ?? new(ArmMethod.Embedding);

    private string FolderOf(TaskData task, ulong? seed, ExperimentArm arm) =>
        Place(seed is { } known ? $"{task.Task.Slug}-{known}-{arm.Slug}" : $"{task.Task.Slug}-{arm.Slug}");

    private string Place(string name) => Path.Combine(_folder, name);

    private static KeyNotFoundException NoEmbedding(string path) => new($"{path}: no input embedding in it. Choose a LLaMA-type model.");

    private sealed class Relay<T>(Action<T> report) : IProgress<T>
    {
        public void Report(T value) => report(value);
    }
}
