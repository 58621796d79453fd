namespace KsLottery.Engine.Devices;

/// <summary>One way to reach devices: knows those that there are, why others are missing, and opens them.</summary>
internal interface IDeviceProvider
{
    /// <summary>What the names of its devices begin with, for instance <c>opencl</c>; the n-th device is <c>opencl:n</c>.</summary>
    string Prefix { get; }

    /// <summary>Lists its devices in the order of their numbers; where there are none, one entry named by the prefix that says why. Never throws.</summary>
    IReadOnlyList<DeviceInfo> Probe();

    /// <summary>Opens an available device that <see cref="Probe"/> listed.</summary>
    /// <exception cref="DeviceUnavailableException">It went away since.</exception>
    /// <exception cref="DeviceFailureException">It failed.</exception>
    KernelDevice Open(DeviceInfo device);
}
