using System.Text.Json;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Transfer;

namespace KsLottery.Cli;

/// <summary>Tells what applying, reverting or exporting a patch did.</summary>
internal static class PatchReport
{
    public static string Tied(bool? isTied) => isTied switch { true => "yes", false => "no", null => "unknown" };

    public static void Write(ConsoleUi ui, string verb, string path, PatchResult result)
    {
        new FactList()
            .Add(verb, ConsoleUi.OneLine(path))
            .Add("tensor", VisibleText.Escape(result.TensorName))
            .Add("tied", Tied(result.IsTied))
            .Add("rows", $"{Sizes.Count(result.RowCount)} of {Sizes.Count(result.Width)} values")
            .Add("output", ConsoleUi.OneLine(result.OutputPath))
            .Add("rewritten", VisibleText.Escape(result.WrittenFile))
            .Add("hard-linked", Names(result.LinkedFiles))
            .Add("copied", Names(result.CopiedFiles))
            .Add("fingerprint", result.Fingerprint)
            .WriteTo(ui);
        foreach (string note in result.Notes) ui.Remark($"note: {note}");
        ui.WriteJson(json => Write(json, path, result));
    }

    /// <summary>Tells what merging an adapter did.</summary>
    public static void Write(ConsoleUi ui, string path, AdapterResult result)
    {
        new FactList()
            .Add("base", ConsoleUi.OneLine(path))
            .Add("adapter", $"{VisibleText.Escape(result.Kind)}, {Sizes.Count(result.Changed.Count, "tensor")} changed")
            .Add("tied", Tied(result.IsTied))
            .Add("output", ConsoleUi.OneLine(result.OutputPath))
            .Add("rewritten", Names(result.WrittenFiles))
            .Add("hard-linked", Names(result.LinkedFiles))
            .Add("copied", Names(result.CopiedFiles))
            .WriteTo(ui);
        foreach (string note in result.Notes) ui.Remark($"note: {note}");
        ui.WriteJson(json =>
        {
            json.WriteString("checkpoint", path);
            json.WriteString("adapter", result.Kind);
            json.WriteTruth("tied", result.IsTied);
            json.WriteStrings("changed", result.Changed);
            json.WriteString("output", result.OutputPath);
            json.WriteStrings("rewritten", result.WrittenFiles);
            json.WriteStrings("hard_linked", result.LinkedFiles);
            json.WriteStrings("copied", result.CopiedFiles);
            json.WriteStrings("notes", result.Notes.Select(RemedyWords.Reword));
        });
    }

    public static void WriteStrings(this Utf8JsonWriter json, string name, IEnumerable<string> values)
    {
        json.WriteStartArray(name);
        foreach (string value in values) json.WriteStringValue(value);
        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, string path, PatchResult result)
    {
        json.WriteString("checkpoint", path);
        json.WriteString("tensor", result.TensorName);
        json.WriteTruth("tied", result.IsTied);
        json.WriteNumber("rows", result.RowCount);
        json.WriteNumber("width", result.Width);
        json.WriteString("output", result.OutputPath);
        json.WriteString("rewritten", result.WrittenFile);
        json.WriteStrings("hard_linked", result.LinkedFiles);
        json.WriteStrings("copied", result.CopiedFiles);
        json.WriteString("fingerprint", result.Fingerprint);
        json.WriteNumber("inexact_values", result.InexactValues);
        json.WriteNumber("overflowed_values", result.OverflowedValues);
        json.WriteStrings("notes", result.Notes.Select(RemedyWords.Reword));
    }

    private static string Names(IReadOnlyList<string> files) => files.Count switch
    {
        0 => "nothing",
        <= 4 => string.Join(", ", files.Select(VisibleText.Escape)),
        _ => $"{files.Count} files: {string.Join(", ", files.Take(3).Select(VisibleText.Escape))}, …",
    };
}
