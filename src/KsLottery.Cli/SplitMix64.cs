namespace KsLottery.Cli.Demo;

/// <summary>A stream of numbers that a seed decides, the same on every machine and runtime.</summary>
/// <remarks>Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).</remarks>
internal struct SplitMix64(ulong seed)
{
    private ulong _state = seed;

    /// <summary>The next 64 bits.</summary>
    public ulong Next()
    {
        ulong z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>A value that is nearly normal, with mean 0 and deviation 1: the sum of twelve uniform ones, less six.</summary>
    /// <remarks>It needs no logarithm, whose last digit differs between machines.</remarks>
    public double NextNormal()
    {
        double sum = -6;
        for (int i = 0; i < 12; i++) sum += (Next() >> 11) * (1.0 / (1UL << 53));
        return sum;
    }
}
