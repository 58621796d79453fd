using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Kernels;
using KsLottery.Engine.Mpi;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Verification;

namespace KsLottery.Cli;

/// <summary><c>kslottery devices</c>: what could do the work here, why the rest cannot, and how fast each is.</summary>
internal static class DevicesCommand
{
    public static Command Create()
    {
        Command command = new("devices", "Lists the devices that can compute here, and says why the others cannot.");
        DevicesOptions.AddTo(command);
        command.SetBody((arguments, ui, cancel) => Run(DevicesOptions.From(arguments), ui, cancel), RankUse.EachAlone);
        return command;
    }

    private static int Run(DevicesOptions options, ConsoleUi ui, CancellationToken cancel)
    {
        if (options.KernelTexts is { } folder) return WriteKernels(ui, folder);
        IReadOnlyList<DeviceInfo> devices = DeviceCatalog.Probe();
        if (options.Measure) MeasureAll(ui, devices, cancel);
        List<string> attempts = [];
        IReadOnlyList<MpiLibrary> libraries = MpiLibrary.FindAll(attempts);
        Write(ui, devices, libraries, attempts);
        return ExitCode.Ok;
    }

    private static int WriteKernels(ConsoleUi ui, DirectoryInfo folder)
    {
        folder.Create();
        ui.WriteLine($"{DeviceCatalog.WriteKernels(folder.FullName)} kernels in {folder}");
        return ExitCode.Ok;
    }

    /// <summary>Measures what computes for a person; one that fails is told and is no reason to stop.</summary>
    private static void MeasureAll(ConsoleUi ui, IReadOnlyList<DeviceInfo> devices, CancellationToken cancel)
    {
        List<DeviceMeasurement> measured = [];
        foreach (DeviceInfo device in devices.Where(d => d.IsAvailable && !d.IsSimulation))
        {
            foreach (DeviceWork work in Enum.GetValues<DeviceWork>())
            {
                cancel.ThrowIfCancellationRequested();
                ui.Remark($"measuring {device.Name} at {Title(work)}");
                try
                {
                    using ComputeDevice opened = ComputeDevice.Open(device.Name, work);
                    measured.Add(DeviceSpeed.Measure(opened, work, cancel));
                }
                catch (Exception exception) when (exception is DeviceUnavailableException or DeviceFailureException)
                {
                    ui.Remark(exception.Message);
                }
            }
        }
        if (DeviceMeasurements.Keep(measured) is { } reason) ui.Remark($"the measurements are not kept: {reason}");
    }

    private static void Write(
        ConsoleUi ui, IReadOnlyList<DeviceInfo> devices, IReadOnlyList<MpiLibrary> libraries, List<string> attempts)
    {
        IReadOnlyList<DeviceMeasurement> measured = DeviceMeasurements.Read();
        TextTable table = new("device", "usable", "what");
        foreach (DeviceInfo device in devices)
            table.Add(device.Name, device.IsAvailable ? "yes" : "no",
                ConsoleUi.OneLine(device.IsAvailable ? device.Description : device.Reason!));
        ui.Write(table);
        foreach (DeviceInfo device in devices.Where(d => d is { IsAvailable: false, Processor: null }))
            ui.WriteLine($"{ConsoleUi.OneLine(device.Kind == DeviceKind.OpenCl ? device.Description : device.Name)}: "
                + $"{ConsoleUi.OneLine(RemedyWords.Reword(device.NextStep!))}.");
        foreach (DeviceInfo device in devices)
        {
            if (device.Processor is { } processor) WriteProcessor(ui, device, processor);
            if (device.Facts.Count > 0) WriteFacts(ui, device);
        }
        WriteMeasurements(ui, measured);
        WriteMpi(ui, libraries, attempts);
        ui.WriteJson(json =>
        {
            WriteJson(json, devices, measured);
            WriteJson(json, libraries);
        });
    }

    private static void WriteProcessor(ConsoleUi ui, DeviceInfo device, ProcessorInfo processor)
    {
        ui.WriteLine();
        TextTable table = new("row kernel", "usable", "");
        foreach ((string name, bool isSupported) in processor.Kernels)
            table.Add(name, isSupported ? "yes" : "no", name == processor.Kernel ? "taken by a scan" : KsRowKernels.WhyNot(name) ?? "");
        ui.Write(table);
        ui.WriteLine();
        ui.WriteLine(processor.ForcedKernel is { } forced
            ? $"{KsRowKernels.Variable} is set to {VisibleText.Escape(forced)}"
            : $"{KsRowKernels.Variable} is not set; set it to force a row kernel");
        if (!device.IsAvailable) ui.WriteLine($"{RemedyWords.Reword(device.NextStep!)}.");
    }

