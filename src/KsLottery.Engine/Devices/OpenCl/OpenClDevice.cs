using System.Diagnostics;
using KsLottery.Kernels;

namespace KsLottery.Engine.Devices;

/// <summary>A device with an OpenCL 1.2 driver; nothing optional is asked of it.</summary>
internal sealed class OpenClDevice : KernelDevice
{
    /// <summary>The environment variable whose text is added to the compiler's options.</summary>
    public const string OptionsVariable = "KSLOTTERY_OPENCL_OPTIONS";

    private readonly Dictionary<string, OpenClInterop.Program> _programs = new(StringComparer.Ordinal);
    private readonly OpenClInterop.Context _context;
    private readonly OpenClInterop.Queue _transfers;
    private readonly ProgramCache _cache;
    private readonly Lazy<ClblastGemm?> _gemm;
    private readonly string _options;
    private long _bytesInUse;

    /// <param name="library">The loader.</param>
    /// <param name="name">The name that <c>--device</c> takes.</param>
    /// <param name="facts">The device.</param>
    /// <param name="cache">Where compiled kernels are kept; null for the user's.</param>
    /// <exception cref="DeviceUnavailableException"><c>KSLOTTERY_GEMM</c> names CLBlast, and it is not there.</exception>
    /// <exception cref="DeviceFailureException">The device does not answer.</exception>
    public OpenClDevice(OpenClInterop library, string name, OpenClDeviceFacts facts, ProgramCache? cache = null)
    {
        (Name, Facts, _cache) = (name, facts, cache ?? new(CacheFolder.Path));
        Limits = new(facts.MemoryBytes, facts.MaximumAllocationBytes, facts.SharedBytes, facts.MaximumGroupSize, facts.ComputeUnits,
            facts.HasDouble,
            facts.HasUnifiedMemory);
        _options = OptionsFor(facts);
        _gemm = FindGemm();
        _context = OpenClInterop.Context.Create(library, name, facts);
        try
        {
            _transfers = _context.CreateQueue();
        }
        catch
        {
            _context.Dispose();
            throw;
        }
    }

    public override string Name { get; }

    public override DeviceLimits Limits { get; }

    public override IDeviceGemm? Gemm => _gemm.Value;

    /// <summary>What the driver tells about it.</summary>
    public OpenClDeviceFacts Facts { get; }

    /// <summary>Kernels that the driver compiled here, and kernels that were taken from the cache.</summary>
    public (int Compiled, int Cached) Builds { get; private set; }

    /// <summary>The compiler's options for a device: no kernel may be computed less exactly than it says.</summary>
    public static string OptionsFor(OpenClDeviceFacts facts)
    {
        string exact = facts.Single.HasFlag(OpenClArithmetic.ExactDivision) ? " -cl-fp32-correctly-rounded-divide-sqrt" : "";
        string added = Environment.GetEnvironmentVariable(OptionsVariable) is { Length: > 0 } text ? $" {text}" : "";
        return $"-cl-std=CL1.2{exact}{added}";
    }

    public override DeviceBuffer Allocate(long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        if (bytes > Limits.MaximumAllocationBytes)
            throw Shortage(bytes, $"a piece of its memory has at most {Limits.MaximumAllocationBytes} bytes");
        // A driver may give more than there is, and fail when it is used.
        if (Interlocked.Add(ref _bytesInUse, bytes) > Limits.MemoryBytes)
        {
            long others = Interlocked.Add(ref _bytesInUse, -bytes);
            throw Shortage(bytes, $"it has {Limits.MemoryBytes} bytes, of which {others} are in use here");
        }
        try
        {
            return new OpenClBuffer(this, bytes, _context.Allocate(bytes));
        }
        catch
        {
            Interlocked.Add(ref _bytesInUse, -bytes);
            throw;
        }
    }

