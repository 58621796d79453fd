using System.Collections;
using NUnit.Framework.Constraints;

namespace KsLottery.Tests.Support;

/// <summary>What another constraint asks for, of numbers: it fails where the value, one of its elements or a limit is NaN.</summary>
/// <param name="order">The constraint.</param>
/// <param name="limits">Its limits.</param>
internal sealed class NumbersConstraint(Constraint order, params object[] limits) : Constraint(limits)
{
    public override string Description => $"{order.Description}, no NaN";

    public override ConstraintResult ApplyTo<TActual>(TActual actual)
    {
        ConstraintResult result = order.ApplyTo(actual);
        bool isNumber = !IsNan(actual) && !Arguments.Any(IsNan) && (actual is not IEnumerable values || !values.Cast<object?>().Any(IsNan));
        return new(this, result.ActualValue, result.IsSuccess && isNumber);
    }

    private static bool IsNan(object? value) => value is double.NaN or float.NaN || (value is Half half && Half.IsNaN(half));
}
