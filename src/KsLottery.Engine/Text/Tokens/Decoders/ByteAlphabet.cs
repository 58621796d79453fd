using System.Diagnostics.CodeAnalysis;
using System.Text;
using CommunityToolkit.HighPerformance.Buffers;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>GPT-2's alphabet, which writes each byte as one printable character.</summary>
/// <remarks>
/// Bytes whose Latin-1 character prints stand for themselves; the other 68, in ascending order, are U+0100 and on. A space is so
/// <c>Ġ</c> (U+0120) and a line feed <c>Ċ</c> (U+010A).
/// </remarks>
internal static class ByteAlphabet
{
    private static readonly short[] Bytes = MakeBytes();
    private static readonly char[] Characters = MakeCharacters();

    /// <summary>The 256 characters, in the order of their bytes.</summary>
    public static IReadOnlyList<char> All => Characters;

    /// <summary>Writes a text with one character for each byte of its UTF-8.</summary>
    public static string Encode(ReadOnlySpan<char> text)
    {
        using SpanOwner<byte> owner = SpanOwner<byte>.Allocate(Encoding.UTF8.GetMaxByteCount(text.Length));
        Span<byte> bytes = owner.Span[..Encoding.UTF8.GetBytes(text, owner.Span)];
        return string.Create(bytes.Length, bytes, static (characters, utf8) =>
        {
            for (int i = 0; i < characters.Length; i++) characters[i] = Characters[utf8[i]];
        });
    }

    /// <summary>Reads a piece back to bytes.</summary>
    /// <returns>False when a character is not of the alphabet; such pieces are text as they stand.</returns>
    public static bool TryDecode(string piece, [NotNullWhen(true)] out byte[]? bytes)
    {
        bytes = new byte[piece.Length];
        for (int i = 0; i < piece.Length; i++)
        {
            char character = piece[i];
            if (character >= Bytes.Length || Bytes[character] < 0)
            {
                bytes = null;
                return false;
            }
            bytes[i] = (byte)Bytes[character];
        }
        return true;
    }

    private static char[] MakeCharacters()
    {
        char[] characters = new char[256];
        for (int character = 0; character < Bytes.Length; character++)
            if (Bytes[character] >= 0)
                characters[Bytes[character]] = (char)character;
        return characters;
    }

    private static short[] MakeBytes()
    {
        short[] bytes = new short[0x100 + 68];
        Array.Fill(bytes, (short)-1);
        int next = 0x100;
        for (int value = 0; value < 256; value++)
        {
            bool prints = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            bytes[prints ? value : next++] = (short)value;
        }
        return bytes;
    }
}