    /// <summary>The libraries by which processes of a launcher find each other.</summary>
    private static void WriteMpi(ConsoleUi ui, IReadOnlyList<MpiLibrary> libraries, List<string> attempts)
    {
        ui.WriteLine();
        if (libraries.Count == 0)
            ui.WriteLine($"no MPI library, so one process works alone: {ConsoleUi.OneLine(string.Join("; ", attempts))}");
        foreach (MpiLibrary library in libraries)
            ui.WriteLine($"for processes that mpirun or srun {(library.Family == MpiFamily.OpenMpi ? "--mpi=pmix" : "--mpi=pmi2")} starts: "
                + ConsoleUi.OneLine($"{library.Name} ({library.Path})")
                + (library.IsTried ? "" : "; kslottery was not run with its kind, and takes it with --ranks mpi alone"));
    }

    private static void WriteJson(Utf8JsonWriter json, IReadOnlyList<MpiLibrary> libraries)
    {
        json.WriteStartArray("mpi");
        foreach (MpiLibrary library in libraries)
        {
            json.WriteStartObject();
            json.WriteString("name", library.Name);
            json.WriteString("path", library.Path);
            json.WriteBoolean("tried", library.IsTried);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    }

    private static void WriteFacts(ConsoleUi ui, DeviceInfo device)
    {
        ui.WriteLine();
        TextTable table = new(device.Name, "");
        foreach ((string name, string value) in device.Facts) table.Add(name, ConsoleUi.OneLine(value));
        ui.Write(table);
        foreach (string remark in device.Remarks) ui.WriteLine($"note: {remark}.");
    }

    private static void WriteMeasurements(ConsoleUi ui, IReadOnlyList<DeviceMeasurement> measured)
    {
        ui.WriteLine();
        if (measured.Count > 0)
        {
            TextTable table = new("measured", "at", "per second");
            foreach (DeviceMeasurement one in measured)
                table.Add(ConsoleUi.OneLine(one.Device), Title(one.Work), string.Create(CultureInfo.InvariantCulture,
                    $"{one.PerSecond:N0} {Unit(one.Work)}"));
            ui.Write(table);
            ui.WriteLine();
        }
        foreach (DeviceWork work in Enum.GetValues<DeviceWork>())
        {
            (string? name, string reason) = Auto(work);
            ui.WriteLine($"--device auto is {name ?? "nothing"} for {Title(work)}: {reason}");
        }
        DeviceCache cache = DeviceCache.Examine();
        ui.WriteLine(cache.Folder is { } folder
            ? string.Create(CultureInfo.InvariantCulture, $"compiled kernels are kept in {ConsoleUi.OneLine(folder)}: {cache.Programs}, "
                + $"{cache.Bytes / 1024:N0} KiB")
            : "compiled kernels are not kept");
    }

    /// <summary>What <c>auto</c> takes, and why; no name where that cannot compute.</summary>
    private static (string? Name, string Reason) Auto(DeviceWork work)
    {
        try
        {
            DeviceChoice choice = DeviceCatalog.Choose(DeviceCatalog.Auto, work);
            return (choice.Device.Name, RemedyWords.Reword(choice.Reason));
        }
        catch (DeviceUnavailableException exception)
        {
            return (null, exception.Reason);
        }
    }

    private static string Title(DeviceWork work) => work == DeviceWork.Rows ? "testing rows" : "running models";

    private static string Unit(DeviceWork work) => work == DeviceWork.Rows ? "rows" : "tokens";

    private static void WriteJson(Utf8JsonWriter json, IReadOnlyList<DeviceInfo> devices, IReadOnlyList<DeviceMeasurement> measured)
    {
        json.WriteStartArray("devices");
        foreach (DeviceInfo device in devices)
        {
            json.WriteStartObject();
            json.WriteString("name", device.Name);
            json.WriteBoolean("available", device.IsAvailable);
            json.WriteString("description", device.Description);
            json.WriteString("reason", device.Reason);
            json.WriteString("next_step", device.NextStep is { } step ? RemedyWords.Reword(step) : null);
            if (device.Processor is { } processor) WriteJson(json, processor);
            if (device.Facts.Count > 0)
            {
                json.WriteStartObject("facts");
                foreach ((string name, string value) in device.Facts) json.WriteString(name.Replace(' ', '_'), value);
                json.WriteEndObject();
                json.WriteStartArray("remarks");
                foreach (string remark in device.Remarks) json.WriteStringValue(remark);
                json.WriteEndArray();
            }
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartArray("measurements");
        foreach (DeviceMeasurement one in measured)
        {
            json.WriteStartObject();
            json.WriteString("device", one.Device);
            json.WriteString("description", one.Description);
            json.WriteString("work", Unit(one.Work));
            json.WriteNumber("per_second", one.PerSecond);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartObject("auto");
        foreach (DeviceWork work in Enum.GetValues<DeviceWork>())
            json.WriteString(Unit(work), Auto(work).Name);
        json.WriteEndObject();
        DeviceCache cache = DeviceCache.Examine();
        json.WriteStartObject("cache");
        json.WriteString("folder", cache.Folder);
        json.WriteNumber("programs", cache.Programs);
        json.WriteNumber("bytes", cache.Bytes);
        json.WriteEndObject();
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
