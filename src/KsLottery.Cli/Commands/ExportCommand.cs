using System.CommandLine;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Transfer;

namespace KsLottery.Cli.Commands;

/// <summary><c>kslottery export</c>: writes a patch in a form that others load.</summary>
internal static class ExportCommand
{
    /// <summary>Stands where the adapter must name its base and nobody said it; whoever loads the adapter passes the base itself.</summary>
    private const string NoName = "BASE_MODEL";

    private static readonly Argument<string> Patch =
        new("PATCH") { Description = "The row patch: patch.safetensors, or the folder that find --out or tune wrote." };

    private static readonly Option<string> Form = new Option<string>("--to")
    {
        Description = "peft: a TRAINABLE_TOKENS adapter, as PeftModel.from_pretrained loads it.",
        Required = true,
    }.AcceptOnlyFromAmong("peft");

    private static readonly Option<string> BaseModel = new("--base-model")
    {
        Description = "What PEFT shall load the base from: a name on the hub or a path.",
        HelpName = "NAME",
    };

    private static readonly Option<bool> Tied = new("--tied")
    {
        Description = "The model's output head is its input embedding: the adapter holds the rows for both. By default the patch says.",
    };

    private static readonly Option<bool> Untied = new("--untied") { Description = "The model has an output head of its own." };

    private static readonly Option<string> Output = new("--out", "-o")
    {
        Description = "The folder to write: one that does not exist yet, or an empty one.",
        HelpName = "DIR",
        Required = true,
    };

    public static Command Create()
    {
        Command command = new("export", "Writes the rows of a patch in a form that other programs load.")
        {
            Patch, Form, Output, BaseModel, Tied, Untied, Reading.NoMemoryMap,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(Tied) && result.GetValue(Untied))
                result.AddError("--tied and --untied exclude each other: give one of them, or none.");
        });
        command.SetBody(Run);
        return command;
    }

    private static int Run(ParseResult arguments, ConsoleUi ui, CancellationToken cancellationToken)
    {
        string output = arguments.GetValue(Output)!, model = arguments.GetValue(BaseModel) ?? NoName;
        using RowPatch patch = RowPatch.Open(arguments.GetValue(Patch)!, Reading.Of(arguments));
        bool? tied = arguments.GetValue(Tied) ? true : arguments.GetValue(Untied) ? false : patch.IsTied;
        if (tied is null)
            throw new CommandException(ExitCode.Usage,
                $"{patch.Path}: the patch does not say whether its base is tied, and the adapter's form depends on it. "
                + "Add --tied or --untied.");
        PeftAdapter.Write(patch, output, model, tied, cancellationToken);

        string[] files = [PeftAdapter.ConfigName, PeftAdapter.WeightsName];
        new FactList()
            .Add("patch", ConsoleUi.OneLine(patch.Path))
            .Add("tensor", VisibleText.Escape(patch.TensorName))
            .Add("tied", PatchReport.Tied(tied)
                + (tied == true ? ": rows for the input embedding and for the head" : ": rows for this tensor alone"))
            .Add("rows", $"{Sizes.Count(patch.Indices.Count)} of {Sizes.Count(patch.Width)} values, as F32")
            .Add("base model", ConsoleUi.OneLine(model))
            .Add("output", ConsoleUi.OneLine(output))
            .Add("written", string.Join(", ", files))
            .WriteTo(ui);
        if (model == NoName)
            ui.Remark($"note: the adapter names {NoName} as its base model. That does no harm where a program loads the base itself; "
                + "give --base-model for those that look it up.");
        ui.WriteJson(json =>
        {
            json.WriteString("patch", patch.Path);
            json.WriteString("format", "peft");
            json.WriteString("tensor", patch.TensorName);
            json.WriteTruth("tied", tied);
            json.WriteNumber("rows", patch.Indices.Count);
            json.WriteNumber("width", patch.Width);
            json.WriteString("base_model", model);
            json.WriteString("output", output);
            json.WriteStrings("files", files);
        });
        return ExitCode.Ok;
    }
}
