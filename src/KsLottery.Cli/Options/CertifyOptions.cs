using System.CommandLine;
using System.CommandLine.Parsing;
using KsLottery.Engine.Certificates;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Cli;

/// <summary>The arguments of <c>kslottery certify</c>: what a certificate is made from, or one that is to be checked.</summary>
internal sealed record CertifyOptions
{
    private const int DefaultLimit = 10;

    private static readonly Argument<string?> BaseArgument = new("BASE")
    {
        Description = "The base: a Hugging Face folder, or a .safetensors file with config.json beside it.",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private static readonly Argument<string?> TunedArgument = new("TUNED")
    {
        Description = "The embed-tuned model, which differs from BASE in the input embedding alone (tune --train embedding).",
        Arity = ArgumentArity.ZeroOrOne,
    };
    private static readonly Option<string?> TicketOption = Options.Ticket("The ticket.json that find wrote for these two, or its folder.");
    private static readonly Option<string?> DataOption = Options.Data(Options.PairFiles);
    private static readonly Option<string?> TokenizerOption = Options.Tokenizer("The models' tokenizer; without it the one beside BASE.");
    private static readonly Option<int> NewTokensOption = Options.MaxNewTokens("The most tokens of a text that --score scores.");
    private static readonly Option<string> OverlongOption = Options.Overlong(
        "What to do with pairs for which the model has no room.", "fail", "skip");
    private static readonly Option<string?> OutOption = Options.Out(
        "Write certificate.json, certificate.tsv and alpha-sweep.tsv into this new folder.");
    private static readonly Option<int> ShownOption = Options.ShownViolations(DefaultLimit);

    /// <summary>The certificate to check; null where one is to be made.</summary>
    public string? Check { get; init; }

    public double Tolerance { get; init; }

    public string Base { get; init; } = "";

    public string Tuned { get; init; } = "";

    public string Ticket { get; init; } = "";

    public string Data { get; init; } = "";

    /// <summary>What Partial Tuning gave; null for Partial Transfer.</summary>
    public string? Trained { get; init; }

    public string? Tokenizer { get; init; }

    public KsLottery.Engine.Text.Corpora.ParallelTextOptions Pairs { get; init; } = new();

    public PromptOptions Prompt { get; init; } = new(null, null, null);

    public int Limit { get; init; } = int.MaxValue;

    public bool SkipOverlong { get; init; }

    /// <summary>How the certificate is made, or rows and reading for a check.</summary>
    public CertificateOptions Certificate { get; init; } = new();

    public DeviceOption Device { get; init; } = DeviceOption.Default;

    public string? Out { get; init; }

    /// <summary>The most violations that are shown.</summary>
    public int Shown { get; init; } = DefaultLimit;

    /// <summary>The page about the certificate; null for none.</summary>
    public string? Html { get; init; }

    /// <summary>What that says of where it comes from.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Origin { get; init; } = [];

    /// <summary>Gives a command the arguments.</summary>
    public static void AddTo(Command command)
    {
        command.Add(BaseArgument, TunedArgument);
        command.Add(TicketOption, DataOption, Options.Mode);
        PairOptions.AddTo(command);
        PromptOptions.AddTo(command);
        command.Add(TokenizerOption, Options.Alphas, Options.NoSweep, Options.Score, NewTokensOption, Options.Confidence, Options.PairLimit,
            OverlongOption, OutOption, Options.Check, Options.Tolerance, ShownOption, Options.NoMemoryMap,
            Options.IgnoreChecksum);
        StopOptions.AddTo(command);
        HtmlOption.AddTo(command);
        DeviceOption.AddTo(command);
        command.Validators.Add(Validate);
    }

    /// <summary>Reads the arguments.</summary>
    public static CertifyOptions From(ParseResult arguments)
    {
        CheckpointOptions reading = Reading.Of(arguments);
        return new()
        {
            Check = arguments.GetValue(Options.Check),
            Tolerance = arguments.GetValue(Options.Tolerance),
            Base = arguments.GetValue(BaseArgument) ?? "",
            Tuned = arguments.GetValue(TunedArgument) ?? "",
            Ticket = arguments.GetValue(TicketOption) ?? "",
            Data = arguments.GetValue(DataOption) ?? "",
            Trained = arguments.GetValue(Options.Mode) is [_, var trained] ? trained : null,
            Tokenizer = arguments.GetValue(TokenizerOption),
            Pairs = PairOptions.From(arguments),
            Prompt = PromptOptions.From(arguments),
            Limit = Options.Unlimited(arguments.GetValue(Options.PairLimit)),
            SkipOverlong = arguments.GetValue(OverlongOption) == "skip",
            Certificate = new()
            {
                Confidence = arguments.GetValue(Options.Confidence),
                Alphas = arguments.GetValue(Options.NoSweep) ? []
                    : arguments.GetValue(Options.Alphas) is { Length: > 0 } alphas ? alphas
                    : CertificateOptions.DefaultAlphas,
                ScoredTokens = arguments.GetValue(Options.Score) ? arguments.GetValue(NewTokensOption) : null,
                StopIds = StopOptions.From(arguments).Ids,
                StopTexts = StopOptions.From(arguments).Texts,
                Reading = reading,
            },
            Device = DeviceOption.From(arguments),
            Out = arguments.GetValue(OutOption),
            Origin = HtmlOption.Origin(arguments, ("base", arguments.GetValue(BaseArgument) ?? ""),
                ("tuned", arguments.GetValue(TunedArgument) ?? ""), ("ticket", arguments.GetValue(TicketOption) ?? ""),
                ("data", arguments.GetValue(DataOption) ?? "")),
            Html = HtmlOption.From(arguments, replace: false),
            Shown = Options.Unlimited(arguments.GetValue(ShownOption)),
        };
    }

    /// <summary>What the certificate is made from.</summary>
    /// <param name="tokenizer">The tokenizer's file.</param>
    public CertificateSource Source(string tokenizer) => new()
    {
        Base = Base,
        Tuned = Tuned,
        Ticket = Ticket,
        Data = Data,
        Tokenizer = tokenizer,
        Trained = Trained,
        Pairs = Pairs,
        Template = Prompt.TemplateOrAlpaca,
        SourceLanguage = Prompt.SourceLanguage,
        TargetLanguage = Prompt.TargetLanguage,
        Limit = Limit,
        SkipsOverlong = SkipOverlong,
    };

    private static void Validate(CommandResult result)
    {
        bool Has(Option option) => result.GetResult(option) is { Implicit: false };
        if (Has(Options.Check))
        {
            if (result.GetValue(BaseArgument) is not null
                || Array.Exists((Option[])[TicketOption, DataOption, Options.Mode, TokenizerOption, Options.Alphas, Options.NoSweep,
                    Options.Score, OutOption, Options.Stop, Options.StopId], Has))
                result.AddError("--check takes everything from the certificate: give it alone.");
            return;
        }
        if (result.GetValue(TunedArgument) is null || !Has(TicketOption) || !Has(DataOption) || !Has(OutOption))
            result.AddError("Give BASE, TUNED, --ticket FILE, --data PAIRS and --out DIR, or --check FILE.");
        if (result.GetValue(DataOption) is TextFile.StandardInput)
            result.AddError("--data is -; a certificate is checked again from its files, so that standard input will not do: name a file.");
        if (Has(Options.Tolerance)) result.AddError("--tolerance belongs to --check.");
        if (!Has(Options.Score) && (Has(Options.Stop) || Has(Options.StopId)))
            result.AddError("--stop and --stop-id end the texts that --score has written; give that too, or leave them out.");
        if (Has(Options.NoSweep) && (Has(Options.Alphas) || Has(Options.Score)))
            result.AddError("--no-sweep leaves --alphas and --score nothing to do.");
    }
}
