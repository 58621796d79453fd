namespace KsLottery.Engine.Generation;

/// <summary>A causal language model that remembers what it has read, in S slots.</summary>
/// <remarks>What a slot's logits are depends on the tokens read into that slot alone, not on the slot or on what is read beside
/// it.</remarks>
public interface IDecoder
{
    /// <summary>The number of tokens that the model knows, V; ids go from 0 to V - 1.</summary>
    int VocabularySize { get; }

    /// <summary>The number of sequences held at once, S; slots go from 0 to S - 1.</summary>
    int Slots { get; }

    /// <summary>The longest sequence that a slot holds, in tokens.</summary>
    int Capacity { get; }

    /// <summary>Empties the given slots and reads a prompt into each; the logits of the last token of each are then at hand.</summary>
    /// <param name="slots">Distinct slots.</param>
    /// <param name="prompts">As many prompts, each of 1 to <see cref="Capacity"/> tokens.</param>
    void Prefill(ReadOnlySpan<int> slots, IReadOnlyList<int[]> prompts);

    /// <summary>Appends one token to each of the given slots, all in one pass.</summary>
    /// <param name="slots">Distinct slots that have read a prompt and are not full.</param>
    /// <param name="tokens">As many tokens.</param>
    void Append(ReadOnlySpan<int> slots, ReadOnlySpan<int> tokens);

    /// <summary>The logits after the last token of a slot, V of them; valid until the next <see cref="Prefill"/> or
    /// <see cref="Append"/>.</summary>
    /// <param name="slot">A slot that the latest <see cref="Prefill"/> or <see cref="Append"/> named.</param>
    ReadOnlySpan<float> Logits(int slot);

    /// <summary>Makes slot slots[i] a copy of slot sources[i], as if all were copied at the same moment.</summary>
    /// <param name="slots">Distinct slots.</param>
    /// <param name="sources">As many slots, in any order and number. <see cref="Generator"/> never overwrites a slot that is also a
    /// source.</param>
    void Reorder(ReadOnlySpan<int> slots, ReadOnlySpan<int> sources);
}
