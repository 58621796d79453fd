using System.Text.Json;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Cli;

/// <summary>Prints what <c>kslottery find --part</c> tested, as text or as JSON.</summary>
/// <param name="found">What was found.</param>
/// <param name="part">Which part, from 1.</param>
/// <param name="parts">Of how many.</param>
/// <param name="file">The file that was written.</param>
/// <param name="elapsed">How long the whole work took.</param>
internal sealed class PartReport(RowScanPart found, int part, int parts, string file, TimeSpan elapsed)
{
    public void Write(ConsoleUi ui)
    {
        if (ui.IsJson)
        {
            ui.WriteJson(WriteJson);
            return;
        }
        FactList facts = new();
        facts.Add("tensor", VisibleText.Escape(found.BaseName));
        facts.Add("part", $"{Sizes.Count(part)} of {Sizes.Count(parts)}: {found.Range} of {Sizes.Count(found.BaseRows)}");
        facts.Add("scan", $"{NumberText.Seconds(found.Elapsed)}, {found.Kernel}, {Sizes.Count(found.Threads, "thread")}, with "
            + $"fingerprints; {NumberText.Seconds(elapsed)} in all");
        facts.Add("written", $"{ConsoleUi.OneLine(file)}, {Sizes.Bytes(new FileInfo(file).Length)}");
        facts.WriteTo(ui);
        ui.WriteLine();
        ui.WriteLine("once all parts are there: the same command with --merge and their files in place of --part");
    }

    private void WriteJson(Utf8JsonWriter json)
    {
        json.WriteString("tensor", found.BaseName);
        json.WriteNumber("part", part);
        json.WriteNumber("parts", parts);
        json.WriteNumber("first_row", found.Range.First);
        json.WriteNumber("part_rows", found.Range.Count);
        json.WriteNumber("rows", found.BaseRows);
        json.WriteString("kernel", found.Kernel);
        json.WriteNumber("threads", found.Threads);
        json.WriteNumber("scan_seconds", found.Elapsed.TotalSeconds);
        json.WriteNumber("seconds", elapsed.TotalSeconds);
        json.WriteString("file", file);
    }
}
