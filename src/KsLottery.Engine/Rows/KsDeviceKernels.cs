using System.Numerics;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Kernels;
using KsLottery.Engine.Numerics;
using KsLottery.Kernels;

namespace KsLottery.Engine.Rows;

/// <summary>The exact two-sample Kolmogorov-Smirnov test of rows that lie on a device, of one width and type: which kernels run, and how
/// they are launched.</summary>
/// <remarks>
/// Holds no memory of the device, and waits for nothing. An outcome is two numbers of 32 bits: sign·h with h = d·D, and the bits of the
/// location, the smallest value at which the difference of the distribution functions is sign·h/d. Where the first is 0, or
/// <see cref="KsOutcomes.NoCount"/> as either row holds a NaN, the second is 0. They are those of a scan on the processor, bit for bit.
/// </remarks>
public sealed class KsDeviceKernels
{
    /// <summary>Counting in buckets, with sorting for the rows that it leaves.</summary>
    public const string Count = "count";

    /// <summary>Sorting in the memory of a group.</summary>
    public const string Sort = "sort";

    /// <summary>Sorting in the device's memory.</summary>
    public const string SortWide = "sort-wide";

    /// <summary>Numbers of an outcome.</summary>
    public const int OutcomeNumbers = 2;

    /// <summary>Their bytes.</summary>
    public const int OutcomeBytes = OutcomeNumbers * sizeof(int);

    /// <summary>Below this width sorting takes fewer steps than counting does.</summary>
    private const int MinCounted = 128;

    /// <summary>A counter has 16 bits.</summary>
    private const int MaxCounted = ushort.MaxValue;

    private const int GroupSize = 256;

    /// <summary>What sorting in the device's memory may take of it.</summary>
    private const long MaxScratchBytes = 1 << 26;

    private readonly KernelDefinition? _count, _sort;
    private readonly KernelDefinition _sortWide;
    private readonly int _width, _padded, _computeUnits;

    /// <summary>Chooses the kernels.</summary>
    /// <param name="device">The device.</param>
    /// <param name="type">F32, F16 or BF16.</param>
    /// <param name="width">d, in [1, 65,536].</param>
    /// <param name="name">One of the three names; null takes the fastest.</param>
    /// <exception cref="ArgumentOutOfRangeException">The width is out of range.</exception>
    /// <exception cref="ArgumentException">There is no such kernel, or it cannot take rows of this width on this device.</exception>
    /// <exception cref="NotSupportedException">The type is another.</exception>
    public KsDeviceKernels(KernelDevice device, ElementType type, int width, string? name = null)
    {
        ThrowIfUnknown(device, type, width);
        (_width, _computeUnits) = (width, device.Limits.ComputeUnits);
        _padded = (int)BitOperations.RoundUpToPowerOf2((uint)width);
        (_count, _sort, _sortWide) = Find(device, type, width);
        Name = name ?? (_count is not null && width >= MinCounted ? Count : _sort is not null ? Sort : SortWide);
        IReadOnlyList<string> names = NamesOf(_count, _sort);
        if (!names.Contains(Name))
            throw new ArgumentException(
                $"{nameof(name)}: no row kernel '{Name}' can take rows of {width} on {device.Name}; it can run {string.Join(", ", names)}");
        if (Name != Count) _count = null;
        if (Name == SortWide) _sort = null;
        if (_sort is null) _padded = Math.Max(GroupSize, _padded);
    }

    /// <summary>The kernel's name.</summary>
    public string Name { get; }

    /// <summary>The kernels that a device can run on rows of a width, fastest first for wide rows.</summary>
    /// <param name="device">The device.</param>
    /// <param name="type">F32, F16 or BF16.</param>
    /// <param name="width">d, in [1, 65,536].</param>
    /// <exception cref="ArgumentOutOfRangeException">The width is out of range.</exception>
    /// <exception cref="NotSupportedException">The type is another.</exception>
    public static IReadOnlyList<string> Names(KernelDevice device, ElementType type, int width)
    {
        ThrowIfUnknown(device, type, width);
        (KernelDefinition? count, KernelDefinition? sort, _) = Find(device, type, width);
        return NamesOf(count, sort);
    }

    /// <summary>The bytes of memory that <see cref="Launch"/> needs beside rows and outcomes.</summary>
    /// <param name="rows">The most rows of a launch.</param>
    public long ScratchBytes(int rows) => _sort is not null ? 0 : SortingGroups(rows) * 2L * _padded * sizeof(uint);

