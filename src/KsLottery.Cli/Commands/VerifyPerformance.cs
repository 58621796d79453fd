using System.Globalization;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Verification;

namespace KsLottery.Cli;

/// <summary><c>kslottery verify perf</c>: how fast a device is, against the copy speed of its own memory.</summary>
internal static class VerifyPerformance
{
    public static int Run(DeviceOption option, string? filter, double seconds, ConsoleUi ui, CancellationToken cancel)
    {
        using ComputeDevice device = option.Open(DeviceWork.Model);
        List<PerformanceFigure> figures = [];
        using (ProgressLine progress = ui.StartProgress())
            foreach (PerformanceFigure figure in DevicePerformance.Measure(device, filter, TimeSpan.FromSeconds(seconds), cancel))
            {
                figures.Add(figure);
                progress.Report(() => $"{Sizes.Count(figures.Count)} measured: {figure.Name}");
            }
        ui.WriteLine($"{device.Name}: {device.Info.Description}");
        ui.WriteLine("What is tested lies in the device's memory. Medians; \"of copy\" is the share of the speed of the first line.");
        ui.WriteLine();
        TextTable table = new("work", ">ms", ">GB/s", ">of copy", ">GFLOP/s", ">rows/s");
        foreach (PerformanceFigure f in figures)
            table.Add(f.Name, Number(f.Seconds * 1e3, "F3"), Number(f.BytesPerSecond / 1e9, "F2"), $"{Number(100 * f.ShareOfCopy, "F0")} %",
                f.Operations > 0 ? Number(f.Operations / f.Seconds / 1e9, "F1") : "", f.Rows > 0 ? Sizes.Count((long)f.RowsPerSecond) : "");
        ui.Write(table);
        ui.WriteJson(json =>
        {
            json.WriteString("device", device.Name);
            json.WriteString("description", device.Info.Description);
            json.WriteNumber("copy_bytes_per_second", figures[0].CopyBytesPerSecond);
            json.WriteStartArray("figures");
            foreach (PerformanceFigure f in figures)
            {
                json.WriteStartObject();
                json.WriteString("name", f.Name);
                json.WriteNumber("seconds", f.Seconds);
                json.WriteNumber("bytes_per_second", f.BytesPerSecond);
                json.WriteNumber("share_of_copy", f.ShareOfCopy);
                if (f.Operations > 0) json.WriteNumber("flop_per_second", f.Operations / f.Seconds);
                if (f.Rows > 0) json.WriteNumber("rows_per_second", f.RowsPerSecond);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        });
        return ExitCode.Ok;
    }

    private static string Number(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
