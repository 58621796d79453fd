using System.CommandLine;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Corpora;

namespace KsLottery.Cli.Commands;

/// <summary>The arguments that say which sentence pairs are read and how they are put to a model.</summary>
internal sealed class TuningPairs
{
    private static readonly Option<string> Data = new("--data")
    {
        Description = "Sentence pairs: a TSV, JSON or JSON Lines file, or two aligned files as SOURCE,TARGET; plain or gzip.",
        HelpName = "PAIRS",
        Required = true,
    };
    private static readonly Option<string?> SourceLanguage = Text("--source-language", "The source's language as the template names it, such as English.", "NAME");
    private static readonly Option<string?> TargetLanguage = Text("--target-language", "The target's language as the template names it, such as Danish.", "NAME");
    private static readonly Option<int> SourceColumn =
        OptionNumber.Of("--source-column", "The TSV column of the source.", "N", 1, n => n >= 1, "columns count from 1");
    private static readonly Option<int> TargetColumn =
        OptionNumber.Of("--target-column", "The TSV column of the target.", "N", 2, n => n >= 1, "columns count from 1");
    private static readonly Option<string?> SourceKey = Text("--source-key", "The source's key in the \"translation\" objects of JSON, such as en.", "KEY");
    private static readonly Option<string?> TargetKey = Text("--target-key", "The target's key there, such as da.", "KEY");
    private static readonly Option<bool> Swap = new("--swap") { Description = "Take the second side of each pair as its source." };
    private static readonly Option<bool> SkipIncomplete = new("--skip-incomplete") { Description = "Leave pairs with an empty side out, instead of refusing the file." };
    private static readonly Option<int?> Limit =
        OptionNumber.Optional<int>("--limit", "Take the first N pairs only.", "N", n => n >= 1, "it must be a whole number from 1");
    private static readonly Option<string?> Template = Text("--template",
        $"How a pair becomes a prompt: {string.Join(", ", PromptTemplate.All.Select(t => t.Name))}, or a text with {{source}}, {{src_lang}} and {{tgt_lang}}; alpaca by default.",
        "NAME|TEXT");
    private static readonly Option<string?> TemplateFile = Text("--template-file", "A file with the text, in place of --template.", "FILE");

    private readonly ParseResult _arguments;
    private readonly ParallelTextOptions _reading;

    public TuningPairs(ParseResult arguments)
    {
        _arguments = arguments;
        _reading = new()
        {
            SourceColumn = arguments.GetValue(SourceColumn),
            TargetColumn = arguments.GetValue(TargetColumn),
            SourceKey = arguments.GetValue(SourceKey),
            TargetKey = arguments.GetValue(TargetKey),
            SkipIncomplete = arguments.GetValue(SkipIncomplete),
        };
        Prompt = PromptTemplate.From(arguments.GetValue(TemplateFile) is { } file ? File.ReadAllText(file).TrimEnd('\n', '\r')
            : arguments.GetValue(Template) ?? PromptTemplate.Alpaca.Name);
    }

    /// <summary>The file or files.</summary>
    public string Path => _arguments.GetRequiredValue(Data);

    /// <summary>Makes prompts.</summary>
    public PromptTemplate Prompt { get; }

    /// <summary>What decides the pairs and prompts of a run.</summary>
    public IEnumerable<KeyValuePair<string, string>> Settings =>
    [
        new("data", FingerprintOf(Path)), new("columns", $"{_reading.SourceColumn} {_reading.TargetColumn}"),
        new("keys", $"{_reading.SourceKey} {_reading.TargetKey}"), new("swap", $"{_arguments.GetValue(Swap)}"),
        new("limit", $"{_arguments.GetValue(Limit)}"), new("template", Prompt.Text),
        new("source-language", _arguments.GetValue(SourceLanguage) ?? ""), new("target-language", _arguments.GetValue(TargetLanguage) ?? ""),
    ];

    /// <summary>Gives a command the arguments.</summary>
    public static void AddTo(Command command)
    {
        command.Validators.Add(result =>
        {
            if (result.GetResult(Template) is not null && result.GetResult(TemplateFile) is not null)
                result.AddError("--template and --template-file exclude each other.");
        });
        foreach (Option option in (Option[])[Data, SourceLanguage, TargetLanguage, SourceColumn, TargetColumn, SourceKey, TargetKey, Swap, SkipIncomplete, Limit,
            Template, TemplateFile])
            command.Add(option);
    }

    /// <summary>Reads pairs, by default those of <c>--data</c> up to <c>--limit</c>.</summary>
    /// <returns>The pairs, and how many were left out as incomplete.</returns>
    public (IReadOnlyList<SentencePair> Pairs, int Skipped) Read(string? path = null)
    {
        ParallelText text = ParallelText.Read(path ?? Path, _reading);
        IEnumerable<SentencePair> pairs = path is null && _arguments.GetValue(Limit) is { } limit ? text.Take(limit) : text;
        return ([.. _arguments.GetValue(Swap) ? pairs.Select(Swapped) : pairs], text.SkippedCount);
    }

    /// <summary>Encodes pairs.</summary>
    public SampleSet Encode(SampleEncoder encoder, IEnumerable<SentencePair> pairs) =>
        encoder.Encode(pairs, Prompt, _arguments.GetValue(SourceLanguage), _arguments.GetValue(TargetLanguage));

    /// <summary>The fingerprint of a file, or of two aligned ones.</summary>
    public static string FingerprintOf(string path) =>
        string.Join(' ', (File.Exists(path) ? [path] : path.Split(',')).Select(part => Fingerprint.OfFile(part)));

    private static SentencePair Swapped(SentencePair pair) => pair is { Prompt: null, Instruction: null }
        ? pair with { Source = pair.Target, Target = pair.Source }
        : throw new InvalidDataException($"{pair.Path}: line {pair.Line}: the pair holds its own prompt, which cannot be swapped; leave --swap out.");

    private static Option<string?> Text(string name, string description, string helpName) => new(name) { Description = description, HelpName = helpName };
}
