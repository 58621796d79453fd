using System.CommandLine;
using System.Globalization;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Ranks;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Training;

namespace KsLottery.Cli;

/// <summary><c>kslottery pretrain</c>: trains a small LLaMA-type base from plain text.</summary>
internal static class PretrainCommand
{
    public static Command Create()
    {
        Command command = new("pretrain",
            "Trains a small LLaMA-type model from plain text, for experiments without a download; can be stopped at "
            + "any moment and resumed.");
        PretrainOptions.AddTo(command);
        command.SetBody((arguments, ui, ranks, cancel) => Run(PretrainOptions.From(arguments), ranks, ui, cancel));
        return command;
    }

    private static int Run(PretrainOptions options, RankGroup ranks, ConsoleUi ui, CancellationToken cancel)
    {
        IReadOnlyList<string> texts = PlainText.Read(options.Text);
        DirectoryInfo temporary = Directory.CreateTempSubdirectory("kslottery-tokenizer-");
        try
        {
            Tokenizer tokenizer = OpenTokenizer(options, texts, temporary.FullName, ui);
            LlamaConfig config = options.ConfigFor(tokenizer);
            TextSequences data = TextSequences.Encode(texts, tokenizer, config.VocabularySize, config.MaxLength, options.EvaluationShare);
            MaskPolicy? policy = options.Mask.ReadPolicy(options.Tickets, new());
            using ComputeDevice device = options.Folder.Device.Open(DeviceWork.Model);
            using PretrainingRun run = new(config, data, device.Operations, new()
            {
                Plan = options.Plan,
                Out = options.Folder.Out,
                Resume = options.Folder.Resume,
                Ranks = ranks,
                SaveEvery = options.Folder.SaveEvery,
                Tokenizer = tokenizer.FilePath,
                Policy = policy,
                Rewind = options.Mask.Rewind,
                KeepStates = options.Mask.KeepStates,
                Settings =
                [
                    new("tokenizer", Fingerprint.OfFile(tokenizer.FilePath, cancel)),
                    new("eval-share", options.EvaluationShare.ToString(CultureInfo.InvariantCulture)),
                ],
            });
            foreach (string note in run.Notes) ui.Remark($"note: {note}.");
            WriteFacts(ui, options, config, texts.Count, data, policy, run, device);
            string next = $"kslottery tune {options.Folder.Out} --data PAIRS --train embedding --template minimal --out DIR";
            TrainingReport report = TrainingReport.Of(ui, options.Folder, run.LostSteps, next, progress => run.Run(progress, cancel));
            report.Write();
            ui.WriteJson(json =>
            {
                json.WriteNumber("texts", texts.Count);
                json.WriteNumber("sequences", data.Training.Count);
                json.WriteNumber("held_out_sequences", data.HeldOut.Count);
                json.WriteNumber("vocabulary", config.VocabularySize);
                json.WriteNumber("width", config.Width);
                json.WriteNumber("layers", config.LayerCount);
                if (policy is not null) json.WriteString("outside", options.Mask.Outside);
                if (options.Mask.Rewind is { } rewind) json.WriteString("rewind", rewind.ToString());
                json.WriteNumber("estimated_bytes", run.EstimatedBytes);
                report.WriteJson(json);
            });
            report.WriteDivergence();
            return report.ExitCode;
        }
        finally
        {
            temporary.Delete(recursive: true);
        }
    }

    /// <summary>The tokenizer that is named, or one learned from the text, in a folder of its own until the model is there.</summary>
    private static Tokenizer OpenTokenizer(PretrainOptions options, IReadOnlyList<string> texts, string folder, ConsoleUi ui)
    {
        if (options.Tokenizer is { } path) return LoadedModel.OpenTokenizer(path, path, ui);
        using ProgressLine line = ui.StartProgress();
        line.Report(() => "learning a tokenizer");
        BpeTrainer.Train(texts, options.Vocabulary).Write(folder);
        return Tokenizer.Open(folder);
    }

    private static void WriteFacts(ConsoleUi ui, PretrainOptions options, LlamaConfig config, int texts,
        TextSequences data, MaskPolicy? policy, PretrainingRun run, ComputeDevice device)
    {
        long tokens = data.Training.Sum(s => (long)s.RowCount), held = data.HeldOut.Sum(s => (long)s.RowCount);
        string batch = $"{Sizes.Count(options.Plan.BatchSize)} x {Sizes.Count(config.MaxLength)}";
        FactList facts = new FactList()
            .Add("text", $"{Sizes.Count(texts, "text")}, {Sizes.Count(tokens, "token")} to train on, {Sizes.Count(held)} held out")
            .Add("vocabulary", Sizes.Count(config.VocabularySize, "token"))
            .Add("layers", $"{Sizes.Count(config.LayerCount)} of width {Sizes.Count(config.Width)}, "
                + $"{Sizes.Count(config.FeedForwardWidth)} within")
            .Add("heads", $"{Sizes.Count(config.Attention.Heads)} of width {Sizes.Count(config.Attention.HeadWidth)}, "
                + $"{Sizes.Count(config.Attention.KeyHeads)} for keys and values")
            .Add("trainable", $"{Sizes.Count(run.ParameterCount)}, output head {(config.IsTied ? "tied" : "of its own")}");
        if (policy is not null) facts.Add("outside", options.Mask.Describe(policy));
        if (options.Mask.Rewind is { } rewind) facts.Add("rewound to", ConsoleUi.OneLine(rewind.ToString()));
        facts
            .Add("steps", $"{Sizes.Count(run.StepCount)}, {Sizes.Count(run.StepsPerEpoch)} an epoch of batches of {batch}")
            .Add("schedule", PlanOptions.Describe(options.Plan))
            .Add("memory", $"about {Sizes.Bytes(run.EstimatedBytes)}, {DeviceOption.Describe(device)}")
            .WriteTo(ui);
    }
}
