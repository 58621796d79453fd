using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace KsLottery.Engine.Checkpoints;

/// <summary>SHA-256 (FIPS 180-4) of one message, word by word: slower than the platform's, and nothing is loaded for it.</summary>
internal static class Sha256Words
{
    private const int BlockLength = 64, BlockWords = 16, StateWords = 8, Rounds = 64, RoundsAtATime = 8;

    /// <summary>Hashes a message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="hash">Takes 32 bytes.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Hash(ReadOnlySpan<byte> message, Span<byte> hash)
    {
        hash = hash[..SHA256.HashSizeInBytes];
        Span<uint> state = stackalloc uint[StateWords], words = stackalloc uint[Rounds];
        Sha256Lanes.Start.CopyTo(state);
        ReadOnlySpan<byte> rest = message;
        for (; rest.Length >= BlockLength; rest = rest[BlockLength..]) Add(rest, words, state);
        // Behind the message stand a bit, and in the last eight bytes of a block how many bits there were.
        Span<byte> last = stackalloc byte[2 * BlockLength];
        last.Clear();
        rest.CopyTo(last);
        last[rest.Length] = 0x80;
        last = last[..(rest.Length < BlockLength - sizeof(ulong) ? BlockLength : 2 * BlockLength)];
        BinaryPrimitives.WriteUInt64BigEndian(last[^sizeof(ulong)..], 8ul * (ulong)message.Length);
        for (; last.Length > 0; last = last[BlockLength..]) Add(last, words, state);
        for (int i = 0; i < StateWords; i++) BinaryPrimitives.WriteUInt32BigEndian(hash[(i * sizeof(uint))..], state[i]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add(ReadOnlySpan<byte> block, Span<uint> words, Span<uint> state)
    {
        ReadOnlySpan<uint> message = MemoryMarshal.Cast<byte, uint>(block[..BlockLength]);
        if (BitConverter.IsLittleEndian) BinaryPrimitives.ReverseEndianness(message, words);
        else message.CopyTo(words);
        ref uint w = ref MemoryMarshal.GetReference(words[..Rounds]), s = ref MemoryMarshal.GetReference(state[..StateWords]);
        ref uint k = ref MemoryMarshal.GetReference(Sha256Lanes.Constants);
        for (int t = BlockWords; t < Rounds; t++)
        {
            ref uint word = ref Unsafe.Add(ref w, t);
            uint x = Unsafe.Add(ref word, -15), y = Unsafe.Add(ref word, -2);
            word = Unsafe.Add(ref word, -16) + Unsafe.Add(ref word, -7)
                + (BitOperations.RotateRight(x, 7) ^ BitOperations.RotateRight(x, 18) ^ (x >> 3))
                + (BitOperations.RotateRight(y, 17) ^ BitOperations.RotateRight(y, 19) ^ (y >> 10));
        }
        uint a = s, b = Unsafe.Add(ref s, 1), c = Unsafe.Add(ref s, 2), d = Unsafe.Add(ref s, 3);
        uint e = Unsafe.Add(ref s, 4), f = Unsafe.Add(ref s, 5), g = Unsafe.Add(ref s, 6), h = Unsafe.Add(ref s, 7);
        for (int t = 0; t < Rounds; t += RoundsAtATime)
        {
            ref uint word = ref Unsafe.Add(ref w, t);
            ref uint constant = ref Unsafe.Add(ref k, t);
            Round(a, b, c, ref d, e, f, g, ref h, word + constant);
            Round(h, a, b, ref c, d, e, f, ref g, Unsafe.Add(ref word, 1) + Unsafe.Add(ref constant, 1));
            Round(g, h, a, ref b, c, d, e, ref f, Unsafe.Add(ref word, 2) + Unsafe.Add(ref constant, 2));
            Round(f, g, h, ref a, b, c, d, ref e, Unsafe.Add(ref word, 3) + Unsafe.Add(ref constant, 3));
            Round(e, f, g, ref h, a, b, c, ref d, Unsafe.Add(ref word, 4) + Unsafe.Add(ref constant, 4));
            Round(d, e, f, ref g, h, a, b, ref c, Unsafe.Add(ref word, 5) + Unsafe.Add(ref constant, 5));
            Round(c, d, e, ref f, g, h, a, ref b, Unsafe.Add(ref word, 6) + Unsafe.Add(ref constant, 6));
            Round(b, c, d, ref e, f, g, h, ref a, Unsafe.Add(ref word, 7) + Unsafe.Add(ref constant, 7));
        }
        s += a;
        Unsafe.Add(ref s, 1) += b;
        Unsafe.Add(ref s, 2) += c;
        Unsafe.Add(ref s, 3) += d;
        Unsafe.Add(ref s, 4) += e;
        Unsafe.Add(ref s, 5) += f;
        Unsafe.Add(ref s, 6) += g;
        Unsafe.Add(ref s, 7) += h;
    }

    /// <summary>A round (section 6.2.2, step 3) that leaves each variable where the next finds it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(uint a, uint b, uint c, ref uint d, uint e, uint f, uint g, ref uint h, uint word)
    {
        uint sum = h + word + ((e & (f ^ g)) ^ g)
            + (BitOperations.RotateRight(e, 6) ^ BitOperations.RotateRight(e, 11) ^ BitOperations.RotateRight(e, 25));
        d += sum;
        h = sum + ((a & b) | (c & (a | b)))
            + (BitOperations.RotateRight(a, 2) ^ BitOperations.RotateRight(a, 13) ^ BitOperations.RotateRight(a, 22));
    }
}
