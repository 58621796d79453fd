extern alias catalog;

using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;
using ILGPU.Runtime.OpenCL;
using KsLottery.Engine.Devices;
using KernelDefinition = catalog::KsLottery.Kernels.KernelDefinition;

namespace KsLottery.Engine.Ilgpu;

/// <summary>An accelerator of ILGPU, which compiles the kernels from their IL when they are first asked for.</summary>
/// <param name="name">The device's name.</param>
/// <param name="accelerator">The accelerator.</param>
/// <param name="isOwned">Whether it goes with the device.</param>
internal sealed class IlgpuDevice(string name, Accelerator accelerator, bool isOwned = true) : KernelDevice
{
    private readonly Dictionary<string, Kernel> _kernels = new(StringComparer.Ordinal);

    /// <summary>What views of nothing lie in.</summary>
    private readonly IlgpuBuffer _empty = new(accelerator, 0);

    private IlgpuGemm? _gemm;
    private bool _isGemmSought;

    public override string Name => name;

    /// <summary>cuBLAS on CUDA devices, looked for when products are first wanted.</summary>
    /// <exception cref="DeviceUnavailableException"><c>KSLOTTERY_GEMM</c> names cuBLAS, and it is not there.</exception>
    public override IDeviceGemm? Gemm
    {
        get
        {
            if (!_isGemmSought && accelerator is CudaAccelerator cuda) _gemm = IlgpuGemm.Of(this, cuda);
            _isGemmSought = true;
            return _gemm;
        }
    }

    public override DeviceLimits Limits { get; } = LimitsOf(accelerator);

    public override DeviceBuffer Allocate(long bytes) =>
        IlgpuCall.Run(name, $"Allocate1D of {bytes} bytes", () => new IlgpuBuffer(accelerator, bytes));

    public override StagingBuffer AllocateStaging(int bytes) =>
        IlgpuCall.Run(name, $"AllocatePageLocked1D of {bytes} bytes", () => new IlgpuStaging(accelerator, bytes));

    public override DeviceQueue CreateQueue() =>
        IlgpuCall.Run(name, "CreateStream", () => new IlgpuQueue(this, accelerator.CreateStream()));

    /// <summary>A kernel, compiled at its first use.</summary>
    /// <exception cref="DeviceFailureException">ILGPU refuses it; says why.</exception>
    public Kernel Load(KernelDefinition kernel)
    {
        if (!_kernels.TryGetValue(kernel.Name, out Kernel? loaded))
            _kernels[kernel.Name] = loaded = IlgpuCall.Run(name, $"LoadKernel of {kernel.Name}",
                () => accelerator.LoadKernel(IlgpuKernels.MethodOf(kernel), new KernelSpecialization(kernel.GroupSize, null)));
        return loaded;
    }

    /// <summary>A view of a buffer; null stands for nothing.</summary>
    public ArrayView<T> View<T>(DeviceBuffer? buffer, long start, long length) where T : unmanaged =>
        buffer is null ? _empty.View<T>(0, 0) : ((IlgpuBuffer)buffer).View<T>(start, length);

    /// <summary>Gives back what a queue's products took.</summary>
    public void Forget(IlgpuQueue queue) => _gemm?.Forget(queue);

    public override void Dispose()
    {
        _gemm?.Dispose();
        foreach (Kernel kernel in _kernels.Values) kernel.Dispose();
        _empty.Dispose();
        if (isOwned) accelerator.Dispose();
    }

    /// <summary>
    /// The processor says of itself that it has no bounds; it gets those of common devices. Of an OpenCL device's memory ILGPU does not
    /// tell the largest piece, which is a quarter at least.
    /// </summary>
    private static DeviceLimits LimitsOf(Accelerator accelerator)
    {
        const int CommonSharedBytes = 48 << 10;
        bool isCpu = accelerator.AcceleratorType == AcceleratorType.CPU;
        long memory = isCpu ? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes : accelerator.MemorySize;
        CLDevice? openCl = accelerator.Device as CLDevice;
        return new(memory, openCl is null ? memory : memory / 4, isCpu ? CommonSharedBytes : accelerator.MaxSharedMemoryPerGroup,
            accelerator.MaxNumThreadsPerGroup, accelerator.NumMultiprocessors, openCl is null || openCl.Capabilities.Float64, isCpu);
    }
}
