using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Engine.Models;

public sealed partial class LlamaModel
{
    /// <summary>Reads prompts into empty slots; returns the logits behind the last token of each, (prompts, V).</summary>
    internal DeviceSpan Prefill(KeyValueCache cache, int[] slots, IReadOnlyList<int[]> prompts)
    {
        int[] tokens = [.. prompts.SelectMany(p => p)], targets = new int[tokens.Length], starts = new int[prompts.Count + 1];
        targets.AsSpan().Fill(TokenBatch.NoTarget);
        for (int s = 0; s < prompts.Count; s++) starts[s + 1] = starts[s] + prompts[s].Length;
        int[] rows = [.. prompts.Zip(slots).SelectMany(p => Enumerable.Range(p.Second * cache.Capacity, p.First.Length))];
        DeviceSpan stream = Forward(new(tokens, targets, starts), keep: false,
            (layer, activations) => cache.Store(layer, activations, rows));
        for (int s = 0; s < slots.Length; s++) cache.Length(slots[s]) = prompts[s].Length;
        return LogitsOf(Gathered(_gradients[1], stream, [.. starts[1..].Select(end => end - 1)], _config.Width));
    }

    /// <summary>Appends one token to each of some slots; returns the logits behind it, (slots, V).</summary>
    internal DeviceSpan Append(KeyValueCache cache, int[] slots, int[] tokens)
    {
        int[] positions = [.. slots.Select(slot => cache.Length(slot)++)], lengths = [.. positions.Select(p => p + 1)];
        int[] rows = [.. slots.Zip(positions, (slot, position) => (slot * cache.Capacity) + position)];
        _rope.Reserve(cache.Capacity);
        DeviceSpan stream = _streams[0].Get((long)tokens.Length * _config.Width);
        Embed(stream, tokens);
        LayerActivations activations = _activations[0];
        for (int layer = 0; layer < _config.LayerCount; layer++)
        {
            ForwardAttention(layer, activations, stream, positions);
            cache.Store(layer, activations, rows);
            _operations.CachedAttentionForward(activations.Attended, activations.Query, cache.Keys(layer), cache.Values(layer),
                _config.Attention, cache.Capacity, slots, lengths);
            DeviceSpan next = _streams[(layer + 1) % 2].Get(stream.Length);
            ForwardRest(layer, activations, stream, next);
            stream = next;
        }
        return LogitsOf(stream);
    }
}
