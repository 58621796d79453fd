namespace KsLottery.Engine.Devices;

/// <summary>A device failed at work that it had begun: its memory ran out, it was lost, a kernel could not be built.</summary>
/// <remarks>The message names the device, the call that failed with its status, the cause and the next step. What was read or written so
/// far is untouched.</remarks>
public sealed class DeviceFailureException : Exception
{
    /// <summary>Describes one failure.</summary>
    /// <param name="device">The device's name.</param>
    /// <param name="call">The call that failed, as its documentation spells it.</param>
    /// <param name="status">What it returned, by name and number, for instance <c>CL_OUT_OF_RESOURCES (-5)</c>.</param>
    /// <param name="cause">What that means, without a final full stop.</param>
    /// <param name="nextStep">What the reader can do, without a final full stop.</param>
    public DeviceFailureException(string device, string call, string status, string cause, string nextStep)
        : base($"device '{device}': {call} returned {status}: {cause}. {nextStep}.") =>
        (Device, Call, Status) = (device, call, status);

    /// <summary>The device's name.</summary>
    public string Device { get; }

    /// <summary>The call that failed.</summary>
    public string Call { get; }

    /// <summary>What it returned.</summary>
    public string Status { get; }
}
