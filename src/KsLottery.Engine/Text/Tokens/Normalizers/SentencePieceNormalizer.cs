using System.Buffers;
using System.Runtime.InteropServices;
using System.Text;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>How SentencePiece changes a text before it cuts it, or, with the rules that denormalise, after it joined one.</summary>
/// <remarks>Source: SentencePiece's <c>Normalizer::Normalize</c> and <c>NormalizePrefix</c>.</remarks>
/// <param name="rules">The compiled rules; null for none.</param>
/// <param name="settings">What becomes of spaces.</param>
/// <param name="symbols">What is never changed, but for its spaces: the user-defined pieces; null for none.</param>
internal sealed class SentencePieceNormalizer(SentencePieceRules? rules, SpaceSettings settings, ByteTrie? symbols)
{
    /// <summary>What stands for a space within pieces, in UTF-8: U+2581.</summary>
    public static ReadOnlySpan<byte> Space => "▁"u8;

    /// <summary>Changes a text.</summary>
    /// <param name="text">The text, in UTF-8; each byte that is none becomes U+FFFD.</param>
    /// <param name="takesPrefix">Whether the settings' space goes with it, which is false within a text alone.</param>
    public byte[] Apply(ReadOnlySpan<byte> text, bool takesPrefix)
    {
        if (settings.RemovesExtra)
            while (!text.IsEmpty && Next(text, out int length) is [(byte)' '])
                text = text[length..];
        if (text.IsEmpty) return [];

        List<byte> changed = new(text.Length + Space.Length);
        ReadOnlySpan<byte> space = settings.Escapes ? Space : " "u8;
        bool addsSpace = settings.AddsPrefix && takesPrefix;
        if (addsSpace && !settings.IsSuffix) changed.AddRange(space);
        bool isAfterSpace = settings.RemovesExtra;
        while (!text.IsEmpty)
        {
            ReadOnlySpan<byte> part = Next(text, out int length);
            if (isAfterSpace) part = part.TrimStart((byte)' ');
            foreach (byte value in part)
            {
                if (value == ' ') changed.AddRange(space);
                else changed.Add(value);
            }
            if (!part.IsEmpty) isAfterSpace = settings.RemovesExtra && part[^1] == ' ';
            text = text[length..];
        }
        if (settings.RemovesExtra)
            while (CollectionsMarshal.AsSpan(changed).EndsWith(space))
                changed.RemoveRange(changed.Count - space.Length, space.Length);
        if (addsSpace && settings.IsSuffix) changed.AddRange(space);
        return [.. changed];
    }

    /// <summary>What the start of a text becomes: a symbol itself, what the longest rule says, or one character.</summary>
    private ReadOnlySpan<byte> Next(ReadOnlySpan<byte> text, out int length)
    {
        length = symbols?.LongestPrefix(text, out _) ?? 0;
        if (length > 0) return text[..length];
        ReadOnlySpan<byte> replacement = default;
        length = rules?.Match(text, out replacement) ?? 0;
        if (length > 0) return replacement;
        if (Rune.DecodeFromUtf8(text, out _, out length) == OperationStatus.Done) return text[..length];
        length = 1;
        return "\uFFFD"u8;
    }
}
