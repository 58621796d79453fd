using KsLottery.Engine.Generation;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tests.Generation;

/// <summary>A model whose logits a seed and the whole prefix decide; it refuses whatever <see cref="IDecoder"/> does not allow.</summary>
internal sealed class HashDecoder(int vocabulary, int slots, int capacity = 64, ulong seed = 1, double scale = 2,
    bool rounded = false) : IDecoder
{
    private readonly List<int>?[] _sequences = new List<int>?[slots];
    private readonly HashSet<int> _atHand = [];

    public int VocabularySize => vocabulary;

    public int Slots => slots;

    public int Capacity => capacity;

    public int Passes { get; private set; }

    public List<(int[] Slots, int[] Sources)> Copies { get; } = [];

    public void Prefill(ReadOnlySpan<int> slots, IReadOnlyList<int[]> prompts)
    {
        Assert.That(prompts, Has.Count.EqualTo(slots.Length));
        Begin(slots);
        for (int i = 0; i < slots.Length; i++)
        {
            Assert.That(prompts[i].Length, Is.InRange(1, capacity));
            _sequences[slots[i]] = [.. prompts[i]];
        }
    }

    public void Append(ReadOnlySpan<int> slots, ReadOnlySpan<int> tokens)
    {
        Assert.That(tokens.Length, Is.EqualTo(slots.Length));
        Begin(slots);
        for (int i = 0; i < slots.Length; i++)
        {
            Assert.That(tokens[i], Is.InRange(0, vocabulary - 1));
            _sequences[slots[i]]!.Add(tokens[i]);
            Assert.That(_sequences[slots[i]], Has.Count.Matches(Is.AtMost(capacity)));
        }
    }

    public ReadOnlySpan<float> Logits(int slot)
    {
        Assert.That(_atHand, Does.Contain(slot));
        return LogitsAfter(_sequences[slot]!);
    }

    public void Reorder(ReadOnlySpan<int> slots, ReadOnlySpan<int> sources)
    {
        Assert.That(slots.ToArray(), Is.Unique.And.Length.EqualTo(sources.Length));
        Copies.Add((slots.ToArray(), sources.ToArray()));
        List<int>[] copies = [.. sources.ToArray().Select(source => new List<int>(_sequences[source]!))];
        for (int i = 0; i < slots.Length; i++) _sequences[slots[i]] = copies[i];
    }

    public float[] LogitsAfter(IEnumerable<int> prefix)
    {
        SplitMix64 random = new(prefix.Aggregate(seed, (hash, token) => SplitMix64.Mix(hash ^ (ulong)token)));
        float[] logits = new float[vocabulary];
        for (int i = 0; i < vocabulary; i++) logits[i] = (float)(scale * random.NextNormal());
        return rounded ? [.. logits.Select(x => MathF.Round(x))] : logits;
    }

    /// <summary>The log probabilities, by the book.</summary>
    public double[] LogProbabilitiesAfter(IEnumerable<int> prefix)
    {
        float[] logits = LogitsAfter(prefix);
        double logSum = Math.Log(logits.Sum(x => Math.Exp(x)));
        return [.. logits.Select(x => x - logSum)];
    }

    private void Begin(ReadOnlySpan<int> slots)
    {
        Assert.That(slots.ToArray(), Is.Unique & Is.Not.Empty & Has.All.Matches(Is.InRange(0, Slots - 1)));
        Passes++;
        _atHand.Clear();
        _atHand.UnionWith(slots.ToArray());
    }
}
