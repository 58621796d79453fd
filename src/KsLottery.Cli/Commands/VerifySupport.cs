using KsLottery.Engine.Devices;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Verification;

namespace KsLottery.Cli;

/// <summary><c>kslottery verify support</c>: which kernels each device can run, and why not the others.</summary>
internal static class VerifySupport
{
    public static int Run(DeviceOption option, string? filter, ConsoleUi ui)
    {
        string[] names = option.Name.Equals(DeviceCatalog.Auto, StringComparison.OrdinalIgnoreCase)
            ? [.. DeviceCatalog.Probe().Where(d => d.IsAvailable && d.Kind != DeviceKind.Cpu).Select(d => d.Name)]
            : [option.Name];
        List<(string Device, KernelSupport[] Kernels)> devices = [];
        foreach (string name in names)
        {
            using ComputeDevice device = ComputeDevice.Open(name);
            if (device.Info.Kind == DeviceKind.Cpu)
                throw new CommandException(ExitCode.Usage, "--device cpu: the processor runs no device kernels; see "
                    + "kslottery devices for its own.");
            using ProgressLine progress = ui.StartProgress();
            progress.Report(() => $"building kernels on {name}");
            devices.Add((name, [.. DeviceSupport.Of(device, filter)]));
        }
        if (devices[0].Kernels.Length == 0)
            throw new CommandException(ExitCode.Usage, $"--filter {ConsoleUi.OneLine(filter!)}: no kernel has this in its name. "
                + "Leave it out to see all.");

        TextTable table = new(["kernel", ">lanes", ">shared", "double", .. names]);
        for (int i = 0; i < devices[0].Kernels.Length; i++)
        {
            KernelSupport kernel = devices[0].Kernels[i];
            table.Add([kernel.Kernel, Sizes.Count(kernel.GroupSize), Sizes.Bytes(kernel.SharedBytes), kernel.UsesDouble ? "yes" : "",
                .. devices.Select(d => d.Kernels[i].IsSupported ? "yes" : "no")]);
        }
        ui.Write(table);
        ui.WriteLine();
        foreach ((string device, KernelSupport[] kernels) in devices)
            foreach (KernelSupport kernel in kernels.Where(k => !k.IsSupported))
                ui.WriteLine($"{device}, {kernel.Kernel}: {ConsoleUi.OneLine(RemedyWords.Reword(kernel.Reason!))}");
        ui.WriteJson(json =>
        {
            json.WriteStartArray("devices");
            foreach ((string device, KernelSupport[] kernels) in devices)
            {
                json.WriteStartObject();
                json.WriteString("device", device);
                json.WriteStartArray("kernels");
                foreach (KernelSupport kernel in kernels)
                {
                    json.WriteStartObject();
                    json.WriteString("name", kernel.Kernel);
                    json.WriteNumber("lanes", kernel.GroupSize);
                    json.WriteNumber("shared_bytes", kernel.SharedBytes);
                    json.WriteBoolean("double", kernel.UsesDouble);
                    json.WriteBoolean("supported", kernel.IsSupported);
                    json.WriteString("reason", kernel.Reason is { } reason ? RemedyWords.Reword(reason) : null);
                    json.WriteEndObject();
                }
                json.WriteEndArray();
                json.WriteEndObject();
            }
            json.WriteEndArray();
        });
        return ExitCode.Ok;
    }
}
