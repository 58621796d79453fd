using System.Globalization;
using System.Runtime.InteropServices;

namespace KsLottery.Engine.Text.Scoring;

/// <summary>BLEU as sacreBLEU computes it, to the number.</summary>
/// <remarks>
/// Lines are taken as they are: a line of several sentences, or of nothing, is one segment, and a byte order mark is a character of its
/// first word. Time is linear in the text; of a corpus only its different tokens are kept.
/// </remarks>
public static class Bleu
{
    private static readonly BleuOptions Defaults = new();

    /// <summary>Scores a corpus.</summary>
    /// <param name="hypotheses">One line for each segment.</param>
    /// <param name="references">One or more translations, each with one line for each segment.</param>
    /// <param name="options">Those of sacreBLEU by default.</param>
    /// <exception cref="ArgumentException">There are no hypotheses or no references; their numbers of lines differ; a line is null; or a
    /// smoothing that takes no value has one.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public static BleuScore Corpus(
        IReadOnlyList<string> hypotheses, IReadOnlyList<IReadOnlyList<string>> references, BleuOptions? options = null) =>
        Segments(hypotheses, references, options).Whole();

    /// <summary>Counts a corpus segment by segment, so that any segments of it can be scored.</summary>
    /// <inheritdoc cref="Corpus" path="/param"/>
    /// <inheritdoc cref="Corpus" path="/exception"/>
    public static SegmentedBleu Segments(
        IReadOnlyList<string> hypotheses, IReadOnlyList<IReadOnlyList<string>> references, BleuOptions? options = null)
    {
        options ??= Defaults;
        options.Validate();
        ParallelLines.Check(hypotheses, references);
        return new(Count(hypotheses, references, options), options, Signature(options, references.Count));
    }

    /// <summary>Scores one sentence, always with <see cref="BleuOptions.EffectiveOrder"/>.</summary>
    /// <param name="hypothesis">The sentence.</param>
    /// <param name="references">One or more translations of it.</param>
    /// <param name="options">Those of sacreBLEU by default.</param>
    /// <remarks>The mean of sentences' scores is not the score of their corpus.</remarks>
    /// <exception cref="ArgumentException">There are no references; one is null; or a smoothing that takes no value has one.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of its range.</exception>
    public static BleuScore Sentence(string hypothesis, IReadOnlyList<string> references, BleuOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(hypothesis);
        ArgumentNullException.ThrowIfNull(references);
        return Corpus([hypothesis], [.. references.Select(line => new[] { line })], (options ?? Defaults) with { EffectiveOrder = true });
    }

    private static BleuCounts[] Count(
        IReadOnlyList<string> hypotheses, IReadOnlyList<IReadOnlyList<string>> references, BleuOptions options)
    {
        BleuCounts[] segments = new BleuCounts[hypotheses.Count];
        NgramCounts ngrams = new(options.MaxOrder);
        TokenNumbers numbers = new();
        List<int> hypothesis = [], reference = [];
        for (int i = 0; i < segments.Length; i++)
        {
            BleuCounts counts = segments[i] = new(options.MaxOrder);
            Tokenize(hypotheses[i], options, numbers, hypothesis);
            ngrams.Clear();
            int nearest = -1;
            foreach (IReadOnlyList<string> lines in references)
            {
                Tokenize(lines[i], options, numbers, reference);
                ngrams.AddReference(CollectionsMarshal.AsSpan(reference));
                if (nearest < 0 || IsNearer(reference.Count, nearest, hypothesis.Count)) nearest = reference.Count;
            }
            ngrams.AddMatches(CollectionsMarshal.AsSpan(hypothesis), counts.Matches);
            for (int n = 0; n < options.MaxOrder; n++) counts.Totals[n] = NgramCounts.Total(hypothesis.Count, n + 1);
            counts.HypothesisLength = hypothesis.Count;
            counts.ReferenceLength = nearest;
        }
        return segments;
    }

    /// <summary>Whether a length is nearer to the hypothesis' than another, the shorter of two as near.</summary>
    private static bool IsNearer(int length, int than, int hypothesis)
    {
        int difference = Math.Abs(length - hypothesis), otherDifference = Math.Abs(than - hypothesis);
        return difference < otherDifference || (difference == otherDifference && length < than);
    }

    private static void Tokenize(string line, BleuOptions options, TokenNumbers numbers, List<int> tokens)
    {
        tokens.Clear();
        string text = Words.TrimEnd(options.Lowercase ? Lowercase.Of(line) : line);
        foreach (ReadOnlySpan<char> token in new Words(options.Tokenizer.Separate(text))) tokens.Add(numbers[token]);
    }

    internal static string Signature(BleuOptions options, int references)
    {
        string smoothing = options.Smoothing switch
        {
            BleuSmoothing.Exponential => "exp",
            BleuSmoothing.None => "none",
            BleuSmoothing.Floor => "floor",
            _ => "add-k",
        };
        if (options.Smoothing is BleuSmoothing.Floor or BleuSmoothing.AddK)
            smoothing += string.Create(CultureInfo.InvariantCulture, $"[{options.EffectiveSmoothingValue:F2}]");
        return ScoreSignature.Compose("BLEU", references, options.Lowercase, options.EffectiveOrder,
            $"tok:{options.Tokenizer.Name}|smooth:{smoothing}");
    }
}
