using ILGPU.Runtime;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;

namespace KsLottery.Engine.Ilgpu;

/// <summary>The exact two-sample Kolmogorov-Smirnov test of row pairs in the memory of a program that uses ILGPU, on its accelerator and in
/// its stream.</summary>
/// <remarks>
/// <para>Nothing is copied through the host, taken of the accelerator's memory, or waited for: a run puts one or two kernels into the
/// stream, in order with what the program put there. The first run for a type and width compiles them, unless <see cref="Build"/>
/// did.</para>
/// <para>The outcomes are those of <see cref="RowScan"/> on the processor, bit for bit: h, sign and location. ±0 are equal, infinities are
/// ordinary values, a NaN in either row leaves the pair without a count.</para>
/// <para>Calls come from one thread at a time; the work of several streams may overlap where each has outcomes and scratch memory of its
/// own.</para>
/// </remarks>
public sealed class KsRowTest : IDisposable
{
    /// <summary>Lanes of a group of every kernel of the test.</summary>
    public const int GroupSize = 256;

    /// <summary>The kernels count places in outcomes, two numbers a row, by 32 bits.</summary>
    private const int MaximumRows = int.MaxValue / KsDeviceKernels.OutcomeNumbers;

    private readonly IlgpuDevice _device;
    private readonly Dictionary<(ElementType Type, int Width), KsDeviceKernels> _kernels = [];
    private bool _isDisposed;

    /// <summary>Prepares the test on an accelerator.</summary>
    /// <param name="accelerator">The program's own; outlives the test, which does not dispose it.</param>
    /// <exception cref="DeviceUnavailableException">The accelerator or its context cannot run the test: <see cref="WhyNot"/>.</exception>
    public KsRowTest(Accelerator accelerator)
    {
        ArgumentNullException.ThrowIfNull(accelerator);
        if (WhyNot(accelerator) is { } reason) throw new DeviceUnavailableException(accelerator.Name, reason, Fitting);
        Accelerator = accelerator;
        _device = new(accelerator.Name, accelerator, isOwned: false);
    }

    /// <summary>The accelerator.</summary>
    public Accelerator Accelerator { get; }

    private static string Fitting => "Make the context with MathMode.Default and OptimizationLevel.O1, its defaults, and take a device "
        + $"with groups of {GroupSize} lanes, on the processor builder.CPU(CPUDeviceKind.AMD)";

    /// <summary>Why the test cannot run on an accelerator, without a final full stop; null where it can.</summary>
    /// <remarks>
    /// It needs groups of <see cref="GroupSize"/> lanes, which ILGPU's default device on the processor has not; arithmetic as it is
    /// written, and no optimisation that ILGPU calls experimental.
    /// </remarks>
    /// <param name="accelerator">The accelerator.</param>
    public static string? WhyNot(Accelerator accelerator)
    {
        ArgumentNullException.ThrowIfNull(accelerator);
        ContextProperties context = accelerator.Context.Properties;
        return accelerator.MaxNumThreadsPerGroup < GroupSize
            ? $"the row test needs groups of {GroupSize} lanes, the accelerator has at most {accelerator.MaxNumThreadsPerGroup}"
            : context.MathMode != MathMode.Default
            ? $"the row test needs a context with MathMode.Default, this one has MathMode.{context.MathMode}"
            : context.OptimizationLevel > OptimizationLevel.O1
            ? $"the row test needs a context with at most OptimizationLevel.O1, this one has OptimizationLevel.{context.OptimizationLevel}"
            : null;
    }

    /// <summary>Compiles what rows of a type and width take, which the first run does otherwise.</summary>
    /// <param name="type">F32, F16 or BF16.</param>
    /// <param name="width">d, in [1, 65,536].</param>
    /// <exception cref="ArgumentOutOfRangeException">The width is out of range.</exception>
    /// <exception cref="NotSupportedException">The type is another.</exception>
    /// <exception cref="DeviceFailureException">ILGPU cannot compile them.</exception>
    public void Build(ElementType type, int width)
    {
        using IlgpuQueue queue = new(_device, Accelerator.DefaultStream, isOwned: false);
        KernelsOf(type, width).Build(queue);
    }

