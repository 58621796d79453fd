using System.Text;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Engine.Reports;

/// <summary>Puts text of any origin into HTML and SVG, as content or as a quoted attribute.</summary>
internal static class Markup
{
    /// <summary>Shows what is invisible or moves other text, and escapes what is markup.</summary>
    public static string Encode(string text)
    {
        string visible = Visible(text);
        if (visible.AsSpan().IndexOfAny("&<>\"'") < 0) return visible;
        StringBuilder encoded = new(visible.Length + 16);
        foreach (char c in visible)
        {
            switch (c)
            {
                case '&': encoded.Append("&amp;"); break;
                case '<': encoded.Append("&lt;"); break;
                case '>': encoded.Append("&gt;"); break;
                case '"': encoded.Append("&quot;"); break;
                case '\'': encoded.Append("&#39;"); break;
                default: encoded.Append(c); break;
            }
        }
        return encoded.ToString();
    }

    /// <summary>Visible text of at most so many columns; a longer one ends with an ellipsis.</summary>
    public static string Cut(string text, int columns)
    {
        string visible = Visible(text);
        if (VisibleText.Width(visible) <= columns) return visible;
        StringBuilder cut = new();
        int width = 1;
        foreach (Rune rune in visible.EnumerateRunes())
        {
            width += VisibleText.Width(rune.ToString());
            if (width > columns) break;
            cut.Append(rune);
        }
        return cut.Append('…').ToString();
    }

    /// <summary>Text in which <see cref="VisibleText"/> has nothing more to escape; text that it wrote stays as it is.</summary>
    /// <remarks>
    /// Space, <c>\</c> and <c>␣</c> pass, since pieces of tickets hold them already escaped. What remains can stand in any XML document:
    /// controls, halves of characters and characters that are none are among what is escaped.
    /// </remarks>
    public static string Visible(string text)
    {
        if (text.All(c => c is >= ' ' and < '\x7F')) return text;
        StringBuilder visible = new(text.Length + 16);
        int start = 0;
        for (int i = 0; i <= text.Length; i++)
        {
            if (i < text.Length && text[i] is not (' ' or '\\' or '␣')) continue;
            visible.Append(VisibleText.Escape(text[start..i]));
            if (i < text.Length) visible.Append(text[i]);
            start = i + 1;
        }
        return visible.ToString();
    }
}
