using System.Buffers.Binary;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>The compiled rules of a SentencePiece normaliser: what a text is replaced by where it begins with a rule's text.</summary>
/// <remarks>
/// Little-endian: uint32 length of a trie, the trie in the units of darts-clone (a double array: label in bits 0 to 7 and 31, whether a
/// value follows in bit 8, distance of the children in bits 9 to 31), then the replacements, each ended by a zero byte. Source:
/// SentencePiece's <c>Normalizer</c>.
/// </remarks>
internal sealed class SentencePieceRules
{
    private readonly uint[] _units;
    private readonly byte[] _texts;

    private SentencePieceRules(uint[] units, byte[] texts) => (_units, _texts) = (units, texts);

    /// <summary>Reads the rules; null where there are none.</summary>
    /// <param name="path">The file, for errors.</param>
    /// <param name="setting">Which rules they are, for errors.</param>
    /// <param name="rules">The bytes of <c>precompiled_charsmap</c>.</param>
    /// <exception cref="InvalidDataException">They are damaged.</exception>
    public static SentencePieceRules? Parse(string path, string setting, ReadOnlySpan<byte> rules)
    {
        if (rules.IsEmpty) return null;
        uint length = rules.Length < 4 ? 0 : BinaryPrimitives.ReadUInt32LittleEndian(rules);
        if (length == 0 || length % 4 != 0 || length > (uint)rules.Length - 4 || rules[^1] != 0)
            throw new InvalidDataException($"{path}: {setting}: {rules.Length} bytes with a trie of {length}; allowed: a trie of 4 to "
                + $"{rules.Length - 4} bytes, by fours, and texts that end with a zero. Fetch the file again.");
        uint[] units = new uint[length / 4];
        for (int i = 0; i < units.Length; i++) units[i] = BinaryPrimitives.ReadUInt32LittleEndian(rules[(4 + (4 * i))..]);
        return new SentencePieceRules(units, rules[(4 + (int)length)..].ToArray());
    }

    /// <summary>Finds the longest rule that a text begins with.</summary>
    /// <param name="text">The text, in UTF-8.</param>
    /// <param name="replacement">What stands for it.</param>
    /// <returns>The rule's length; 0 for none.</returns>
    public int Match(ReadOnlySpan<byte> text, out ReadOnlySpan<byte> replacement)
    {
        replacement = default;
        int longest = 0;
        uint node = Distance(_units[0]);
        for (int i = 0; i < text.Length; i++)
        {
            node ^= text[i];
            if (node >= _units.Length || (_units[node] & 0x800000FF) != text[i]) break;
            uint unit = _units[node];
            node ^= Distance(unit);
            if ((unit >> 8 & 1) == 0 || node >= _units.Length) continue;
            uint start = _units[node] & 0x7FFFFFFF;
            if (start >= _texts.Length) continue;
            ReadOnlySpan<byte> found = _texts.AsSpan((int)start);
            longest = i + 1;
            replacement = found[..found.IndexOf((byte)0)];
        }
        return longest;
    }

    private static uint Distance(uint unit) => unit >> 10 << (int)((unit & 0x200) >> 6);
}
