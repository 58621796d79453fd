using System.CommandLine;
using System.Globalization;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Corpora;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Tokens;
using KsLottery.Engine.Training;

namespace KsLottery.Cli.Commands;

/// <summary><c>kslottery pretrain</c>: trains a small LLaMA-type base from plain text.</summary>
internal static class PretrainCommand
{
    private const string Whole = "it must be a whole number from 1";

    private static readonly TrainingPlan Usual = new() { Epochs = 1, BatchSize = 16, LearningRate = 1e-3, WeightDecay = 0.1, Beta2 = 0.95 };

    private static readonly Option<string[]> Text = new("--text")
    {
        Description = "Plain text, a text a line; FILE:2 takes the second column of a TSV. Plain or gzip.",
        HelpName = "FILE",
        Required = true,
        AllowMultipleArgumentsPerToken = true,
    };
    private static readonly Option<string?> TokenizerFile = new("--tokenizer") { Description = "A tokenizer; without it one is learned from the text.", HelpName = "FILE" };
    private static readonly Option<int> Vocabulary = OptionNumber.Of("--vocabulary", "Tokens of the tokenizer that is learned, byte-level BPE.", "N", 4096,
        n => n is >= BpeTrainer.SmallestVocabulary and <= 1 << 20, $"it must be a whole number from {BpeTrainer.SmallestVocabulary} to {1 << 20}");
    private static readonly Option<int> Width = OptionNumber.Of("--width", "d, the width of an embedding row.", "N", 256, n => n is >= 1 and <= 1 << 16, Whole);
    private static readonly Option<int> Layers = OptionNumber.Of("--layers", "Layers.", "N", 4, n => n is >= 1 and <= 1 << 10, Whole);
    private static readonly Option<int> Heads = OptionNumber.Of("--heads", "Heads of the attention.", "N", 8, n => n is >= 1 and <= 1 << 10, Whole);
    private static readonly Option<int?> KeyHeads = OptionNumber.Optional<int>("--key-heads", "Heads of keys and values; as many as --heads by default.", "N", n => n >= 1, Whole);
    private static readonly Option<int?> FeedForward = OptionNumber.Optional<int>("--feed-forward",
        "The width within the feed-forward block; 8/3 of --width by default, up to a multiple of 32.", "N", n => n is >= 1 and <= 1 << 18, Whole);
    private static readonly Option<int> Length = OptionNumber.Of("--length", "Tokens of a sequence.", "N", 256, n => n is >= 2 and <= 1 << 20, "it must be a whole number from 2");
    private static readonly Option<bool> Tied = new("--tied") { Description = "Let the output head be the embedding; LLaMA-1 has its own." };
    private static readonly Option<double> EvalShare = OptionNumber.Of("--eval-share", "Hold the last share of the text out and evaluate on it.", "SHARE", 0.01,
        n => n is >= 0 and < 1, "it must be a number from 0 to below 1");

    public static Command Create()
    {
        Command command = new("pretrain", "Trains a small LLaMA-type model from plain text, for experiments without a download; can be stopped and resumed at any moment.");
        command.Validators.Add(result =>
        {
            (int width, int heads, int keyHeads) = (result.GetValue(Width), result.GetValue(Heads), result.GetValue(KeyHeads) ?? result.GetValue(Heads));
            if (heads > 0 && (width % heads != 0 || width / heads % 2 != 0))
                result.AddError($"--width {width} over --heads {heads} must be an even whole number, since rotary positions need pairs.");
            if (keyHeads > 0 && heads % keyHeads != 0) result.AddError($"--heads {heads} must be a multiple of --key-heads {keyHeads}.");
            if (result.GetResult(TokenizerFile) is not null && result.GetResult(Vocabulary) is { Implicit: false })
                result.AddError("--tokenizer and --vocabulary exclude each other.");
        });
        foreach (Option option in (Option[])[Text, TokenizerFile, Vocabulary, Width, Layers, Heads, KeyHeads, FeedForward, Length, Tied, EvalShare]) command.Add(option);
        PlanOptions.AddTo(command);
        command.SetBody(Run);
        return command;
    }

