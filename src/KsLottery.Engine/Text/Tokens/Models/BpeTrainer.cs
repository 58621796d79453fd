using System.Runtime.InteropServices;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>Learns a byte-level BPE from texts: joins the most frequent pair of neighbours, again and again.</summary>
/// <remarks>
/// <para>
/// The tokens are <c>&lt;s&gt;</c>, <c>&lt;/s&gt;</c>, the 256 bytes in the order of GPT-2's alphabet, and one for each merge. Of equally
/// frequent pairs the one with the smaller ids goes first, left before right; so the result depends on the texts alone, not on their
/// order. It is that of Hugging Face's <c>BpeTrainer</c> with the same special tokens and alphabet.
/// </para>
/// <para>
/// Sources: Sennrich, Haddow and Birch, "Neural machine translation of rare words with subword units" (2016); Radford et al., "Language
/// models are unsupervised multitask learners" (2019) for bytes. Pair counts are kept up to date and a queue finds the largest; a merge
/// visits only the words that hold its pair.
/// </para>
/// </remarks>
internal sealed class BpeTrainer
{
    /// <summary>The smallest vocabulary: two special tokens and 256 bytes.</summary>
    public const int MinVocabulary = 258;

    private static readonly Comparer<(long Count, Pair Pair)> MostFrequentFirst =
        Comparer<(long Count, Pair Pair)>.Create((x, y) => x.Count != y.Count ? y.Count.CompareTo(x.Count) : x.Pair.CompareTo(y.Pair));

    private readonly List<Word> _words = [];
    private readonly Dictionary<Pair, long> _counts = [];
    private readonly Dictionary<Pair, List<int>> _places = [];
    private readonly PriorityQueue<Pair, (long Count, Pair Pair)> _queue = new(MostFrequentFirst);
    private readonly HashSet<Pair> _grown = [];

    /// <summary>A distinct word: its tokens so far, and how often it occurs.</summary>
    private readonly record struct Word(List<int> Tokens, long Count);

    /// <summary>Two neighbours. Their order is that of the ids, left before right.</summary>
    private readonly record struct Pair(int Left, int Right) : IComparable<Pair>
    {
        public int CompareTo(Pair other) => (Left, Right).CompareTo((other.Left, other.Right));

        /// <summary>The upper half of a product spreads what pairs of a vocabulary differ by; the hash that is generated takes 31 times
        /// the left id, and shares most of its values.</summary>
        public override int GetHashCode() => (int)(unchecked((((ulong)(uint)Left << 32) | (uint)Right) * 0x9E3779B97F4A7C15) >> 32);
    }

    private BpeTrainer()
    {
    }

    /// <summary>Learns a vocabulary.</summary>
    /// <param name="texts">The texts; no merge reaches from one to the next.</param>
    /// <param name="vocabularySize">
    /// The number of tokens, <see cref="MinVocabulary"/> or more; fewer come out where the texts hold no further pair.
    /// </param>
    /// <param name="pattern">How words are told apart.</param>
    /// <exception cref="ArgumentOutOfRangeException">The vocabulary is too small, or larger than a <c>tokenizer.json</c> may
    /// be.</exception>
    public static BpeVocabulary Train(IEnumerable<string> texts, int vocabularySize, BpePattern pattern = BpePattern.Llama3)
    {
        ArgumentNullException.ThrowIfNull(texts);
        ArgumentOutOfRangeException.ThrowIfLessThan(vocabularySize, MinVocabulary);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(vocabularySize, TokenizerJson.MaxCount);
        BpeTrainer trainer = new();
        BpeVocabulary vocabulary = new(pattern);
        trainer.CountWords(texts, pattern, vocabulary);
        trainer.CountPairs();
        while (vocabulary.Count < vocabularySize && trainer.TakeMostFrequent() is { } pair)
            trainer.Merge(pair, vocabulary.Merge(pair.Left, pair.Right));
        return vocabulary;
    }

    private void CountWords(IEnumerable<string> texts, BpePattern pattern, BpeVocabulary vocabulary)
    {
        SplitPattern split = SplitPattern.From(SplitPattern.TextOf(pattern));
        Dictionary<string, long> words = [];
        Dictionary<string, long>.AlternateLookup<ReadOnlySpan<char>> lookup = words.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (string text in texts)
            foreach ((int start, int length, bool _) in split.Split(text))
                CollectionsMarshal.GetValueRefOrAddDefault(lookup, text.AsSpan(start, length), out _)++;
        foreach ((string word, long count) in words)
            _words.Add(new Word([.. ByteAlphabet.Encode(word).Select(character => vocabulary.IdOf(character.ToString()))], count));
    }

    private void CountPairs()
    {
        for (int w = 0; w < _words.Count; w++)
        {
            List<int> tokens = _words[w].Tokens;
            for (int i = 1; i < tokens.Count; i++) Add(new Pair(tokens[i - 1], tokens[i]), w);
        }
        Enqueue();
    }

    /// <summary>Takes the most frequent pair out, null where no pair is left.</summary>
    private Pair? TakeMostFrequent()
    {
        while (_queue.TryDequeue(out Pair pair, out (long Count, Pair Pair) entry))
        {
            long count = _counts.GetValueOrDefault(pair);
            if (count == entry.Count) return pair;
            // Merges of its neighbours have made it rarer since it was queued.
            if (count > 0) _queue.Enqueue(pair, (count, pair));
        }
        return null;
    }

    /// <summary>Joins a pair wherever it occurs, from left to right in each word.</summary>
    private void Merge(Pair pair, int joined)
    {
        _places.Remove(pair, out List<int>? places);
        foreach (int w in places!)
        {
            List<int> tokens = _words[w].Tokens;
            int kept = 0;
            for (int i = 0; i < tokens.Count; i++)
            {
                int token = tokens[i];
                if (i + 1 < tokens.Count && new Pair(token, tokens[i + 1]) == pair)
                {
                    if (kept > 0)
                    {
                        Remove(new Pair(tokens[kept - 1], token), w);
                        Add(new Pair(tokens[kept - 1], joined), w);
                    }
                    if (i + 2 < tokens.Count)
                    {
                        Remove(new Pair(tokens[i + 1], tokens[i + 2]), w);
                        Add(new Pair(joined, tokens[i + 2]), w);
                    }
                    token = joined;
                    i++;
                }
                tokens[kept++] = token;
            }
            tokens.RemoveRange(kept, tokens.Count - kept);
        }
        _counts.Remove(pair);
        Enqueue();
    }

    private void Add(Pair pair, int word)
    {
        CollectionsMarshal.GetValueRefOrAddDefault(_counts, pair, out _) += _words[word].Count;
        ref List<int>? places = ref CollectionsMarshal.GetValueRefOrAddDefault(_places, pair, out _);
        places ??= [];
        if (places is [] || places[^1] != word) places.Add(word);
        _grown.Add(pair);
    }

    private void Remove(Pair pair, int word) => CollectionsMarshal.GetValueRefOrAddDefault(_counts, pair, out _) -= _words[word].Count;

    private void Enqueue()
    {
        foreach (Pair pair in _grown)
            if (_counts.GetValueOrDefault(pair) is > 0 and long count)
                _queue.Enqueue(pair, (count, pair));
        _grown.Clear();
    }
}
