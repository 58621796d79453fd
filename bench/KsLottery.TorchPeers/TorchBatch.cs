using KsLottery.Benchmarks;
using KsLottery.Engine.Text.Corpora;
using TorchSharp;

namespace KsLottery.TorchPeers;

/// <summary>A step's sequences, all of a length.</summary>
/// <param name="Ids">B·T tokens.</param>
/// <param name="Tokens">(B, T).</param>
/// <param name="Targets">(B, T).</param>
internal sealed record TorchBatch(long[] Ids, torch.Tensor Tokens, torch.Tensor Targets)
{
    /// <summary>Takes T + 1 tokens of each sequence.</summary>
    public static TorchBatch Of(IReadOnlyList<TokenSequence> sequences)
    {
        long[] Flat(Func<int[], int[]> part) => [.. sequences.SelectMany(s => part(s.Tokens.ToArray())).Select(id => (long)id)];
        long[] ids = Flat(tokens => tokens[..^1]);
        return new(ids, torch.tensor(ids).view(sequences.Count, -1), torch.tensor(Flat(tokens => tokens[1..])).view(sequences.Count, -1));
    }

    /// <summary>New sequences for each step: the text's in their order, or random ones.</summary>
    public static IEnumerable<TokenSequence[]> Steps(ModelBenchPlan plan)
    {
        Random random = new(1);
        for (int step = 0; ; step++)
            yield return plan.Text is { } text
                ? [.. Enumerable.Range(step * plan.Sequences, plan.Sequences).Select(i => text.Sequences[i % text.Sequences.Count])]
                : [.. Enumerable.Range(0, plan.Sequences).Select(_ => new TokenSequence(
                    Enumerable.Range(0, plan.Length + 1).Select(_ => random.Next(plan.Config.VocabularySize)).ToArray(), 1))];
    }
}
