using System.Globalization;
using System.Numerics;

namespace KsLottery.Engine.Tickets;

/// <summary>The part of some units that is in a ticket, as an exact decimal.</summary>
public readonly record struct UnitShare
{
    /// <param name="value">The part that is in the ticket, 0 to 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The part is not between 0 and 1.</exception>
    public UnitShare(decimal value) => Value = value is >= 0 and <= 1 ? value
        : throw new ArgumentOutOfRangeException(nameof(value), value, "a share lies between 0 and 1, for instance 0.1.");

    /// <summary>The part that is in the ticket, 0 to 1.</summary>
    public decimal Value { get; }

    /// <summary>The units that the share comes to: ⌊share · n⌋, the share taken as the decimal that it is.</summary>
    /// <param name="units">n.</param>
    /// <returns>Never more than the share; none of fewer units than one in share, so that small tensors may be left without any.</returns>
    /// <remarks>In doubles 0.29 · 100 comes to 28.</remarks>
    public long CountOf(long units)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(units);
        Span<int> parts = stackalloc int[4];
        decimal.GetBits(Value, parts);
        BigInteger mantissa = new BigInteger((uint)parts[2]) << 64 | new BigInteger((uint)parts[1]) << 32 | (uint)parts[0];
        return (long)(mantissa * units / BigInteger.Pow(10, Value.Scale));
    }

    /// <summary>Reads a share: a percentage such as <c>10%</c>, or a decimal below 1 such as <c>0.1</c>.</summary>
    /// <param name="text">The share.</param>
    /// <exception cref="FormatException">It is neither, for instance a bare 10, or not above 0 and at most 100%.</exception>
    public static UnitShare Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        bool isPercent = text.EndsWith('%');
        if (!decimal.TryParse(isPercent ? text[..^1] : text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent,
            CultureInfo.InvariantCulture, out decimal number))
            throw new FormatException($"'{text}' is no share. Write a percentage or a decimal, for instance 10% or 0.1.");
        if (!isPercent && number is >= 1 and < 100)
            throw new FormatException(string.Create(CultureInfo.InvariantCulture,
                $"'{text}' may be percent or not. Write {number}% or {number / 100:0.############################}."));
        decimal share = isPercent ? number / 100 : number;
        return share is > 0 and <= 1 ? new(share)
            : throw new FormatException($"a share of '{text}' is not above 0% and at most 100%. Write, for instance, 10% or 0.1.");
    }

    /// <summary>The percentage, for instance <c>10%</c>.</summary>
    public override string ToString() => (Value * 100).ToString("0.############################", CultureInfo.InvariantCulture) + "%";
}
