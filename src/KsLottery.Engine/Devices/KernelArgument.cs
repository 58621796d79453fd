using System.Runtime.CompilerServices;
using KsLottery.Kernels;

namespace KsLottery.Engine.Devices;

/// <summary>What a kernel is called with: a view of a buffer, or a number.</summary>
/// <remarks>The translated C source has three parameters for a view: the buffer's base pointer, <see cref="Start"/> and
/// <see cref="Length"/> as 64-bit
/// whole numbers; one of its own type for a number. The views of one launch may overlap.</remarks>
public readonly record struct KernelArgument
{
    private KernelArgument(KernelType type, ulong bits) => (Type, Bits) = (type, bits);

    /// <summary>The number's type; that of a view's elements is the parameter's.</summary>
    public KernelType Type { get; }

    /// <summary>The number's bits, in the lower bytes.</summary>
    public ulong Bits { get; }

    /// <summary>The view's buffer; null for a number, and for a view of nothing.</summary>
    public DeviceBuffer? Buffer { get; private init; }

    /// <summary>Whether it is a view.</summary>
    public bool IsView { get; private init; }

    /// <summary>The view's first element, counted in elements of the parameter's type from the start of the buffer.</summary>
    public long Start { get; private init; }

    /// <summary>The view's number of elements.</summary>
    public long Length { get; private init; }

    /// <summary>A view of a buffer.</summary>
    /// <param name="buffer">The buffer; null for a view of no elements.</param>
    /// <param name="start">The first element, in the parameter's element type.</param>
    /// <param name="length">The number of elements.</param>
    public static KernelArgument View(DeviceBuffer? buffer, long start, long length) =>
        new() { Buffer = buffer, IsView = true, Start = start, Length = length };

    /// <summary>A number of a parameter of type <see cref="int"/>.</summary>
    /// <param name="value">The number.</param>
    public static implicit operator KernelArgument(int value) => new(KernelType.I32, unchecked((uint)value));

    /// <summary>A number of a parameter of type <see cref="uint"/>.</summary>
    /// <param name="value">The number.</param>
    public static implicit operator KernelArgument(uint value) => new(KernelType.U32, value);

    /// <summary>A number of a parameter of type <see cref="long"/>.</summary>
    /// <param name="value">The number.</param>
    public static implicit operator KernelArgument(long value) => new(KernelType.I64, unchecked((ulong)value));

    /// <summary>A number of a parameter of type <see cref="float"/>.</summary>
    /// <param name="value">The number.</param>
    public static implicit operator KernelArgument(float value) => new(KernelType.F32, BitConverter.SingleToUInt32Bits(value));

    /// <summary>A number of a parameter of type <see cref="double"/>.</summary>
    /// <param name="value">The number.</param>
    public static implicit operator KernelArgument(double value) => new(KernelType.F64, BitConverter.DoubleToUInt64Bits(value));

    /// <summary>Demands that arguments are what a kernel's parameters ask for; a fault of the caller's code otherwise.</summary>
    /// <param name="kernel">The kernel.</param>
    /// <param name="arguments">One for each parameter.</param>
    /// <exception cref="ArgumentException">They are not as many, one is of another type, or a view leaves its buffer.</exception>
    public static void Check(KernelDefinition kernel, ReadOnlySpan<KernelArgument> arguments)
    {
        ArgumentNullException.ThrowIfNull(kernel);
        if (arguments.Length != kernel.Parameters.Count)
            throw new ArgumentException($"kernel {kernel.Name} takes {kernel.Parameters.Count} arguments, not {arguments.Length}.",
                nameof(arguments));
        for (int i = 0; i < arguments.Length; i++)
        {
            KernelParameter parameter = kernel.Parameters[i];
            if (parameter.IsView != arguments[i].IsView || (!parameter.IsView && parameter.Type != arguments[i].Type))
                throw new ArgumentException(
                    $"kernel {kernel.Name}: parameter {parameter.Name} is {(parameter.IsView ? "a view" : "a number")} of "
                        + $"{parameter.Type}, "
                    + $"the argument is {(arguments[i].IsView ? "a view" : $"a number of {arguments[i].Type}")}.", nameof(arguments));
            if (arguments[i].Buffer is { } buffer
                && (arguments[i].Start + arguments[i].Length) * ByteSize(parameter.Type) > buffer.ByteLength)
                throw new ArgumentException(
                    $"kernel {kernel.Name}: the view {parameter.Name} of {arguments[i].Length} elements from {arguments[i].Start} on "
                        + $"leaves "
                    + $"its buffer of {buffer.ByteLength} bytes.", nameof(arguments));
        }
    }

    /// <summary>The bytes of a number of a type.</summary>
    /// <param name="type">The type.</param>
    public static int ByteSize(KernelType type) => type switch
    {
        KernelType.U8 => sizeof(byte),
        KernelType.U16 => sizeof(ushort),
        KernelType.I32 or KernelType.U32 or KernelType.F32 => sizeof(int),
        _ => sizeof(long),
    };

    /// <summary>The number, in the type of its parameter.</summary>
    /// <typeparam name="T">The parameter's type, of 4 or 8 bytes.</typeparam>
    public T As<T>() where T : unmanaged
    {
        ulong bits = Bits;
        return Unsafe.As<ulong, T>(ref bits);
    }
}
