using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Generation;

/// <summary>Continues a prompt by one token after the other: the likeliest (of several the lowest id), or one that is drawn.</summary>
/// <param name="prompt">The prompt's index.</param>
/// <param name="tokens">The prompt.</param>
/// <param name="slots">One slot.</param>
/// <param name="limit">The most new tokens, at least 1.</param>
/// <param name="options">The tokens that end a sequence, and the seed.</param>
/// <param name="sampler">Draws; null takes the likeliest.</param>
internal sealed class SingleSearch(int prompt, int[] tokens, int[] slots, int limit, GenerationOptions options, NucleusSampler? sampler)
    : Search(prompt, slots, limit)
{
    private readonly List<int> _tokens = [];
    private SplitMix64 _random = new(SplitMix64.Mix(SplitMix64.Mix(options.Seed) ^ (ulong)prompt));
    private double _logProbability;

    protected override Generated? Decide(IDecoder decoder, NextPass next)
    {
        ReadOnlySpan<float> logits = decoder.Logits(Slots[0]);
        double logSum = LogSum(logits);
        int token = sampler?.Draw(logits, ref _random) ?? Softmax.IndexOfMax(logits);
        _logProbability += logits[token] - logSum;
        bool ends = options.EosIds.Contains(token);
        if (!ends)
        {
            _tokens.Add(token);
            ends = options.StopTexts?.IsIn(tokens, [.. _tokens]) ?? false;
        }
        if (ends || Length == Limit) return new([.. _tokens], ends, _logProbability);
        next.Append(Slots[0], token);
        return null;
    }
}
