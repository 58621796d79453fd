using System.CommandLine;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Corpora;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Tokens;
using KsLottery.Engine.Training;
using KsLottery.Engine.Transfer;

namespace KsLottery.Cli.Commands;

/// <summary><c>kslottery tune</c>: trains a model, its embedding, or only the rows of a ticket on sentence pairs.</summary>
internal static class TuneCommand
{
    /// <summary>What is trained on, as tokens, and what was left out on the way.</summary>
    private sealed record Data(IReadOnlyList<TokenSequence> Training, IReadOnlyList<TokenSequence> Evaluation, int Skipped, int Truncated);

    public static Command Create()
    {
        Command command = new("tune", "Trains a model, its embedding, or only the rows of a ticket on sentence pairs; can be stopped and resumed at any moment.");
        TuneOptions.AddTo(command);
        command.SetBody((arguments, ui, cancel) => Run(TuneOptions.From(arguments), ui, cancel));
        return command;
    }

    private static int Run(TuneOptions options, ConsoleUi ui, CancellationToken cancel)
    {
        using Checkpoint basis = Checkpoint.Open(options.Model, options.Reading);
        LlamaConfig config = LlamaConfig.Load(options.Model);
        Tokenizer tokenizer = (options.Tokenizer is { } path ? Tokenizer.Open(path) : Tokenizer.FindBeside(options.Model))
            ?? throw new CommandException(ExitCode.BadInput, $"{options.Model}: no tokenizer beside the model. Name one with --tokenizer.");
        Data data = Read(options, config, tokenizer);
        TicketList? rows = options.Train == "ticket"
            ? options.Ticket.Choose(basis.FindInputEmbedding()!, tokenizer.Names, data.Training, options.Plan.Seed, cancel)
            : null;
        TrainingScope scope = rows is not null ? TrainingScope.Ticket(rows.Ids) : options.Train == "full" ? TrainingScope.Full : TrainingScope.Embedding;

        using CpuOperations operations = new(options.Threads);
        using TuningRun run = new(basis, scope, data.Training, data.Evaluation, operations, new()
        {
            Plan = options.Plan,
            Out = options.Out,
            Resume = options.Resume,
            SaveEvery = options.SaveEvery,
            KeepTypes = options.KeepTypes,
            Tokenizer = options.Tokenizer is null ? null : tokenizer.FilePath,
            Ticket = options.Ticket.IsOfTicket ? options.Ticket.Path : null,
            Signature = rows?.Signature ?? "",
            Settings = [.. Settings(options, tokenizer)],
        }, cancel);
        WriteFacts(ui, options, run, rows, data, operations);
        TrainingSummary summary = TrainingReport.Run(ui, options.Out, progress => run.Run(progress, cancel));
        string next = rows is null ? $"kslottery find {options.Model} {options.Out} --out ticket"
            : $"kslottery apply {options.Model} {Path.Combine(options.Out, RowPatch.FileName)} --out tuned";
        TrainingReport.Write(ui, summary, options.Out, next);
        ui.WriteJson(json =>
        {
            json.WriteString("model", options.Model);
            json.WriteString("scope", scope.Name);
            json.WriteNumber("rows", scope.Rows.Count);
            json.WriteNumber("width", config.Width);
            json.WriteString("signature", rows?.Signature);
            json.WriteNumber("pairs", data.Training.Count);
            json.WriteNumber("evaluation_pairs", data.Evaluation.Count);
            json.WriteNumber("skipped_pairs", data.Skipped);
            json.WriteNumber("truncated_pairs", data.Truncated);
            json.WriteNumber("tokens", data.Training.Sum(s => (long)s.RowCount));
            json.WriteNumber("estimated_bytes", run.EstimatedBytes);
            TrainingReport.WriteJson(json, summary, options.Out, next);
        });
        return ExitCode.Ok;
    }

    private static Data Read(TuneOptions options, LlamaConfig config, Tokenizer tokenizer)
    {
        SampleEncoder encoder = new(tokenizer, config.VocabularySize, options.LengthFor(config.MaxLength), options.Overlong);
        (IReadOnlyList<SentencePair> pairs, int skipped) = options.Pairs.Read();
        int held = (int)Math.Ceiling(options.EvaluationShare * pairs.Count);
        if (held == pairs.Count)
            throw new CommandException(ExitCode.BadInput, $"{options.Pairs.Path}: of {Sizes.Count(held, "pair")} all would be held out. Hold out less, or give more.");
        SampleSet training = options.Pairs.Encode(encoder, pairs.Take(pairs.Count - held));
        SampleSet evaluation = options.Pairs.Encode(encoder, options.Evaluation is { } path ? options.Pairs.Read(path).Pairs : pairs.Skip(pairs.Count - held));
        if (training.Samples.Count == 0)
            throw new CommandException(ExitCode.BadInput, $"{options.Pairs.Path}: every pair was longer than allowed and skipped. Raise --max-length.");
        return new(training.Sequences, evaluation.Sequences, skipped + training.SkippedCount + evaluation.SkippedCount, training.TruncatedCount);
    }

    private static IEnumerable<KeyValuePair<string, string>> Settings(TuneOptions options, Tokenizer tokenizer) =>
    [
        .. options.Pairs.Settings, new("tokenizer", Fingerprint.OfFile(tokenizer.FilePath)), new("max-length", $"{options.MaxLength}"),
        new("overlong", $"{options.Overlong}"), new("eval", options.Evaluation is { } path ? TuningPairs.FingerprintOf(path) : ""),
        new("eval-share", options.EvaluationShare.ToString(System.Globalization.CultureInfo.InvariantCulture)),
    ];

    private static void WriteFacts(ConsoleUi ui, TuneOptions options, TuningRun run, TicketList? rows, Data data, CpuOperations operations)
    {
        string parameters = rows is null ? Sizes.Count(run.ParameterCount)
            : $"{Sizes.Count(run.ParameterCount)} = {Sizes.Count(rows.Ids.Count, "row")} of {Sizes.Count(run.Config.Width)}";
        string left = (data.Skipped > 0 ? $", {Sizes.Count(data.Skipped)} left out" : "") + (data.Truncated > 0 ? $", {Sizes.Count(data.Truncated)} cut" : "");
        FactList facts = new FactList()
            .Add("model", ConsoleUi.OneLine(options.Model))
            .Add("weights", $"{Sizes.Count(run.Config.ParameterCount)}, {Sizes.Count(run.Config.LayerCount, "layer")} of width {Sizes.Count(run.Config.Width)}")
            .Add("learns", options.Train)
            .Add("trainable", parameters);
        if (rows is not null) facts.Add("rows", ConsoleUi.OneLine(rows.Signature));
        facts.Add("data", $"{Sizes.Count(data.Training.Count, "pair")}, {Sizes.Count(data.Training.Sum(s => (long)s.RowCount), "token")}{left}");
        if (data.Evaluation.Count > 0) facts.Add("held out", Sizes.Count(data.Evaluation.Count, "pair"));
        facts.Add("prompt", options.Pairs.Prompt.Name)
            .Add("steps", $"{Sizes.Count(run.StepCount)}, {Sizes.Count(run.StepsPerEpoch)} an epoch of batches of {Sizes.Count(options.Plan.BatchSize)}")
            .Add("schedule", PlanOptions.Describe(options.Plan))
            .Add("memory", $"about {Sizes.Bytes(run.EstimatedBytes)} beside the mapped base, {Sizes.Count(operations.ThreadCount, "thread")}")
            .WriteTo(ui);
    }
}
