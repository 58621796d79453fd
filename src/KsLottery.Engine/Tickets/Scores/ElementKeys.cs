using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tickets;

/// <summary>The score of single elements as a formula of the base's value and the tuned one.</summary>
internal interface IElementFormula
{
    /// <summary>The scores of some elements, in F32; in F64 too, against which the formulas are tested.</summary>
    /// <remarks>Not finite where a value is not, and never -0.</remarks>
    static abstract Vector512<T> Of<T>(Vector512<T> before, Vector512<T> after);

    /// <summary>Whether a score may be below 0.</summary>
    static virtual bool IsSigned => false;
}

/// <summary>Elements of a tensor and of its tuned counterpart as they lie in memory; both the same where a score needs but one.</summary>
internal readonly ref struct ElementStretch(string tensor, long first, int count, ReadOnlySpan<byte> before, ElementType beforeType,
    ReadOnlySpan<byte> after, ElementType afterType)
{
    /// <summary>The tensor's name.</summary>
    public string Tensor => tensor;

    /// <summary>The first element.</summary>
    public long First => first;

    /// <summary>How many.</summary>
    public int Count => count;

    public ReadOnlySpan<byte> Before { get; } = before;

    public ReadOnlySpan<byte> After { get; } = after;

    public ElementType BeforeType => beforeType;

    public ElementType AfterType => afterType;
}

/// <summary>Turns elements that stream by into keys: unsigned integers in the order of the F32 scores; 0 for an element without a score,
/// since it is a NaN or an infinity before or after.</summary>
internal abstract class ElementKeys
{
    /// <summary>Keys that are computed at a time: they, and the widened elements, stay in the first-level cache.</summary>
    public const int Block = 2048;

    /// <summary>Computes the keys of a stretch of at most <see cref="Block"/> elements.</summary>
    /// <param name="elements">The stretch.</param>
    /// <param name="keys">As many as a block; those behind the stretch become 0.</param>
    public abstract void Fill(in ElementStretch elements, Span<uint> keys);

    /// <summary>Marks elements by their keys, without keeping keys; not for every stretch.</summary>
    /// <param name="elements">The stretch.</param>
    /// <param name="floor">A key.</param>
    /// <param name="limit">One that is not smaller.</param>
    /// <param name="above">Takes a bit for each element: whether its key is above the limit.</param>
    /// <param name="between">As many: whether it lies from the floor to the limit; empty where nobody asks.</param>
    /// <returns>Whether it did.</returns>
    public virtual bool TryMark(in ElementStretch elements, uint floor, uint limit, Span<ulong> above, Span<ulong> between) => false;

    /// <summary>The key of a score, 0 of NaN; of -0 that of 0.</summary>
    protected static uint KeyOf(float score)
    {
        if (float.IsNaN(score)) return 0;
        int bits = BitConverter.SingleToInt32Bits(score + 0f);
        return (uint)(bits ^ ((bits >> 31) | int.MinValue));
    }

    /// <summary>The key of a single element of a stretch that can be marked.</summary>
    public virtual uint KeyAt(in ElementStretch elements, int place) => throw new NotSupportedException("take Fill");
}

/// <summary>The keys of a formula.</summary>
internal sealed class ElementKeys<TFormula> : ElementKeys where TFormula : IElementFormula
{
    private const uint SignBit = 1U << 31;
    private const int Infinity = 0x7F80_0000;

    public override void Fill(in ElementStretch elements, Span<uint> keys)
    {
        int done = elements is { BeforeType: ElementType.BF16, AfterType: ElementType.BF16 }
            ? FillBrain(MemoryMarshal.Cast<byte, ushort>(elements.Before), MemoryMarshal.Cast<byte, ushort>(elements.After), keys) : 0;
        FillWidened(elements, done, keys);
    }

