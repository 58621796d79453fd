using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Transfer;

/// <summary>Adds the changes of patches to a window of bfloat16, by vectors of 512 bits that bring changes to their elements: nothing is
/// written but what comes out.</summary>
internal static class SumLanes512
{
    /// <summary>The elements that are taken together, a word of bits.</summary>
    private const int Together = 64;

    /// <summary>The base's elements that are fetched ahead: they were hashed some megabytes ago.</summary>
    private const int Ahead = 1 << 11;

    /// <summary>Whether the processor can.</summary>
    public static bool IsSupported => Avx512BW.IsSupported;

    /// <summary>((b + d₁) + d₂) + … of the elements that patches change, rounded; all others as they are.</summary>
    /// <param name="bits">Of each patch, which elements of the window it changes.</param>
    /// <param name="changes">Of each patch its changes, ascending by element, and behind them anything, as many as a vector has.</param>
    /// <param name="source">The base's values.</param>
    /// <param name="target">Takes the sums; may be the same memory.</param>
    /// <param name="mayBeSpecial">Whether a value may be a NaN or an infinity.</param>
    /// <returns>What rounding cost.</returns>
    public static RoundingLoss Add(ulong[][] bits, float[][] changes, ReadOnlySpan<ushort> source, Span<ushort> target,
        out bool mayBeSpecial)
    {
        int whole = source.Length & -Together;
        Span<int> ranks = stackalloc int[changes.Length];
        ranks.Clear();
        mayBeSpecial = false;
        RoundingLoss loss = AddAll(bits, changes, source[..whole], target[..whole], 0, ranks, ref mayBeSpecial);
        if (whole == source.Length) return loss;
        Span<ushort> rest = stackalloc ushort[Together];
        rest.Clear();
        source[whole..].CopyTo(rest);
        loss += AddAll(bits, changes, rest, rest, whole / Together, ranks, ref mayBeSpecial);
        rest[..(source.Length - whole)].CopyTo(target[whole..]);
        return loss;
    }

    private static RoundingLoss AddAll(ulong[][] bits, float[][] changes, ReadOnlySpan<ushort> source, Span<ushort> target, int firstWord,
        Span<int> ranks, ref bool mayBeSpecial)
    {
        RoundingLoss loss = default;
        for (int i = 0; i < source.Length; i += Together)
        {
            i += AddWords(bits, changes, source[i..], target[i..], firstWord + (i / Together), ranks, ref loss);
            if (i == source.Length) break;
            loss += AddEach(bits, changes, source.Slice(i, Together), target.Slice(i, Together), firstWord + (i / Together), ranks);
            mayBeSpecial = true;
        }
        return loss;
    }

