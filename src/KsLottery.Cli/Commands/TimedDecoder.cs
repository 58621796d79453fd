using System.Diagnostics;
using KsLottery.Engine.Generation;

namespace KsLottery.Cli;

/// <summary>Measures how fast a decoder reads prompts and appends tokens.</summary>
internal sealed class TimedDecoder(IDecoder decoder) : IDecoder
{
    private TimeSpan _reading, _appending;

    public int VocabularySize => decoder.VocabularySize;

    public int Slots => decoder.Slots;

    public int Capacity => decoder.Capacity;

    /// <summary>Tokens of prompts that were read.</summary>
    public long PromptTokens { get; private set; }

    /// <summary>Tokens that were appended, one a beam.</summary>
    public long AppendedTokens { get; private set; }

    /// <summary>Tokens of prompts a second; NaN where none was read.</summary>
    public double PromptRate => PromptTokens / _reading.TotalSeconds;

    /// <summary>Appended tokens a second; NaN where none was appended.</summary>
    public double AppendedRate => AppendedTokens / _appending.TotalSeconds;

    public void Prefill(ReadOnlySpan<int> slots, IReadOnlyList<int[]> prompts)
    {
        long started = Stopwatch.GetTimestamp();
        decoder.Prefill(slots, prompts);
        _reading += Stopwatch.GetElapsedTime(started);
        PromptTokens += prompts.Sum(prompt => (long)prompt.Length);
    }

    public void Append(ReadOnlySpan<int> slots, ReadOnlySpan<int> tokens)
    {
        long started = Stopwatch.GetTimestamp();
        decoder.Append(slots, tokens);
        _appending += Stopwatch.GetElapsedTime(started);
        AppendedTokens += tokens.Length;
    }

    public ReadOnlySpan<float> Logits(int slot) => decoder.Logits(slot);

    public void Reorder(ReadOnlySpan<int> slots, ReadOnlySpan<int> sources) => decoder.Reorder(slots, sources);
}
