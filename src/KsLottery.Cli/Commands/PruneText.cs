using System.Globalization;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Cli;

/// <summary>The text that goes through the model of <c>prune</c>, as tokens.</summary>
/// <param name="Samples">The pairs; none of plain text.</param>
/// <param name="Sequences">All of it.</param>
internal sealed record PruneText(IReadOnlyList<TrainingSample> Samples, IReadOnlyList<TokenSequence> Sequences)
{
    /// <summary>Reads and encodes it.</summary>
    /// <exception cref="InvalidDataException">There is none, or a pair is too long.</exception>
    public static PruneText Read(SweepOptions options, LoadedModel loaded)
    {
        int capacity = loaded.Model.Config.MaxLength, vocabulary = loaded.Model.Config.VocabularySize;
        if (options.Data is not { } path)
            return new([], TextSequences.Encode(PlainText.Read(options.Text).Take(options.Limit), loaded.Tokenizer, vocabulary,
                Math.Min(SampleEncoder.AuthorsLength, capacity), heldOutShare: 0).Training);
        SampleSet set = new SampleEncoder(loaded.Tokenizer, vocabulary, capacity, OverlongSamples.Fail)
            .Encode(ParallelText.Read(path, options.Pairs).Take(options.Limit), options.Prompt.TemplateOrAlpaca,
                options.Prompt.SourceLanguage, options.Prompt.TargetLanguage);
        if (options.Generates) set = set.LeaveRoom(options.MaxNewTokens, capacity, skip: false);
        return new(set.Samples, set.Sequences);
    }

    /// <summary>All that decides what comes out of the text.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Settings(SweepOptions options, LoadedModel loaded) =>
    [
        new("tokenizer", Fingerprint.OfFile(loaded.Tokenizer.FilePath)),
        new("data", string.Join(' ', (options.Data is not { } data ? options.Text.Select(FileOf)
            : File.Exists(data) ? [data] : data.Split(',')).Select(TextFile.FingerprintOf))),
        new("columns", options.Text.Length > 0 ? string.Join(' ', options.Text.Select(Path.GetFileName)) : options.Pairs.ToString()),
        new("template", options.Prompt.TemplateOrAlpaca.Text),
        new("languages", $"{options.Prompt.SourceLanguage}, {options.Prompt.TargetLanguage}"),
        new("limit", options.Limit.ToString(CultureInfo.InvariantCulture)),
    ];

    /// <summary>The file of FILE:COLUMN.</summary>
    private static string FileOf(string text) => File.Exists(text) || text == TextFile.StandardInput ? text : text[..text.LastIndexOf(':')];
}