    /// <summary>Adds up to a word in which a value may be special; returns how many elements lie before it. No call is made on the way,
    /// which would take all vectors out of their registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int AddWords(ulong[][] bits, float[][] changes, ReadOnlySpan<ushort> source, Span<ushort> target, int word,
        Span<int> ranks, ref RoundingLoss loss)
    {
        ref ushort from = ref MemoryMarshal.GetReference(source), to = ref MemoryMarshal.GetReference(target[..source.Length]);
        ref int rank = ref MemoryMarshal.GetReference(ranks[..changes.Length]);
        // Without their signs: up to here values round to what is finite.
        Vector512<uint> last = Vector512.Create(0x7f7f_7fffu << 1), inexact = Vector512<uint>.Zero;
        Vector512<uint> lower = Vector512.Create(
            0x1u, 0x2, 0x4, 0x8, 0x10, 0x20, 0x40, 0x80, 0x100, 0x200, 0x400, 0x800, 0x1000, 0x2000, 0x4000, 0x8000), upper = lower << 16;
        int i = 0;
        for (; i < source.Length; i += Together, word++)
        {
            Interop.Cache.Prefetch(ref from, i + Ahead);
            Interop.Cache.Prefetch(ref from, i + Ahead + (Together / 2));
            Vector512<float> a = Widen(ref from, i), b = Widen(ref from, i + 16), c = Widen(ref from, i + 32), d = Widen(ref from, i + 48);
            for (int n = 0; n < changes.Length; n++)
            {
                ulong some = bits[n][word];
                ref float next = ref Unsafe.Add(ref MemoryMarshal.GetArrayDataReference(changes[n]), Unsafe.Add(ref rank, n));
                Unsafe.Add(ref rank, n) += BitOperations.PopCount(some);
                a += Bring(ref next, (uint)some, lower);
                next = ref Unsafe.Add(ref next, BitOperations.PopCount((ushort)some));
                b += Bring(ref next, (uint)some, upper);
                next = ref Unsafe.Add(ref next, BitOperations.PopCount((uint)some >> 16));
                c += Bring(ref next, (uint)(some >> 32), lower);
                next = ref Unsafe.Add(ref next, BitOperations.PopCount((ushort)(some >> 32)));
                d += Bring(ref next, (uint)(some >> 32), upper);
            }
            Vector512<uint> greatest = Vector512.Max(Vector512.Max(a.AsUInt32() << 1, b.AsUInt32() << 1),
                Vector512.Max(c.AsUInt32() << 1, d.AsUInt32() << 1));
            if (Vector512.GreaterThanAny(greatest, last)) break;
            inexact += Vector512.Min(a.AsUInt32() << 16, Vector512<uint>.One) + Vector512.Min(b.AsUInt32() << 16, Vector512<uint>.One)
                + Vector512.Min(c.AsUInt32() << 16, Vector512<uint>.One) + Vector512.Min(d.AsUInt32() << 16, Vector512<uint>.One);
            Store(a.AsUInt32(), b.AsUInt32(), ref to, i);
            Store(c.AsUInt32(), d.AsUInt32(), ref to, i + 32);
        }
        loss += new RoundingLoss(Vector512.Sum(inexact), 0);
        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Widen(ref ushort values, int place) =>
        HalfPrecision.FromBFloat16(Avx512F.ConvertToVector512UInt32(Vector256.LoadUnsafe(ref values, (nuint)place)));

    /// <summary>The next changes at the places of bits that are set, and -0 at all others: added to a number it changes none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Bring(ref float changes, uint bits, Vector512<uint> places) => Avx512F.Expand(Vector512.Create(-0f),
        (~Vector512.Equals(Vector512.Create(bits) & places, Vector512<uint>.Zero)).AsSingle(), Vector512.LoadUnsafe(ref changes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(Vector512<uint> a, Vector512<uint> b, ref ushort values, int place)
    {
        // Halves of 128 bits of either come together by turns.
        Vector512<ulong> order = Vector512.Create(0ul, 2, 4, 6, 1, 3, 5, 7);
        Avx512F.PermuteVar8x64(Avx512BW.PackUnsignedSaturate(HalfPrecision.RoundToBFloat16(a).AsInt32(),
            HalfPrecision.RoundToBFloat16(b).AsInt32()).AsUInt64(), order).AsUInt16().StoreUnsafe(ref values, (nuint)place);
    }

    /// <summary>The same of a word in which a value may be special, one by one.</summary>
    /// <param name="bits">Of each patch, which elements of the window it changes.</param>
    /// <param name="changes">Of each patch its changes.</param>
    /// <param name="source">The base's values.</param>
    /// <param name="target">Takes the sums.</param>
    /// <param name="word">Which word of the window.</param>
    /// <param name="ranks">How many changes of each patch lie before its end.</param>
    private static RoundingLoss AddEach(ulong[][] bits, float[][] changes, ReadOnlySpan<ushort> source, Span<ushort> target, int word,
        ReadOnlySpan<int> ranks)
    {
        Span<float> values = stackalloc float[Together];
        for (int i = 0; i < Together; i++) values[i] = HalfPrecision.FromBFloat16(source[i]);
        for (int n = 0; n < changes.Length; n++)
        {
            ulong some = bits[n][word];
            for (int rank = ranks[n] - BitOperations.PopCount(some); some != 0; some &= some - 1)
                values[BitOperations.TrailingZeroCount(some)] += changes[n][rank++];
        }
        return HalfPrecision.NarrowToBFloat16(values, target);
    }
}
