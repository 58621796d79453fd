using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Evaluation;
using KsLottery.Engine.Experiments;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Training;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Experiments;

/// <summary>A base of a few thousand weights that has read a little, and pairs in two languages.</summary>
internal sealed class ExperimentFixture : IDisposable
{
    public const int Width = 32;

    private static readonly string[] English = ["one", "two", "three", "four", "five"], Danish = ["en", "to", "tre", "fire", "fem"],
        German = ["eins", "zwei", "drei", "vier", "fünf"];

    private readonly TemporaryFolder _folder = new();

    public ExperimentFixture()
    {
        string[] documents = [.. Pairs(Danish, 0, 60).Concat(Pairs(German, 0, 60)).Select(p => $"{p.Source}\n{p.Target}")];
        BpeTrainer.Train(documents, BpeTrainer.MinVocabulary + 60).Write(_folder.Path);
        Tokenizer tokenizer = Tokenizer.Open(_folder.Path);
        LlamaConfig config = new()
        {
            Width = Width,
            FeedForwardWidth = 48,
            LayerCount = 2,
            Attention = new(4, 2, Width / 4),
            VocabularySize = tokenizer.Count,
            MaxLength = 64,
            BosTokenId = tokenizer.BosId,
            EosTokenIds = [tokenizer.EosId!.Value],
        };
        Device = ComputeDevice.Open("cpu", DeviceWork.Model, threads: 1);
        using PretrainingRun run = new(config, TextSequences.Encode(documents, tokenizer, tokenizer.Count, 32), Device.Operations,
            new() { Plan = new() { Steps = 8, BatchSize = 4, LearningRate = 1e-2 }, Out = File("base"), Tokenizer = tokenizer.FilePath });
        run.Run();
        foreach ((string name, string[] words) in (ReadOnlySpan<(string, string[])>)[("Danish", Danish), ("German", German)])
            foreach ((string part, int start, int count) in (ReadOnlySpan<(string, int, int)>)[("train", 0, 20), ("test", 20, 5)])
                AtomicFile.WriteText(File($"{name}.{part}.tsv"),
                    string.Concat(Pairs(words, start, count).Select(p => $"{p.Source}\t{p.Target}\n")));
    }

    public ComputeDevice Device { get; }

    /// <summary>Two tasks, two seeds, every usual arm and an ablation; a level that 32 values can pass.</summary>
    public ExperimentPlan Plan => new()
    {
        Base = File("base"),
        Template = PromptTemplate.From("Say {source} in {tgt_lang}:"),
        Tasks = [Task("Danish"), Task("German")],
        Seeds = [7, 8],
        Alpha = 0.5,
        Training = new() { Steps = 6, BatchSize = 8 },
        Rates = new() { Full = 1e-3, Embedding = 5e-2, Rows = 2e-2, LowRank = 1e-2 },
        MaxNewTokens = 4,
        Slots = 8,
        Arms = [.. ExperimentArm.Default.Select(a => a.Method == ArmMethod.Token ? a with { Text = ":" } : a),
            new(ArmMethod.Ticket) { Rows = 3 }, new(ArmMethod.Ticket) { Without = TokenGroup.Word }],
    };

    public ExperimentTask Task(string name) => new(name, File($"{name}.train.tsv"), File($"{name}.test.tsv"), "English", name);

    public string File(string name) => _folder.File(name);

    /// <summary>Runs a plan in a folder.</summary>
    public ExperimentRun Run(ExperimentPlan plan, string folder, IExperimentObserver? observer = null, ExperimentPart? part = null,
        CancellationToken cancel = default)
    {
        using ExperimentRun run = new(plan, File(folder), Device, observer) { Part = part ?? ExperimentPart.Whole };
        run.Run(cancel);
        return run;
    }

    /// <summary>The files of a folder by their names, times of metrics left out.</summary>
    public IReadOnlyDictionary<string, string> Bytes(string folder) =>
        Directory.EnumerateFiles(File(folder), "*", SearchOption.AllDirectories)
        .ToDictionary(path => Path.GetRelativePath(File(folder), path), path => Path.GetFileName(path) == "metrics.jsonl"
            ? string.Join('\n', System.IO.File.ReadLines(path)
                .Select(line => line[..line.IndexOf(",\"tokens_per_second\"", StringComparison.Ordinal)]))
            : Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(System.IO.File.ReadAllBytes(path))));

    public void Dispose()
    {
        Device.Dispose();
        _folder.Dispose();
    }

    private static IEnumerable<(string Source, string Target)> Pairs(string[] words, int start, int count) =>
        Enumerable.Range(start, count).Select(i => (Say(English, i), Say(words, i)));

    private static string Say(string[] words, int i) => $"{words[i % 5]} {words[i / 5 % 5]}, {words[i * 7 % 5]}!";
}

/// <summary>Counts what it hears, and can stop a run at any of it.</summary>
internal sealed class CountingObserver(int stopAt = int.MaxValue) : IExperimentObserver, IDisposable
{
    private readonly CancellationTokenSource _cancel = new();

    public int Heard { get; private set; }

    public int Steps { get; private set; }

    public int Scorings { get; private set; }

    public CancellationToken Token => _cancel.Token;

    public void OnArm(string task, ulong? seed, ExperimentArm arm) => Hear();

    public void OnTraining(TrainingProgress progress)
    {
        if (progress.Step.Loss is not null) Steps++;
        Hear();
    }

    public void OnTicket(FoundTicket ticket) => Hear();

    public void OnScoring(EvaluationProgress progress)
    {
        Scorings++;
        Hear();
    }

    public void OnScored(ArmResult result) => Hear();

    public void OnWaiting(IReadOnlyList<HeldArm> held)
    {
    }

    public void OnSkipped(SkippedArm skipped) => Hear();

    public void Dispose() => _cancel.Dispose();

    private void Hear()
    {
        if (++Heard == stopAt) _cancel.Cancel();
    }
}
