using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tickets;

/// <summary>One 32-bit number, never 0, for every unit of a tensor, in any order and on any thread.</summary>
internal readonly struct RandomStream
{
    private readonly ulong _state;

    /// <param name="seed">Any value.</param>
    /// <param name="tensor">The tensor's name.</param>
    public RandomStream(ulong seed, string tensor)
    {
        _state = SplitMix64.Mix(seed);
        foreach (char letter in tensor) _state = SplitMix64.Mix(_state ^ letter);
    }

    /// <summary>The number of a unit.</summary>
    public uint this[long unit] => (uint)(SplitMix64.Mix(_state + (ulong)unit) >> 32) | 1;
}
