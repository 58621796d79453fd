using System.Numerics.Tensors;
using System.Runtime.CompilerServices;

namespace KsLottery.Engine.Kernels;

/// <summary>A monotone map from F32 values to bucket numbers, made of a sample's quantiles: for rows that <see cref="BucketMap"/> crowds
/// into few buckets.</summary>
/// <remarks>
/// bucket = trunc(middle + the sum of slope·clamp(value - centre, ±half) over all ramps), a line between each two quantiles and level
/// outside of them. Each step is monotone under rounding, and so is the whole.
/// </remarks>
internal sealed class QuantileMap
{
    /// <summary>A constant: a program compiled ahead of time would look into the table behind every vector.</summary>
    public const int Ramps = 12;

    /// <summary>Values of the samples, of which each row gives half, and the narrowest rows that they are taken of: beyond the third value
    /// from either end of a sample no more should lie than a bucket holds.</summary>
    private static readonly (int Size, int MinWidth)[] Samples = [(2048, 16_384), (512, 2048), (128, 0)];

    /// <summary>Which values ramps begin and end at, of the least value, the sorted sample and the greatest: tails have shorter
    /// ones.</summary>
    private static readonly int[][] Ends =
    [
        [0, 3, 24, 120, 400, 720, 1024, 1329, 1649, 1929, 2025, 2046, 2049],
        [0, 3, 17, 55, 110, 180, 257, 333, 403, 458, 496, 510, 513],
        [0, 3, 9, 17, 29, 45, 65, 85, 101, 113, 121, 126, 129],
    ];

    private readonly float[] _sample;

    private readonly int[] _normalEnds, _ends;

    /// <param name="width">That of the rows.</param>
    public QuantileMap(int width)
    {
        int at = Array.FindIndex(Samples, s => width >= s.MinWidth);
        _sample = new float[Samples[at].Size + 2];
        _normalEnds = Ends[at];
        _ends = new int[_normalEnds.Length];
    }

    public float[] Centres { get; } = new float[Ramps];

    public float[] Halves { get; } = new float[Ramps];

    public float[] Slopes { get; } = new float[Ramps];

    /// <summary>Fits the map; false where the sample has hardly more than one value.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public bool Fit(ReadOnlySpan<float> before, ReadOnlySpan<float> after, int buckets)
    {
        // Places that no period of a row's own meets.
        int size = _sample.Length - 2;
        for (int i = 0; i < size / 2; i++)
        {
            int at = (int)((uint)i * 0x9E37_79B9u % (uint)before.Length);
            (_sample[1 + i], _sample[size - i]) = (before[at], after[before.Length - 1 - at]);
        }
        _sample[0] = MathF.Min(TensorPrimitives.Min(before), TensorPrimitives.Min(after));
        _sample[^1] = MathF.Max(TensorPrimitives.Max(before), TensorPrimitives.Max(after));
        _sample.AsSpan().Sort();
        _normalEnds.CopyTo(_ends, 0);
        SetGapApart();
        bool isOpen = false;
        for (int ramp = 0; ramp < Ramps; ramp++)
        {
            (int start, int end) = (_ends[ramp], _ends[ramp + 1]);
            float low = Limited(_sample[start]), high = Limited(_sample[end]), half = high * 0.5f - low * 0.5f;
            float slope = (buckets - 2) * ((end - start) / (2f * (size + 1))) / half;
            bool isLevel = !(half > 0) || !float.IsFinite(slope);
            (Centres[ramp], Halves[ramp], Slopes[ramp]) = (low * 0.5f + high * 0.5f, isLevel ? 0 : half, isLevel ? 0 : slope);
            isOpen |= !isLevel;
        }
        return isOpen;
    }

    /// <summary>Gives the widest gap of the sample a ramp of its own, or the values beside it would share that ramp's few
    /// buckets.</summary>
    private void SetGapApart()
    {
        int gap = _ends[1];
        for (int i = gap; i < _ends[^2]; i++)
            if (_sample[i + 1] - _sample[i] > _sample[gap + 1] - _sample[gap]) gap = i;
        int ramp = 1;
        while (_ends[ramp + 1] <= gap) ramp++;
        (_ends[ramp], _ends[ramp + 1]) = (gap, gap + 1);
    }

    private static float Limited(float value) => Math.Clamp(value, float.MinValue, float.MaxValue);
}
