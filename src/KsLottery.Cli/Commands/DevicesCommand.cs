using System.CommandLine;
using System.Text.Json;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Kernels;
using KsLottery.Engine.Tokens;

namespace KsLottery.Cli.Commands;

/// <summary><c>kslottery devices</c>: what could do the work here, and why the rest cannot.</summary>
internal static class DevicesCommand
{
    public static Command Create()
    {
        Command command = new("devices", "Lists the devices that can test rows here, and says why the others cannot.");
        Option<DirectoryInfo?> kernels = new("--kernels") { Description = "Writes the kernels' C texts for CUDA into this folder instead.", Hidden = true };
        command.Options.Add(kernels);
        command.SetBody((parsed, ui, _) => parsed.GetValue(kernels) is { } folder ? WriteKernels(ui, folder) : Run(ui));
        return command;
    }

    private static int WriteKernels(ConsoleUi ui, DirectoryInfo folder)
    {
        folder.Create();
        ui.WriteLine($"{DeviceCatalog.WriteKernels(folder.FullName)} kernels in {folder}");
        return ExitCode.Ok;
    }

    private static int Run(ConsoleUi ui)
    {
        IReadOnlyList<DeviceInfo> devices = DeviceCatalog.Probe();
        TextTable table = new("device", "usable", "what");
        foreach (DeviceInfo device in devices)
            table.Add(device.Name, device.IsAvailable ? "yes" : "no", device.IsAvailable ? device.Description : device.Reason!);
        ui.Write(table);
        foreach (DeviceInfo device in devices)
            if (device.Processor is { } processor) WriteProcessor(ui, device, processor);
        ui.WriteJson(json => WriteJson(json, devices));
        return ExitCode.Ok;
    }

    private static void WriteProcessor(ConsoleUi ui, DeviceInfo device, ProcessorInfo processor)
    {
        ui.WriteLine();
        TextTable table = new("row kernel", "usable", "");
        foreach ((string name, bool isSupported) in processor.Kernels)
            table.Add(name, isSupported ? "yes" : "no", name == processor.Kernel ? "taken by a scan" : "");
        ui.Write(table);
        ui.WriteLine();
        ui.WriteLine(processor.ForcedKernel is { } forced
            ? $"{KsRowKernels.Variable} is set to {VisibleText.Escape(forced)}"
            : $"{KsRowKernels.Variable} is not set; set it to force a row kernel");
        if (!device.IsAvailable) ui.WriteLine($"{device.NextStep}.");
    }

    private static void WriteJson(Utf8JsonWriter json, IReadOnlyList<DeviceInfo> devices)
    {
        json.WriteStartArray("devices");
        foreach (DeviceInfo device in devices)
        {
            json.WriteStartObject();
            json.WriteString("name", device.Name);
            json.WriteBoolean("available", device.IsAvailable);
            json.WriteString("description", device.Description);
            json.WriteString("reason", device.Reason);
            json.WriteString("next_step", device.NextStep);
            if (device.Processor is { } processor) WriteJson(json, processor);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteJson(Utf8JsonWriter json, ProcessorInfo processor)
    {
        json.WriteString("model", processor.Model);
        json.WriteString("architecture", processor.Architecture);
        json.WriteNumber("logical_processors", processor.LogicalProcessors);
        json.WriteNumber("memory_bytes", processor.MemoryBytes);
        json.WriteString("kernel", processor.Kernel);
        json.WriteString("forced_kernel", processor.ForcedKernel);
        json.WriteStartArray("kernels");
        foreach ((string name, bool isSupported) in processor.Kernels)
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteBoolean("supported", isSupported);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }
}
