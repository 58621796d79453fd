using System.CommandLine;
using System.Text.Json;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Verification;

namespace KsLottery.Cli;

/// <summary><c>kslottery verify</c>: whether a device computes what the reference computes, how fast, and which kernels it can
/// run.</summary>
internal static class VerifyCommand
{
    private const int MaxDifferences = 20;

    public static Command Create()
    {
        Command command = new("verify", "Proves in a minute that a device computes what the reference computes, and measures it.");
        VerifyOptions.AddTo(command);
        command.SetBody((arguments, ui, cancel) => Run(VerifyOptions.From(arguments), ui, cancel), RankUse.EachAlone);
        return command;
    }

    private static int Run(VerifyOptions options, ConsoleUi ui, CancellationToken cancel) => options.Mode switch
    {
        _ when options.IsList => List(options, ui),
        VerifyOptions.Performance => VerifyPerformance.Run(options.Device, options.Filter, options.Seconds, ui, cancel),
        VerifyOptions.Support => VerifySupport.Run(options.Device, options.Filter, ui),
        VerifyOptions.Gradient => Run(options.Device, VerificationMode.Gradient, options.Filter, ui, cancel),
        _ => Run(options.Device, VerificationMode.Test, options.Filter, ui, cancel),
    };

    private static int List(VerifyOptions options, ConsoleUi ui)
    {
        IReadOnlyList<string> names = Names(options);
        if (names.Count == 0) throw NoCheck(options.Filter!);
        foreach (string name in names) ui.WriteLine(name);
        ui.WriteJson(json =>
        {
            json.WriteStartArray("checks");
            foreach (string name in names) json.WriteStringValue(name);
            json.WriteEndArray();
        });
        return ExitCode.Ok;
    }

    private static IReadOnlyList<string> Names(VerifyOptions options)
    {
        if (options.Mode == VerifyOptions.Support) return [.. DeviceSupport.Names(options.Filter)];
        if (options.Mode != VerifyOptions.Performance)
            return DeviceVerification.Names(options.Device.Resolve(DeviceWork.Model),
                options.Mode == VerifyOptions.Gradient ? VerificationMode.Gradient : VerificationMode.Test, options.Filter);
        using ComputeDevice device = options.Device.Open(DeviceWork.Model);
        return [.. DevicePerformance.Names(device, options.Filter)];
    }

    private static CommandException NoCheck(string filter) => new(ExitCode.Usage,
        $"--filter {ConsoleUi.OneLine(filter)}: no check has this in its name. Leave it out to see all.");

    private static int Run(DeviceOption option, VerificationMode mode, string? filter, ConsoleUi ui, CancellationToken cancel)
    {
        using ComputeDevice device = option.Open(DeviceWork.Model);
        return Run(device, mode, filter, ui, cancel);
    }

    /// <summary>Checks a device that is open.</summary>
    internal static int Run(ComputeDevice device, VerificationMode mode, string? filter, ConsoleUi ui, CancellationToken cancel)
    {
        int count = DeviceVerification.Count(device, mode, filter);
        if (count == 0) throw NoCheck(filter!);
        if (device.Info.IsSimulation)
            ui.Remark($"{device.Name} only imitates a device, and slowly: " + (filter is not null ? "all checks of this name are run"
                : $"{Sizes.Count(count, "check")} are run as a sample; --filter TEXT runs all of a name, --list shows the names"));
        List<VerificationResult> results = [];
        using (ProgressLine progress = ui.StartProgress())
            foreach (VerificationResult result in DeviceVerification.Run(device, mode, filter, cancel))
            {
                results.Add(result);
                progress.Report(() => $"{Sizes.Count(results.Count)} of {Sizes.Count(count)}: {result.Name}");
            }
        Write(device, results, ui);
        ui.WriteJson(json => WriteJson(json, device, results));
        return results.TrueForAll(r => r.Holds) ? ExitCode.Ok : ExitCode.VerificationFailed;
    }

    private static void Write(ComputeDevice device, List<VerificationResult> results, ConsoleUi ui)
    {
        ui.WriteLine($"{device.Name}: {device.Info.Description}");
        ui.WriteLine();
        TextTable table = new("checks of", ">hold", ">of", ">s");
        foreach (IGrouping<string, VerificationResult> topic in results.GroupBy(r => r.Topic))
            table.Add(topic.Key, Sizes.Count(topic.Count(r => r.Holds)), Sizes.Count(topic.Count()),
                NumberText.Fixed(topic.Sum(r => r.Elapsed.TotalSeconds), 1));
        ui.Write(table);
        ui.WriteLine();
        VerificationResult[] failed = [.. results.Where(r => !r.Holds)];
        foreach (VerificationResult result in failed.Take(MaxDifferences))
            ui.WriteLine($"{result.Name}: {ConsoleUi.OneLine(RemedyWords.Reword(result.Difference!))}");
        if (failed.Length > MaxDifferences) ui.WriteLine($"… and {Sizes.Count(failed.Length - MaxDifferences)} more: see --json");
        ui.WriteLine(failed.Length == 0
            ? $"All {Sizes.Count(results.Count, "check")} hold: {device.Name} computes what the reference computes."
            : $"{Sizes.Count(failed.Length)} of {Sizes.Count(results.Count, "check")} do not hold: do not trust {device.Name}. Use "
            + "--device cpu, and tell its vendor or us.");
    }

    private static void WriteJson(Utf8JsonWriter json, ComputeDevice device, List<VerificationResult> results)
    {
        json.WriteString("device", device.Name);
        json.WriteString("description", device.Info.Description);
        json.WriteNumber("passed", results.Count(r => r.Holds));
        json.WriteNumber("failed", results.Count(r => !r.Holds));
        json.WriteStartArray("checks");
        foreach (VerificationResult result in results)
        {
            json.WriteStartObject();
            json.WriteString("name", result.Name);
            json.WriteBoolean("holds", result.Holds);
            json.WriteString("difference", result.Difference is { } difference ? RemedyWords.Reword(difference) : null);
            json.WriteNumber("seconds", result.Elapsed.TotalSeconds);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
