using System.Collections.Concurrent;
using System.Globalization;
using static System.Globalization.UnicodeCategory;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>The named sets of characters that a pattern may have, as Oniguruma 6.9.10 has them (Unicode 16).</summary>
internal static class UnicodeProperties
{
    private static readonly Dictionary<string, UnicodeCategory[]> Categories = new()
    {
        ["l|letter"] = [UppercaseLetter, LowercaseLetter, TitlecaseLetter, ModifierLetter, OtherLetter],
        ["lu|uppercaseletter"] = [UppercaseLetter],
        ["ll|lowercaseletter"] = [LowercaseLetter],
        ["lt|titlecaseletter"] = [TitlecaseLetter],
        ["lm|modifierletter"] = [ModifierLetter],
        ["lo|otherletter"] = [OtherLetter],
        ["lc|casedletter"] = [UppercaseLetter, LowercaseLetter, TitlecaseLetter],
        ["m|mark|combiningmark"] = [NonSpacingMark, SpacingCombiningMark, EnclosingMark],
        ["mn|nonspacingmark"] = [NonSpacingMark],
        ["mc|spacingmark"] = [SpacingCombiningMark],
        ["me|enclosingmark"] = [EnclosingMark],
        ["n|number"] = [DecimalDigitNumber, LetterNumber, OtherNumber],
        ["nd|decimalnumber|digit"] = [DecimalDigitNumber],
        ["nl|letternumber"] = [LetterNumber],
        ["no|othernumber"] = [OtherNumber],
        ["p|punct|punctuation"] =
        [
            ConnectorPunctuation, DashPunctuation, OpenPunctuation, ClosePunctuation, InitialQuotePunctuation, FinalQuotePunctuation,
            OtherPunctuation,
        ],
        ["pc|connectorpunctuation"] = [ConnectorPunctuation],
        ["pd|dashpunctuation"] = [DashPunctuation],
        ["ps|openpunctuation"] = [OpenPunctuation],
        ["pe|closepunctuation"] = [ClosePunctuation],
        ["pi|initialpunctuation"] = [InitialQuotePunctuation],
        ["pf|finalpunctuation"] = [FinalQuotePunctuation],
        ["po|otherpunctuation"] = [OtherPunctuation],
        ["s|symbol"] = [MathSymbol, CurrencySymbol, ModifierSymbol, OtherSymbol],
        ["sm|mathsymbol"] = [MathSymbol],
        ["sc|currencysymbol"] = [CurrencySymbol],
        ["sk|modifiersymbol"] = [ModifierSymbol],
        ["so|othersymbol"] = [OtherSymbol],
        ["z|separator"] = [SpaceSeparator, LineSeparator, ParagraphSeparator],
        ["zs|spaceseparator"] = [SpaceSeparator],
        ["zl|lineseparator"] = [LineSeparator],
        ["zp|paragraphseparator"] = [ParagraphSeparator],
        ["c|other"] = [Control, Format, Surrogate, PrivateUse, OtherNotAssigned],
        ["cc|control|cntrl"] = [Control],
        ["cf|format"] = [Format],
        ["co|privateuse"] = [PrivateUse],
        ["cn|unassigned"] = [OtherNotAssigned],
    };

    private static readonly string[] PosixNames =
        ["alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct", "space", "upper", "word", "xdigit"];

    private static readonly ConcurrentDictionary<string, CodePointSet?> Found = new();

    /// <summary>The characters of words: letters and all else that is alphabetic, marks, decimal digits, connectors.</summary>
    public static CodePointSet Word { get; } = Alphabetic().Or(CodePointSet.Of(
        NonSpacingMark, SpacingCombiningMark, EnclosingMark, DecimalDigitNumber, ConnectorPunctuation));

    /// <summary>What <c>\w</c> and <c>\b</c> take for one outside of brackets: Latin-1's superscripts and fractions too.</summary>
    public static CodePointSet LooseWord { get; } = Word.Or(CodePointSet.Of([(0xB2, 0xB3), (0xB9, 0xB9), (0xBC, 0xBE)]));

    /// <summary>What the regex crate's <c>\w</c> matches: these and the joiners U+200C and U+200D.</summary>
    public static CodePointSet JoinedWord { get; } = Word.Or(CodePointSet.Range(0x200C, 0x200D));

    /// <summary>The digits of hexadecimal numbers.</summary>
    public static CodePointSet HexadecimalDigit { get; } = CodePointSet.Of([('0', '9'), ('A', 'F'), ('a', 'f')]);

    /// <summary>The set of a property: a category, a script or a POSIX name; null for one that is not known.</summary>
    /// <remarks>Case, spaces, hyphens and underscores make no difference.</remarks>
    public static CodePointSet? Find(string name) => Found.GetOrAdd(
        string.Concat(name.Where(character => character is not (' ' or '-' or '_'))).ToLowerInvariant(), FindPlain);

    /// <summary>The set of a POSIX name such as <c>punct</c>; null for one that is not known.</summary>
    /// <remarks>Here <c>punct</c> has symbols too, which <c>\p{Punct}</c> has not.</remarks>
    public static CodePointSet? FindPosix(string name) => !PosixNames.Contains(name) ? null
        : name == "punct" ? Find("p")!.Or(Find("s")!) : Find(name);

    private static CodePointSet? FindPlain(string name)
    {
        foreach ((string names, UnicodeCategory[] categories) in Categories)
            if (names.Split('|').Contains(name))
                return CodePointSet.Of(categories);
        CodePointSet unassigned = CodePointSet.Of(OtherNotAssigned, Surrogate);
        return name switch
        {
            "alpha" or "alphabetic" => Alphabetic(),
            "alnum" => Alphabetic().Or(CodePointSet.Of(DecimalDigitNumber)),
            "upper" or "uppercase" => UnicodeTables.Find("uppercase"),
            "lower" or "lowercase" => UnicodeTables.Find("lowercase"),
            "ascii" => CodePointSet.Range(0, 0x7F),
            "any" => CodePointSet.All,
            "assigned" => CodePointSet.Of(OtherNotAssigned).Complement,
            "blank" => CodePointSet.Of(SpaceSeparator).Or(CodePointSet.Of('\t')),
            "space" or "whitespace" => UnicodeTables.Space,
            "graph" => UnicodeTables.Space.Or(unassigned).Or(CodePointSet.Of(Control)).Complement,
            "print" => UnicodeTables.Space.Or(unassigned).Or(CodePointSet.Of(Control)).Complement.Or(CodePointSet.Of(SpaceSeparator)),
            "word" => Word,
            "xdigit" => HexadecimalDigit,
            _ => UnicodeTables.NamesOf("script:").Where(script => script.Equals(name, StringComparison.OrdinalIgnoreCase))
                .Select(script => UnicodeTables.Find("script:" + script)).FirstOrDefault(),
        };
    }

    private static CodePointSet Alphabetic() => UnicodeTables.Find("alphabetic")!;
}
