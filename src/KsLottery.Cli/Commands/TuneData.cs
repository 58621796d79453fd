using System.Globalization;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Cli;

/// <summary>What <c>tune</c> and <c>graft</c> train and evaluate on, as tokens, and what was left out on the way.</summary>
internal sealed record TuneData(IReadOnlyList<TokenSequence> Training, IReadOnlyList<TokenSequence> Evaluation, int Skipped, int Truncated)
{
    /// <summary>Rows that are computed in an epoch.</summary>
    public long TokenCount => Training.Sum(sequence => (long)sequence.RowCount);

    /// <summary>Reads and encodes the pairs.</summary>
    public static TuneData Read(IPairData options, LlamaConfig config, Tokenizer tokenizer)
    {
        int longest = options.MaxLength ?? Math.Min(SampleEncoder.AuthorsLength, config.MaxLength);
        SampleEncoder encoder = new(tokenizer, config.VocabularySize, longest, options.Overlong);
        ParallelText text = ParallelText.Read(options.Data, options.Pairs);
        SentencePair[] pairs = [.. text.Take(options.Limit)];
        int held = (int)Math.Ceiling(options.EvaluationShare * pairs.Length);
        if (held == pairs.Length)
            throw new CommandException(ExitCode.BadInput,
                $"{options.Data}: {Sizes.Count(held, "pair")}, and all would be held out. Hold out less, or give more.");
        SampleSet training = Encode(pairs[..^held]);
        SampleSet evaluation = Encode(options.Evaluation is { } path ? ParallelText.Read(path, options.Pairs) : pairs[^held..]);
        return training.Samples.Count > 0
            ? new(training.Sequences, evaluation.Sequences, text.SkippedCount + training.SkippedCount + evaluation.SkippedCount,
                training.TruncatedCount)
            : throw new CommandException(ExitCode.BadInput, $"{options.Data}: every pair was longer than allowed and left "
                + "out. Raise --max-length.");

        SampleSet Encode(IEnumerable<SentencePair> some) =>
            encoder.Encode(some, options.Prompt.TemplateOrAlpaca, options.Prompt.SourceLanguage, options.Prompt.TargetLanguage);
    }

    /// <summary>Reads and encodes plain text.</summary>
    public static TuneData ReadText(TuneOptions options, LlamaConfig config, Tokenizer tokenizer)
    {
        TextSequences plain = TextSequences.Encode(PlainText.Read(options.Text), tokenizer, config.VocabularySize,
            options.MaxLength ?? Math.Min(SampleEncoder.AuthorsLength, config.MaxLength), options.EvaluationShare);
        return new(plain.Training, plain.HeldOut, 0, 0);
    }

    /// <summary>What of the arguments decides a run on plain text; the tokens themselves are compared as well.</summary>
    public static IEnumerable<KeyValuePair<string, string>> SettingsOfText(TuneOptions options, Tokenizer tokenizer) =>
    [
        new("data", "plain text"),
        new("tokenizer", Fingerprint.OfFile(tokenizer.FilePath)),
        new("eval-share", Text(options.EvaluationShare)),
    ];

    /// <summary>What of the arguments decides the data of a run.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Settings(IPairData options, Tokenizer tokenizer) =>
    [
        new("data", FingerprintOf(options.Data)),
        new("source-column", Text(options.Pairs.SourceColumn)),
        new("target-column", Text(options.Pairs.TargetColumn)),
        new("source-key", options.Pairs.SourceKey ?? ""),
        new("target-key", options.Pairs.TargetKey ?? ""),
        new("limit", Text(options.Limit)),
        new("template", options.Prompt.TemplateOrAlpaca.Text),
        new("source-language", options.Prompt.SourceLanguage ?? ""),
        new("target-language", options.Prompt.TargetLanguage ?? ""),
        new("tokenizer", Fingerprint.OfFile(tokenizer.FilePath)),
        new("max-length", options.MaxLength is { } length ? Text(length) : "the model's"),
        new("overlong", options.Overlong.ToString()),
        new("eval", options.Evaluation is { } path ? FingerprintOf(path) : ""),
        new("eval-share", Text(options.EvaluationShare)),
    ];

    /// <summary>The fingerprint of a file, or of two aligned ones.</summary>
    private static string FingerprintOf(string path) =>
        string.Join(' ', (File.Exists(path) ? [path] : path.Split(',')).Select(TextFile.FingerprintOf));

    private static string Text(IFormattable value) => value.ToString(null, CultureInfo.InvariantCulture);
}

/// <summary>Arguments that say which pairs a command learns from and evaluates on.</summary>
internal interface IPairData
{
    /// <summary>The file of pairs, or two aligned ones.</summary>
    string Data { get; }

    ParallelTextOptions Pairs { get; }

    PromptOptions Prompt { get; }

    /// <summary>The most pairs.</summary>
    int Limit { get; }

    /// <summary>The most tokens of a pair; null for what the model allows.</summary>
    int? MaxLength { get; }

    OverlongSamples Overlong { get; }

    /// <summary>The pairs to evaluate on; null for those of a share, or none.</summary>
    string? Evaluation { get; }

    /// <summary>The last part of the pairs, which is held out.</summary>
    double EvaluationShare { get; }
}