    /// <summary>Makes the kernels ready to start, which the first launch does otherwise.</summary>
    /// <param name="queue">A queue of the device.</param>
    /// <exception cref="DeviceFailureException">One cannot be built.</exception>
    public void Build(DeviceQueue queue)
    {
        ArgumentNullException.ThrowIfNull(queue);
        if (_count is not null) queue.Build(_count);
        queue.Build(_sort ?? _sortWide);
    }

    /// <summary>Tests rows.</summary>
    /// <param name="queue">Where the work is put.</param>
    /// <param name="outcomes">Takes <see cref="OutcomeBytes"/> a row.</param>
    /// <param name="before">(rows, width).</param>
    /// <param name="after">(rows, width).</param>
    /// <param name="scratch"><see cref="ScratchBytes"/>; null where that is 0.</param>
    /// <param name="rows">How many rows.</param>
    /// <exception cref="ArgumentException">A buffer is too small.</exception>
    /// <exception cref="DeviceFailureException">The device failed.</exception>
    public void Launch(DeviceQueue queue, DeviceBuffer outcomes, DeviceBuffer before, DeviceBuffer after, DeviceBuffer? scratch, int rows)
    {
        ArgumentNullException.ThrowIfNull(queue);
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        KernelArgument results = KernelArgument.View(outcomes, 0, (long)rows * OutcomeNumbers);
        KernelArgument a = KernelArgument.View(before, 0, (long)rows * _width), b = KernelArgument.View(after, 0, (long)rows * _width);
        if (_count is not null) queue.Launch(_count, rows, results, a, b, _width);
        int onlyUnresolved = _count is not null ? 1 : 0;
        if (_sort is not null)
        {
            queue.Launch(_sort, rows, results, a, b, _width, _padded, onlyUnresolved);
            return;
        }
        int groups = SortingGroups(rows);
        queue.Launch(_sortWide, groups, results, a, b, KernelArgument.View(scratch, 0, groups * 2L * _padded), rows, _width, _padded,
            onlyUnresolved);
    }

    /// <summary>What the two numbers of an outcome say.</summary>
    internal static KsRowOutcome Read(int count, int location) => count switch
    {
        0 => KsRowOutcome.Equal,
        KsOutcomes.NoCount => KsRowOutcome.NotANumber,
        KsOutcomes.Unresolved => throw new InvalidOperationException("a kernel left a row unresolved that was its to sort."),
        _ => new(Math.Abs(count), Math.Sign(count), BitConverter.Int32BitsToSingle(location)),
    };

    private static void ThrowIfUnknown(KernelDevice device, ElementType type, int width)
    {
        ArgumentNullException.ThrowIfNull(device);
        KsRowKernels.ThrowIfOutside(width);
        if (!ElementTypes.Native.Contains(type)) throw type.NotNative();
    }

    private int SortingGroups(int rows) =>
        (int)Math.Clamp(Math.Min(4L * _computeUnits, MaxScratchBytes / (2L * _padded * sizeof(uint))), 1, Math.Max(rows, 1));

    private static IReadOnlyList<string> NamesOf(KernelDefinition? count, KernelDefinition? sort) =>
        [.. new[] { count is null ? null : Count, sort is null ? null : Sort, SortWide }.OfType<string>()];

    private static (KernelDefinition? Count, KernelDefinition? Sort, KernelDefinition SortWide) Find(KernelDevice device, ElementType type,
        int width)
    {
        string element = type.ToName(), map = type == ElementType.BF16 ? "KeyBuckets" : "ValueBuckets";
        return (
            width > MaxCounted ? null
                : width <= 1024 ? Fitting(device, $"KsCount_{element}_{map}_Buckets2048")
                : Fitting(device, type == ElementType.BF16 ? null
                    : $"KsCount_{element}_{map}_Buckets8192", $"KsCount_{element}_{map}_Buckets4096"),
            Fitting(device, width <= 1024 ? $"KsSort_{element}_Rows1024" : null, width <= 4096 ? $"KsSort_{element}_Rows4096" : null),
            KernelCatalog.Get($"KsSortWide_{element}"));
    }

    /// <summary>The first kernel that the device can run, as it is compiled there.</summary>
    private static KernelDefinition? Fitting(KernelDevice device, params ReadOnlySpan<string?> names)
    {
        foreach (string? name in names)
            if (name is not null && KernelCatalog.Get(name) is { } kernel && device.WhyNotCompiled(kernel) is null) return kernel;
        return null;
    }
}
