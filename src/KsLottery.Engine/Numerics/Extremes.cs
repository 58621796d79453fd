using System.Numerics;

namespace KsLottery.Engine.Numerics;

/// <summary>Largest values of which NaN is one: LINQ's Max and MaxBy leave NaN out, so that a bound on them holds of numbers that are
/// none.</summary>
internal static class Extremes
{
    /// <summary>The largest value; NaN where any is.</summary>
    /// <exception cref="InvalidOperationException">There are no values.</exception>
    public static T Largest<T>(this IEnumerable<T> values) where T : IFloatingPointIeee754<T> => values.Aggregate(T.Max);

    /// <summary>The largest of what a selector gives; NaN where any is.</summary>
    /// <exception cref="InvalidOperationException">There are no items.</exception>
    public static double Largest<TItem>(this IEnumerable<TItem> items, Func<TItem, double> value) => items.Select(value).Largest();

    /// <summary>The first item whose value is NaN, else the first whose value is largest.</summary>
    /// <exception cref="InvalidOperationException">There are no items.</exception>
    public static TItem LargestBy<TItem>(this IEnumerable<TItem> items, Func<TItem, double> value) =>
        items.Aggregate((worst, item) => double.IsNaN(value(worst)) || value(item) <= value(worst) ? worst : item);
}
