namespace KsLottery.Engine.Devices;

/// <summary>Says what a status of NVIDIA's driver means for the reader.</summary>
internal static class CudaFailures
{
    private const string StartAgain =
        "Nothing that was written is lost. Start the command again, and look into the system's log (dmesg, NVRM: Xid) if it fails again";

    private static readonly string Cpu = Remedy.UseDevice.For(DeviceCatalog.Cpu), OpenCl = Remedy.UseDevice.For("opencl:0");

    /// <summary>Makes the exception of a call that failed.</summary>
    /// <param name="cuda">The driver.</param>
    /// <param name="device">The device's name.</param>
    /// <param name="call">The call.</param>
    /// <param name="status">What it returned.</param>
    /// <param name="cause">What is known beyond the status, without a final full stop.</param>
    public static DeviceFailureException Explain(CudaInterop cuda, string device, string call, int status, string? cause = null)
    {
        (string meaning, string nextStep) = Explain(cuda, status);
        return new(device, call, cuda.Describe(status), cause ?? meaning, nextStep);
    }

    /// <summary>Whether a status says that the driver does not take a kernel's text, and not that something else went wrong
    /// meanwhile.</summary>
    public static bool IsRefusal(int status) => status is 200 or 209 or 218 or 222;

    /// <summary>What a status means, and what to do about it; neither ends with a full stop.</summary>
    public static (string Cause, string NextStep) Explain(CudaInterop cuda, int status) => status switch
    {
        2 => ("the device's memory is used up",
            $"Close other programs that use it (nvidia-smi lists them), take smaller batches, or use {Cpu}"),
        3 or 4 => ("the driver is not started, or is shutting down", StartAgain),
        34 => ("this is the toolkit's stub, not a driver", "Install NVIDIA's driver, or take the stub's folder out of the library path"),
        46 => ("another program uses the device alone, or the driver denies it",
            "End that program, or set its compute mode to default (nvidia-smi -c DEFAULT)"),
        100 => ("the driver finds no device",
            $"Check nvidia-smi, CUDA_VISIBLE_DEVICES and, in a container, that devices are passed in; or use {Cpu}"),
        101 => ("there is no device of this number", Remedy.ListDevices.ToString()),
        _ when IsRefusal(status) => ("the driver cannot compile the kernel for this device",
            $"Update NVIDIA's driver (CUDA 9.0 or newer), or use {OpenCl}"),
        221 => ("the driver's compiler, a library of its own, is not there",
            $"Install the driver whole (in a container, pass in libnvidia-ptxjitcompiler), or use {OpenCl}"),
        223 => ("compilation by the driver is switched off", $"Unset CUDA_DISABLE_PTX_JIT, or use {OpenCl}"),
        201 => ("the device's context is gone", StartAgain),
        214 or 220 => ("the device's memory or a link to it has an error that cannot be corrected",
            "Reboot, and have the device checked if it happens again (nvidia-smi -q -d ECC)"),
        700 or 716 or 717 or 718 => ("a kernel that was started earlier used an address that is not its own; the device's context is lost",
            $"This is a defect: please report the command, and use {Cpu}, which computes the same"),
        701 => ("the kernel needs more registers or lanes than a multiprocessor has",
            $"This is a defect: please report the device. Use {OpenCl} or cpu"),
        702 => ("a kernel ran longer than the system lets it on a device that also shows a desktop",
            "Take smaller batches, or use a device without a display"),
        710 or 714 or 715 or 719 => ("a kernel that was started earlier failed; the device's context is lost", StartAgain),
        802 or 803 or 804 => ("the driver's library does not fit the driver that runs, or the system is not ready",
            "Reboot after an update of the driver"),
        _ => (cuda.Explain(status) is { Length: > 0 } said ? $"the driver says: {said.TrimEnd('.')}"
            : "the driver says no more", StartAgain),
    };
}
