using System.CommandLine;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Conversion;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;

namespace KsLottery.Cli;

/// <summary><c>kslottery convert</c>: writes a llama2.c model as a Hugging Face folder.</summary>
internal static class ConvertCommand
{
    public static Command Create()
    {
        Command command = new("convert", "Writes a llama2.c model.bin as a Hugging Face folder, or composable-sft's pytorch_diff.bin "
            + "as a patch; refuses what is not what its header says.");
        ConvertOptions.AddTo(command);
        command.SetBody((arguments, ui, cancel) => Run(ConvertOptions.From(arguments), ui, cancel));
        return command;
    }

    private static int Run(ConvertOptions options, ConsoleUi ui, CancellationToken cancel)
    {
        if (options.Base is not null) return MakePatch(options, options.Base, ui, cancel);
        ConversionResult result;
        using (ProgressLine line = ui.StartProgress())
            result = Llama2cConversion.Convert(options.Model, options.Out, options.Type, options.Tokenizer, options.Reading,
                line.Of<ConversionProgress>(value => $"converting: {Sizes.Bytes(value.BytesDone)} of {Sizes.Bytes(value.ByteCount)}"),
                cancel);
        Write(ui, options.Model, result);
        return ExitCode.Ok;
    }

    private static int MakePatch(ConvertOptions options, string basePath, ConsoleUi ui, CancellationToken cancel)
    {
        using Checkpoint baseModel = Cli.Reading.Open(basePath, options.Reading, ui);
        TicketMask mask = SparseFineTuning.ToPatch(options.Model, baseModel, options.Out, cancel);
        new FactList()
            .Add("fine-tuning", ConsoleUi.OneLine(options.Model))
            .Add("base", ConsoleUi.OneLine(basePath))
            .Add("patch", $"{Sizes.Count(mask.Parameters, "element")} of {Sizes.Count(mask.Tensors.Count, "tensor")}")
            .Add("output", ConsoleUi.OneLine(options.Out))
            .Add("written", TicketPatch.FileName)
            .WriteTo(ui);
        ui.WriteJson(json =>
        {
            json.WriteString("model", options.Model);
            json.WriteString("base", basePath);
            json.WriteNumber("elements", mask.Parameters);
            json.WriteNumber("tensors", mask.Tensors.Count);
            json.WriteString("output", options.Out);
            json.WriteStrings("files", [TicketPatch.FileName]);
        });
        return ExitCode.Ok;
    }

    private static void Write(ConsoleUi ui, string path, ConversionResult result)
    {
        Llama2cHeader header = result.Header;
        string type = result.ElementType.ToName();
        new FactList()
            .Add("model", ConsoleUi.OneLine(path))
            .Add("form", $"llama2.c version {header.Version}{(header.Version == 0 ? " (legacy)" : "")}")
            .Add("layers", $"{Sizes.Count(header.LayerCount)} of width {Sizes.Count(header.Width)}, "
                + $"{Sizes.Count(header.HiddenWidth)} within")
            .Add("heads", $"{Sizes.Count(header.HeadCount)} of width {Sizes.Count(header.HeadWidth)}, "
                + $"{Sizes.Count(header.KeyValueHeadCount)} for keys and values")
            .Add("vocabulary", Sizes.Count(header.VocabularySize, "row"))
            .Add("sequence", Sizes.Count(header.SequenceLength, "token"))
            .Add("tied", PatchReport.Tied(header.IsTied))
            .Add("weights", $"{Sizes.Count(result.ParameterCount)} in {Sizes.Count(result.TensorCount, "tensor")}, as {type}"
                + (result.InexactValues > 0 ? $", {Sizes.Count(result.InexactValues)} of them rounded" : ""))
            .Add("output", ConsoleUi.OneLine(result.OutputPath))
            .Add("written", string.Join(", ", result.Files.Select(VisibleText.Escape)))
            .WriteTo(ui);
        foreach (string note in result.Notes) ui.Remark($"note: {note}");
        ui.WriteJson(json =>
        {
            json.WriteString("model", path);
            json.WriteNumber("version", header.Version);
            json.WriteNumber("width", header.Width);
            json.WriteNumber("hidden_width", header.HiddenWidth);
            json.WriteNumber("layers", header.LayerCount);
            json.WriteNumber("heads", header.HeadCount);
            json.WriteNumber("key_value_heads", header.KeyValueHeadCount);
            json.WriteNumber("vocabulary", header.VocabularySize);
            json.WriteNumber("sequence_length", header.SequenceLength);
            json.WriteBoolean("tied", header.IsTied);
            json.WriteString("dtype", type);
            json.WriteNumber("tensors", result.TensorCount);
            json.WriteNumber("parameters", result.ParameterCount);
            json.WriteNumber("inexact_values", result.InexactValues);
            json.WriteNumber("overflowed_values", result.OverflowedValues);
            json.WriteString("output", result.OutputPath);
            json.WriteStrings("files", result.Files);
            json.WriteStrings("notes", result.Notes);
        });
    }
}
