using System.CommandLine;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Ranks;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Training;
using KsLottery.Engine.Transfer;

namespace KsLottery.Cli;

/// <summary><c>kslottery tune</c>: trains a model, its embedding, or only a ticket on sentence pairs or plain text.</summary>
internal static class TuneCommand
{
    /// <summary>Where values move that are not told where.</summary>
    private const string LayerMatrices = "*.self_attn.*,*.mlp.*";

    public static Command Create()
    {
        Command command = new("tune",
            "Trains a model, its embedding, low-rank adapters, or only a ticket on sentence pairs or plain text; can be stopped at "
            + "any moment and resumed.");
        TuneOptions.AddTo(command);
        command.SetBody((arguments, ui, ranks, cancel) => Run(TuneOptions.From(arguments), ranks, ui, cancel));
        return command;
    }

    private static int Run(TuneOptions options, RankGroup ranks, ConsoleUi ui, CancellationToken cancel)
    {
        using Checkpoint baseModel = Reading.Open(options.Model, options.Reading, ui);
        LlamaConfig config = LlamaConfig.Load(baseModel);
        Reading.Remark(ui, config.Notes);
        Tokenizer tokenizer = LoadedModel.OpenTokenizer(options.Tokenizer, options.Model, ui);
        TuneData data = options.IsText ? TuneData.ReadText(options, config, tokenizer) : TuneData.Read(options, config, tokenizer);
        LoadedModel.RemarkOnDoubled(data.Training[0].Tokens.Span, tokenizer, ui);
        using PatchedCheckpoint? start = OpenStart(options, baseModel, ui, cancel);
        TicketList? rows = null;
        (TicketMask Mask, string Signature)? units = null;
        if (options.Train == TrainingScope.TicketName)
        {
            if (options.Ticket.HasUnits) units = options.Ticket.ReadUnits(baseModel, start?.Checkpoint, options.Reading, cancel);
            else rows = options.Ticket.Choose(baseModel.GetInputEmbedding(), tokenizer.Names, data.Training, options.Plan.Seed, cancel);
        }
        TicketMask? mask = rows?.ToMask(baseModel.GetInputEmbedding()) ?? units?.Mask;
        TrainingScope scope = options.Train switch
        {
            TrainingScope.TicketName => TrainingScope.Mask(mask!),
            TrainingScope.FullName => TrainingScope.Full,
            TrainingScope.LowRankName => TrainingScope.LowRank(options.Rank, options.Plan.Seed),
            TrainingScope.EmbeddingName => TrainingScope.Embedding,
            TrainingScope.RegrownName => TrainingScope.Regrown(
                (options.Ticket.Tensors ?? TensorChoice.Parse(LayerMatrices)).In(baseModel), options.Values, options.Plan.Seed, cancel),
            _ => throw new System.Diagnostics.UnreachableException($"--train {options.Train}"),
        };
        string? signature = rows?.Signature ?? units?.Signature ?? (options.Train != TrainingScope.RegrownName ? null
            : $"spiel|values:{options.Values}|tensors:{options.Ticket.Tensors?.Text ?? LayerMatrices}|{options.Plan.Regrowth}");

        MaskPolicy? policy = options.Mask.ReadPolicy(options.Ticket.Paths, options.Reading);
        using Checkpoint? teacher = options.Objective.Teacher is { } path ? Reading.Open(path, options.Reading, ui) : null;
        using ComputeDevice device = options.Folder.Device.Open(DeviceWork.Model);
        using TuningRun run = new(baseModel, scope, data.Training, data.Evaluation, device.Operations, new()
        {
            Plan = options.Plan with
            {
                Objective = options.Objective.TokenWeights is not { } file ? options.Objective.Plan
                    : options.Objective.Plan with { TokenWeights = TokenWeights.Read(file, tokenizer, config.VocabularySize) },
            },
            Out = options.Folder.Out,
            Resume = options.Folder.Resume,
            Ranks = ranks,
            SaveEvery = options.Folder.SaveEvery,
            KeepTypes = options.KeepTypes,
            Tokenizer = options.Tokenizer is null ? null : tokenizer.FilePath,
            Start = start,
            Policy = policy,
            Rewind = options.Mask.Rewind,
            KeepStates = options.Mask.KeepStates,
            Teacher = teacher,
            Ticket = rows is null ? null : options.Ticket.OwnPath,
            Signature = signature ?? "",
            Settings = [.. options.IsText ? TuneData.SettingsOfText(options, tokenizer) : TuneData.Settings(options, tokenizer)],
        }, cancel);
        foreach (string note in run.Notes) ui.Remark($"note: {note}.");
        WriteFacts(ui, options, run, rows, units?.Mask, signature, policy, data, device);
        bool isPatch = scope.Units is not null;
        TrainingReport report = TrainingReport.Of(ui, options.Folder, run.LostSteps, Next(options, isPatch), progress =>
            run.Run(progress, cancel));
        report.Write();
        ui.WriteJson(json =>
        {
            json.WriteString("model", options.Model);
            json.WriteString("scope", run.Scope.Name);
            json.WriteNumber("rows", run.Scope.Name == TrainingScope.TicketName ? run.ParameterCount / config.Width : 0);
            json.WriteNumber("width", config.Width);
            json.WriteNumber("units", scope.Units?.Count ?? 0);
            json.WriteString("signature", signature);
            if (policy is not null) json.WriteString("outside", options.Mask.Outside);
            if (options.Mask.Rewind is { } rewind) json.WriteString("rewind", rewind.ToString());
            json.WriteNumber(options.IsText ? "sequences" : "pairs", data.Training.Count);
            json.WriteNumber(options.IsText ? "evaluation_sequences" : "evaluation_pairs", data.Evaluation.Count);
            json.WriteNumber("skipped_pairs", data.Skipped);
            json.WriteNumber("truncated_pairs", data.Truncated);
            json.WriteNumber("tokens", data.TokenCount);
            json.WriteNumber("estimated_bytes", run.EstimatedBytes);
            report.WriteJson(json);
        });
        report.WriteDivergence();
        return report.ExitCode;
    }

