using KsLottery.Engine.Devices;

namespace KsLottery.Engine.Operations;

/// <summary>A device that was opened for work: rows are tested on it, and models run on its operations.</summary>
/// <remarks>Give it to <see cref="KsLottery.Engine.Rows.RowScanOptions"/>, or its <see cref="Operations"/> to a model. Not for use by
/// several threads at once.</remarks>
public sealed class ComputeDevice : IDisposable
{
    private readonly int _threads;
    private IOperations? _operations;

    private ComputeDevice(DeviceChoice choice, KernelDevice? kernels, int threads) =>
        (Choice, Kernels, _threads) = (choice, kernels, threads);

    /// <summary>The device.</summary>
    public DeviceInfo Info => Choice.Device;

    /// <summary>The name that <c>--device</c> takes, for instance <c>opencl:0</c>.</summary>
    public string Name => Info.Name;

    /// <summary>How it was chosen.</summary>
    public DeviceChoice Choice { get; }

    /// <summary>The operations that a model runs on, made when they are first asked for; they go with the device.</summary>
    /// <exception cref="DeviceUnavailableException">Models do not run on this device.</exception>
    public IOperations Operations => _operations ??= MakeOperations();

    /// <summary>The threads of the processor that compute; 1 where another device does.</summary>
    public int ThreadCount => Kernels is not null ? 1 : _threads == 0 ? Environment.ProcessorCount : _threads;

    /// <summary>What runs kernels; null for the processor itself.</summary>
    internal KernelDevice? Kernels { get; }

    /// <summary>Opens a device.</summary>
    /// <param name="name">A device's name, or <c>auto</c> for the one that was measured fastest at this work, and the processor where none
    /// was.</param>
    /// <param name="work">What it is wanted for.</param>
    /// <param name="threads">Threads of the processor; 0 for one each. Results do not depend on it.</param>
    /// <exception cref="DeviceUnavailableException">There is no such device, or it cannot be used; says why.</exception>
    /// <exception cref="DeviceFailureException">It failed while it was opened.</exception>
    public static ComputeDevice Open(string name = DeviceCatalog.Auto, DeviceWork work = DeviceWork.Rows, int threads = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        DeviceChoice choice = DeviceCatalog.Choose(name, work);
        return new(choice, choice.Device.Kind == DeviceKind.Cpu ? null : DeviceCatalog.Open(choice.Device.Name), threads);
    }

    /// <summary>Gives the device back, its operations included.</summary>
    public void Dispose()
    {
        try
        {
            _operations?.Dispose();
        }
        finally
        {
            Kernels?.Dispose();
        }
    }

    private IOperations MakeOperations() => Kernels is null ? new CpuOperations(_threads) : ModelsOn(Kernels);

    private static KernelOperations ModelsOn(KernelDevice kernels) => KernelOperations.WhyNot(kernels) is { } reason
        ? throw new DeviceUnavailableException(kernels.Name, $"models do not run on it: {reason}",
            $"Use {Remedy.UseDevice.For(DeviceCatalog.Cpu)}")
        : new(kernels);
}
