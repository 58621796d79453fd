using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using KsLottery.Benchmarks;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Numerics;

namespace KsLottery.Cli;

/// <summary>Shows figures as Markdown, CSV or JSON.</summary>
internal sealed class BenchReport(BenchPlan plan, ProcessorInfo processor, IReadOnlyList<BenchFigure> figures)
{
    private static readonly CultureInfo Culture = CultureInfo.InvariantCulture;

    /// <summary>A heading, the machine, and a table for each element type that is no wider than a terminal.</summary>
    public string ToMarkdown()
    {
        StringBuilder text = new();
        text.Append("# kslottery bench ks\n\n");
        foreach ((string name, string value) in Header()) text.Append(Culture, $"- {name}: {value}\n");
        text.Append("\nMedians, with the slowest and the fastest repetition against them. All kernels and a plain\n"
            + "read of the same memory take turns; \"of stream\" is the share of that read's speed.\n");
        foreach (IGrouping<ElementType, BenchFigure> type in figures.GroupBy(f => f.Type))
        {
            int rows = type.First().Rows;
            text.Append("\n## ").Append(type.Key.ToName()).Append(Culture, $": {rows:N0} row pairs of {plan.Width:N0}, ")
                .Append(Sizes.Bytes((long)rows * plan.Width * type.Key.ByteSize())).Append(" a matrix\n\n");
            AppendTable(text, type);
            double[] stream = [.. type.Select(f => f.StreamGigabytesPerSecond).Order()];
            text.Append(Culture, $"\nStream read: {stream[stream.Length / 2]:F1} GB/s");
            if (stream.Length > 1) text.Append(Culture, $", {stream[0]:F1} to {stream[^1]:F1} beside the kernels");
            text.Append(".\n");
        }
        return text.ToString().TrimEnd('\n');
    }

    /// <summary>One line a figure, every number in full.</summary>
    public string ToCsv()
    {
        StringBuilder text = new("dtype,regime,kernel,threads,width,rows,rows_per_second,rows_per_second_min,rows_per_second_max,"
            + "gb_per_second,stream_gb_per_second,share_of_stream\n");
        foreach (BenchFigure f in figures)
            text.Append(Culture, $"{f.Type.ToName()},{f.Regime},{f.Name.Replace(",", "", StringComparison.Ordinal)},")
                .Append(Culture, $"{plan.Threads},{plan.Width},{f.Rows},{f.RowsPerSecond:F1},{f.Min:F1},{f.Max:F1},")
                .Append(Culture, $"{f.GigabytesPerSecond:F4},{f.StreamGigabytesPerSecond:F4},{f.ShareOfStream:F4}\n");
        return text.ToString().TrimEnd('\n');
    }

    /// <summary>The JSON object as text.</summary>
    public string ToJson()
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter json = new(stream))
        {
            json.WriteStartObject();
            WriteTo(json);
            json.WriteEndObject();
        }
        return Encoding.UTF8.GetString(stream.ToArray());
    }

    /// <summary>Writes the properties of the one JSON object.</summary>
    public void WriteTo(Utf8JsonWriter json)
    {
        json.WriteString("benchmark", "ks");
        json.WriteString("version", LibraryVersion.Current);
        json.WriteString("processor", processor.Model);
        json.WriteNumber("logical_processors", processor.LogicalProcessors);
        json.WriteString("runtime", RuntimeInformation.FrameworkDescription);
        json.WriteString("platform", RuntimeInformation.RuntimeIdentifier);
        json.WriteString("default_kernel", processor.Kernel);
        json.WriteNumber("threads", plan.Threads);
        json.WriteNumber("width", plan.Width);
        json.WriteNumber("seconds", plan.Time.TotalSeconds);
        json.WriteNumber("repetitions", BenchPlan.Repetitions);
        json.WriteNumber("seed", BenchPlan.Seed);
        json.WriteStartArray("figures");
        foreach (BenchFigure f in figures)
        {
            json.WriteStartObject();
            json.WriteString("dtype", f.Type.ToName());
            json.WriteString("regime", f.Regime);
            json.WriteString("kernel", f.Name);
            json.WriteNumber("rows", f.Rows);
            json.WriteNumberOrNull("rows_per_second", f.RowsPerSecond);
            json.WriteNumberOrNull("rows_per_second_min", f.Min);
            json.WriteNumberOrNull("rows_per_second_max", f.Max);
            json.WriteNumberOrNull("gb_per_second", f.GigabytesPerSecond);
            json.WriteNumberOrNull("stream_gb_per_second", f.StreamGigabytesPerSecond);
            json.WriteNumberOrNull("share_of_stream", f.ShareOfStream);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private IEnumerable<(string Name, string Value)> Header() =>
    [
        ("processor", string.Create(Culture, $"{processor.Model}, {processor.LogicalProcessors} logical")),
        ("software", $"kslottery {LibraryVersion.Current}, {RuntimeInformation.FrameworkDescription}, "
            + $"{RuntimeInformation.RuntimeIdentifier}"),
        ("kernel", $"{string.Join(", ", plan.Kernels)} (a scan takes {processor.Kernel})"),
        ("threads", string.Create(Culture, $"{plan.Threads}")),
        ("each figure", string.Create(Culture, $"{BenchPlan.Repetitions} repetitions, {plan.Time.TotalSeconds:0.###} s together")),
    ];

    private static void AppendTable(StringBuilder text, IEnumerable<BenchFigure> figures)
    {
        string[] titles = ["regime", "kernel", "rows/s", "spread", "GB/s", "of stream"];
        List<string[]> lines = [.. figures.Select(f => (string[])
        [
            f.Regime, f.Name, Sizes.Count((long)f.RowsPerSecond),
            $"{Percent(f.Min / f.RowsPerSecond - 1)}/{Percent(f.Max / f.RowsPerSecond - 1)} %",
            f.GigabytesPerSecond.ToString("F2", Culture), string.Create(Culture, $"{f.ShareOfStream * 100:F0} %"),
        ])];
        int[] widths = [.. titles.Select((title, i) => lines.Select(l => l[i].Length).Append(title.Length).Max())];
        AppendLine(text, titles, widths);
        text.Append('|').AppendJoin('|', widths.Select((w, i) => IsText(i) ? new string('-', w + 2) : new string('-', w + 1) + ":"))
            .Append("|\n");
        foreach (string[] line in lines) AppendLine(text, line, widths);
    }

    private static void AppendLine(StringBuilder text, string[] cells, int[] widths) =>
        text.Append("| ").AppendJoin(" | ", cells.Select((c, i) => IsText(i) ? c.PadRight(widths[i]) : c.PadLeft(widths[i])))
            .Append(" |\n");

    private static bool IsText(int column) => column < 2;

    private static string Percent(double share) => (share * 100).ToString("+0;-0;0", Culture);
}
