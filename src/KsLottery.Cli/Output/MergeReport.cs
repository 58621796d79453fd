using System.Globalization;
using System.Text.Json;
using KsLottery.Engine.Transfer;

namespace KsLottery.Cli;

/// <summary>Tells how patches lie over each other, and what merging them did.</summary>
internal static class MergeReport
{
    /// <summary>A line for each patch and each two of them.</summary>
    public static void WriteOverlap(ConsoleUi ui, IReadOnlyList<string> patches, MergeOverlap overlap)
    {
        FactList facts = new();
        for (int i = 0; i < patches.Count; i++)
            facts.Add($"patch {i + 1}", $"{Sizes.Count(overlap.Elements[i], "element")} of {ConsoleUi.OneLine(patches[i])}");
        foreach (PatchPairOverlap pair in overlap.Pairs)
            facts.Add($"{pair.First + 1} and {pair.Second + 1}", string.Create(CultureInfo.InvariantCulture,
                $"{Sizes.Count(pair.Shared)} shared, {Sizes.Count(pair.Conflicting)} with other signs, Jaccard {pair.Jaccard:0.####}"));
        facts.Add("together", $"{Sizes.Count(overlap.Union, "element")}, {Sizes.Count(overlap.Shared)} of several patches, "
            + $"{Sizes.Count(overlap.Conflicting)} with other signs").WriteTo(ui);
    }

    public static void Write(ConsoleUi ui, string verb, string path, IReadOnlyList<string> patches, MergeResult result)
    {
        new FactList()
            .Add(verb, ConsoleUi.OneLine(path))
            .Add("tensors", PatchReport.Names(result.Tensors, "tensors"))
            .Add("tied", PatchReport.Tied(result.IsTied))
            .Add("output", ConsoleUi.OneLine(result.OutputPath))
            .Add("rewritten", PatchReport.Names(result.WrittenFiles))
            .Add("resumed", PatchReport.Names(result.ResumedFiles))
            .Add("hard-linked", PatchReport.Names(result.LinkedFiles))
            .Add("copied", PatchReport.Names(result.CopiedFiles))
            .WriteTo(ui);
        foreach (string note in result.Notes) ui.Remark($"note: {note}");
        ui.WriteJson(json => Write(json, path, patches, result));
    }

    private static void Write(Utf8JsonWriter json, string path, IReadOnlyList<string> patches, MergeResult result)
    {
        json.WriteString("checkpoint", path);
        json.WriteStrings("patches", patches);
        json.WriteStrings("tensors", result.Tensors);
        if (result.Overlap is { } overlap) WriteOverlap(json, overlap);
        json.WriteTruth("tied", result.IsTied);
        json.WriteString("output", result.OutputPath);
        json.WriteStrings("rewritten", result.WrittenFiles);
        json.WriteStrings("resumed", result.ResumedFiles);
        json.WriteStrings("hard_linked", result.LinkedFiles);
        json.WriteStrings("copied", result.CopiedFiles);
        json.WriteNumber("inexact_values", result.InexactValues);
        json.WriteNumber("overflowed_values", result.OverflowedValues);
        json.WriteStrings("notes", result.Notes.Select(RemedyWords.Reword));
    }

    private static void WriteOverlap(Utf8JsonWriter json, MergeOverlap overlap)
    {
        json.WriteStartObject("overlap");
        json.WriteStartArray("elements");
        foreach (long count in overlap.Elements) json.WriteNumberValue(count);
        json.WriteEndArray();
        json.WriteNumber("union", overlap.Union);
        json.WriteNumber("shared", overlap.Shared);
        json.WriteNumber("conflicting", overlap.Conflicting);
        json.WriteStartArray("pairs");
        foreach (PatchPairOverlap pair in overlap.Pairs)
        {
            json.WriteStartObject();
            json.WriteNumber("first", pair.First + 1);
            json.WriteNumber("second", pair.Second + 1);
            json.WriteNumber("shared", pair.Shared);
            json.WriteNumber("conflicting", pair.Conflicting);
            if (double.IsFinite(pair.Jaccard)) json.WriteNumber("jaccard", pair.Jaccard);
            else json.WriteNull("jaccard");
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteEndObject();
    }
}