    public override StagingBuffer AllocateStaging(int bytes)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(bytes);
        return new OpenClStaging(bytes, _context.AllocateHost(bytes, _transfers));
    }

    public override DeviceQueue CreateQueue() => new OpenClQueue(this, _context.CreateQueue());

    /// <remarks>A kernel that needs many registers may run in smaller groups only.</remarks>
    public override string? WhyNotCompiled(KernelDefinition kernel)
    {
        if (WhyNot(kernel) is { } reason) return reason;
        using OpenClInterop.Kernel made = ProgramOf(kernel).CreateKernel(kernel.Name);
        return WhyNotRun(kernel, made);
    }

    /// <summary>Takes a kernel for one queue; its program is compiled, or taken from the cache, when it is first asked for.</summary>
    /// <exception cref="DeviceFailureException">The driver cannot compile it, or the device cannot run it.</exception>
    public OpenClInterop.Kernel CreateKernel(KernelDefinition kernel)
    {
        if (WhyNot(kernel) is { } reason) throw Refusal(kernel, reason);
        OpenClInterop.Kernel made = ProgramOf(kernel).CreateKernel(kernel.Name);
        if (WhyNotRun(kernel, made) is not { } why) return made;
        made.Dispose();
        throw Refusal(kernel, why);
    }

    /// <summary>Notes that a piece of memory was given back.</summary>
    public void Returned(long bytes) => Interlocked.Add(ref _bytesInUse, -bytes);

    public override void Dispose()
    {
        if (_gemm.IsValueCreated) _gemm.Value?.Dispose();
        lock (_programs)
        {
            foreach (OpenClInterop.Program program in _programs.Values) program.Dispose();
            _programs.Clear();
        }
        _transfers.Dispose();
        _context.Dispose();
    }

    private static string? WhyNotRun(KernelDefinition kernel, OpenClInterop.Kernel compiled) =>
        compiled.MaximumGroupSize is var most && most >= kernel.GroupSize
        ? null : $"it needs groups of {kernel.GroupSize} lanes, the device can run it with at most {most}";

    private DeviceFailureException Refusal(KernelDefinition kernel, string reason) =>
        new(Name, nameof(CreateKernel), kernel.Name, reason, $"Use {Remedy.UseDevice.For(DeviceCatalog.Cpu)}");

    private OpenClInterop.Program ProgramOf(KernelDefinition kernel)
    {
        lock (_programs) return _programs.TryGetValue(kernel.Name, out OpenClInterop.Program? program) ? program
            : _programs[kernel.Name] = Build(kernel);
    }

    private OpenClInterop.Program Build(KernelDefinition kernel)
    {
        long started = Stopwatch.GetTimestamp();
        string source = KernelSource.For(kernel, KernelDialect.OpenCl);
        string key = ProgramCache.KeyOf(source, _options, Facts.Name, Facts.Version, Facts.DriverVersion, Facts.PlatformName,
            Facts.PlatformVersion);
        if (_cache.Find(key) is { } binary && _context.Load(binary, _options) is { } kept)
        {
            Builds = Builds with { Cached = Builds.Cached + 1 };
            DeviceTrace.Write($"{Name}: {kernel.Name} taken from the cache in {Stopwatch.GetElapsedTime(started).TotalMilliseconds:F1} ms");
            return kept;
        }
        OpenClInterop.Program program = _context.Compile(source, _options, kernel.Name);
        Builds = Builds with { Compiled = Builds.Compiled + 1 };
        string? why = _cache.Keep(key, program.GetBinary());
        string outcome = why is null ? "kept" : $"not kept: {why}";
        DeviceTrace.Write($"{Name}: {kernel.Name} compiled in {Stopwatch.GetElapsedTime(started).TotalMilliseconds:F1} ms, {outcome}");
        return program;
    }

    /// <summary>CLBlast is loaded when a product is asked for, and at once where it is named.</summary>
    private Lazy<ClblastGemm?> FindGemm()
    {
        string? choice = Environment.GetEnvironmentVariable(DeviceGemmChoice.Variable);
        bool isNamed = choice == DeviceGemmChoice.Clblast;
        if (!DeviceGemmChoice.Wants(choice, DeviceGemmChoice.Clblast) || (!isNamed && !Facts.Type.HasFlag(OpenClDeviceType.Gpu)))
            return new(value: null);
        if (isNamed && !ClblastInterop.Instance.IsAvailable)
            throw new DeviceUnavailableException(Name,
                $"{DeviceGemmChoice.Variable}={choice}, and there is no CLBlast: {string.Join("; ", ClblastInterop.Instance.Attempts)}",
                $"Install it (Debian, Ubuntu: libclblast1), name its library with {ClblastInterop.Variable}, or unset "
                    + $"{DeviceGemmChoice.Variable} for our own products");
        return new(() => ClblastInterop.Instance is { IsAvailable: true } library ? new(library, this) : null);
    }

    private DeviceFailureException Shortage(long bytes, string cause) =>
        new(Name, nameof(Allocate), $"{bytes} bytes", cause,
            $"Close other programs that use it, take smaller batches, or use {Remedy.UseDevice.For(DeviceCatalog.Cpu)}");
}

/// <summary>A buffer in an OpenCL device's memory.</summary>
internal sealed class OpenClBuffer(OpenClDevice device, long bytes, OpenClInterop.Memory memory) : DeviceBuffer(bytes)
{
    private bool _isReturned;

    public OpenClInterop.Memory Memory => memory;

    public override void Dispose()
    {
        memory.Dispose();
        if (!Interlocked.Exchange(ref _isReturned, true)) device.Returned(ByteLength);
    }
}

/// <summary>Host memory of an OpenCL driver.</summary>
internal sealed class OpenClStaging(int bytes, OpenClInterop.HostMemory memory) : StagingBuffer(bytes)
{
    public OpenClInterop.HostMemory Memory => memory;

    public override Span<byte> Bytes => memory.Bytes;

    public override void Dispose() => memory.Dispose();
}
