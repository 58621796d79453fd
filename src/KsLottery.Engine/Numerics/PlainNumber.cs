using System.Buffers;
using System.Globalization;
using System.Numerics;

namespace KsLottery.Engine.Numerics;

/// <summary>Numbers in text: digits with a point, never a group separator, and nothing that is not finite.</summary>
/// <remarks>
/// A comma is refused wherever it stands: to some it begins the decimals and to others it parts thousands, so that <c>0,001</c> would be
/// read as 1. NaN and the infinities are words of a format, where it has them, and are read there.
/// </remarks>
internal static class PlainNumber
{
    /// <summary>What to say beside a range where someone wrote a comma.</summary>
    public const string PointRule = "Decimals begin with a point, as in 0.001, and thousands stand together";

    private static readonly CultureInfo Invariant = CultureInfo.InvariantCulture;

    /// <summary>Reads a finite number: sign, digits, point and exponent, with white space around it.</summary>
    public static bool TryReal(ReadOnlySpan<char> text, out double value) =>
        double.TryParse(text, NumberStyles.Float, Invariant, out value) && double.IsFinite(value);

    /// <summary>Reads a whole number: sign and digits, with white space around them.</summary>
    public static bool TryWhole<T>(ReadOnlySpan<char> text, out T value) where T : struct, IBinaryInteger<T> =>
        T.TryParse(text, NumberStyles.Integer, Invariant, out value);

    /// <summary>Reads a whole number of digits and nothing else.</summary>
    public static bool TryDigits<T>(ReadOnlySpan<char> text, out T value) where T : struct, IBinaryInteger<T> =>
        T.TryParse(text, NumberStyles.None, Invariant, out value);

    /// <summary>Writes a finite number with so many digits behind the point, without a sign where they are all 0.</summary>
    public static string Fixed(double value, int digits)
    {
        string text = value.ToString("F" + digits.ToString(Invariant), Invariant);
        return text[0] == '-' && !text.AsSpan().ContainsAnyInRange('1', '9') ? text[1..] : text;
    }

    private static readonly SearchValues<char> Characters = SearchValues.Create("0123456789.,eE+-");

    /// <summary>Whether text was meant as a number, well written or not.</summary>
    public static bool IsMeant(ReadOnlySpan<char> text)
    {
        text = text.Trim().TrimStart("+-");
        return text.Length > 0 && (char.IsAsciiDigit(text[0]) || text is ['.', >= '0' and <= '9', ..])
            && !text.ContainsAnyExcept(Characters);
    }
}
