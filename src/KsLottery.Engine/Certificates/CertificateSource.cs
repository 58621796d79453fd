using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Certificates;

/// <summary>The files that a certificate is made from, and how the data are read: all that is needed to make it again.</summary>
public sealed record CertificateSource
{
    /// <summary>The base: a model's folder, or a file in it.</summary>
    public required string Base { get; init; }

    /// <summary>The embed-tuned model.</summary>
    public required string Tuned { get; init; }

    /// <summary>The <c>ticket.json</c>; set to a folder, it is the one in it.</summary>
    /// <exception cref="FileNotFoundException">The folder has none.</exception>
    public required string Ticket { get; init => field = TicketFile.PathOf(value); }

    /// <summary>The pairs: a file, or two with a comma between them.</summary>
    public required string Data { get; init; }

    /// <summary>The tokenizer's file.</summary>
    public required string Tokenizer { get; init; }

    /// <summary>The patch or checkpoint of Partial Tuning; null for Partial Transfer.</summary>
    public string? Trained { get; init; }

    /// <summary>Where the two sides of a pair stand.</summary>
    public ParallelTextOptions Pairs { get; init; } = new();

    /// <summary>Makes the prompts.</summary>
    public PromptTemplate Template { get; init; } = PromptTemplate.Alpaca;

    /// <summary>The source's language, for the template.</summary>
    public string? SourceLanguage { get; init; }

    /// <summary>The target's language, for the template.</summary>
    public string? TargetLanguage { get; init; }

    /// <summary>The most pairs.</summary>
    public int Limit { get; init; } = int.MaxValue;

    /// <summary>Whether pairs that are too long for the model are left out instead of being an error.</summary>
    public bool SkipsOverlong { get; init; }

    /// <summary>Reads and encodes the pairs, and counts those that were left out.</summary>
    /// <exception cref="InvalidDataException">A pair lacks a side, is too long, or does not fit the model; names file and line.</exception>
    /// <exception cref="ArgumentException">The template needs a language that is not given, or the tokenizer has no end token.</exception>
    internal SampleSet ReadSamples(Tokenizer tokenizer, LlamaConfig config)
    {
        OverlongSamples overlong = SkipsOverlong ? OverlongSamples.Skip : OverlongSamples.Fail;
        SampleEncoder encoder = new(tokenizer, config.VocabularySize, config.MaxLength, overlong);
        ParallelText text = ParallelText.Read(Data, Pairs);
        SampleSet samples = encoder.Encode(text.Take(Limit), Template, SourceLanguage, TargetLanguage);
        return samples.Samples.Count > 0 ? samples with { SkippedCount = samples.SkippedCount + text.SkippedCount }
            : throw new InvalidDataException($"{Data}: all {samples.SkippedCount} pairs are longer than the {config.MaxLength} tokens that "
                + "the model was made for. Give shorter ones, or choose a shorter template.");
    }

    /// <summary>Every file, by its role.</summary>
    internal IEnumerable<(string Role, string Path)> Files() =>
    [
        .. OfModel("base", Base), .. OfModel("tuned", Tuned), ("ticket", Ticket),
        .. (File.Exists(Data) ? [Data] : Data.Split(',')).Select(path => ("data", path)),
        ("tokenizer", Tokenizer), .. TokenizerCompanions.FileNames.SelectMany(name => Beside(Tokenizer, name))
            .Select(path => ("tokenizer", path)),
        .. Trained is null ? [] : TrainedRows.IsPatch(Trained, out string patch) ? [("trained", patch)] : OfModel("trained", Trained),
    ];

    private static IEnumerable<(string Role, string Path)> OfModel(string role, string path)
    {
        using Checkpoint checkpoint = Checkpoint.Open(path);
        List<string> files = [.. checkpoint.Shards.Select(shard => shard.Path)];
        if (checkpoint.IndexPath is { } index) files.Add(index);
        files.AddRange([.. Beside(files[0], ModelConfig.FileName), .. Beside(files[0], GenerationConfig.FileName)]);
        return [.. files.Select(file => (role, file))];
    }

    private static IEnumerable<string> Beside(string path, string name)
    {
        string file = Path.Combine(Path.GetDirectoryName(path) ?? "", name);
        if (File.Exists(file)) yield return file;
    }
}
