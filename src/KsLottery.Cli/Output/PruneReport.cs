using System.Text.Json;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;

namespace KsLottery.Cli;

/// <summary>Tells what pruning a checkpoint did.</summary>
internal static class PruneReport
{
    private const int NameColumns = 64;

    public static void Write(ConsoleUi ui, PruneOptions options, PruneResult result)
    {
        TicketMask kept = result.Kept;
        long pruned = kept.ElementCount - kept.Parameters;
        TextTable table = new TextTable("tensor", "shape", ">kept", ">pruned", ">sparsity").Limit(0, NameColumns);
        foreach (TensorMask one in kept.Tensors)
            Add(table, VisibleText.Escape(one.Name), $"[{one.Grid.Rows},{one.Grid.Columns}]", one.Parameters, one.Grid.ElementCount);
        Add(table, $"all {Sizes.Count(kept.Tensors.Count)} in the scope", "", kept.Parameters, kept.ElementCount);
        ui.Write(table);
        ui.WriteLine();
        new FactList()
            .Add("checkpoint", ConsoleUi.OneLine(options.Model))
            .Add("scope", $"{VisibleText.Escape(options.Recipe.Scope.Tensors!.Text)}; all other tensors keep their bytes")
            .Add("kept by", options.Recipe.Score.Name)
            .Add("pruned", $"{Sizes.Count(pruned)} of {Sizes.Count(result.CheckpointParameters, "parameter")}, "
                + $"{NumberText.Percent((double)pruned / result.CheckpointParameters)} of the checkpoint")
            .Add("multiplications", $"{NumberText.Percent(result.MultiplicationShare)} of a token's by weights are left")
            .Add("output", ConsoleUi.OneLine(result.OutputPath))
            .Add("rewritten", PatchReport.Names(result.WrittenFiles))
            .Add("resumed", PatchReport.Names(result.ResumedFiles))
            .Add("hard-linked", PatchReport.Names(result.LinkedFiles))
            .Add("copied", PatchReport.Names(result.CopiedFiles))
            .Add("ticket", result.TicketFiles.Count == 0 ? "none asked for"
                : $"{string.Join(", ", result.TicketFiles)} in {ConsoleUi.OneLine(options.Ticket!)}")
            .WriteTo(ui);
        foreach (string note in result.Notes) ui.Remark($"note: {note}");
        ui.WriteJson(json => Write(json, options, result));
    }

    private static void Add(TextTable table, string name, string shape, long kept, long all) =>
        table.Add(name, shape, Sizes.Count(kept), Sizes.Count(all - kept), NumberText.Percent((double)(all - kept) / all));

    private static void Write(Utf8JsonWriter json, PruneOptions options, PruneResult result)
    {
        json.WriteString("checkpoint", options.Model);
        json.WriteString("recipe", options.Recipe.ToString());
        json.WriteStartArray("tensors");
        foreach (TensorMask one in result.Kept.Tensors)
        {
            json.WriteStartObject();
            json.WriteString("name", one.Name);
            json.WriteNumber("elements", one.Grid.ElementCount);
            json.WriteNumber("kept", one.Parameters);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteNumber("elements", result.Kept.ElementCount);
        json.WriteNumber("kept", result.Kept.Parameters);
        json.WriteNumber("checkpoint_parameters", result.CheckpointParameters);
        json.WriteNumber("multiplication_share", result.MultiplicationShare);
        json.WriteString("output", result.OutputPath);
        json.WriteStrings("rewritten", result.WrittenFiles);
        json.WriteStrings("resumed", result.ResumedFiles);
        json.WriteStrings("hard_linked", result.LinkedFiles);
        json.WriteStrings("copied", result.CopiedFiles);
        json.WriteStrings("ticket", result.TicketFiles);
        json.WriteStrings("notes", result.Notes.Select(RemedyWords.Reword));
    }
}
