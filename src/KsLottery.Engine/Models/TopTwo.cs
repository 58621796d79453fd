namespace KsLottery.Engine.Models;

/// <summary>The two likeliest next tokens by a model's softmax.</summary>
/// <param name="First">The likeliest token; of several equally likely ones the lowest id.</param>
/// <param name="FirstProbability">Its probability.</param>
/// <param name="Second">The likeliest of the others; -1 in a vocabulary of one token.</param>
/// <param name="SecondProbability">Its probability, at most the first's.</param>
public readonly record struct TopTwo(int First, double FirstProbability, int Second, double SecondProbability)
{
    /// <summary>p₁ - p₂, 0 where two tokens are equally likely.</summary>
    public double Margin => FirstProbability - SecondProbability;
}