    private static int Run(ParseResult arguments, ConsoleUi ui, CancellationToken cancel)
    {
        IReadOnlyList<string> texts = PlainText.Read(arguments.GetRequiredValue(Text));
        string output = PlanOptions.OutOf(arguments);
        DirectoryInfo temporary = Directory.CreateTempSubdirectory("kslottery-tokenizer-");
        try
        {
            Tokenizer tokenizer = OpenTokenizer(arguments, texts, temporary.FullName, ui);
            TrainingPlan plan = PlanOptions.PlanOf(arguments, Usual);
            LlamaConfig config = ConfigOf(arguments, tokenizer);
            TextSequences data = TextSequences.Encode(texts, tokenizer, config.VocabularySize, config.MaxLength, arguments.GetValue(EvalShare));
            using CpuOperations operations = new(PlanOptions.ThreadsOf(arguments));
            using PretrainingRun run = new(config, data, operations, new()
            {
                Plan = plan,
                Out = output,
                Resume = PlanOptions.ResumeOf(arguments),
                SaveEvery = PlanOptions.SaveEveryOf(arguments),
                Tokenizer = tokenizer.FilePath,
                Settings = [new("tokenizer", Fingerprint.OfFile(tokenizer.FilePath, cancel)), new("eval-share", arguments.GetValue(EvalShare).ToString(CultureInfo.InvariantCulture))],
            });
            WriteFacts(ui, config, texts.Count, data, plan, run, operations);
            TrainingSummary summary = TrainingReport.Run(ui, output, progress => run.Run(progress, cancel));
            string next = $"kslottery tune {output} --data PAIRS --train embedding --template minimal --out tuned";
            TrainingReport.Write(ui, summary, output, next);
            ui.WriteJson(json =>
            {
                json.WriteNumber("texts", texts.Count);
                json.WriteNumber("sequences", data.Training.Count);
                json.WriteNumber("held_out_sequences", data.HeldOut.Count);
                json.WriteNumber("vocabulary", config.VocabularySize);
                json.WriteNumber("width", config.Width);
                json.WriteNumber("layers", config.LayerCount);
                json.WriteNumber("estimated_bytes", run.EstimatedBytes);
                TrainingReport.WriteJson(json, summary, output, next);
            });
            return ExitCode.Ok;
        }
        finally
        {
            temporary.Delete(recursive: true);
        }
    }

    /// <summary>The tokenizer that is named, or one learned from the text, in a folder of its own until the model is there.</summary>
    private static Tokenizer OpenTokenizer(ParseResult arguments, IReadOnlyList<string> texts, string folder, ConsoleUi ui)
    {
        if (arguments.GetValue(TokenizerFile) is { } path) return Tokenizer.Open(path);
        using ProgressLine line = ui.StartProgress();
        line.Report(() => "learning a tokenizer");
        BpeTrainer.Train(texts, arguments.GetValue(Vocabulary)).Write(folder);
        return Tokenizer.Open(folder);
    }

    private static LlamaConfig ConfigOf(ParseResult arguments, Tokenizer tokenizer)
    {
        (int width, int heads) = (arguments.GetValue(Width), arguments.GetValue(Heads));
        return new()
        {
            Width = width,
            FeedForwardWidth = arguments.GetValue(FeedForward) ?? ((width * 8 / 3) + 31) / 32 * 32,
            LayerCount = arguments.GetValue(Layers),
            Attention = new(heads, arguments.GetValue(KeyHeads) ?? heads, width / heads),
            VocabularySize = tokenizer.Count,
            MaxLength = arguments.GetValue(Length),
            IsTied = arguments.GetValue(Tied),
            BosTokenId = tokenizer.BosId,
            EosTokenIds = tokenizer.EosId is { } end ? [end] : [],
        };
    }

    private static void WriteFacts(ConsoleUi ui, LlamaConfig config, int texts, TextSequences data, TrainingPlan plan, PretrainingRun run, CpuOperations operations) =>
        new FactList()
            .Add("text", $"{Sizes.Count(texts, "text")}, {Sizes.Count(data.Training.Sum(s => (long)s.RowCount), "token")} to train on, "
                + $"{Sizes.Count(data.HeldOut.Sum(s => (long)s.RowCount))} held out")
            .Add("vocabulary", Sizes.Count(config.VocabularySize, "token"))
            .Add("layers", $"{Sizes.Count(config.LayerCount)} of width {Sizes.Count(config.Width)}, {Sizes.Count(config.FeedForwardWidth)} within")
            .Add("heads", $"{Sizes.Count(config.Attention.Heads)} of width {Sizes.Count(config.Attention.HeadWidth)}, {Sizes.Count(config.Attention.KeyHeads)} for keys and values")
            .Add("trainable", $"{Sizes.Count(run.ParameterCount)}, output head {(config.IsTied ? "tied" : "of its own")}")
            .Add("steps", $"{Sizes.Count(run.StepCount)}, {Sizes.Count(run.StepsPerEpoch)} an epoch of batches of {Sizes.Count(plan.BatchSize)} x {Sizes.Count(config.MaxLength)}")
            .Add("schedule", PlanOptions.Describe(plan))
            .Add("memory", $"about {Sizes.Bytes(run.EstimatedBytes)}, {Sizes.Count(operations.ThreadCount, "thread")}")
            .WriteTo(ui);
}
