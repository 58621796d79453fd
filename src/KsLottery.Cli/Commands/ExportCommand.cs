using System.CommandLine;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Transfer;

namespace KsLottery.Cli;

/// <summary><c>kslottery export</c>: writes a patch in a form that others load.</summary>
internal static class ExportCommand
{
    /// <summary>Stands where the adapter must name its base and nobody said it; whoever loads the adapter passes the base itself.</summary>
    private const string NoName = "BASE_MODEL";

    public static Command Create()
    {
        Command command = new("export", "Writes a patch in a form that other programs load.");
        ExportOptions.AddTo(command);
        command.SetBody((arguments, ui, cancel) => Run(ExportOptions.From(arguments), ui, cancel));
        return command;
    }

    private static int Run(ExportOptions options, ConsoleUi ui, CancellationToken cancel)
    {
        string output = options.Out, model = options.BaseModel ?? NoName;
        using TicketPatch patch = TicketPatch.Open(options.Patch, options.Reading);
        foreach (string note in patch.Notes) ui.Remark($"note: {note}");
        if (options.IsSparse) return WriteSparse(patch, output, ui, cancel);
        PatchRows rows = patch.GetRows("export it");
        bool? tied = options.Tied ?? patch.IsTied;
        if (tied is null)
            throw new CommandException(ExitCode.Usage,
                $"{patch.Path}: the patch does not say whether its base is tied, and the adapter's form depends on it. "
                + "Add --tied or --untied.");
        PeftAdapter.Write(patch, output, model, tied, cancel);

        string[] files = [PeftAdapter.ConfigName, PeftAdapter.WeightsName];
        new FactList()
            .Add("patch", ConsoleUi.OneLine(patch.Path))
            .Add("tensor", VisibleText.Escape(rows.TensorName))
            .Add("tied", PatchReport.Tied(tied)
                + (tied == true ? ": rows for the input embedding and for the head" : ": rows for this tensor alone"))
            .Add("rows", $"{Sizes.Count(rows.Indices.Count)} of {Sizes.Count(rows.Width)} values, as F32")
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
            json.WriteString("format", Options.Peft);
            json.WriteString("tensor", rows.TensorName);
            json.WriteTruth("tied", tied);
            json.WriteNumber("rows", rows.Indices.Count);
            json.WriteNumber("width", rows.Width);
            json.WriteString("base_model", model);
            json.WriteString("output", output);
            json.WriteStrings("files", files);
        });
        return ExitCode.Ok;
    }

    private static int WriteSparse(TicketPatch patch, string output, ConsoleUi ui, CancellationToken cancel)
    {
        (long elements, int tensors) = SparseFineTuning.Write(patch, output, cancel);
        new FactList()
            .Add("patch", ConsoleUi.OneLine(patch.Path))
            .Add("differences", $"{Sizes.Count(elements)} in {Sizes.Count(tensors, "tensor")}, as F32")
            .Add("output", ConsoleUi.OneLine(output))
            .Add("written", SparseFineTuning.FileName)
            .WriteTo(ui);
        ui.WriteJson(json =>
        {
            json.WriteString("patch", patch.Path);
            json.WriteString("format", Options.Sft);
            json.WriteNumber("elements", elements);
            json.WriteNumber("tensors", tensors);
            json.WriteString("output", output);
            json.WriteStrings("files", [SparseFineTuning.FileName]);
        });
        return ExitCode.Ok;
    }
}
