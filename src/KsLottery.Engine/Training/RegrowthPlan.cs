using System.Globalization;

namespace KsLottery.Engine.Training;

/// <summary>How the values that learn move through their matrices: SpIEL (Ansell et al., arXiv 2401.16405) with accumulated
/// gradients.</summary>
/// <remarks>
/// For some steps from the start on, and again after each <see cref="Every"/> steps, the gradients of as many other places as values learn
/// are added up, those with the largest in the first of these steps. Then the values nearest to the base go back to it, and as many places
/// with the largest sums take their turn: all of them the first time, later the share <see cref="Rate"/> · ½(1 + cos(πt/T)) after t of T
/// steps, rounded up (RigL, Evci et al., ICML 2020; SpIEL's own share falls linearly). New values begin at the base with moments of 0.
/// </remarks>
public sealed record RegrowthPlan
{
    /// <summary>Steps from one exchange to the next.</summary>
    public int Every { get; init; } = 100;

    /// <summary>Steps over which gradients are added up before an exchange.</summary>
    public int Accumulated { get; init; } = 5;

    /// <summary>The share that is exchanged, before it falls.</summary>
    public double Rate { get; init; } = 0.2;

    /// <summary>The numbers in a line.</summary>
    public override string ToString() =>
        string.Create(CultureInfo.InvariantCulture, $"every:{Every}|accumulated:{Accumulated}|rate:{Rate}");

    /// <summary>Whether a step's gradients are added up.</summary>
    internal bool Listens(long step) => step % Every < Accumulated;

    /// <summary>Whether a step is the last of those.</summary>
    internal bool Ends(long step) => step % Every == Accumulated - 1;

    /// <summary>How many of n values are exchanged behind a step of all; 0 where none is due.</summary>
    internal int CountAfter(long step, long stepCount, int values)
    {
        if (!Ends(step) || step + 1 >= stepCount) return 0;
        return step == Accumulated - 1 ? values : CountOf(ShareAt(step + 1, stepCount), values);
    }

    /// <summary>The share after t of T steps.</summary>
    internal double ShareAt(long steps, long stepCount) => Rate * 0.5 * (1 + Math.Cos(Math.PI * steps / stepCount));

    /// <summary>⌈share · n⌉, the share taken as the decimal of 15 digits next to it.</summary>
    internal static int CountOf(double share, int values) => (int)Math.Ceiling((decimal)share * values);

    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Every);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Accumulated);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Accumulated, Every);
        if (Rate is not (>= 0 and <= 1))
            throw new ArgumentOutOfRangeException(nameof(Rate), Rate, "The share that is exchanged goes from 0 to 1.");
    }
}
