using System.Globalization;
using System.Text;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>Reads what stands for characters in a pattern: brackets, class escapes, and characters however they are written.</summary>
internal sealed class OnigurumaClassReader(string pattern)
{
    /// <summary>Reads a bracket expression, with nested ones, intersections and POSIX names.</summary>
    /// <exception cref="ArgumentException">It is broken, or has a construct that is not supported.</exception>
    public CodePointSet ReadBracket(ref int at, bool ignoreCase)
    {
        int start = at++;
        bool isNegated = Take(ref at, "^");
        CodePointSet? both = null;
        CodePointSet set = CodePointSet.Empty;
        if (Peek(at) == ']') throw Refuse("an empty class, or one that begins with ]", start);
        Item last = Item.None;
        while (!Take(ref at, "]"))
        {
            if (at == pattern.Length) throw Refuse("a class without its ]", start);
            if (Take(ref at, "&&"))
            {
                if (set.IsEmpty) throw Refuse("&& with nothing before it", at);
                both = both?.And(set) ?? set;
                (set, last) = (CodePointSet.Empty, Item.None);
                continue;
            }
            bool isHyphen = pattern[at] == '-';
            if (isHyphen && last != Item.None && (last == Item.Range || Peek(at + 1) == '-') && Peek(at + 1) != ']')
                throw Refuse("a - between sets", at);
            (CodePointSet item, last) = ReadItem(ref at);
            set = set.Or(item);
        }
        if (both is not null) set = set.IsEmpty ? throw Refuse("&& with nothing after it", at) : both.And(set);
        if (ignoreCase) set = CaseFolding.Close(set, isNegated);
        return isNegated ? set.Complement : set;
    }

    /// <summary>Reads a class escape such as <c>\p{L}</c> or <c>\s</c>.</summary>
    /// <returns>False where another escape stands there.</returns>
    public bool TryReadClassEscape(ref int at, bool isInBracket, out CodePointSet set)
    {
        set = CodePointSet.Empty;
        char kind = Peek(at + 1);
        if (kind is 'p' or 'P')
        {
            set = ReadProperty(ref at);
            return true;
        }
        CodePointSet? found = char.ToLowerInvariant(kind) switch
        {
            'd' => CodePointSet.Of(UnicodeCategory.DecimalDigitNumber),
            's' => UnicodeTables.Space,
            'w' => isInBracket ? UnicodeProperties.Word : UnicodeProperties.LooseWord,
            'h' => UnicodeProperties.HexadecimalDigit,
            'n' when kind == 'N' => CodePointSet.Of('\n'),
            'o' when kind == 'O' => CodePointSet.Empty,
            _ => null,
        };
        if (found is null) return false;
        at += 2;
        set = char.IsAsciiLetterUpper(kind) ? found.Complement : found;
        return true;
    }

    /// <summary>Reads one character, as itself or by an escape.</summary>
    public int ReadCharacter(ref int at, bool isInBracket)
    {
        if (pattern[at] != '\\')
        {
            if (!Rune.TryGetRuneAt(pattern, at, out Rune plain)) throw Refuse("half a character", at);
            at += plain.Utf16SequenceLength;
            return plain.Value;
        }
        char kind = Peek(at + 1);
        if (kind == '\0') throw Refuse("a \\ at the end", at);
        int known = "abefnrtv".IndexOf(kind, StringComparison.Ordinal);
        if (known >= 0 && (kind != 'b' || isInBracket))
        {
            at += 2;
            return "\a\b\e\f\n\r\t\v"[known];
        }
        switch (kind)
        {
            case 'x' when Peek(at + 2) == '{':
                int end = pattern.IndexOf('}', at);
                return end < 0 ? throw Refuse("\\x{ without its }", at) : ReadNumber(ref at, at + 3, end, 1, 16);
            case 'x': return ReadNumber(ref at, at + 2, Math.Min(at + 4, pattern.Length), 0, 16);
            case 'u': return ReadNumber(ref at, at + 2, Math.Min(at + 6, pattern.Length), 0, 16);
            case '0': return ReadNumber(ref at, at + 1, OctalEnd(at + 1), 0, 8);
        }
        // A letter's escape may mean something in another version.
        if (char.IsAsciiLetterOrDigit(kind)) throw Refuse($"\\{kind}", at);
        at++;
        return ReadCharacterItself(ref at);
    }

