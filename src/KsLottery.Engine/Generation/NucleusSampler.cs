using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Generation;

/// <summary>Draws a token from the nucleus: the fewest, likeliest tokens that together have at least the probability p.</summary>
/// <remarks>Source: Holtzman et al., "The Curious Case of Neural Text Degeneration" (2020). Of equally likely tokens the lower id comes
/// first.</remarks>
/// <param name="vocabularySize">V.</param>
/// <param name="temperature">What the logits are divided by, above 0.</param>
/// <param name="topP">p, above 0; 1 draws from all tokens.</param>
internal sealed class NucleusSampler(int vocabularySize, double temperature, double topP)
{
    private readonly double[] _weights = new double[vocabularySize];
    private readonly List<Candidate> _nucleus = [];

    /// <summary>Draws one token, with one number of the stream.</summary>
    public int Draw(ReadOnlySpan<float> logits, ref SplitMix64 random)
    {
        double mass = FindNucleus(logits), rest = random.NextDouble() * mass;
        foreach (Candidate candidate in _nucleus)
            if ((rest -= candidate.Score) < 0) return candidate.Token;
        // Rounding alone comes here.
        return _nucleus[^1].Token;
    }

    /// <summary>Finds the nucleus, and its weight.</summary>
    private double FindNucleus(ReadOnlySpan<float> logits)
    {
        _nucleus.Clear();
        double total = Softmax.Weigh(logits, temperature, _weights);
        // All tokens below a V-th of 1 - p have less than 1 - p together: the nucleus does without them, and the sort as well.
        double floor = (1 - topP) * total / logits.Length;
        for (int token = 0; token < logits.Length; token++)
            if (_weights[token] >= floor && _weights[token] > 0) _nucleus.Add(new(_weights[token], 0, token));
        if (topP == 1) return total;

        _nucleus.Sort();
        int count = 0;
        double mass = 0;
        while (count < _nucleus.Count && mass < topP * total) mass += _nucleus[count++].Score;
        _nucleus.RemoveRange(count, _nucleus.Count - count);
        return mass;
    }
}
