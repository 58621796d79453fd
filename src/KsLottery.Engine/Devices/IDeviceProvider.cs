namespace KsLottery.Engine.Devices;

/// <summary>One way to reach devices: knows those that there are, why others are missing, and opens them.</summary>
/// <remarks>The extension point for devices: <see cref="DeviceCatalog.Register"/> makes one known, <c>docs/devices.md</c> goes through
/// writing one. One object
/// serves the whole process, from any thread.</remarks>
public interface IDeviceProvider
{
    /// <summary>What the names of its devices begin with, for instance <c>opencl</c>, without a colon; what follows in them is the
    /// provider's own, as a rule a colon and the device's number from 0 on.</summary>
    string Prefix { get; }

    /// <summary>Lists its devices in an order that stays; where there are none, one entry named by the prefix that says why. Never
    /// throws.</summary>
    /// <remarks>Called at each look-up of a name that begins with the prefix, and for every list of devices. A device that cannot be used
    /// has
    /// <see cref="DeviceInfo.Reason"/> and <see cref="DeviceInfo.NextStep"/>.</remarks>
    IReadOnlyList<DeviceInfo> Probe();

    /// <summary>Opens an available device that <see cref="Probe"/> listed; the caller disposes it. Several may be open at once, the same
    /// one too.</summary>
    /// <param name="device">The device.</param>
    /// <exception cref="DeviceUnavailableException">It went away since.</exception>
    /// <exception cref="DeviceFailureException">It failed.</exception>
    KernelDevice Open(DeviceInfo device);
}