    private static PatchedCheckpoint? OpenStart(TuneOptions options, Checkpoint baseModel, ConsoleUi ui, CancellationToken cancel)
    {
        if (options.With is null) return null;
        using ProgressLine line = ui.StartProgress();
        line.Report(() => "comparing the model with the patch's base");
        PatchedCheckpoint start = PatchedCheckpoint.Open(baseModel, options.With, options.Reading, cancel);
        foreach (string note in start.Notes) ui.Remark($"note: {note}");
        return start;
    }

    private static string Next(TuneOptions options, bool isPatch) => options.With is not null
        ? $"kslottery merge {options.Model} {options.With} {options.Folder.Out} --how add --out DIR"
        : isPatch
        ? $"kslottery apply {options.Model} {Path.Combine(options.Folder.Out, TicketPatch.FileName)} --out DIR"
        : options.Mask.Outside is not Options.Freeze ? $"kslottery inspect {options.Folder.Out} {Options.Sparsity.Name}"
        // Adapters leave the embedding as it is.
        : $"kslottery find {options.Model} {options.Folder.Out} {(options.IsLowRank ? Options.AllTensors.Name : "--out DIR")}";

    private static void WriteFacts(ConsoleUi ui, TuneOptions options, TuningRun run, TicketList? rows, TicketMask? units, string? signature,
        MaskPolicy? policy, TuneData data, ComputeDevice device)
    {
        LlamaConfig config = run.Config;
        FactList facts = new FactList()
            .Add("model", ConsoleUi.OneLine(options.Model))
            .Add("weights", $"{Sizes.Count(config.ParameterCount)}, {Sizes.Count(config.LayerCount, "layer")} of width "
                + $"{Sizes.Count(config.Width)}")
            .Add("learns", options.With is null ? options.Train : $"{options.Train}, on top of {ConsoleUi.OneLine(options.With)}")
            .Add("trainable", Sizes.Count(run.ParameterCount)
                + (rows is not null ? $" = {Sizes.Count(rows.Ids.Count, "row")} of {Sizes.Count(config.Width)}"
                    : units is not null ? $" = {Sizes.Count(units.Count, "unit")} of {Sizes.Count(units.Tensors.Count, "tensor")}" : ""));
        if (policy is not null) facts.Add("outside", options.Mask.Describe(policy));
        if (options.Mask.Rewind is { } rewind) facts.Add("rewound to", ConsoleUi.OneLine(rewind.ToString()));
        if (signature is not null) facts.Add(rows is not null ? "rows" : "units", ConsoleUi.OneLine(signature));
        string skipped = data.Skipped > 0 ? $", {Sizes.Count(data.Skipped)} left out" : "";
        string cut = data.Truncated > 0 ? $", {Sizes.Count(data.Truncated)} cut" : "";
        string sample = options.IsText ? "sequence" : "pair";
        facts.Add("data", $"{Sizes.Count(data.Training.Count, sample)}, {Sizes.Count(data.TokenCount, "token")}{skipped}{cut}");
        if (data.Evaluation.Count > 0) facts.Add("held out", Sizes.Count(data.Evaluation.Count, sample));
        if (!options.IsText) facts.Add("prompt", options.Prompt.TemplateOrAlpaca.Name);
        facts.Add("steps", $"{Sizes.Count(run.StepCount)}, {Sizes.Count(run.StepsPerEpoch)} an epoch of batches of "
                + $"{Sizes.Count(options.Plan.BatchSize)}")
            .Add("schedule", PlanOptions.Describe(options.Plan));
        if (options.Objective.Describe() is not "cross-entropy" and var terms) facts.Add("loss", terms);
        facts.Add("memory", $"about {Sizes.Bytes(run.EstimatedBytes)} beside the mapped base, {DeviceOption.Describe(device)}")
            .WriteTo(ui);
    }
}
