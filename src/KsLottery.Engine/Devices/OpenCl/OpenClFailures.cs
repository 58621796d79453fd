namespace KsLottery.Engine.Devices;

/// <summary>Says what a status of OpenCL means for the reader.</summary>
internal static class OpenClFailures
{
    private const int LogLines = 20, LogColumns = 300, ObjectAllocation = -4, Resources = -5, HostMemory = -6, NvidiaAccess = -9999;

    private const string StartAgain =
        "Nothing that was written is lost. Start the command again, and look into the system's log (dmesg) if it fails again";

    private static readonly string Cpu = Remedy.UseDevice.For(DeviceCatalog.Cpu),
        Report = $"This is a defect: please report the command and the device, and use {Cpu}, which computes the same";

    private static readonly Dictionary<int, string> Names = new()
    {
        [-1] = "CL_DEVICE_NOT_FOUND",
        [-2] = "CL_DEVICE_NOT_AVAILABLE",
        [-3] = "CL_COMPILER_NOT_AVAILABLE",
        [-4] = "CL_MEM_OBJECT_ALLOCATION_FAILURE",
        [-5] = "CL_OUT_OF_RESOURCES",
        [-6] = "CL_OUT_OF_HOST_MEMORY",
        [-7] = "CL_PROFILING_INFO_NOT_AVAILABLE",
        [-8] = "CL_MEM_COPY_OVERLAP",
        [-11] = "CL_BUILD_PROGRAM_FAILURE",
        [-12] = "CL_MAP_FAILURE",
        [-13] = "CL_MISALIGNED_SUB_BUFFER_OFFSET",
        [-14] = "CL_EXEC_STATUS_ERROR_FOR_EVENTS_IN_WAIT_LIST",
        [-15] = "CL_COMPILE_PROGRAM_FAILURE",
        [-16] = "CL_LINKER_NOT_AVAILABLE",
        [-17] = "CL_LINK_PROGRAM_FAILURE",
        [-19] = "CL_KERNEL_ARG_INFO_NOT_AVAILABLE",
        [-30] = "CL_INVALID_VALUE",
        [-31] = "CL_INVALID_DEVICE_TYPE",
        [-32] = "CL_INVALID_PLATFORM",
        [-33] = "CL_INVALID_DEVICE",
        [-34] = "CL_INVALID_CONTEXT",
        [-35] = "CL_INVALID_QUEUE_PROPERTIES",
        [-36] = "CL_INVALID_COMMAND_QUEUE",
        [-37] = "CL_INVALID_HOST_PTR",
        [-38] = "CL_INVALID_MEM_OBJECT",
        [-42] = "CL_INVALID_BINARY",
        [-43] = "CL_INVALID_BUILD_OPTIONS",
        [-44] = "CL_INVALID_PROGRAM",
        [-45] = "CL_INVALID_PROGRAM_EXECUTABLE",
        [-46] = "CL_INVALID_KERNEL_NAME",
        [-47] = "CL_INVALID_KERNEL_DEFINITION",
        [-48] = "CL_INVALID_KERNEL",
        [-49] = "CL_INVALID_ARG_INDEX",
        [-50] = "CL_INVALID_ARG_VALUE",
        [-51] = "CL_INVALID_ARG_SIZE",
        [-52] = "CL_INVALID_KERNEL_ARGS",
        [-53] = "CL_INVALID_WORK_DIMENSION",
        [-54] = "CL_INVALID_WORK_GROUP_SIZE",
        [-55] = "CL_INVALID_WORK_ITEM_SIZE",
        [-56] = "CL_INVALID_GLOBAL_OFFSET",
        [-57] = "CL_INVALID_EVENT_WAIT_LIST",
        [-58] = "CL_INVALID_EVENT",
        [-59] = "CL_INVALID_OPERATION",
        [-61] = "CL_INVALID_BUFFER_SIZE",
        [-63] = "CL_INVALID_GLOBAL_WORK_SIZE",
        [-64] = "CL_INVALID_PROPERTY",
        [-66] = "CL_INVALID_COMPILER_OPTIONS",
        [-67] = "CL_INVALID_LINKER_OPTIONS",
        [-1001] = "CL_PLATFORM_NOT_FOUND_KHR",
    };

    /// <summary>A status by name and number, as in <c>CL_OUT_OF_RESOURCES (-5)</c>.</summary>
    public static string Describe(int status) => $"{Names.GetValueOrDefault(status, "an unknown status")} ({status})";

    /// <summary>Whether a status says that there is not enough memory.</summary>
    public static bool IsShortage(int status) => status is ObjectAllocation or Resources or HostMemory;

    /// <summary>Makes the exception of a call that failed.</summary>
    /// <param name="device">The device's name.</param>
    /// <param name="call">The call, or the one that gave the work that failed.</param>
    /// <param name="status">What it returned.</param>
    /// <param name="cause">What is known beyond the status, without a final full stop.</param>
    public static DeviceFailureException Explain(string device, string call, int status, string? cause = null)
    {
        (string meaning, string nextStep) = Explain(status);
        return new(device, call, Describe(status), cause ?? meaning, nextStep);
    }

    /// <summary>What the driver's compiler said about a kernel that it refused, cut where it is long.</summary>
    public static string Refusal(string kernel, string log)
    {
        string[] lines = [.. log.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(l => l.Length > LogColumns ? $"{l[..LogColumns]} ..." : l.TrimEnd())];
        string shown = string.Join('\n', lines.Take(LogLines));
        string rest = lines.Length > LogLines ? $"\n... and {lines.Length - LogLines} more lines" : "";
        return $"the driver's compiler refused the kernel {kernel}{(lines.Length > 0 ? $", and said:\n{shown}{rest}\n" : ", and said "
            + "nothing")}";
    }

    /// <summary>What a status means, and what to do about it; neither ends with a full stop.</summary>
    private static (string Cause, string NextStep) Explain(int status) => status switch
    {
        -2 => ("the device is in use by another program, or is lost", StartAgain),
        -3 or -16 => ("the driver has no compiler", $"Install the driver's compiler, or use {Cpu}"),
        ObjectAllocation => ("the device's memory is used up", $"Close other programs that use it, take smaller batches, or use {Cpu}"),
        Resources => ("the device has no memory or no registers left, or was lost at work that was given earlier",
            $"Close other programs that use it, take smaller batches, or use {Cpu}; look into the system's log (dmesg) if it fails again"),
        HostMemory => ("the driver got no memory from the system", "Close other programs, or take smaller batches"),
        -11 => ("the driver's compiler refused the kernel",
            $"Update the driver; please report the device and what its compiler said, and use {Cpu}, which computes the same"),
        -43 or -66
            or -67 => ("the driver's compiler does not know an option", $"Unset {OpenClDevice.OptionsVariable}, or update the driver"),
        -14 => ("work that was given earlier failed", StartAgain),
        -34 or -36 => ("the device was lost at work that was given earlier", StartAgain),
        -54 or -55 => ("the kernel needs larger groups than the device can run it with", $"Use {Cpu}"),
        -61 => ("the device gives no piece of memory that large", $"Take smaller batches, or use {Cpu}"),
        -1001 => ("the loader finds no driver", "Install the device's OpenCL driver"),
        NvidiaAccess => ("a kernel used an address that is not its own", Report),
        _ when Names.ContainsKey(status) => ("the driver refused what it was asked for", Report),
        _ => ("the driver says no more", StartAgain),
    };
}
