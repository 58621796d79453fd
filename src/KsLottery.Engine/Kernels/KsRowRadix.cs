using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace KsLottery.Engine.Kernels;

/// <summary>Sorts both rows by radix and walks them together: portable, the same speed for every distribution.</summary>
/// <remarks>O(d). The scalar kernel, and what the bucket kernel falls back on where its buckets overflow.</remarks>
internal sealed class KsRowRadix(int width) : IKsRowKernel
{
    private const int DigitBits = 11, Digits = 1 << DigitBits, Passes = 3;

    private readonly uint[] _before = new uint[width], _after = new uint[width], _spare = new uint[width];
    private readonly int[] _starts = new int[Passes * Digits];

    public string Name => "scalar";

    public int Width => width;

    public KsRowOutcome Test(ReadOnlySpan<float> before, ReadOnlySpan<float> after)
    {
        if (MemoryMarshal.AsBytes(before).SequenceEqual(MemoryMarshal.AsBytes(after)))
            return HasNaN(before) ? KsRowOutcome.NotANumber : KsRowOutcome.Equal;
        uint largest = 0;
        for (int i = 0; i < width; i++)
        {
            largest = Math.Max(largest, Math.Max(Magnitude(before[i]), Magnitude(after[i])));
            _before[i] = SortableKey.FromSingle(before[i]);
            _after[i] = SortableKey.FromSingle(after[i]);
        }
        return largest > 0x7f80_0000 ? KsRowOutcome.NotANumber : SortAndWalk();
    }

    public KsRowOutcome TestBFloat16(ReadOnlySpan<ushort> before, ReadOnlySpan<ushort> after)
    {
        int largest = 0;
        for (int i = 0; i < width; i++)
        {
            largest = Math.Max(largest, Math.Max(before[i] & 0x7fff, after[i] & 0x7fff));
            _before[i] = SortableKey.FromSingle(BitConverter.UInt32BitsToSingle((uint)before[i] << 16));
            _after[i] = SortableKey.FromSingle(BitConverter.UInt32BitsToSingle((uint)after[i] << 16));
        }
        return largest > 0x7f80 ? KsRowOutcome.NotANumber : SortAndWalk();
    }

    private static uint Magnitude(float value) => BitConverter.SingleToUInt32Bits(value) & 0x7fff_ffff;

    private static bool HasNaN(ReadOnlySpan<float> row)
    {
        foreach (float value in row)
            if (float.IsNaN(value)) return true;
        return false;
    }

    private KsRowOutcome SortAndWalk()
    {
        Sort(_before);
        Sort(_after);
        (int highest, int lowest) = Extremes(_before, _after, width);
        if (highest == 0 && lowest == 0) return KsRowOutcome.Equal;
        return highest >= lowest
            ? new(highest, 1, SortableKey.ToSingle(FirstLead(_before, _after, width, highest)))
            : new(lowest, -1, SortableKey.ToSingle(FirstLead(_after, _before, width, lowest)));
    }

    private void Sort(uint[] keys)
    {
        Span<int> starts = _starts;
        starts.Clear();
        foreach (uint key in keys)
            for (int pass = 0; pass < Passes; pass++)
                starts[pass * Digits + (int)(key >> pass * DigitBits & (Digits - 1))]++;

        uint[] from = keys, to = _spare;
        for (int pass = 0; pass < Passes; pass++)
        {
            Span<int> next = starts.Slice(pass * Digits, Digits);
            int shift = pass * DigitBits;
            if (next[(int)(from[0] >> shift & (Digits - 1))] == width) continue;  // all keys share this digit
            int sum = 0;
            foreach (ref int start in next) (start, sum) = (sum, sum + start);
            ref int slot = ref MemoryMarshal.GetReference(next);
            ref uint target = ref MemoryMarshal.GetArrayDataReference(to);
            foreach (uint key in from)
                Unsafe.Add(ref target, Unsafe.Add(ref slot, (nint)(key >> shift & (Digits - 1)))++) = key;
            (from, to) = (to, from);
        }
        if (from != keys) from.CopyTo(keys, 0);
    }

    /// <summary>The greatest lead of each side, at values where all equals have been counted on both sides.</summary>
    /// <remarks>Each side has a walk of its own that lets the other side's equals go first, so neither needs a branch on ties.</remarks>
    private static (int Highest, int Lowest) Extremes(uint[] before, uint[] after, int width)
    {
        ref uint a = ref MemoryMarshal.GetArrayDataReference(before), b = ref MemoryMarshal.GetArrayDataReference(after);
        nint i = 0, j = 0, k = 0, l = 0, highest = 0, lowest = 0;
        while (i < width && j < width && k < width && l < width)
        {
            nint step = Unsafe.Add(ref b, j) <= Unsafe.Add(ref a, i) ? 1 : 0;
            j += step; i += 1 - step;
            highest = Math.Max(highest, i - j);
            step = Unsafe.Add(ref a, k) <= Unsafe.Add(ref b, l) ? 1 : 0;
            k += step; l += 1 - step;
            lowest = Math.Max(lowest, l - k);
        }
        // Once one side is used up a lead can only shrink towards zero.
        for (; i < width && j < width; highest = Math.Max(highest, i - j))
            if (Unsafe.Add(ref b, j) <= Unsafe.Add(ref a, i)) j++; else i++;
        for (; k < width && l < width; lowest = Math.Max(lowest, l - k))
            if (Unsafe.Add(ref a, k) <= Unsafe.Add(ref b, l)) k++; else l++;
        return ((int)highest, (int)lowest);
    }

    /// <summary>The smallest key at which the leader is ahead by <paramref name="lead"/>.</summary>
    private static uint FirstLead(uint[] leader, uint[] follower, int width, int lead)
    {
        int i = 0, j = 0;
        while (true)
        {
            if (j < width && follower[j] <= leader[i]) { j++; continue; }
            if (++i - j >= lead) return leader[i - 1];
        }
    }
}
