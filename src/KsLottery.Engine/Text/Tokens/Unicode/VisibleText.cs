using System.Buffers;
using System.Globalization;
using System.Text;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>Shows hostile text as one line that is safe in a terminal and in a tab-separated file.</summary>
/// <remarks>
/// <para>
/// A vocabulary is made from the internet: its tokens hold control characters, halves of characters and invisible or reordering
/// ones. Here every byte string has a form of its own (two never look the same, and the bytes can be read back):
/// </para>
/// <list type="table">
/// <item><term>space</term><description><c>␣</c> (U+2423)</description></item>
/// <item><term>line feed, tab, backslash</term><description><c>\n</c>, <c>\t</c>, <c>\\</c></description></item>
/// <item><term>other ASCII controls, bytes that are not UTF-8</term><description><c>\x1b</c>, <c>\xe2</c></description></item>
/// <item><term>
/// what shows nothing, moves other text or has no agreed look (other controls, format and bidirectional marks, other spaces and
/// separators, fillers, variation selectors, private and unassigned characters), a lone surrogate, <c>␣</c> itself
/// </term><description><c>\u{202E}</c></description></item>
/// <item><term>a combining mark with nothing of its own to stand on, or the fifth and later on one character</term>
/// <description><c>\u{301}</c></description></item>
/// </list>
/// <para>All else is shown as it is; right-to-left letters are, so a line's order can still follow them. Nothing is cut short.</para>
/// </remarks>
internal static partial class VisibleText
{
    /// <summary>As many marks as any script puts on one letter; more would spill over the lines around.</summary>
    private const int MaxMarks = 4;

    /// <summary>Characters of a visible category that show nothing, or choose how others look.</summary>
    private static readonly SearchValues<char> Blanks = SearchValues.Create(
        "\u034F\u115F\u1160\u17B4\u17B5\u180B\u180C\u180D\u180F\u2800\u3164\uFFA0" +
        "\uFE00\uFE01\uFE02\uFE03\uFE04\uFE05\uFE06\uFE07\uFE08\uFE09\uFE0A\uFE0B\uFE0C\uFE0D\uFE0E\uFE0F");

    /// <summary>Escapes bytes that should be UTF-8.</summary>
    /// <param name="utf8">Any bytes.</param>
    /// <returns>The visible form; no two inputs have the same.</returns>
    public static string Escape(ReadOnlySpan<byte> utf8)
    {
        Writer writer = new(utf8.Length);
        while (!utf8.IsEmpty)
        {
            bool isValid = Rune.DecodeFromUtf8(utf8, out Rune rune, out int length) == OperationStatus.Done;
            if (isValid) writer.Add(rune);
            else
                foreach (byte stray in utf8[..length])
                    writer.AddHex(stray);
            utf8 = utf8[length..];
        }
        return writer.ToString();
    }

    /// <summary>Escapes text; equal to escaping its UTF-8 unless it holds lone surrogates, which have no UTF-8.</summary>
    /// <param name="text">Any string.</param>
    /// <returns>The visible form; no two inputs have the same.</returns>
    public static string Escape(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        Writer writer = new(text.Length);
        for (ReadOnlySpan<char> rest = text; !rest.IsEmpty;)
        {
            bool isValid = Rune.DecodeFromUtf16(rest, out Rune rune, out int length) == OperationStatus.Done;
            if (isValid) writer.Add(rune);
            else writer.AddCode(rest[0]);
            rest = rest[length..];
        }
        return writer.ToString();
    }

    /// <summary>Collects visible text and knows what a combining mark would come to stand on.</summary>
    private struct Writer(int length)
    {
        private readonly StringBuilder _text = new(length + 8);
        private int _roomForMarks;

        public void Add(Rune rune)
        {
            switch (rune.Value)
            {
                case ' ': AddEscape("␣"); break;
                case '\n': AddEscape(@"\n"); break;
                case '\t': AddEscape(@"\t"); break;
                case '\\': AddEscape(@"\\"); break;
                case < 0x20 or 0x7F: AddHex((byte)rune.Value); break;
                default:
                    if (CanShow(rune)) _text.Append(rune.ToString());
                    else AddCode(rune.Value);
                    break;
            }
        }

        public void AddHex(byte value) => AddEscape(string.Create(CultureInfo.InvariantCulture, $@"\x{value:x2}"));

        public void AddCode(int value) => AddEscape(string.Create(CultureInfo.InvariantCulture, $@"\u{{{value:X}}}"));

        public override readonly string ToString() => _text.ToString();

        private bool CanShow(Rune rune)
        {
            switch (Rune.GetUnicodeCategory(rune))
            {
                case UnicodeCategory.Control:
                case UnicodeCategory.Format:
                case UnicodeCategory.LineSeparator:
                case UnicodeCategory.ParagraphSeparator:
                case UnicodeCategory.SpaceSeparator:
                case UnicodeCategory.Surrogate:
                case UnicodeCategory.PrivateUse:
                case UnicodeCategory.OtherNotAssigned:
                    return false;
            }
            if (rune.Value == '␣' || IsBlank(rune)) return false;
            if (Joins(rune)) return --_roomForMarks >= 0;
            _roomForMarks = MaxMarks;
            return true;
        }

        private void AddEscape(string escape)
        {
            _text.Append(escape);
            _roomForMarks = 0;
        }
    }

    private static bool IsBlank(Rune rune) =>
        rune.IsBmp ? Blanks.Contains((char)rune.Value) : rune.Value is (>= 0xE0100 and <= 0xE01EF) or 0x1D159;

    /// <summary>Whether a character is drawn onto the one before it: a mark, or a Hangul vowel or final of a composed syllable.</summary>
    private static bool Joins(Rune rune) => IsJoiningHangul(rune) || Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;

    private static bool IsJoiningHangul(Rune rune) => rune.Value is (>= 0x1160 and <= 0x11FF) or (>= 0xD7B0 and <= 0xD7FF);
}