    /// <summary>Both of BF16, in whole words, scores of no sign.</summary>
    public override bool TryMark(in ElementStretch elements, uint floor, uint limit, Span<ulong> above, Span<ulong> between) =>
        elements is { BeforeType: ElementType.BF16, AfterType: ElementType.BF16 } && elements.Count % 64 == 0 && !TFormula.IsSigned
        && floor > SignBit
        && MarkBrain(MemoryMarshal.Cast<byte, ushort>(elements.Before), MemoryMarshal.Cast<byte, ushort>(elements.After),
            (int)(floor & ~SignBit), (int)(limit & ~SignBit), above, between);

    public override uint KeyAt(in ElementStretch elements, int place) => Key(
        Vector512.CreateScalar(HalfPrecision.FromBFloat16(MemoryMarshal.Cast<byte, ushort>(elements.Before)[place])),
        Vector512.CreateScalar(HalfPrecision.FromBFloat16(MemoryMarshal.Cast<byte, ushort>(elements.After)[place])))[0];

    /// <summary>The lower and the upper half of 32 bits are a value each: that of the lower element becomes one by a shift, that of the
    /// upper by a mask. False where a score is not finite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static bool MarkBrain(ReadOnlySpan<ushort> before, ReadOnlySpan<ushort> after, int floor, int limit, Span<ulong> above,
        Span<ulong> between)
    {
        ref ushort a = ref MemoryMarshal.GetReference(before), b = ref MemoryMarshal.GetReference(after);
        Vector512<int> limits = Vector512.Create(limit), below = Vector512.Create(floor - 1), largest = default;
        for (int word = 0; word < above.Length; word++)
        {
            int i = word * 64;
            (Vector512<int> even, Vector512<int> odd) = Scores(ref a, ref b, i);
            (Vector512<int> even2, Vector512<int> odd2) = Scores(ref a, ref b, i + Vector512<ushort>.Count);
            largest = Vector512.Max(largest, Vector512.Max(Vector512.Max(even, odd), Vector512.Max(even2, odd2)));
            ulong marks = Signs(limits - even, limits - odd) | (ulong)Signs(limits - even2, limits - odd2) << 32;
            above[word] = marks;
            if (!between.IsEmpty)
                between[word] = (Signs(below - even, below - odd) | (ulong)Signs(below - even2, below - odd2) << 32) & ~marks;
            Interop.Cache.Prefetch(ref a, before.Length + i);
            Interop.Cache.Prefetch(ref a, before.Length + i + Vector512<ushort>.Count);
            Interop.Cache.Prefetch(ref b, before.Length + i);
            Interop.Cache.Prefetch(ref b, before.Length + i + Vector512<ushort>.Count);
        }
        return Vector512.LessThanAll(largest, Vector512.Create(Infinity));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<int> Even, Vector512<int> Odd) Scores(ref ushort before, ref ushort after, int offset)
    {
        Vector512<uint> x = Vector512.LoadUnsafe(ref before, (nuint)offset).AsUInt32(),
            y = Vector512.LoadUnsafe(ref after, (nuint)offset).AsUInt32(), upper = Vector512.Create(0xffff_0000);
        return (TFormula.Of((x << 16).AsSingle(), (y << 16).AsSingle()).AsInt32(),
            TFormula.Of((x & upper).AsSingle(), (y & upper).AsSingle()).AsInt32());
    }

    /// <summary>The sign bits of both, in turns.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Signs(Vector512<int> even, Vector512<int> odd) => (uint)Vector512.ConditionalSelect(Vector512.Create(0x0000_ffff),
        even >>> 16, odd).AsInt16().ExtractMostSignificantBits();

    /// <summary>Both of BF16, widened in registers, while the next block is fetched; leaves the last few.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int FillBrain(ReadOnlySpan<ushort> before, ReadOnlySpan<ushort> after, Span<uint> keys)
    {
        ref ushort a = ref MemoryMarshal.GetReference(before), b = ref MemoryMarshal.GetReference(after);
        ref uint target = ref MemoryMarshal.GetReference(keys);
        int i = 0;
        for (; i + Vector512<ushort>.Count <= before.Length; i += Vector512<ushort>.Count)
        {
            Vector512<ushort> x = Vector512.LoadUnsafe(ref a, (nuint)i), y = Vector512.LoadUnsafe(ref b, (nuint)i);
            Key(HalfPrecision.FromBFloat16(Vector512.WidenLower(x)), HalfPrecision.FromBFloat16(Vector512.WidenLower(y)))
                .StoreUnsafe(ref target, (nuint)i);
            Key(HalfPrecision.FromBFloat16(Vector512.WidenUpper(x)), HalfPrecision.FromBFloat16(Vector512.WidenUpper(y)))
                .StoreUnsafe(ref target, (nuint)(i + Vector512<uint>.Count));
            Interop.Cache.Prefetch(ref a, before.Length + i);
            Interop.Cache.Prefetch(ref b, before.Length + i);
        }
        return i;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FillWidened(in ElementStretch elements, int done, Span<uint> keys)
    {
        keys[elements.Count..].Clear();
        if (done == elements.Count) return;
        Span<float> scratchBefore = stackalloc float[Block], scratchAfter = stackalloc float[Block];
        ReadOnlySpan<float> before = Values(elements.Before, elements.BeforeType, done, scratchBefore),
            after = Values(elements.After, elements.AfterType, done, scratchAfter);
        int i = 0;
        for (; i + Vector512<float>.Count <= before.Length; i += Vector512<float>.Count)
            Key(Vector512.LoadUnsafe(in before[i]), Vector512.LoadUnsafe(in after[i])).StoreUnsafe(ref keys[done + i]);
        Span<float> lastBefore = stackalloc float[Vector512<float>.Count], lastAfter = stackalloc float[Vector512<float>.Count];
        before[i..].CopyTo(lastBefore);
        after[i..].CopyTo(lastAfter);
        Vector512<uint> last = Key(Vector512.Create<float>(lastBefore), Vector512.Create<float>(lastAfter));
        for (int lane = 0; i + lane < before.Length; lane++) keys[done + i + lane] = last[lane];
    }

    private static ReadOnlySpan<float> Values(ReadOnlySpan<byte> bytes, ElementType type, int done, Span<float> scratch)
    {
        int size = type.ByteSize();
        bytes = bytes[(done * size)..];
        if (type == ElementType.F32) return MemoryMarshal.Cast<byte, float>(bytes);
        scratch = scratch[..(bytes.Length / size)];
        ElementCodec.Of(type).Widen(bytes, scratch);
        return scratch;
    }

    /// <summary>The bits of a score in their order, 0 where either value is not finite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Key(Vector512<float> before, Vector512<float> after)
    {
        Vector512<float> score = TFormula.Of(before, after);
        Vector512<int> bits = score.AsInt32(), sign = Vector512.Create(int.MinValue);
        Vector512<uint> key = (TFormula.IsSigned ? bits ^ ((bits >> 31) | sign) : bits | sign).AsUInt32();
        // A score is finite nearly always, and then both values are.
        return AreFinite(score) == Vector512<int>.AllBitsSet ? key : key & (AreFinite(before) & AreFinite(after)).AsUInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> AreFinite(Vector512<float> values) =>
        Vector512.LessThan(Vector512.Abs(values).AsInt32(), Vector512.Create(Infinity));
}

/// <summary>Keys that a seed decides.</summary>
/// <param name="seed">Any value.</param>
/// <param name="candidates">Whose key 0 stays 0; null where every element has a key.</param>
internal sealed class RandomKeys(ulong seed, ElementKeys? candidates) : ElementKeys
{
    public override void Fill(in ElementStretch elements, Span<uint> keys)
    {
        if (candidates is null) keys.Fill(1);
        else candidates.Fill(elements, keys);
        keys[elements.Count..Block].Clear();
        RandomStream stream = new(seed, elements.Tensor);
        for (int i = 0; i < elements.Count; i++)
            if (keys[i] != 0) keys[i] = stream[elements.First + i];
    }
}
