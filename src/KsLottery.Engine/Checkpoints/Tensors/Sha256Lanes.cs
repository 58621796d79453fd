using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace KsLottery.Engine.Checkpoints;

/// <summary>SHA-256 (FIPS 180-4) of up to sixteen messages side by side, each in a lane of a vector.</summary>
/// <remarks>Vectors of 512 bits rotate, and mix three operands at once. The platform's SHA-256 uses instructions that wait for each other
/// within one message: sixteen at once were hashed 1.85 times as fast on an Intel Xeon (Emerald Rapids).</remarks>
internal static class Sha256Lanes
{
    /// <summary>The most messages.</summary>
    public const int MaxCount = 16;

    /// <summary>From so many on they are faster side by side.</summary>
    public const int MinCount = 10;

    private const int BlockLength = 64, HashLength = 32, StateWords = HashLength / sizeof(uint), Rounds = 64, RoundsAtATime = 8;

    /// <summary>What a hash begins with (section 5.3.3).</summary>
    public static ReadOnlySpan<uint> Start =>
        [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

    /// <summary>What the rounds add (section 4.2.2).</summary>
    public static ReadOnlySpan<uint> Constants =>
    [
        0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
        0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
        0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
        0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
        0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
        0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
        0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
        0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
    ];

    /// <summary>Takes the bytes of words from back to front.</summary>
    private static Vector512<byte> Swap => Vector512.Create(
        0x0405_0607_0001_0203ul, 0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203, 0x0c0d_0e0f_0809_0a0b,
        0x0405_0607_0001_0203, 0x0c0d_0e0f_0809_0a0b, 0x0405_0607_0001_0203, 0x0c0d_0e0f_0809_0a0b).AsByte();

    /// <summary>Whether the processor can.</summary>
    public static bool IsSupported => Avx512BW.IsSupported;

    /// <summary>What is kept of all messages between parts of them.</summary>
    public static Vector512<uint>[] NewState() => new Vector512<uint>[StateWords];

    /// <summary>Hashes messages that lie one behind the other.</summary>
    /// <param name="messages">The messages, all of one length, a multiple of 64 bytes.</param>
    /// <param name="count">How many there are.</param>
    /// <param name="hashes">Takes 32 bytes of each.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Hash(ReadOnlySpan<byte> messages, int count, Span<byte> hashes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, MaxCount);
        int length = messages.Length / count;
        if (length * count != messages.Length || length % BlockLength != 0)
            throw new ArgumentException($"{messages.Length} bytes are no {count} messages of a multiple of {BlockLength} bytes.",
                nameof(messages));
        Span<Vector512<uint>> state = stackalloc Vector512<uint>[StateWords];
        Span<int> starts = stackalloc int[MaxCount];
        // Lanes without a message of their own hash the first one again.
        for (int lane = 0; lane < count; lane++) starts[lane] = lane * length;
        Begin(state);
        ref byte first = ref MemoryMarshal.GetReference(messages);
        Add(ref first, ref first, starts, length, state);
        Finish(state, length, hashes[..(count * HashLength)]);
    }

    /// <summary>Begins all messages.</summary>
    public static void Begin(Span<Vector512<uint>> state)
    {
        for (int i = 0; i < StateWords; i++) state[i] = Vector512.Create(Start[i]);
    }

    /// <summary>Takes the next part of sixteen messages, half of which lie in one place and half in another.</summary>
    /// <param name="state">What <see cref="Begin"/> began.</param>
    /// <param name="first">The parts of the first eight.</param>
    /// <param name="second">Those of the others.</param>
    /// <param name="stride">How far behind one part the next begins.</param>
    /// <param name="length">The length of a part, a multiple of 64 bytes.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Add(Span<Vector512<uint>> state, ReadOnlySpan<byte> first, ReadOnlySpan<byte> second, int stride, int length)
    {
        int needed = checked((((MaxCount / 2) - 1) * stride) + length);
        if (Math.Min(first.Length, second.Length) < needed || length % BlockLength != 0 || stride < 0 || length < 0)
            throw new ArgumentException($"{first.Length} and {second.Length} bytes do not hold {MaxCount / 2} parts each of {length} "
                + $"bytes, {stride} one behind the other; a part is a multiple of {BlockLength} bytes long. Give more, or shorter parts.",
                nameof(first));
        Span<int> starts = stackalloc int[MaxCount];
        for (int lane = 0; lane < MaxCount; lane++) starts[lane] = lane % (MaxCount / 2) * stride;
        Add(ref MemoryMarshal.GetReference(first), ref MemoryMarshal.GetReference(second), starts, length, state);
    }

