using System.Text.Json;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Tickets;
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
            .Add("tensor", Names([.. result.Tensors.Select(t => t.Name)], "tensors"))
            .Add("tied", Tied(result.IsTied))
            .Add(WhatOf(result), AsRows(result) is { } rows ? $"{Sizes.Count(rows.Units.Count)} of {Sizes.Count(rows.Grid.Columns)} values"
                : Units(result.Tensors.Select(t => (t.Mask, t.Payload))))
            .Add("output", ConsoleUi.OneLine(result.OutputPath))
            .Add("rewritten", Names(result.WrittenFiles))
            .Add("hard-linked", Names(result.LinkedFiles))
            .Add("copied", Names(result.CopiedFiles))
            .Add("fingerprint", Names([.. result.Tensors.Select(t => t.Fingerprint)], "tensors"))
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
        if (AsRows(result) is { } rows)
        {
            json.WriteString("tensor", rows.Name);
            json.WriteTruth("tied", result.IsTied);
            json.WriteNumber("rows", rows.Units.Count);
            json.WriteNumber("width", rows.Grid.Columns);
            json.WriteString("output", result.OutputPath);
            json.WriteString("rewritten", result.WrittenFiles[0]);
        }
        else
        {
            WriteTensors(json, result);
            json.WriteTruth("tied", result.IsTied);
            json.WriteString("output", result.OutputPath);
            json.WriteStrings("rewritten", result.WrittenFiles);
        }
        json.WriteStrings("hard_linked", result.LinkedFiles);
        json.WriteStrings("copied", result.CopiedFiles);
        if (AsRows(result) is not null) json.WriteString("fingerprint", result.Tensors[0].Fingerprint);
        json.WriteNumber("inexact_values", result.InexactValues);
        json.WriteNumber("overflowed_values", result.OverflowedValues);
        json.WriteStrings("notes", result.Notes.Select(RemedyWords.Reword));
    }

    /// <summary>What a patch does, in words: "94 rows", "keep 1,200 elements of 2 tensors".</summary>
    public static string Units(IEnumerable<(TensorMask Mask, TicketPayload Payload)> tensors)
    {
        (TensorMask Mask, TicketPayload Payload)[] all = [.. tensors];
        string units = string.Join(", ", all.GroupBy(t => (t.Mask.Grid.UnitName, t.Payload)).Select(g =>
            (g.Key.Payload == TicketPayload.Replace ? "" : $"{g.Key.Payload.ToName()} ")
            + Sizes.Count(g.Sum(t => t.Mask.Units.Count), g.Key.UnitName)));
        return all.Length == 1 ? units : $"{units} of {Sizes.Count(all.Length, "tensor")}";
    }

    private static string WhatOf(PatchResult result) => AsRows(result) is null ? "units" : "rows";

    /// <summary>The rows, where the patch replaced rows of one tensor alone.</summary>
    private static TensorMask? AsRows(PatchResult result) =>
        result.Tensors is [{ Payload: TicketPayload.Replace, Mask: { Grid.IsRows: true } mask }] ? mask : null;

    private static void WriteTensors(Utf8JsonWriter json, PatchResult result)
    {
        json.WriteStartArray("tensors");
        foreach (PatchedTensorResult tensor in result.Tensors)
        {
            json.WriteStartObject();
            json.WriteString("name", tensor.Name);
            json.WriteString("payload", tensor.Payload.ToName());
            json.WriteString("unit", tensor.Mask.Grid.UnitName);
            json.WriteNumber("units", tensor.Mask.Units.Count);
            json.WriteNumber("parameters", tensor.Mask.Parameters);
            json.WriteString("file", tensor.File);
            json.WriteString("fingerprint", tensor.Fingerprint);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    /// <summary>A few names, or how many there are.</summary>
    public static string Names(IReadOnlyList<string> names, string noun = "files") => names.Count switch
    {
        0 => "nothing",
        <= 4 => string.Join(", ", names.Select(VisibleText.Escape)),
        _ => $"{names.Count} {noun}: {string.Join(", ", names.Take(3).Select(VisibleText.Escape))}, …",
    };
}
