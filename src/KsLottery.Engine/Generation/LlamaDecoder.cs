using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Generation;

/// <summary>A LLaMA-type model with a cache of keys and values, 2·L·G·D floats a token.</summary>
public sealed class LlamaDecoder : IDecoder, IDisposable
{
    private readonly LlamaModel _model;
    private readonly IOperations _operations;
    private readonly KeyValueCache _cache;
    private readonly float[] _logits;
    private readonly int[] _rowOf;

    /// <param name="model">The model, which must outlive the decoder.</param>
    /// <param name="operations">Its device.</param>
    /// <param name="slots">Sequences held at once.</param>
    /// <param name="capacity">The longest sequence, in tokens; at most what the model was made for.</param>
    /// <exception cref="ArgumentOutOfRangeException">Slots or capacity are outside their ranges.</exception>
    public LlamaDecoder(LlamaModel model, IOperations operations, int slots, int capacity)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(operations);
        if (slots < 1) throw new ArgumentOutOfRangeException(nameof(slots), slots, "a decoder needs 1 slot or more.");
        if (capacity < 1 || capacity > model.Config.MaxLength)
            throw new ArgumentOutOfRangeException(nameof(capacity), capacity,
                $"the model was made for sequences of 1 to {model.Config.MaxLength} tokens (max_position_embeddings). Ask for no more.");
        (_model, _operations) = (model, operations);
        _cache = new(model.Config, operations, slots, capacity);
        _logits = new float[(long)slots * model.Config.VocabularySize];
        _rowOf = new int[slots];
        _rowOf.AsSpan().Fill(-1);
    }

    /// <inheritdoc/>
    public int VocabularySize => _model.Config.VocabularySize;

    /// <inheritdoc/>
    public int Slots => _cache.Slots;

    /// <inheritdoc/>
    public int Capacity => _cache.Capacity;

    /// <inheritdoc/>
    public void Prefill(ReadOnlySpan<int> slots, IReadOnlyList<int[]> prompts)
    {
        foreach (int[] prompt in prompts)
            if (prompt.Length < 1 || prompt.Length > Capacity)
                throw new ArgumentException($"a prompt has {prompt.Length} tokens, a slot holds 1 to {Capacity}. "
                    + "Shorten it, or give the decoder more capacity.", nameof(prompts));
        Keep(slots, _model.Prefill(_cache, slots.ToArray(), prompts));
    }

    /// <inheritdoc/>
    public void Append(ReadOnlySpan<int> slots, ReadOnlySpan<int> tokens)
    {
        foreach (int slot in slots)
            if (_cache.Length(slot) < 1 || _cache.Length(slot) >= Capacity)
                throw new InvalidOperationException($"slot {slot} holds {_cache.Length(slot)} of {Capacity} tokens; "
                    + "read a prompt into it first, and stop when it is full.");
        Keep(slots, _model.Append(_cache, slots.ToArray(), tokens.ToArray()));
    }

    /// <inheritdoc/>
    public ReadOnlySpan<float> Logits(int slot) => _rowOf[slot] >= 0
        ? _logits.AsSpan(_rowOf[slot] * VocabularySize, VocabularySize)
        : throw new InvalidOperationException($"slot {slot} was not part of the latest pass.");

    /// <inheritdoc/>
    public void Reorder(ReadOnlySpan<int> slots, ReadOnlySpan<int> sources)
    {
        for (int i = 0; i < slots.Length; i++)
        {
            if (slots[i] == sources[i]) continue;
            if (sources.Contains(slots[i]))
                throw new ArgumentException($"slot {slots[i]} is source and destination; copy from slots that stay.", nameof(slots));
            _cache.CopySlot(sources[i], slots[i]);
        }
    }

    /// <summary>Gives the cache back.</summary>
    public void Dispose() => _cache.Dispose();

    private void Keep(ReadOnlySpan<int> slots, DeviceSpan logits)
    {
        _operations.Download(_logits.AsSpan(0, (int)logits.Length), logits);
        _rowOf.AsSpan().Fill(-1);
        for (int i = 0; i < slots.Length; i++)
        {
            _rowOf[slots[i]] = i;
            if (!float.IsFinite(Softmax.Max(Logits(slots[i])))) throw _model.NotFinite("A logit");
        }
    }
}
