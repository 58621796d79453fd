namespace KsLottery.Kernels.Language;

/// <summary>Marks a static method as a kernel: one call of it is one lane of a group.</summary>
/// <param name="groupSize">The number of lanes of each group, a power of two up to 256, which every device has.</param>
[AttributeUsage(AttributeTargets.Method)]
public sealed class KernelAttribute(int groupSize) : Attribute
{
    /// <summary>The number of lanes of each group.</summary>
    public int GroupSize { get; } = groupSize;
}

/// <summary>Names type arguments that a generic kernel is translated for; the instance is called <c>Method_Argument_Argument</c>, primitive
/// types left out.</summary>
/// <param name="arguments">One type for each type parameter.</param>
[AttributeUsage(AttributeTargets.Method, AllowMultiple = true)]
public sealed class KernelInstanceAttribute(params Type[] arguments) : Attribute
{
    /// <summary>One type for each type parameter.</summary>
    public IReadOnlyList<Type> Arguments { get; } = arguments;
}
