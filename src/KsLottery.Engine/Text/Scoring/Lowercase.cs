using System.Globalization;
using System.Text;

namespace KsLottery.Engine.Text.Scoring;

/// <summary>Lower case as Unicode and Python write it, in no language in particular.</summary>
internal static class Lowercase
{
    /// <summary>The text in lower case; two letters change by rules: İ to i and a dot above, a Σ that ends a word to ς.</summary>
    public static string Of(string text)
    {
        string lower = text.ToLowerInvariant();
        if (!text.AsSpan().ContainsAny('İ', 'Σ')) return lower;
        StringBuilder result = new(lower.Length + 8);
        for (int i = 0; i < text.Length; i++)
        {
            if (text[i] == 'İ') result.Append("i\u0307");
            else if (text[i] == 'Σ') result.Append(EndsWord(text, i) ? 'ς' : 'σ');
            else result.Append(lower[i]);
        }
        return result.ToString();
    }

    private static bool EndsWord(string text, int sigma)
    {
        int before = sigma - 1, after = sigma + 1;
        while (before >= 0 && IsPassedOver(text[before])) before--;
        while (after < text.Length && IsPassedOver(text[after])) after++;
        return before >= 0 && HasCase(text[before]) && !(after < text.Length && HasCase(text[after]));
    }

    private static bool HasCase(char c) => char.GetUnicodeCategory(c) <= UnicodeCategory.TitlecaseLetter;

    private static bool IsPassedOver(char c) => c is '\'' or '.' or ':' or '·' or '\u2018' or '\u2019' or '\u2024' or '\u2027'
        || char.GetUnicodeCategory(c) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark or UnicodeCategory.Format
            or UnicodeCategory.ModifierLetter or UnicodeCategory.ModifierSymbol;
}
