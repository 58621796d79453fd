using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Kernels;

/// <summary>The definition, and the oracle of every other kernel: sort both rows, walk them together.</summary>
internal sealed class KsRowReference(int width) : IKsRowKernel
{
    private readonly float[] _before = new float[width], _after = new float[width];

    public string Name => "reference";

    public int Width => width;

    public KsRowOutcome Test(ReadOnlySpan<float> before, ReadOnlySpan<float> after)
    {
        before.CopyTo(_before);
        after.CopyTo(_after);
        return Walk();
    }

    public KsRowOutcome TestFloat16(ReadOnlySpan<ushort> before, ReadOnlySpan<ushort> after)
    {
        Float16.Widen(before, _before);
        Float16.Widen(after, _after);
        return Walk();
    }

    public KsRowOutcome TestBFloat16(ReadOnlySpan<ushort> before, ReadOnlySpan<ushort> after)
    {
        BFloat16.Widen(before, _before);
        BFloat16.Widen(after, _after);
        return Walk();
    }

    private KsRowOutcome Walk()
    {
        Array.Sort(_before);
        Array.Sort(_after);
        if (float.IsNaN(_before[0]) || float.IsNaN(_after[0])) return KsRowOutcome.NotANumber;  // NaN sorts first

        int i = 0, j = 0, highest = 0, lowest = 0;
        float highestAt = float.NaN, lowestAt = float.NaN;
        while (i < width || j < width)
        {
            float value = i == width ? _after[j] : j == width ? _before[i] : MathF.Min(_before[i], _after[j]);
            while (i < width && _before[i] == value) i++;
            while (j < width && _after[j] == value) j++;
            if (i - j > highest) (highest, highestAt) = (i - j, value + 0f);
            if (i - j < lowest) (lowest, lowestAt) = (i - j, value + 0f);
        }
        if (highest == 0 && lowest == 0) return KsRowOutcome.Equal;
        return highest >= -lowest ? new(highest, 1, highestAt) : new(-lowest, -1, lowestAt);
    }
}
