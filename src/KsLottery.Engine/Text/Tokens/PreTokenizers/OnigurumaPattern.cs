using System.Globalization;
using System.Text;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>Reads a regular expression as Oniguruma reads it and writes it for .NET, with a place-holder for each set of
/// characters.</summary>
/// <remarks>
/// The tokenizers library matches with Oniguruma, code point by code point, and much that both libraries accept has another meaning in
/// .NET: <c>[[:punct:]]</c>, <c>&amp;&amp;</c> and nested classes, <c>\h</c>, <c>a++</c>, <c>{n}?</c>, <c>a(?i)b|c</c>, <c>$</c>, and
/// every class
/// beyond the first plane. So only the frame of a pattern is handed on (groups, repetitions, looks ahead and behind); each set goes through
/// <see cref="SymbolAlphabet"/>. Source: Oniguruma 6.9.10, doc/RE and doc/SYNTAX.md, its own syntax.
/// </remarks>
internal sealed class OnigurumaPattern
{
    /// <summary>The first place-holder; the next set has the next character.</summary>
    public const char FirstSet = '\uE000';

    private const int MaxRepeats = 100_000;

    private readonly string _pattern;
    private readonly OnigurumaClassReader _classes;
    private readonly List<CodePointSet> _sets = [];
    private int _at;
    private int _lastLiteral = -1;

    private OnigurumaPattern(string pattern) => (_pattern, _classes) = (pattern, new OnigurumaClassReader(pattern));

    /// <summary>The expression for .NET, with place-holders.</summary>
    public string Text { get; private set; } = "";

    /// <summary>The sets behind the place-holders.</summary>
    public IReadOnlyList<CodePointSet> Sets => _sets;

    /// <summary>Reads a pattern.</summary>
    /// <exception cref="ArgumentException">The pattern is broken, or has a construct that is not supported; names it.</exception>
    public static OnigurumaPattern Parse(string pattern)
    {
        OnigurumaPattern parsed = new(pattern);
        parsed.Text = parsed.ReadAlternatives(ignoreCase: false, dotAll: false);
        return parsed._at == pattern.Length ? parsed : throw parsed.Refuse("an unmatched )");
    }

    private bool IsAtEnd => _at == _pattern.Length;

    /// <summary>Reads up to the end or the next unmatched <c>)</c>, which stays.</summary>
    private string ReadAlternatives(bool ignoreCase, bool dotAll)
    {
        StringBuilder text = new();
        _lastLiteral = -1;
        while (!IsAtEnd && _pattern[_at] != ')')
        {
            if (Take("|"))
            {
                text.Append('|');
                _lastLiteral = -1;
                continue;
            }
            (bool innerIgnoreCase, bool innerDotAll) = (ignoreCase, dotAll);
            if (TakeOptions(')', ref innerIgnoreCase, ref innerDotAll))
            {
                // It holds up to the end of the group, alternatives included.
                text.Append("(?:").Append(ReadAlternatives(innerIgnoreCase, innerDotAll)).Append(')');
                break;
            }
            string atom = ReadAtom(ignoreCase, dotAll);
            string repeated = Repeated(atom);
            if (repeated != atom) _lastLiteral = -1;
            text.Append(repeated);
        }
        return text.ToString();
    }

    private string ReadAtom(bool ignoreCase, bool dotAll)
    {
        int start = _at;
        char first = _pattern[_at];
        if (first is not '\\') _lastLiteral = first is '(' or '[' or '.' or '^' or '$' ? -1 : _lastLiteral;
        switch (first)
        {
            case '(': return ReadGroup(ignoreCase, dotAll);
            case '[': return Emit(_classes.ReadBracket(ref _at, ignoreCase));
            case '*' or '+' or '?': throw Refuse($"{first} with nothing to repeat");
            case '.':
                _at++;
                return Emit(dotAll ? CodePointSet.All : CodePointSet.Of('\n').Complement);
            case '^':
                _at++;
                return $"(?:\\A|(?<={Emit(CodePointSet.Of('\n'))})(?={Emit(CodePointSet.All)}))";
            case '$':
                _at++;
                return $"(?=\\z|{Emit(CodePointSet.Of('\n'))})";
            case '\\' when ReadAnchor() is { } anchor:
                _lastLiteral = -1;
                return anchor;
            case '\\' when _classes.TryReadClassEscape(ref _at, isInBracket: false, out CodePointSet set):
                _lastLiteral = -1;
                return Emit(set);
        }
        int literal = _classes.ReadCharacter(ref _at, isInBracket: false);
        if (ignoreCase && CaseFolding.HasLongFold(_lastLiteral, literal))
            throw new ArgumentException($"characters {start - 1} and {start} without case, which Oniguruma also finds as one letter");
        _lastLiteral = literal;
        return Emit(ignoreCase ? CaseFolding.Close(CodePointSet.Of(literal)) : CodePointSet.Of(literal));
    }

    /// <summary>Reads an escape that stands between characters, null for any other.</summary>
    private string? ReadAnchor()
    {
        if (_at + 1 == _pattern.Length) throw Refuse("a \\ at the end");
        char kind = _pattern[_at + 1];
        if ("GKRXyYkg123456789".Contains(kind, StringComparison.Ordinal)) throw Refuse($"\\{kind}");
        string? text = kind switch
        {
            'A' => @"\A",
            'z' => @"\z",
            'Z' => $"(?={Emit(CodePointSet.Of('\n'))}?\\z)",
            'b' or 'B' => WordBoundary(kind == 'B'),
            _ => null,
        };
        if (text is not null) _at += 2;
        return text;
    }

