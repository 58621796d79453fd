namespace KsLottery.Cli;

/// <summary>A stream of numbers that a seed decides, the same on every machine and runtime.</summary>
/// <remarks>Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014).</remarks>
internal struct SplitMix64(ulong seed)
{
    private const ulong Step = 0x9E37_79B9_7F4A_7C15;

    private ulong _state = seed;

    /// <summary>One step from a state: every bit of it reaches every bit of the result.</summary>
    public static ulong Mix(ulong state)
    {
        ulong z = state + Step;
        z = (z ^ (z >> 30)) * 0xBF58_476D_1CE4_E5B9;
        z = (z ^ (z >> 27)) * 0x94D0_49BB_1331_11EB;
        return z ^ (z >> 31);
    }

    /// <summary>The next 64 bits.</summary>
    public ulong Next()
    {
        ulong next = Mix(_state);
        _state += Step;
        return next;
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