    private (CodePointSet Set, Item Kind) ReadItem(ref int at)
    {
        if (Peek(at) == '[')
            return (TryReadPosix(ref at, out CodePointSet named) ? named : ReadBracket(ref at, ignoreCase: false), Item.Set);
        if (Peek(at) == '\\' && TryReadClassEscape(ref at, isInBracket: true, out CodePointSet escaped)) return (escaped, Item.Set);
        int first = ReadCharacter(ref at, isInBracket: true);
        if (Peek(at) != '-' || Peek(at + 1) is ']' or '\0') return (CodePointSet.Of(first), Item.Character);
        int start = at++;
        if (Peek(at) == '[' || (Peek(at) == '\\' && TryReadClassEscape(ref at, isInBracket: true, out _)))
            throw Refuse("a range that ends in a set", start);
        int last = ReadCharacter(ref at, isInBracket: true);
        return last >= first ? (CodePointSet.Range(first, last), Item.Range) : throw Refuse("a range whose end is before its start", start);
    }

    private bool TryReadPosix(ref int at, out CodePointSet set)
    {
        set = CodePointSet.Empty;
        int end = pattern.IndexOf(":]", at, StringComparison.Ordinal);
        if (Peek(at + 1) != ':' || end < at + 2) return false;
        bool isNegated = Peek(at + 2) == '^';
        string name = pattern[(at + (isNegated ? 3 : 2))..end];
        if (!name.All(char.IsAsciiLetter)) return false;
        CodePointSet found = UnicodeProperties.FindPosix(name) ?? throw Refuse($"[:{name}:]", at);
        set = isNegated ? found.Complement : found;
        at = end + 2;
        return true;
    }

    private CodePointSet ReadProperty(ref int at)
    {
        int end = pattern.IndexOf('}', at);
        if (Peek(at + 2) != '{' || end < 0) throw Refuse("\\p without {name}", at);
        bool isNegated = Peek(at + 3) == '^';
        string name = pattern[(at + (isNegated ? 4 : 3))..end];
        CodePointSet set = UnicodeProperties.Find(name) ?? throw Refuse($"\\p{{{name}}}", at);
        isNegated ^= pattern[at + 1] == 'P';
        at = end + 1;
        return isNegated ? set.Complement : set;
    }

    private int ReadNumber(ref int at, int start, int end, int closing, int radix)
    {
        int value = 0;
        if (start >= end) throw Refuse("a character's number without digits", at);
        for (int i = start; i < end; i++)
        {
            int digit = char.IsAsciiHexDigit(pattern[i]) ? Convert.ToInt32(pattern[i].ToString(), 16) : radix;
            if (digit >= radix || value > CodePointSet.End) throw Refuse("a character's number with other than its digits", at);
            value = (value * radix) + digit;
        }
        // Up to 0x7F a byte is a character; above, Oniguruma puts bytes together.
        if (!Rune.IsValid(value) || (closing == 0 && pattern[at + 1] != 'u' && value > 0x7F))
            throw Refuse($"the number of no character ({value:X})", at);
        at = end + closing;
        return value;
    }

    private int OctalEnd(int start)
    {
        int end = start;
        while (end < Math.Min(pattern.Length, start + 3) && pattern[end] is >= '0' and <= '7') end++;
        return end;
    }

    private int ReadCharacterItself(ref int at)
    {
        if (!Rune.TryGetRuneAt(pattern, at, out Rune plain)) throw Refuse("half a character", at);
        at += plain.Utf16SequenceLength;
        return plain.Value;
    }

    private bool Take(ref int at, string text)
    {
        bool isNext = pattern.AsSpan(Math.Min(at, pattern.Length)).StartsWith(text, StringComparison.Ordinal);
        if (isNext) at += text.Length;
        return isNext;
    }

    private char Peek(int at) => at < pattern.Length ? pattern[at] : '\0';

    private static ArgumentException Refuse(string what, int at) => new($"{what} at character {at}");

    private enum Item
    {
        None,
        Character,
        Range,
        Set,
    }
}
