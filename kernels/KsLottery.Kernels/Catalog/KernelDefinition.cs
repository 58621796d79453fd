namespace KsLottery.Kernels;

/// <summary>The type of a kernel's parameter, or of a view's elements.</summary>
public enum KernelType
{
    /// <summary><see cref="byte"/>, in views only.</summary>
    U8,

    /// <summary><see cref="ushort"/>, in views only.</summary>
    U16,

    /// <summary><see cref="int"/>.</summary>
    I32,

    /// <summary><see cref="uint"/>.</summary>
    U32,

    /// <summary><see cref="long"/>.</summary>
    I64,

    /// <summary><see cref="ulong"/>.</summary>
    U64,

    /// <summary><see cref="float"/>.</summary>
    F32,

    /// <summary><see cref="double"/>.</summary>
    F64,
}

/// <summary>One parameter of a kernel.</summary>
/// <param name="Name">Its name in C#.</param>
/// <param name="Type">Its type, or that of the view's elements.</param>
/// <param name="IsView">Whether it is a view: three parameters in the translated text, base, start and length, the last two of 64
/// bits.</param>
public readonly record struct KernelParameter(string Name, KernelType Type, bool IsView);

/// <summary>What a simulated kernel reads its arguments from.</summary>
public interface IKernelArguments
{
    /// <summary>A view.</summary>
    Language.ArrayView<T> View<T>(int index) where T : unmanaged;

    /// <summary>A number of the parameter's type.</summary>
    T Scalar<T>(int index) where T : unmanaged;
}

/// <summary>One kernel, as the build translated it.</summary>
public sealed record KernelDefinition
{
    /// <summary>The method's name; that of an instance of a generic method goes on with its type arguments, primitive ones left out, as in
    /// <c>Widen_BF16</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The method with its type's full name, as in <c>KsLottery.Kernels.MemoryKernels.Widen</c>.</summary>
    public required string Method { get; init; }

    /// <summary>The full names of the types that the method is closed over; empty where it is not generic.</summary>
    public required IReadOnlyList<string> TypeArguments { get; init; }

    /// <summary>Lanes of a group.</summary>
    public required int GroupSize { get; init; }

    /// <summary>Shared memory of a group, in bytes.</summary>
    public required int SharedBytes { get; init; }

    /// <summary>Whether it computes in double precision, which not every device can.</summary>
    public required bool UsesDouble { get; init; }

    /// <summary>The parameters in order.</summary>
    public required IReadOnlyList<KernelParameter> Parameters { get; init; }

    /// <summary>The C text without the prelude: helper functions and the kernel, whose name is <see cref="Name"/>.</summary>
    public required string Source { get; init; }

    /// <summary>Runs one lane as plain C#, within <see cref="Language.SimulatedGrid.Run"/>.</summary>
    public required Action<IKernelArguments> Run { get; init; }
}
