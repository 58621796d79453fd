using System.Globalization;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>Recognises the conventions by which vocabularies name their pieces.</summary>
internal static class PieceNames
{
    private static readonly string[] ReservedWords = ["unused", "reserved", "placeholder", "dummy"];

    /// <summary>Reads a byte-fallback piece: <c>&lt;0x0A&gt;</c>.</summary>
    public static bool TryParseByte(ReadOnlySpan<char> piece, out byte value)
    {
        value = 0;
        return piece is ['<', '0', 'x', _, _, '>']
            && byte.TryParse(piece[3..5], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }

    /// <summary>Whether a name marks a numbered place that its makers kept free.</summary>
    /// <remarks><c>&lt;|reserved_special_token_12|&gt;</c>, <c>&lt;unused12&gt;</c>, <c>[unused12]</c> and their like.</remarks>
    public static bool IsReserved(ReadOnlySpan<char> piece)
    {
        ReadOnlySpan<char> name = piece switch
        {
            ['<', '|', .. var inner, '|', '>'] => inner,
            ['<', .. var inner, '>'] => inner,
            ['[', .. var inner, ']'] => inner,
            _ => [],
        };
        ReadOnlySpan<char> word = name.TrimEnd("0123456789");
        if (word.Length == name.Length) return false;
        foreach (char letter in word)
            if (!char.IsAsciiLetter(letter) && letter != '_')
                return false;
        foreach (string reserved in ReservedWords)
            if (word.Contains(reserved, StringComparison.OrdinalIgnoreCase))
                return true;
        return false;
    }
}
