using System.Numerics;
using System.Runtime.InteropServices;

namespace KsLottery.Engine.Transfer;

/// <summary>What a low-rank adapter adds to the rows of a matrix: scale · left · right, LoRA (Hu et al. 2021, arXiv 2106.09685).</summary>
/// <remarks>
/// An element is the sum over the rank in ascending order, each product and each sum rounded to F32, then multiplied with the scale in
/// F32, whatever the machine. PEFT leaves the order of the sum to its matrix product. The factors are held as F32 while they are needed.
/// </remarks>
internal sealed class LowRankAddition(LowRankFactor left, LowRankFactor right, double scale)
{
    private readonly Lock _lock = new();
    private readonly WeakReference<float[][]?> _factors = new(null);
    private readonly float _scale = (float)scale;

    /// <summary>The columns of the matrix.</summary>
    public int Width => right.Columns;

    /// <summary>Adds a row of the product to a row of the matrix.</summary>
    /// <param name="row">The row's number.</param>
    /// <param name="values">The row; the sum takes its place.</param>
    /// <param name="scratch">Room for a row.</param>
    public void AddTo(long row, Span<float> values, Span<float> scratch)
    {
        float[][] factors = Factors();
        ReadOnlySpan<float> weights = factors[0].AsSpan(checked((int)(row * left.Columns)), left.Columns);
        scratch = scratch[..values.Length];
        scratch.Clear();
        for (int k = 0; k < weights.Length; k++) Add(scratch, factors[1].AsSpan(k * values.Length, values.Length), weights[k]);
        Add(values, scratch, _scale);
    }

    /// <summary>target += factor · values; the product is rounded before it is added.</summary>
    private static void Add(Span<float> target, ReadOnlySpan<float> values, float factor)
    {
        Span<Vector<float>> wideTarget = MemoryMarshal.Cast<float, Vector<float>>(target);
        ReadOnlySpan<Vector<float>> wideValues = MemoryMarshal.Cast<float, Vector<float>>(values);
        Vector<float> wideFactor = new(factor);
        for (int j = 0; j < wideTarget.Length; j++) wideTarget[j] += wideValues[j] * wideFactor;
        for (int j = wideTarget.Length * Vector<float>.Count; j < target.Length; j++) target[j] += values[j] * factor;
    }

    private float[][] Factors()
    {
        if (_factors.TryGetTarget(out float[][]? factors)) return factors;
        lock (_lock)
        {
            if (_factors.TryGetTarget(out factors)) return factors;
            factors = [left.Read(), right.Read()];
            _factors.SetTarget(factors);
            return factors;
        }
    }
}
