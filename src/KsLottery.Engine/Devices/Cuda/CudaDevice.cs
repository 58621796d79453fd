using KsLottery.Kernels;

namespace KsLottery.Engine.Devices;

/// <summary>An NVIDIA device through the driver API. Every call enters the device's primary context on the calling thread and leaves it
/// again.</summary>
internal sealed class CudaDevice : KernelDevice
{
    private readonly Dictionary<string, CudaInterop.Module> _modules = new(StringComparer.Ordinal);
    private readonly Func<KernelDefinition, string> _text;
    private readonly CudaInterop.Context _context;
    private readonly CublasGemm? _gemm;
    private readonly Lazy<CublasGemm?> _usable;

    /// <param name="cuda">The driver.</param>
    /// <param name="name">The name that <c>--device</c> takes.</param>
    /// <param name="ordinal">The driver's number of the device.</param>
    /// <param name="text">Finds a kernel's PTX text; null for the embedded ones.</param>
    /// <param name="cublas">The library of matrix products; null for the system's.</param>
    /// <exception cref="DeviceUnavailableException"><c>KSLOTTERY_GEMM</c> names cuBLAS, and it is not there.</exception>
    /// <exception cref="DeviceFailureException">The device does not answer.</exception>
    public CudaDevice(CudaInterop cuda, string name, int ordinal, Func<KernelDefinition, string>? text = null, CublasInterop? cublas = null)
    {
        (Name, _text) = (name, text ?? PtxSources.Find);
        (CudaDeviceFacts? facts, string? call, int status) = cuda.Examine(ordinal);
        Facts = facts ?? throw CudaFailures.Explain(cuda, name, call!, status);
        Limits = new(facts.MemoryBytes, facts.MemoryBytes, facts.SharedBytes, facts.MaximumGroupSize, facts.Multiprocessors,
            HasDouble: true, facts.IsIntegrated);
        _context = CudaInterop.Context.Retain(cuda, name, ordinal);
        try
        {
            (_gemm, bool isNamed) = FindGemm(cublas);
            _usable = new(() => isNamed || _gemm?.IsUsable() == true ? _gemm : null);
        }
        catch
        {
            _context.Dispose();
            throw;
        }
    }

    public override string Name { get; }

    public override DeviceLimits Limits { get; }

    /// <summary>What the driver tells about it.</summary>
    public CudaDeviceFacts Facts { get; }

    /// <summary>What its handles live in.</summary>
    internal CudaInterop.Context Context => _context;

    /// <summary>cuBLAS where it is there and, unless it was asked for by name, works with this driver and device.</summary>
    public override IDeviceGemm? Gemm => _usable.Value;

    public override DeviceBuffer Allocate(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        return new CudaBuffer(bytes, _context.Allocate(bytes));
    }

    public override StagingBuffer AllocateStaging(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        return new CudaStaging(bytes, _context.AllocateHost(bytes));
    }

    public override DeviceQueue CreateQueue() => new CudaQueue(this, _context.CreateStream());

    /// <summary>Gives back what products took for a queue that ends.</summary>
    internal void Forget(CudaQueue queue) => _gemm?.Forget(queue);

    /// <summary>A kernel, compiled by the driver when it is first asked for; the driver keeps what it compiled in a cache of its
    /// own.</summary>
    /// <exception cref="DeviceFailureException">The driver cannot compile it, or the device cannot run it.</exception>
    public CudaInterop.Module Compile(KernelDefinition kernel)
    {
        lock (_modules)
        {
            if (_modules.TryGetValue(kernel.Name, out CudaInterop.Module? module)) return module;
            if (WhyNot(kernel) is { } reason)
                throw new DeviceFailureException(Name, nameof(Compile), kernel.Name, reason,
                    $"Use {Remedy.UseDevice.For(DeviceCatalog.Cpu)}");
            return _modules[kernel.Name] = _context.Load(_text(kernel), kernel.Name);
        }
    }

    public override void Dispose()
    {
        _gemm?.Dispose();
        lock (_modules)
        {
            foreach (CudaInterop.Module module in _modules.Values) module.Dispose();
            _modules.Clear();
        }
        _context.Dispose();
    }

    private (CublasGemm? Gemm, bool IsNamed) FindGemm(CublasInterop? library)
    {
        string? choice = Environment.GetEnvironmentVariable(DeviceGemmChoice.Variable);
        bool isRounded = choice == DeviceGemmChoice.CublasBFloat16;
        if (!isRounded && !DeviceGemmChoice.Wants(choice, DeviceGemmChoice.Cublas)) return (null, false);
        library ??= CublasInterop.Instance;
        bool isNamed = choice is DeviceGemmChoice.Cublas or DeviceGemmChoice.CublasBFloat16;
        if (library.IsAvailable) return (new(library, this, isRounded), isNamed);
        return isNamed
            ? throw new DeviceUnavailableException(Name,
                $"{DeviceGemmChoice.Variable}={choice}, and there is no cuBLAS: {string.Join("; ", library.Attempts)}",
                $"Install it, name its library with {CublasInterop.Variable}, or unset {DeviceGemmChoice.Variable} for our own products")
            : (null, false);
    }
}

/// <summary>A buffer in an NVIDIA device's memory.</summary>
internal sealed class CudaBuffer(long bytes, CudaInterop.DeviceMemory memory) : DeviceBuffer(bytes)
{
    public CudaInterop.DeviceMemory Memory => memory;

    public override void Dispose() => memory.Dispose();
}

/// <summary>Pinned host memory.</summary>
internal sealed class CudaStaging(int bytes, CudaInterop.HostMemory memory) : StagingBuffer(bytes)
{
    public CudaInterop.HostMemory Memory => memory;

    public override Span<byte> Bytes => memory.Bytes;

    public override void Dispose() => memory.Dispose();
}
