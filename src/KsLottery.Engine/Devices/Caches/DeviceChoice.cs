namespace KsLottery.Engine.Devices;

/// <summary>What a device is wanted for; each is measured apart.</summary>
public enum DeviceWork
{
    /// <summary>Testing rows.</summary>
    Rows,

    /// <summary>Running and training models.</summary>
    Model,
}

/// <summary>A device, and why it was taken.</summary>
/// <param name="Device">The device, which is available.</param>
/// <param name="Reason">Why, in one line without a final full stop: it was asked for, it was measured fastest, nothing was
/// measured.</param>
public readonly record struct DeviceChoice(DeviceInfo Device, string Reason);
