using System.Reflection;
using KsLottery.Engine.Operations;

namespace KsLottery.Tests.Support;

/// <summary>What is wrong with one element of a result.</summary>
internal enum Damage
{
    /// <summary>It is NaN.</summary>
    NotANumber,

    /// <summary>It is +∞.</summary>
    Infinite,

    /// <summary>It is 1 too large.</summary>
    OneOff,
}

/// <summary>An operation that gets one element of a result wrong, whenever it runs.</summary>
/// <param name="Operation">The member of <see cref="IOperations"/>.</param>
/// <param name="Result">The parameter that it writes, or <see cref="Returned"/>.</param>
/// <param name="Damage">What is wrong.</param>
internal sealed record Mutant(string Operation, string Result, Damage Damage)
{
    /// <summary>What an operation returns.</summary>
    public const string Returned = "result";

    /// <summary>One for each parameter that an operation can write and each way to be wrong, whichever operations there are.</summary>
    public static IEnumerable<Mutant> All =>
        from method in typeof(IOperations).GetMethods()
        where !method.IsSpecialName
        from result in Results(method)
        from damage in Enum.GetValues<Damage>()
        select new Mutant(method.Name, result, damage);

    /// <summary>The wrong value in place of a right one.</summary>
    public float Of(float right) =>
        Damage switch { Damage.NotANumber => float.NaN, Damage.Infinite => float.PositiveInfinity, _ => right + 1 };

    /// <summary>The wrong value in place of a right one.</summary>
    public double Of(double right) => Damage == Damage.OneOff ? right + 1 : Of((float)right);

    public override string ToString() =>
        $"{Operation}.{Result} {Damage switch { Damage.NotANumber => "NaN", Damage.Infinite => "+Inf", _ => "+1" }}";

    private static IEnumerable<string> Results(MethodInfo method)
    {
        if (method.ReturnType != typeof(void) && method.ReturnType != typeof(bool)) yield return Returned;
        foreach (ParameterInfo parameter in method.GetParameters())
            if (parameter.ParameterType == typeof(DeviceSpan) || parameter.ParameterType == typeof(Span<float>))
                yield return parameter.Name!;
    }
}
