using System.CommandLine;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Operations;

namespace KsLottery.Cli;

/// <summary>Where a command computes: <c>--device</c> and <c>--threads</c>, the same for every command that does.</summary>
/// <param name="Name">The device's name.</param>
/// <param name="Threads">Threads of the processor; 0 for one each.</param>
internal sealed record DeviceOption(string Name, int Threads)
{
    private static readonly Option<int> ThreadsOption = Options.Threads.Default(0,
        "Threads of the processor; 0 takes one for each. Results do not depend on it.");

    /// <summary>The fastest device that is known of, with all threads.</summary>
    public static DeviceOption Default { get; } = new(DeviceCatalog.Auto, 0);

    /// <summary>Gives a command both options.</summary>
    public static void AddTo(Command command) => command.Add(Options.Device, ThreadsOption);

    /// <summary>Whether either was typed.</summary>
    public static bool IsGiven(System.CommandLine.Parsing.CommandResult result) =>
        result.GetResult(Options.Device) is { Implicit: false } || result.GetResult(ThreadsOption) is { Implicit: false };

    /// <summary>Whether the number of threads was named.</summary>
    public static bool NamesThreads(ParseResult arguments) => arguments.GetResult(ThreadsOption) is { Implicit: false };

    /// <summary>Whether an option is one of both.</summary>
    public static bool Has(Option option) => option == Options.Device || option == ThreadsOption;

    /// <summary>Reads the arguments.</summary>
    public static DeviceOption From(ParseResult arguments) =>
        new(arguments.GetRequiredValue(Options.Device), arguments.GetValue(ThreadsOption));

    /// <summary>What computes, for a list of facts: <c>2 threads</c>, or <c>opencl:0</c>.</summary>
    public static string Describe(ComputeDevice device) => device.Info.Kind == DeviceKind.Cpu
        ? Sizes.Count(device.ThreadCount, "thread") : device.Name;

    /// <summary>Finds the device without opening it.</summary>
    /// <exception cref="DeviceUnavailableException">It is not to be had.</exception>
    public DeviceInfo Resolve(DeviceWork work) => DeviceCatalog.Choose(Name, work).Device;

    /// <summary>Opens the device.</summary>
    /// <exception cref="DeviceUnavailableException">It is not to be had.</exception>
    public ComputeDevice Open(DeviceWork work) => ComputeDevice.Open(Name, work, Threads);
}
