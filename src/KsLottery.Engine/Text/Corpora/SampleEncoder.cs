using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Engine.Text.Corpora;

/// <summary>Turns sentence pairs into token sequences with the loss on the target alone.</summary>
/// <remarks>
/// <para>
/// The prompt is encoded by itself, with what its tokenizer puts around a text: exactly what generation feeds. The target's tokens
/// are those that follow the prompt's where both are encoded as one text, hence without the space that SentencePiece puts before a text;
/// the end token follows. So do KS-Lottery's authors, who then take the loss off as many tokens as the prompt alone has (ParroT's
/// run_clm_llms.py).
/// </para>
/// <para>
/// Where a token of the one text crosses the border, such as LLaMA-3's <c>:H</c> in <c>Response:Hola</c>, generation could never be
/// there: then the target is encoded as what follows a line feed.
/// </para>
/// </remarks>
public sealed class SampleEncoder
{
    /// <summary>The block size of KS-Lottery's authors, in tokens.</summary>
    public const int AuthorsLength = 1024;

    /// <summary>Stands before a target that is encoded apart from its prompt: tokens do not join across a line feed.</summary>
    private const string Border = "\n";

    private readonly Tokenizer _tokenizer;
    private readonly int _vocabularySize, _maxLength;
    private readonly OverlongSamples _overlong;
    private readonly int[] _borderTokens;
    private readonly int _endId;

    /// <summary>Prepares to encode.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="vocabularySize">The number of rows of the model's embedding.</param>
    /// <param name="maxLength">The largest number of tokens of a sample.</param>
    /// <param name="overlong">What happens to longer ones.</param>
    /// <exception cref="ArgumentException">The tokenizer has no end token, without which a model does not learn to stop.</exception>
    /// <exception cref="ArgumentOutOfRangeException">A size is too small.</exception>
    public SampleEncoder(Tokenizer tokenizer, int vocabularySize, int maxLength = AuthorsLength,
        OverlongSamples overlong = OverlongSamples.Fail)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentOutOfRangeException.ThrowIfLessThan(vocabularySize, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(maxLength, 2);
        _endId = tokenizer.EosId
            ?? throw new ArgumentException($"{tokenizer.Names.Source}: the tokenizer has no end token, without which " +
            "a model does not learn to stop; name one in tokenizer_config.json.", nameof(tokenizer));
        (_tokenizer, _vocabularySize, _maxLength, _overlong) = (tokenizer, vocabularySize, maxLength, overlong);
        _borderTokens = tokenizer.Encode(Border);
    }

    /// <summary>The tokens of a prompt, as generation must feed them; see <see cref="Tokenizer.EncodeText"/>.</summary>
    public int[] EncodePrompt(string prompt) => _tokenizer.EncodeText(prompt);

    /// <summary>Encodes pairs.</summary>
    /// <param name="pairs">The pairs.</param>
    /// <param name="template">Makes their prompts.</param>
    /// <param name="sourceLanguage">The source's language, for the template.</param>
    /// <param name="targetLanguage">The target's language, for the template.</param>
    /// <exception cref="InvalidDataException">
    /// A sample is too long, or has a token that the model has no row for; names file and line.
    /// </exception>
    /// <exception cref="ArgumentException">The template needs a language that is not given.</exception>
    public SampleSet Encode(
        IEnumerable<SentencePair> pairs, PromptTemplate template, string? sourceLanguage = null, string? targetLanguage = null)
    {
        ArgumentNullException.ThrowIfNull(pairs);
        ArgumentNullException.ThrowIfNull(template);
        List<TrainingSample> samples = [];
        int skipped = 0, truncated = 0;
        foreach (SentencePair pair in pairs)
        {
            string text = template.Format(pair, sourceLanguage, targetLanguage);
            int[] prompt = EncodePrompt(text), source = _tokenizer.Encode(text), whole = _tokenizer.Encode(text + pair.Target);
            int[] target = whole.AsSpan().StartsWith(source) ? whole[source.Length..] : EncodeApart(pair.Target);
            int[] tokens = [.. prompt, .. target, _endId];
            CheckRows(tokens, pair);
            if (tokens.Length > _maxLength)
            {
                if (_overlong == OverlongSamples.Fail)
                {
                    throw TextFile.Damaged(pair.Path, pair.Line,
                        $"{tokens.Length} tokens with the prompt, at most {_maxLength} are allowed; " +
                        "shorten the pair, raise the limit, or have such pairs skipped or truncated");
                }
                if (_overlong == OverlongSamples.Skip || prompt.Length >= _maxLength)
                {
                    skipped++;
                    continue;
                }
                tokens = tokens[.._maxLength];
                truncated++;
            }
            samples.Add(new TrainingSample(tokens, prompt.Length, pair));
        }
        return new SampleSet(samples, skipped, truncated);
    }

    private int[] EncodeApart(string target)
    {
        int[] tokens = _tokenizer.Encode(Border + target);
        // A tokenizer that drops line feeds, or joins across them, cannot say what continues: then the target stands for itself.
        return tokens.AsSpan().StartsWith(_borderTokens) ? tokens[_borderTokens.Length..] : _tokenizer.Encode(target);
    }

    private void CheckRows(int[] tokens, SentencePair pair)
    {
        foreach (int token in tokens)
            if (token >= _vocabularySize)
                throw TextFile.Damaged(pair.Path, pair.Line,
                    $"token {token} ({_tokenizer.Names.Visible(token)}), but the model's embedding " +
                    $"has rows 0 to {_vocabularySize - 1}; use the tokenizer that belongs to the model");
    }
}

/// <summary>What happens to a sample with more tokens than are allowed.</summary>
public enum OverlongSamples
{
    /// <summary>It is an error that names file and line.</summary>
    Fail,

    /// <summary>It is left out and counted.</summary>
    Skip,

    /// <summary>Its end is cut off, the end token with it, and it is counted; left out where no token of the target would remain.</summary>
    Truncate,
}
