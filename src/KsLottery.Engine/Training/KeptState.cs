using System.Globalization;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Training;

/// <summary>A moment of a training whose state is kept: a number of steps, or a part of all.</summary>
public readonly record struct KeptState
{
    private readonly long _step;
    private readonly UnitShare? _share;

    private KeptState(long step, UnitShare? share) => (_step, _share) = (step, share);

    /// <summary>After so many steps; 0 is before the first.</summary>
    public static KeptState After(long steps)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(steps);
        return new(steps, null);
    }

    /// <summary>After ⌊share · T⌋ of T steps.</summary>
    public static KeptState After(UnitShare share) => new(0, share);

    /// <summary>Reads a number of steps or a percentage, for instance <c>100</c> or <c>0.1%</c>.</summary>
    /// <exception cref="FormatException">It is neither.</exception>
    public static KeptState Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        if (text.EndsWith('%')) return After(UnitShare.Parse(text));
        return PlainNumber.TryDigits(text, out long steps) ? After(steps)
            : throw new FormatException($"'{text}' is no number of steps. Write a whole number from 0, or a part of all as 1%.");
    }

    /// <summary>The step of T.</summary>
    internal long StepOf(long stepCount) => _share?.CountOf(stepCount) ?? _step;

    /// <inheritdoc/>
    public override string ToString() => _share?.ToString() ?? _step.ToString(CultureInfo.InvariantCulture);
}