    private string WordBoundary(bool isNegated)
    {
        string word = Emit(UnicodeProperties.LooseWord);
        return isNegated ? $"(?:(?<={word})(?={word})|(?<!{word})(?!{word}))" : $"(?:(?<={word})(?!{word})|(?<!{word})(?={word}))";
    }

    private string ReadGroup(bool ignoreCase, bool dotAll)
    {
        if (Take("(?#"))
        {
            int end = _pattern.IndexOf(')', _at);
            _at = end < 0 ? throw Refuse("a comment without its )") : end + 1;
            return "";
        }
        foreach (string known in (ReadOnlySpan<string>)["(?:", "(?=", "(?!", "(?>", "(?<=", "(?<!"])
            if (Take(known))
                return Rest(known);
        (bool innerIgnoreCase, bool innerDotAll) = (ignoreCase, dotAll);
        if (TakeOptions(':', ref innerIgnoreCase, ref innerDotAll))
        {
            (ignoreCase, dotAll) = (innerIgnoreCase, innerDotAll);
            return Rest("(?:");
        }
        if (Take("(?<") || Take("(?'"))
        {
            int end = _pattern.IndexOfAny(['>', '\''], _at);
            _at = end < 0 ? throw Refuse("a group without the end of its name") : end + 1;
            return Rest("(?:");
        }
        if (_pattern.AsSpan(_at) is ['(', '?' or '*', ..]) throw Refuse("a group of this kind");
        _at++;
        return Rest("(?:");

        string Rest(string beginning)
        {
            string inner = ReadAlternatives(ignoreCase, dotAll);
            Expect(")");
            _lastLiteral = -1;
            return $"{beginning}{inner})";
        }
    }

    /// <summary>Takes <c>(?i)</c> or <c>(?i:</c>, as asked by its last character.</summary>
    private bool TakeOptions(char last, ref bool ignoreCase, ref bool dotAll)
    {
        int end = _at + 2;
        if (!_pattern.AsSpan(_at).StartsWith("(?")) return false;
        while (end < _pattern.Length && _pattern[end] is 'i' or 'm' or '-') end++;
        if (end == _at + 2 || end == _pattern.Length || _pattern[end] != last) return false;
        bool turnsOn = true;
        foreach (char option in _pattern.AsSpan(_at + 2, end - _at - 2))
        {
            if (option == '-') turnsOn = false;
            else if (option == 'i') ignoreCase = turnsOn;
            else dotAll = turnsOn;
        }
        _at = end + 1;
        return true;
    }

    private string Repeated(string atom)
    {
        while (!IsAtEnd)
        {
            int start = _at;
            string? repeat = _pattern[_at] switch { '*' => "*", '+' => "+", '?' => "?", '{' => ReadInterval(), _ => null };
            if (repeat is null) return atom;
            if (repeat.Length == 1) _at++;
            bool isFixed = repeat.Length > 1 && !repeat.Contains(',', StringComparison.Ordinal);
            string ending = !isFixed && Take("?") ? "?" : repeat.Length == 1 && Take("+") ? "+" : "";
            if (atom.Length == 0) throw new ArgumentException($"{_pattern[start]} with nothing to repeat");
            atom = ending == "+" ? $"(?>(?:{atom}){repeat})" : $"(?:{atom}){repeat}{ending}";
        }
        return atom;
    }

    /// <summary>Reads <c>{n}</c>, <c>{n,}</c>, <c>{,m}</c> or <c>{n,m}</c>; anything else in braces is text.</summary>
    private string? ReadInterval()
    {
        int end = _pattern.IndexOf('}', _at);
        if (end < 0) return null;
        string[] bounds = _pattern[(_at + 1)..end].Split(',');
        if (bounds.Length > 2 || bounds.All(bound => bound.Length == 0) || !bounds.All(bound => bound.All(char.IsAsciiDigit))) return null;
        int[] numbers = [.. bounds.Select((bound, i) => bound.Length == 0 ? (i == 0 ? 0 : int.MaxValue)
            : int.TryParse(bound, NumberStyles.None, CultureInfo.InvariantCulture, out int number) && number <= MaxRepeats ? number
            : throw Refuse($"{{{bound}}}, 0 to {MaxRepeats} repeats"))];
        if (numbers is [var least, var most] && least > most) throw Refuse("an interval whose first number is the larger");
        _at = end + 1;
        return bounds is [_, ""] ? $"{{{numbers[0]},}}" : $"{{{string.Join(',', numbers)}}}";
    }

    /// <summary>The place-holder of a set.</summary>
    private string Emit(CodePointSet set)
    {
        int index = _sets.FindIndex(other => other.Bounds.SequenceEqual(set.Bounds));
        if (index < 0)
        {
            index = _sets.Count;
            _sets.Add(set);
        }
        return index < 0x1000 ? ((char)(FirstSet + index)).ToString() : throw Refuse("more than 4096 sets");
    }

    private bool Take(string text)
    {
        bool isNext = _pattern.AsSpan(_at).StartsWith(text, StringComparison.Ordinal);
        if (isNext) _at += text.Length;
        return isNext;
    }

    private void Expect(string text)
    {
        if (!Take(text)) throw Refuse($"a group without its {text}");
    }

    private ArgumentException Refuse(string what) => new($"{what} at character {_at}");
}