    /// <summary>Gives the hashes of messages that were taken whole.</summary>
    /// <param name="state">What is there of them.</param>
    /// <param name="length">The length of each.</param>
    /// <param name="hashes">Takes 32 bytes of each that is wanted, from the first on.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Finish(Span<Vector512<uint>> state, int length, Span<byte> hashes)
    {
        Span<Vector512<uint>> words = stackalloc Vector512<uint>[Rounds];
        Pad(length, words);
        Mix(words, state);
        for (int lane = 0; lane < hashes.Length / HashLength; lane++)
            for (int i = 0; i < StateWords; i++)
                BinaryPrimitives.WriteUInt32BigEndian(hashes[((lane * HashLength) + (i * sizeof(uint)))..], state[i][lane]);
    }

    /// <summary>Takes parts that begin so far behind two places.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Add(ref byte first, ref byte second, ReadOnlySpan<int> starts, int length, Span<Vector512<uint>> state)
    {
        Span<Vector512<uint>> words = stackalloc Vector512<uint>[Rounds];
        for (int at = 0; at < length; at += BlockLength)
        {
            Load(ref Unsafe.Add(ref first, at), ref Unsafe.Add(ref second, at), starts, words);
            // Messages come from so many places that the processor does not see where they go on.
            for (int lane = 0; lane < MaxCount / 2; lane++)
            {
                Interop.Cache.Prefetch(ref first, starts[lane] + at + BlockLength);
                Interop.Cache.Prefetch(ref second, starts[(MaxCount / 2) + lane] + at + BlockLength);
            }
            Mix(words, state);
        }
    }

    /// <summary>What stands behind a message: a bit, and how many bits there were.</summary>
    private static void Pad(int length, Span<Vector512<uint>> words)
    {
        words.Clear();
        words[0] = Vector512.Create(0x8000_0000u);
        (words[MaxCount - 2], words[MaxCount - 1]) = (Vector512.Create((uint)length >> 29), Vector512.Create((uint)length << 3));
    }

