namespace KsLottery.Engine.Devices;

/// <summary>A device that was asked for cannot be used.</summary>
/// <remarks>The message names the device, why it cannot be used, and the next step.</remarks>
public sealed class DeviceUnavailableException : Exception
{
    /// <summary>Describes one device that cannot be used.</summary>
    /// <param name="device">The name that was asked for.</param>
    /// <param name="reason">Why it cannot be used, without a final full stop.</param>
    /// <param name="nextStep">What the reader can do, without a final full stop.</param>
    public DeviceUnavailableException(string device, string reason, string nextStep)
        : base($"device '{device}': {reason}. {nextStep}.") =>
        (Device, Reason, NextStep) = (device, reason, nextStep);

    /// <summary>The name that was asked for.</summary>
    public string Device { get; }

    /// <summary>Why the device cannot be used.</summary>
    public string Reason { get; }

    /// <summary>What the reader can do.</summary>
    public string NextStep { get; }
}
