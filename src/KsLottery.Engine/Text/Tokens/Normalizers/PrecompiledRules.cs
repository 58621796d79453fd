using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>The <c>Precompiled</c> step: SentencePiece's compiled rules, a double-array trie of what is replaced and the texts to
/// put.</summary>
/// <remarks>
/// The library looks for a rule for each grapheme of less than six bytes, then for each character, and of the rules that begin a grapheme
/// takes the shortest; SentencePiece itself takes the longest rule at each place, so that the two differ where a mark follows a character
/// with a rule of its own: this and <see cref="SentencePieceRules"/> are meant as twins. Source: <c>Precompiled</c> of the
/// tokenizers library, spm_precompiled 0.1.4 and darts-clone's units.
/// </remarks>
internal sealed class PrecompiledRules
{
    private readonly uint[] _units;
    private readonly byte[] _texts;

    private PrecompiledRules(uint[] units, byte[] texts) => (_units, _texts) = (units, texts);

    /// <summary>Reads the step's <c>precompiled_charsmap</c>.</summary>
    /// <exception cref="InvalidDataException">The rules are absent or damaged.</exception>
    public static PrecompiledRules Read(TokenizerStep step)
    {
        string text = step.Text("precompiled_charsmap") ?? "";
        byte[] bytes = new byte[text.Length];
        if (!Convert.TryFromBase64String(text, bytes, out int length) || length < 4) throw Refuse("base64 of a trie and its texts");
        uint trie = BinaryPrimitives.ReadUInt32LittleEndian(bytes);
        if (trie % 4 != 0 || trie == 0 || trie > (uint)length - 4) throw Refuse($"rules whose trie has up to {length - 4} bytes, by fours");
        uint[] units = new uint[trie / 4];
        for (int i = 0; i < units.Length; i++) units[i] = BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(4 + (4 * i)));
        byte[] texts = bytes[(4 + (int)trie)..length];
        return Utf8.IsValid(texts) ? new PrecompiledRules(units, texts) : throw Refuse("rules whose texts are UTF-8");

        InvalidDataException Refuse(string supported) => step.Refuse("precompiled_charsmap", text.Length == 0 ? "(none)" : text, supported);
    }

    /// <summary>Applies the rules.</summary>
    public AlignedText Apply(AlignedText text)
    {
        StringBuilder changed = new(text.Text.Length);
        bool isModified = false;
        Span<char> units = stackalloc char[2];
        for (ReadOnlySpan<char> rest = text.Span; !rest.IsEmpty;)
        {
            int length = StringInfo.GetNextTextElementLength(rest);
            ReadOnlySpan<char> grapheme = rest[..length];
            bool isWhole = TryReplace(grapheme, changed);
            isModified |= isWhole;
            if (!isWhole)
                foreach (Rune character in grapheme.EnumerateRunes())
                {
                    ReadOnlySpan<char> one = units[..character.EncodeToUtf16(units)];
                    if (TryReplace(one, changed)) isModified = true;
                    else changed.Append(one);
                }
            rest = rest[length..];
        }
        if (!isModified) return text;
        string result = changed.ToString();
        return new AlignedText(result.AsMemory(), text.AtStart == 0 ? 0 : FirstLength(text.Span, result));
    }

    /// <summary>How many units of the result stand for the first character; at least one, since a dropped one hands its place on.</summary>
    private int FirstLength(ReadOnlySpan<char> text, string result)
    {
        int grapheme = StringInfo.GetNextTextElementLength(text);
        Rune.DecodeFromUtf16(text, out _, out int length);
        if (result.Length == 0) return 0;
        int least = char.IsHighSurrogate(result[0]) ? 2 : 1;
        if (grapheme != length) return least;
        StringBuilder one = new();
        return TryReplace(text[..length], one) ? Math.Clamp(one.Length, least, result.Length) : length;
    }

    private bool TryReplace(ReadOnlySpan<char> part, StringBuilder changed)
    {
        Span<byte> utf8 = stackalloc byte[8];
        if (!Encoding.UTF8.TryGetBytes(part, utf8, out int length) || length >= 6
            || ShortestRule(utf8[..length]) is not { } start) return false;
        ReadOnlySpan<byte> text = _texts.AsSpan(Math.Min(start, _texts.Length));
        int end = text.IndexOf((byte)0);
        changed.Append(Encoding.UTF8.GetString(end < 0 ? text : text[..end]));
        return true;
    }

    private int? ShortestRule(ReadOnlySpan<byte> key)
    {
        uint node = Offset(_units[0]);
        foreach (byte label in key)
        {
            if (label == 0) return null;
            node ^= label;
            if (node >= _units.Length || (_units[node] & 0x800000FF) != label) return null;
            uint unit = _units[node];
            node ^= Offset(unit);
            if ((unit >> 8 & 1) == 1) return node < _units.Length ? (int)(_units[node] & 0x7FFFFFFF) : null;
        }
        return null;
    }

    private static uint Offset(uint unit) => unit >> 10 << (int)((unit & 0x200) >> 6);
}
