using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Transfer;

/// <summary>Which place of a short array each element of a tensor reads, with what sign and scale:
/// w[i] = scale · G[i] · R[idx(i)].</summary>
/// <remarks>
/// Source: STABLE-RPS (Desai and Shrivastava, ICLR 2024), its Pareto mapper. Element i of the tensor stands at p = offset + i of all
/// weights that share; with an array of m values, chunk = ⌊p / m⌋ and idx = (hash(chunk) + p mod m) mod m, where
/// hash(x) = ((x·a + x²·b + c) mod P) mod m and P = 2,038,074,743, in whole numbers without bounds. So an array as long as the weights
/// is a rotation of them.
/// </remarks>
/// <param name="A">a, from 0 to below P.</param>
/// <param name="B">b, the same.</param>
/// <param name="C">c, the same.</param>
/// <param name="Offset">The place of the tensor's first element among all weights that share.</param>
/// <param name="Scale">The scale.</param>
/// <param name="SignSeed">Draws the signs: G[i] is -1 where the highest bit of the SplitMix64 finaliser of seed + p is set; null for +1
/// everywhere.</param>
public readonly record struct ShareMap(long A, long B, long C, long Offset, float Scale, ulong? SignSeed = null)
{
    /// <summary>P.</summary>
    public const long Prime = 2_038_074_743;

    /// <summary>The most weights that can share.</summary>
    internal const long MaxElements = 1L << 40;

    /// <summary>Whether all numbers are in their ranges.</summary>
    internal bool IsValid => A is >= 0 and < Prime && B is >= 0 and < Prime && C is >= 0 and < Prime && Offset is >= 0 and <= MaxElements
        && float.IsFinite(Scale);

    /// <summary>The place in the array that an element reads.</summary>
    /// <param name="element">i, row-major.</param>
    /// <param name="arrayLength">m, at least 1.</param>
    public long IndexOf(long element, long arrayLength)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(element);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(arrayLength);
        long place = Offset + element;
        return (long)((ulong)Hash(place / arrayLength, arrayLength) + (ulong)(place % arrayLength)) % arrayLength;
    }

    /// <summary>G[i], +1 or -1.</summary>
    public int SignOf(long element) =>
        SignSeed is { } seed && SplitMix64.Mix(seed + (ulong)(Offset + element)) >> 63 != 0 ? -1 : 1;

    /// <summary>The values of consecutive elements, in F32.</summary>
    internal void Gather(long first, ReadOnlySpan<float> array, Span<float> values)
    {
        for (int i = 0; i < values.Length; i++)
            values[i] = Scale * SignOf(first + i) * array[(int)IndexOf(first + i, array.Length)];
    }

    private long Hash(long x, long arrayLength)
    {
        UInt128 wide = (UInt128)(ulong)x;
        return (long)(((wide * (ulong)A) + (wide * wide * (ulong)B) + (ulong)C) % Prime % (UInt128)(ulong)arrayLength);
    }
}

/// <summary>The weights of a tensor that reads a short array, which several tensors may share.</summary>
/// <param name="Map">Which element reads what.</param>
/// <param name="Array">R, m values; the same memory for all tensors of a patch.</param>
public readonly record struct SharedWeights(ShareMap Map, ReadOnlyMemory<float> Array);
