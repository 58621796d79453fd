using System.CommandLine;
using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;

namespace KsLottery.Cli;

/// <summary><c>kslottery overlap</c>: how far tickets lie over each other, and how far random ones would.</summary>
internal static class OverlapCommand
{
    public static Command Create()
    {
        Command command = new("overlap",
            "Compares tickets by the elements that they share, and with what random tickets of their sizes would.");
        OverlapOptions.AddTo(command);
        command.SetBody((arguments, ui, cancel) => Run(OverlapOptions.From(arguments), ui, cancel));
        return command;
    }

    private static int Run(OverlapOptions options, ConsoleUi ui, CancellationToken cancel)
    {
        TicketMask[] masks = [.. options.Tickets.Select(path => TicketFolder.ReadMask(path, options.Reading))];
        FactList facts = new();
        foreach ((int i, TicketMask mask) in masks.Index())
            facts.Add($"ticket {i + 1}", $"{Sizes.Count(mask.Parameters, "element")} of {Sizes.Count(mask.ElementCount)}: "
                + ConsoleUi.OneLine(options.Tickets[i]));
        facts.WriteTo(ui);
        ui.WriteLine();
        List<MaskPair> pairs = [];
        for (int i = 0; i < masks.Length; i++)
            for (int j = i + 1; j < masks.Length; j++)
            {
                cancel.ThrowIfCancellationRequested();
                pairs.Add(new(i + 1, j + 1, MaskOverlap.Of(masks[i], masks[j]), MaskOverlap.ByChanceInTensors(masks[i], masks[j])));
            }
        WriteTable(ui, pairs);
        ui.WriteJson(json => Write(json, options, masks, pairs));
        return ExitCode.Ok;
    }

    private static void WriteTable(ConsoleUi ui, List<MaskPair> pairs)
    {
        TextTable table = new("tickets", ">shared", ">Jaccard", ">coefficient", ">by chance", ">its Jaccard", ">times", ">in each tensor",
            ">times that", ">flips", ">flips by chance");
        foreach ((int first, int second, MaskOverlap o, MaskOverlap inTensors) in pairs)
            table.Add($"{first} and {second}", Sizes.Count((long)o.Shared), NumberText.Real(o.Jaccard), NumberText.Real(o.Coefficient),
                Expected(o.ByChance.Shared), NumberText.Real(o.ByChance.Jaccard), NumberText.Real(o.Shared / o.ByChance.Shared),
                Expected(inTensors.Shared), NumberText.Real(o.Shared / inTensors.Shared), NumberText.Percent(o.FlipRate),
                NumberText.Percent(o.ByChance.FlipRate));
        ui.Write(table);
    }

    private static string Expected(double count) => count >= 100 ? Sizes.Count((long)Math.Round(count)) : NumberText.Real(count);

    private static void Write(Utf8JsonWriter json, OverlapOptions options, TicketMask[] masks,
        List<MaskPair> pairs)
    {
        json.WriteStrings("tickets", options.Tickets);
        json.WriteStartArray("elements");
        foreach (TicketMask mask in masks) json.WriteNumberValue(mask.Parameters);
        json.WriteEndArray();
        json.WriteStartArray("pairs");
        foreach ((int first, int second, MaskOverlap o, MaskOverlap inTensors) in pairs)
        {
            json.WriteStartObject();
            json.WriteNumber("first", first);
            json.WriteNumber("second", second);
            json.WriteNumber("scope_elements", o.Count);
            json.WriteNumber("shared", (long)o.Shared);
            json.WriteNumberOrNull("jaccard", o.Jaccard);
            json.WriteNumberOrNull("coefficient", o.Coefficient);
            json.WriteNumberOrNull("cosine", o.Cosine);
            json.WriteNumberOrNull("flip_rate", o.FlipRate);
            WriteChance(json, "by_chance", o, o.ByChance);
            WriteChance(json, "by_chance_in_tensors", o, inTensors);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteChance(Utf8JsonWriter json, string name, MaskOverlap overlap, MaskOverlap chance)
    {
        json.WriteStartObject(name);
        json.WriteNumberOrNull("shared", chance.Shared);
        json.WriteNumberOrNull("jaccard", chance.Jaccard);
        json.WriteNumberOrNull("ratio", overlap.Shared / chance.Shared);
        json.WriteNumberOrNull("flip_rate", chance.FlipRate);
        json.WriteEndObject();
    }

    /// <summary>Two tickets, by their numbers from 1.</summary>
    private sealed record MaskPair(int First, int Second, MaskOverlap Overlap, MaskOverlap InTensors);
}
