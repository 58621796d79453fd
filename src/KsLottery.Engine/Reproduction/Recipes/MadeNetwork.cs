using KsLottery.Engine.Models;

namespace KsLottery.Engine.Reproduction;

/// <summary>A small network that learns modular addition, in place of a LLaMA: the base of a recipe, and the pairs of its task.</summary>
/// <remarks>The pairs are all (a, b) with a ≤ b below the modulus, each with (a + b) mod it, in an order that the seed decides.</remarks>
public sealed record MadeNetwork
{
    /// <summary>The modulus, and how many symbols there are.</summary>
    public required int Modulus { get; init; }

    /// <summary>How many of the pairs are learned from; the others are the test.</summary>
    public required int Train { get; init; }

    /// <summary>Units of the hidden layer.</summary>
    public required int Hidden { get; init; }

    /// <summary>What its weights are multiplied with before the first step.</summary>
    public double Scale { get; init; } = 1;

    /// <summary>After how many steps it is looked at each time.</summary>
    public required int Every { get; init; }

    /// <summary>It has memorised where so much of what it learns from is right, 0 to 1, and generalised where so much of the rest
    /// is.</summary>
    public required double RightShare { get; init; }

    /// <summary>The pairs that there are.</summary>
    public int PairCount => Modulus * (Modulus + 1) / 2;

    internal ReluShape Shape => new(Modulus, Hidden);
}