    /// <summary>Sixteen words of each message, transposed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Load(ref byte first, ref byte second, ReadOnlySpan<int> starts, Span<Vector512<uint>> words)
    {
        ref Vector512<uint> w = ref MemoryMarshal.GetReference(words[..(2 * MaxCount)]);
        Vector512<byte> swap = Swap;
        for (int i = 0; i < 4; i++)
        {
            // Four messages: word j of each quarter of theirs comes into vector 16 + 4j + i.
            ref byte messages = ref i < 2 ? ref first : ref second;
            Vector512<uint> a = Get(ref messages, starts[4 * i], swap), b = Get(ref messages, starts[(4 * i) + 1], swap),
                c = Get(ref messages, starts[(4 * i) + 2], swap), d = Get(ref messages, starts[(4 * i) + 3], swap);
            Vector512<uint> ab = Avx512F.UnpackLow(a, b), ba = Avx512F.UnpackHigh(a, b), cd = Avx512F.UnpackLow(c, d),
                dc = Avx512F.UnpackHigh(c, d);
            Unsafe.Add(ref w, 16 + i) = Avx512F.UnpackLow(ab.AsUInt64(), cd.AsUInt64()).AsUInt32();
            Unsafe.Add(ref w, 20 + i) = Avx512F.UnpackHigh(ab.AsUInt64(), cd.AsUInt64()).AsUInt32();
            Unsafe.Add(ref w, 24 + i) = Avx512F.UnpackLow(ba.AsUInt64(), dc.AsUInt64()).AsUInt32();
            Unsafe.Add(ref w, 28 + i) = Avx512F.UnpackHigh(ba.AsUInt64(), dc.AsUInt64()).AsUInt32();
        }
        for (int i = 0; i < 4; i++)
        {
            // Words i, 4 + i, 8 + i and 12 + i of all messages.
            Vector512<uint> a = Unsafe.Add(ref w, 16 + (4 * i)), b = Unsafe.Add(ref w, 17 + (4 * i)), c = Unsafe.Add(ref w, 18 + (4 * i)),
                d = Unsafe.Add(ref w, 19 + (4 * i));
            Vector512<uint> ab = Avx512F.Shuffle4x128(a, b, 0x88), ba = Avx512F.Shuffle4x128(a, b, 0xdd),
                cd = Avx512F.Shuffle4x128(c, d, 0x88), dc = Avx512F.Shuffle4x128(c, d, 0xdd);
            Unsafe.Add(ref w, i) = Avx512F.Shuffle4x128(ab, cd, 0x88);
            Unsafe.Add(ref w, 4 + i) = Avx512F.Shuffle4x128(ba, dc, 0x88);
            Unsafe.Add(ref w, 8 + i) = Avx512F.Shuffle4x128(ab, cd, 0xdd);
            Unsafe.Add(ref w, 12 + i) = Avx512F.Shuffle4x128(ba, dc, 0xdd);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Get(ref byte messages, int start, Vector512<byte> swap) =>
        Avx512BW.Shuffle(Vector512.LoadUnsafe(ref messages, (nuint)start), swap).AsUInt32();

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Mix(Span<Vector512<uint>> words, Span<Vector512<uint>> state)
    {
        ref Vector512<uint> w = ref MemoryMarshal.GetReference(words[..Rounds]), s = ref MemoryMarshal.GetReference(state);
        ref uint k = ref MemoryMarshal.GetReference(Constants);
        Vector512<uint> a = s, b = Unsafe.Add(ref s, 1), c = Unsafe.Add(ref s, 2), d = Unsafe.Add(ref s, 3);
        Vector512<uint> e = Unsafe.Add(ref s, 4), f = Unsafe.Add(ref s, 5), g = Unsafe.Add(ref s, 6), h = Unsafe.Add(ref s, 7);
        for (int t = 0; t < Rounds; t += RoundsAtATime)
        {
            ref Vector512<uint> some = ref Unsafe.Add(ref w, t);
            ref uint constant = ref Unsafe.Add(ref k, t);
            Round(a, b, c, ref d, e, f, g, ref h, Word(ref some, 0, t) + Vector512.Create(constant));
            Round(h, a, b, ref c, d, e, f, ref g, Word(ref some, 1, t) + Vector512.Create(Unsafe.Add(ref constant, 1)));
            Round(g, h, a, ref b, c, d, e, ref f, Word(ref some, 2, t) + Vector512.Create(Unsafe.Add(ref constant, 2)));
            Round(f, g, h, ref a, b, c, d, ref e, Word(ref some, 3, t) + Vector512.Create(Unsafe.Add(ref constant, 3)));
            Round(e, f, g, ref h, a, b, c, ref d, Word(ref some, 4, t) + Vector512.Create(Unsafe.Add(ref constant, 4)));
            Round(d, e, f, ref g, h, a, b, ref c, Word(ref some, 5, t) + Vector512.Create(Unsafe.Add(ref constant, 5)));
            Round(c, d, e, ref f, g, h, a, ref b, Word(ref some, 6, t) + Vector512.Create(Unsafe.Add(ref constant, 6)));
            Round(b, c, d, ref e, f, g, h, ref a, Word(ref some, 7, t) + Vector512.Create(Unsafe.Add(ref constant, 7)));
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

    /// <summary>A word of the schedule (section 6.2.2, step 1), of which those before are there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Word(ref Vector512<uint> words, int number, int t)
    {
        ref Vector512<uint> word = ref Unsafe.Add(ref words, number);
        if (t < MaxCount) return word;
        Vector512<uint> x = Unsafe.Add(ref word, -15), y = Unsafe.Add(ref word, -2);
        return word = Unsafe.Add(ref word, -16) + Xor(Rotate(x, 7), Rotate(x, 18), x >>> 3) + Unsafe.Add(ref word, -7)
            + Xor(Rotate(y, 17), Rotate(y, 19), y >>> 10);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Round(Vector512<uint> a, Vector512<uint> b, Vector512<uint> c, ref Vector512<uint> d, Vector512<uint> e,
        Vector512<uint> f, Vector512<uint> g, ref Vector512<uint> h, Vector512<uint> word)
    {
        Vector512<uint> sum = h + word + Avx512F.TernaryLogic(e, f, g, 0xca) + Xor(Rotate(e, 6), Rotate(e, 11), Rotate(e, 25));
        d += sum;
        h = sum + Avx512F.TernaryLogic(a, b, c, 0xe8) + Xor(Rotate(a, 2), Rotate(a, 13), Rotate(a, 22));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Rotate(Vector512<uint> value, [ConstantExpected] byte count) => Avx512F.RotateRight(value, count);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Xor(Vector512<uint> x, Vector512<uint> y, Vector512<uint> z) => Avx512F.TernaryLogic(x, y, z, 0x96);
}
