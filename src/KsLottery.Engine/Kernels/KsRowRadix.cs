using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Kernels;

/// <summary>Sorts both rows together by radix and sums their steps: portable, the same speed for every distribution.</summary>
/// <remarks>
/// O(d). The scalar kernel, and what the bucket kernel falls back on where its counters overflow. An element is its sortable key
/// with its row in the lowest bit; loops avoid branches on data, which would be mispredicted half of the time.
/// </remarks>
internal sealed class KsRowRadix(int width) : IKsRowKernel, IKsEffort
{
    private const int DigitBits = 11, Digits = 1 << DigitBits, Passes = 3;

    // One more than both rows: the last element's successor differs from every key.
    private ulong[] _elements = new ulong[2 * width + 1], _spare = new ulong[2 * width + 1];
    private readonly uint[] _starts = new uint[Passes * Digits];
    private float[]? _before, _after;

    public string Name => "scalar";

    public int Width => width;

    /// <summary>Both rows are widened, made keys of, read for their digits, moved in each pass, and summed up to twice.</summary>
    public long Effort => 2L * width * sizeof(ulong) * (4 + 2 * Passes + 2) + _starts.Length * sizeof(uint);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public KsRowOutcome Test(ReadOnlySpan<float> before, ReadOnlySpan<float> after)
    {
        int beyond = 0;
        for (int i = 0; i < width; i++)
        {
            beyond |= Infinity - Magnitude(before[i]) | Infinity - Magnitude(after[i]);
            _elements[i] = (ulong)SortableKey.FromSingle(before[i]) << 1;
            _elements[width + i] = (ulong)SortableKey.FromSingle(after[i]) << 1 | 1;
        }
        return beyond < 0 ? KsRowOutcome.NotANumber : SortAndSum();
    }

    public KsRowOutcome TestFloat16(ReadOnlySpan<ushort> before, ReadOnlySpan<ushort> after) =>
        TestWidened<Float16>(before, after);

    public KsRowOutcome TestBFloat16(ReadOnlySpan<ushort> before, ReadOnlySpan<ushort> after) =>
        TestWidened<BFloat16>(before, after);

    private KsRowOutcome TestWidened<TElement>(ReadOnlySpan<ushort> before, ReadOnlySpan<ushort> after)
        where TElement : IStoredElement<TElement, ushort>
    {
        TElement.Widen(before, _before ??= new float[width]);
        TElement.Widen(after, _after ??= new float[width]);
        return Test(_before, _after);
    }

    private const int Infinity = 0x7f80_0000;

    private static int Magnitude(float value) => BitConverter.SingleToInt32Bits(value) & int.MaxValue;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private KsRowOutcome SortAndSum()
    {
        Sort();
        _elements[2 * width] = ulong.MaxValue;
        ref ulong element = ref MemoryMarshal.GetArrayDataReference(_elements);
        (int highest, int lowest) = Extremes(ref element, 2 * width);
        if (highest == 0 && lowest == 0) return KsRowOutcome.Equal;
        return highest >= -lowest
            ? new(highest, 1, SortableKey.ToSingle(FirstAt(ref element, highest)))
            : new(-lowest, -1, SortableKey.ToSingle(FirstAt(ref element, lowest)));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Sort()
    {
        int count = 2 * width;
        _starts.AsSpan().Clear();
        ref uint starts = ref MemoryMarshal.GetArrayDataReference(_starts);
        ref ulong from = ref MemoryMarshal.GetArrayDataReference(_elements);
        for (int i = 0; i < count; i++)
        {
            ulong key = Unsafe.Add(ref from, i) >> 1;
            Unsafe.Add(ref starts, (nint)(key & Digits - 1))++;
            Unsafe.Add(ref starts, (nint)(Digits + (key >> DigitBits & Digits - 1)))++;
            Unsafe.Add(ref starts, (nint)(2 * Digits + (key >> 2 * DigitBits)))++;
        }
        for (int pass = 0; pass < Passes; pass++)
        {
            int shift = 1 + pass * DigitBits;
            Span<uint> next = _starts.AsSpan(pass * Digits, Digits);
            if (next[(int)(_elements[0] >> shift & Digits - 1)] == count) continue;  // all share this digit
            uint sum = 0;
            foreach (ref uint start in next) (start, sum) = (sum, sum + start);

            ref uint slot = ref MemoryMarshal.GetReference(next);
            from = ref MemoryMarshal.GetArrayDataReference(_elements);
            ref ulong to = ref MemoryMarshal.GetArrayDataReference(_spare);
            for (int i = 0; i < count; i++)
            {
                ulong element = Unsafe.Add(ref from, i);
                ref uint place = ref Unsafe.Add(ref slot, (nint)(element >> shift & Digits - 1));
                Unsafe.Add(ref to, (nint)place) = element;
                place++;
            }
            (_elements, _spare) = (_spare, _elements);
        }
    }

    /// <summary>The greatest and the least difference at values whose equals have all been counted.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (int Highest, int Lowest) Extremes(ref ulong element, int count)
    {
        int sum = 0, highest = 0, lowest = 0;
        ulong current = element;
        for (int i = 1; i <= count; i++)
        {
            ulong next = Unsafe.Add(ref element, i);
            sum += 1 - 2 * (int)(current & 1);
            int atEnd = sum & (int)(-(long)((current ^ next) >> 1) >> 63);  // 0 while the next key is the same
            int above = highest - atEnd, below = lowest - atEnd;
            highest -= above & above >> 31;
            lowest -= below & -below >> 31;
            current = next;
        }
        return (highest, lowest);
    }

    /// <summary>The first key after which the sum is what is wanted.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static uint FirstAt(ref ulong element, int wanted)
    {
        int sum = 0;
        for (int i = 0; ; i++)
        {
            ulong current = Unsafe.Add(ref element, i);
            sum += 1 - 2 * (int)(current & 1);
            if (sum == wanted && current >> 1 != Unsafe.Add(ref element, i + 1) >> 1) return (uint)(current >> 1);
        }
    }
}
