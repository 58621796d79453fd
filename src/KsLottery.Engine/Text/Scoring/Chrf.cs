using System.Buffers;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace KsLottery.Engine.Text.Scoring;

/// <summary>chrF (Popović, 2015) and chrF++ (Popović, 2017) as sacreBLEU computes them, to the number.</summary>
/// <remarks>A character is a code point. Time is linear in the text, memory in its longest line.</remarks>
public static class Chrf
{
    private static readonly ChrfOptions Defaults = new();

    // Exactly the signs of Python's string.punctuation.
    private static readonly SearchValues<char> Punctuation = SearchValues.Create("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~");

    /// <summary>Scores a corpus.</summary>
    /// <param name="hypotheses">One line for each segment.</param>
    /// <param name="references">One or more translations, each with one line for each segment; of several a segment takes the one that it
    /// scores best with.</param>
    /// <param name="options">Those of sacreBLEU's chrF2 by default.</param>
    /// <exception cref="ArgumentException">There are no hypotheses or no references; their numbers of lines differ; or a line is
    /// null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public static ChrfScore Corpus(
        IReadOnlyList<string> hypotheses, IReadOnlyList<IReadOnlyList<string>> references, ChrfOptions? options = null)
    {
        options ??= Defaults;
        options.Validate();
        ParallelLines.Check(hypotheses, references);
        Segments segments = new(options);
        for (int i = 0; i < hypotheses.Count; i++) segments.Add(hypotheses[i], references, i);
        return new ChrfScore(segments.Sum.Score(options), Signature(options, references.Count));
    }

    /// <summary>Scores one sentence.</summary>
    /// <param name="hypothesis">The sentence.</param>
    /// <param name="references">One or more translations of it.</param>
    /// <param name="options">Those of sacreBLEU's chrF2 by default.</param>
    /// <exception cref="ArgumentException">There are no references, or one is null.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public static ChrfScore Sentence(string hypothesis, IReadOnlyList<string> references, ChrfOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(hypothesis);
        ArgumentNullException.ThrowIfNull(references);
        return Corpus([hypothesis], [.. references.Select(line => new[] { line })], options);
    }

    private static string Signature(ChrfOptions options, int references)
    {
        string name = string.Create(CultureInfo.InvariantCulture, $"chrF{options.Beta}{new string('+', options.WordOrder)}");
        string fields = string.Create(CultureInfo.InvariantCulture,
            $"nc:{options.CharacterOrder}|nw:{options.WordOrder}|space:{(options.KeepWhitespace ? "yes" : "no")}");
        return ScoreSignature.Compose(name, references, options.Lowercase, !options.EpsilonSmoothing, fields);
    }

    /// <summary>Adds up the segments of a corpus.</summary>
    private sealed class Segments(ChrfOptions options)
    {
        private readonly NgramCounts _characterNgrams = new(options.CharacterOrder);
        private readonly NgramCounts _wordNgrams = new(Math.Max(1, options.WordOrder));
        private readonly TokenNumbers _numbers = new();
        private readonly Symbols _hypothesis = new(), _reference = new();

        private ChrfCounts _segment = new(options.CharacterOrder + options.WordOrder);
        private ChrfCounts _best = new(options.CharacterOrder + options.WordOrder);

        public ChrfCounts Sum { get; } = new(options.CharacterOrder + options.WordOrder);

        public void Add(string hypothesis, IReadOnlyList<IReadOnlyList<string>> references, int line)
        {
            _hypothesis.Read(hypothesis, options, _numbers);
            double bestScore = -1;
            foreach (IReadOnlyList<string> lines in references)
            {
                _reference.Read(lines[line], options, _numbers);
                Compare();
                double score = references.Count == 1 ? 0 : _segment.Score(options);
                if (score > bestScore) (bestScore, _best, _segment) = (score, _segment, _best);
            }
            Sum.Add(_best);
        }

        private void Compare()
        {
            int characters = options.CharacterOrder;
            _segment.Clear();
            Compare(_characterNgrams, _hypothesis.Characters, _reference.Characters, 0, characters);
            if (options.WordOrder > 0) Compare(_wordNgrams, _hypothesis.Words, _reference.Words, characters, options.WordOrder);
        }

        private void Compare(NgramCounts ngrams, List<int> hypothesis, List<int> reference, int first, int orders)
        {
            ngrams.Clear();
            ngrams.AddReference(CollectionsMarshal.AsSpan(reference));
            ngrams.AddMatches(CollectionsMarshal.AsSpan(hypothesis), _segment.Matches.AsSpan(first, orders));
            for (int n = 0; n < orders; n++)
            {
                long inReference = NgramCounts.Total(reference.Count, n + 1);
                _segment.Reference[first + n] = inReference;
                // A hypothesis is not blamed for n-grams longer than its reference.
                _segment.Hypothesis[first + n] = inReference == 0 ? 0 : NgramCounts.Total(hypothesis.Count, n + 1);
            }
        }
    }

    /// <summary>The characters and words of one line, as numbers.</summary>
    private sealed class Symbols
    {
        public List<int> Characters { get; } = [];

        public List<int> Words { get; } = [];

        public void Read(string line, ChrfOptions options, TokenNumbers numbers)
        {
            if (options.Lowercase) line = Lowercase.Of(line);
            Characters.Clear();
            Words.Clear();
            if (options.KeepWhitespace) AddCharacters(line);
            foreach (ReadOnlySpan<char> word in new Words(line))
            {
                if (!options.KeepWhitespace) AddCharacters(word);
                if (options.WordOrder > 0) AddWord(word, numbers);
            }
        }

        private void AddCharacters(ReadOnlySpan<char> text)
        {
            foreach (Rune rune in text.EnumerateRunes()) Characters.Add(rune.Value);
        }

        /// <summary>Sets one sign apart, at a word's end or else at its start: of "(hi)" come "(hi" and ")", as in chrF++.py.</summary>
        private void AddWord(ReadOnlySpan<char> word, TokenNumbers numbers)
        {
            int cut = word.Length == 1 ? 0 : Punctuation.Contains(word[^1]) ? word.Length - 1 : Punctuation.Contains(word[0]) ? 1 : 0;
            if (cut > 0) Words.Add(numbers[word[..cut]]);
            Words.Add(numbers[word[cut..]]);
        }
    }
}
