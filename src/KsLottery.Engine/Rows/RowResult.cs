using System.Runtime.InteropServices;

namespace KsLottery.Engine.Rows;

/// <summary>What the scan found of one row pair of width d.</summary>
/// <param name="Count">h = d·D in [0, d]; -1 where either row holds a NaN, or there is no tuned row.</param>
/// <param name="Sign">+1 where the base row's distribution function lies above at the location, -1 where below, 0 where h ≤ 0.</param>
/// <param name="State">What became of the row.</param>
/// <param name="Location">The smallest value at which the difference of the distribution functions is Sign·h/d; NaN where Sign is
/// 0.</param>
/// <param name="BaseNorm">The Euclidean norm of the base row.</param>
/// <param name="TunedNorm">The Euclidean norm of the tuned row; NaN, as all that follows, where there is none.</param>
/// <param name="L2Delta">The Euclidean norm of tuned minus base.</param>
/// <param name="Cosine">The cosine between both rows; NaN where either is zero.</param>
/// <remarks>Count, sign, location and state are equal on every device, bit for bit. The norms are sums of doubles in one fixed
/// order.</remarks>
[StructLayout(LayoutKind.Auto)]
public readonly record struct RowResult(
    int Count, sbyte Sign, RowState State, float Location, double BaseNorm, double TunedNorm, double L2Delta, double Cosine)
{
    private const int CountShift = 8, SignShift = 4, StateMask = 15;

    // h needs 17 bits and its sign, so that direction and state fit beside it: 40 bytes a row, none of them padding.
    private readonly int _packed = Pack(Count, Sign, State);

    /// <summary>h = d·D in [0, d]; -1 where either row holds a NaN, or there is no tuned row.</summary>
    public int Count { get => _packed >> CountShift; init => _packed = Pack(value, Sign, State); }

    /// <summary>+1 where the base row's distribution function lies above at the location, -1 where below, 0 where h ≤ 0.</summary>
    public sbyte Sign
    {
        get => (sbyte)(_packed << (32 - CountShift) >> (32 - CountShift + SignShift));
        init => _packed = Pack(Count, value, State);
    }

    /// <summary>What became of the row.</summary>
    public RowState State { get => (RowState)(_packed & StateMask); init => _packed = Pack(Count, Sign, value); }

    /// <summary>L2Delta / BaseNorm; 0 for an unchanged row, infinity for a changed one that was zero.</summary>
    public double RelativeDelta => L2Delta == 0 ? 0 : L2Delta / BaseNorm;

    /// <summary>Whether the row has a statistic: it holds no NaN.</summary>
    public bool HasCount => Count >= 0;

    /// <summary>Whether the row may win: it has a statistic, and all values before and after are finite.</summary>
    public bool IsEligible => HasCount && State != RowState.NonFinite;

    private static int Pack(int count, sbyte sign, RowState state) =>
        (count << CountShift) | ((sign & StateMask) << SignShift) | (int)state;
}
