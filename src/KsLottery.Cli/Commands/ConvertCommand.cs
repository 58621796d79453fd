using System.CommandLine;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Conversion;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Cli.Commands;

/// <summary><c>kslottery convert</c>: writes a llama2.c model as a Hugging Face folder.</summary>
internal static class ConvertCommand
{
    private static readonly Argument<string> Model =
        new("MODEL") { Description = "A llama2.c model.bin, legacy (version 0) or version 1." };

    private static readonly Option<string> Output = new("--out", "-o")
    {
        Description = "The folder to write: one that does not exist yet, or an empty one.",
        HelpName = "DIR",
        Required = true,
    };

    private static readonly Option<string> Tokenizer = new("--tokenizer")
    {
        Description = "A tokenizer that goes along: a SentencePiece .model, a llama2.c .bin or a tokenizer.json.",
        HelpName = "FILE",
    };

    private static readonly Option<string> Dtype = new Option<string>("--dtype")
    {
        Description = "The type of the weights as written; f16 and bf16 are rounded to nearest, ties to even.",
        DefaultValueFactory = _ => "f32",
    }.AcceptOnlyFromAmong("f32", "f16", "bf16");

    public static Command Create()
    {
        Command command = new("convert", "Writes a llama2.c model.bin as a Hugging Face folder; refuses what is not what its header says.")
        {
            Model, Output, Tokenizer, Dtype, Reading.NoMemoryMap,
        };
        command.SetBody(Run);
        return command;
    }

    private static int Run(ParseResult arguments, ConsoleUi ui, CancellationToken cancellationToken)
    {
        string path = arguments.GetValue(Model)!;
        ElementType type = arguments.GetValue(Dtype) switch { "f16" => ElementType.F16, "bf16" => ElementType.BF16, _ => ElementType.F32 };
        ConversionResult result;
        using (ProgressLine line = ui.StartProgress())
            result = Llama2cConversion.Convert(path, arguments.GetValue(Output)!, type,
                arguments.GetValue(Tokenizer), Reading.Of(arguments), new Shown(line), cancellationToken);
        Write(ui, path, result);
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

    private sealed class Shown(ProgressLine line) : IProgress<ConversionProgress>
    {
        public void Report(ConversionProgress value) =>
            line.Report(() => $"converting: {Sizes.Bytes(value.BytesDone)} of {Sizes.Bytes(value.ByteCount)}");
    }
}