    /// <summary>The elements of scratch memory that a run needs; 0 up to a width of 4,096 on common devices.</summary>
    /// <param name="type">F32, F16 or BF16.</param>
    /// <param name="width">d, in [1, 65,536].</param>
    /// <param name="rows">Rows of a run.</param>
    /// <exception cref="ArgumentOutOfRangeException">The width or the number of rows is out of range.</exception>
    /// <exception cref="NotSupportedException">The type is another.</exception>
    public long ScratchLength(ElementType type, int width, int rows)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        return KernelsOf(type, width).ScratchBytes(rows) / sizeof(uint);
    }

    /// <summary>Tests rows of F32 values.</summary>
    /// <param name="stream">A stream of the accelerator; the outcomes are there when it has come to this point.</param>
    /// <param name="before">(rows, width), rows one after another; a view of any part of a buffer.</param>
    /// <param name="after">(rows, width).</param>
    /// <param name="width">d, in [1, 65,536].</param>
    /// <param name="outcomes">Takes one a row: its length is the number of rows.</param>
    /// <param name="scratch">At least <see cref="ScratchLength"/> elements, of undefined content before and after.</param>
    /// <exception cref="ArgumentException">A view has not the length that rows and width ask for, or is another accelerator's.</exception>
    /// <exception cref="DeviceFailureException">The accelerator failed.</exception>
    public void Run(AcceleratorStream stream, ArrayView<float> before, ArrayView<float> after, int width, ArrayView<KsOutcome> outcomes,
        ArrayView<uint> scratch = default) =>
        Run(stream, ElementType.F32, (IContiguousArrayView)before, after, width, outcomes, scratch);

    /// <summary>Tests rows of values of 16 bits, given by their bits.</summary>
    /// <param name="stream">A stream of the accelerator; the outcomes are there when it has come to this point.</param>
    /// <param name="type">F16 (a view of <see cref="global::ILGPU.Half"/> is cast to ushort) or BF16.</param>
    /// <param name="before">(rows, width), rows one after another; a view of any part of a buffer.</param>
    /// <param name="after">(rows, width).</param>
    /// <param name="width">d, in [1, 65,536].</param>
    /// <param name="outcomes">Takes one a row: its length is the number of rows.</param>
    /// <param name="scratch">At least <see cref="ScratchLength"/> elements, of undefined content before and after.</param>
    /// <exception cref="ArgumentException">A view has not the length that rows and width ask for, or is another accelerator's; the type is
    /// another.</exception>
    /// <exception cref="DeviceFailureException">The accelerator failed.</exception>
    public void Run(AcceleratorStream stream, ElementType type, ArrayView<ushort> before, ArrayView<ushort> after, int width,
        ArrayView<KsOutcome> outcomes, ArrayView<uint> scratch = default)
    {
        if (type is not (ElementType.F16 or ElementType.BF16))
            throw new ArgumentException($"{nameof(type)} is {type.ToName()}; views of ushort hold F16 or BF16, give views of float for F32",
                nameof(type));
        Run(stream, type, (IContiguousArrayView)before, after, width, outcomes, scratch);
    }

    /// <summary>Releases the kernels; the streams that run them have been waited for.</summary>
    public void Dispose()
    {
        if (_isDisposed) return;
        _isDisposed = true;
        _device.Dispose();
    }

    private void Run(AcceleratorStream stream, ElementType type, IContiguousArrayView before, IContiguousArrayView after, int width,
        ArrayView<KsOutcome> outcomes, ArrayView<uint> scratch)
    {
        ArgumentNullException.ThrowIfNull(stream);
        if (stream.Accelerator != Accelerator)
            throw new ArgumentException($"{nameof(stream)} is of another accelerator; give one of the test's {Accelerator}",
                nameof(stream));
        KsDeviceKernels kernels = KernelsOf(type, width);
        if (outcomes.Length > MaximumRows)
            throw new ArgumentException($"{nameof(outcomes)} has {outcomes.Length} elements, one a row; a run takes up to {MaximumRows} "
                + "rows: test a part of them at a time", nameof(outcomes));
        int rows = (int)outcomes.Length;
        long needed = kernels.ScratchBytes(rows);
        if (scratch.LengthInBytes < needed)
            throw new ArgumentException($"{nameof(scratch)} has {scratch.Length} elements; {rows} rows of {width} need "
                + $"{needed / sizeof(uint)}, as {nameof(ScratchLength)} says", nameof(scratch));
        using IlgpuBuffer? a = Rows(before, nameof(before), rows, width), b = Rows(after, nameof(after), rows, width),
            results = Taken(outcomes, nameof(outcomes)), keys = Taken(scratch, nameof(scratch));
        if (rows == 0) return;
        using IlgpuQueue queue = new(_device, stream, isOwned: false);
        kernels.Launch(queue, results!, a!, b!, keys, rows);
    }

    private KsDeviceKernels KernelsOf(ElementType type, int width)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (!_kernels.TryGetValue((type, width), out KsDeviceKernels? kernels))
            _kernels[(type, width)] = kernels = new(_device, type, width);
        return kernels;
    }

    private IlgpuBuffer? Rows(IContiguousArrayView view, string name, int rows, int width) => view.Length == (long)rows * width
        ? Taken(view, name)
        : throw new ArgumentException($"{name} has {view.Length} elements; {rows} rows, one for each outcome, of {width} have "
            + $"{(long)rows * width}: give a view of just these", name);

    /// <summary>What kernels are given for a view; null for one of nothing.</summary>
    private IlgpuBuffer? Taken(IContiguousArrayView view, string name) => view.Length == 0 ? null : view.Buffer.Accelerator == Accelerator
        ? new(view)
        : throw new ArgumentException($"{name} lies in another accelerator's memory; allocate it on the test's {Accelerator}", name);
}
