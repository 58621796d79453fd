using System.CommandLine;
using System.CommandLine.Parsing;
using KsLottery.Engine.Certificates;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Cli.Commands;

/// <summary>The arguments of <c>kslottery certify</c>: what a certificate is made from, or one that is to be checked.</summary>
internal sealed record CertifyOptions
{
    private const string Transfer = "transfer", TunedMode = "tuned";
    private const int UsualLimit = 10;

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
    private static readonly Option<string?> TicketOption = new("--ticket")
    {
        Description = "The ticket.json that find wrote for these two, or its folder.",
        HelpName = "PATH",
    };
    private static readonly Option<string?> DataOption = new("--data")
    {
        Description = "The pairs: a .tsv or .jsonl file, or two aligned files as SOURCE,TARGET; plain or gzip.",
        HelpName = "PAIRS",
    };
    private static readonly Option<string[]> ModeOption = new("--mode")
    {
        Description = "The ticket model: transfer, the base with the embed-tuned rows of the ticket (the default); or tuned and what "
            + "Partial Tuning of the ticket gave, a patch or a checkpoint.",
        HelpName = "transfer|tuned CHECKPOINT",
        Arity = new ArgumentArity(1, 2),
        AllowMultipleArgumentsPerToken = true,
        CustomParser = ParseMode,
    };
    private static readonly Option<string?> TokenizerOption = new("--tokenizer")
    {
        Description = "The models' tokenizer; without it the one beside BASE.",
        HelpName = "PATH",
    };
    private static readonly Option<double[]?> AlphasOption = new("--alphas")
    {
        Description = "The alphas of the sweep, with commas between them; without it twelve from 0.001 to 0.9.",
        HelpName = "A,A,…",
        CustomParser = ParseAlphas,
    };
    private static readonly Option<bool> NoSweepOption =
        new("--no-sweep") { Description = "Leave out the sweep, which runs the model once for each different ticket." };
    private static readonly Option<bool> ScoreOption = new("--score")
    {
        Description = "Also let the embed-tuned model and each ticket of the sweep translate, and score that: takes "
            + "as long as eval for each.",
    };
    private static readonly Option<int> NewTokensOption = OptionValue.Count("--max-new-tokens", 1, 256,
        "The most tokens of a text that --score scores.");
    private static readonly Option<double> ConfidenceOption = new("--confidence")
    {
        Description = "The confidence of the intervals.",
        HelpName = "C",
        DefaultValueFactory = _ => new CertificateOptions().Confidence,
        CustomParser = result => OptionValue.Real(result, c => c is > 0 and < 1, "it must lie between 0 and 1, for instance 0.95"),
    };
    private static readonly Option<int> LimitOption = OptionValue.Count("--limit", 0, 0, "Only the first N pairs; 0 takes all.");
    private static readonly Option<string> OverlongOption = new Option<string>("--overlong")
    {
        Description = "What to do with pairs for which the model has no room.",
        DefaultValueFactory = _ => "fail",
    }.AcceptOnlyFromAmong("fail", "skip");
    private static readonly Option<string?> OutOption = new("--out", "-o")
    {
        Description = "Write certificate.json, certificate.tsv and alpha-sweep.tsv into this new folder.",
        HelpName = "DIR",
    };
    private static readonly Option<string?> CheckOption = new("--check")
    {
        Description = "Derive every number of this certificate.json again from the files that it names; exit code 4 where one "
            + "differs or a file changed.",
        HelpName = "FILE",
    };
    private static readonly Option<double> ToleranceOption = new("--tolerance")
    {
        Description = "With --check: by how much a probability may differ, for a device that rounds otherwise, such as 1e-5.",
        HelpName = "T",
        DefaultValueFactory = _ => 0,
        CustomParser = result => OptionValue.Real(result, t => t is >= 0 and < 1, "it must be a number from 0 to below 1"),
    };
    private static readonly Option<int> ShownOption = OptionValue.Count("--show", 0, UsualLimit,
        "The most violations that are shown; 0 shows all.");

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
    public int Shown { get; init; } = UsualLimit;

    /// <summary>The page about the certificate; null for none.</summary>
    public string? Html { get; init; }

    /// <summary>Gives a command the arguments.</summary>
    public static void AddTo(Command command)
    {
        foreach (Argument argument in (Argument[])[BaseArgument, TunedArgument]) command.Add(argument);
        foreach (Option option in (Option[])[TicketOption, DataOption, ModeOption]) command.Add(option);
        PairOptions.AddTo(command);
        PromptOptions.AddTo(command);
        foreach (Option option in (Option[])[TokenizerOption, AlphasOption, NoSweepOption, ScoreOption, NewTokensOption,
            ConfidenceOption, LimitOption, OverlongOption, OutOption, CheckOption, ToleranceOption, ShownOption, Reading.NoMemoryMap])
            command.Add(option);
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
            Check = arguments.GetValue(CheckOption),
            Tolerance = arguments.GetValue(ToleranceOption),
            Base = arguments.GetValue(BaseArgument) ?? "",
            Tuned = arguments.GetValue(TunedArgument) ?? "",
            Ticket = arguments.GetValue(TicketOption) ?? "",
            Data = arguments.GetValue(DataOption) ?? "",
            Trained = arguments.GetValue(ModeOption) is [_, var trained] ? trained : null,
            Tokenizer = arguments.GetValue(TokenizerOption),
            Pairs = PairOptions.From(arguments),
            Prompt = PromptOptions.From(arguments),
            Limit = arguments.GetValue(LimitOption) is 0 ? int.MaxValue : arguments.GetValue(LimitOption),
            SkipOverlong = arguments.GetValue(OverlongOption) == "skip",
            Certificate = new()
            {
                Confidence = arguments.GetValue(ConfidenceOption),
                Alphas = arguments.GetValue(NoSweepOption) ? []
                    : arguments.GetValue(AlphasOption) is { Length: > 0 } alphas ? alphas
                    : CertificateOptions.UsualAlphas,
                ScoredTokens = arguments.GetValue(ScoreOption) ? arguments.GetValue(NewTokensOption) : null,
                StopIds = StopOptions.From(arguments).Ids,
                StopTexts = StopOptions.From(arguments).Texts,
                Reading = reading,
            },
            Device = DeviceOption.From(arguments),
            Out = arguments.GetValue(OutOption),
            Html = HtmlOption.From(arguments, replace: false),
            Shown = arguments.GetValue(ShownOption) is 0 ? int.MaxValue : arguments.GetValue(ShownOption),
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
        if (Has(CheckOption))
        {
            if (result.GetValue(BaseArgument) is not null
                || Array.Exists((Option[])[TicketOption, DataOption, ModeOption, TokenizerOption, AlphasOption, NoSweepOption,
                    ScoreOption, OutOption, StopOptions.Text, StopOptions.Id], Has))
                result.AddError("--check takes everything from the certificate: give it alone.");
            return;
        }
        if (result.GetValue(TunedArgument) is null || !Has(TicketOption) || !Has(DataOption) || !Has(OutOption))
            result.AddError("Give BASE, TUNED, --ticket FILE, --data PAIRS and --out DIR, or --check FILE.");
        if (Has(ToleranceOption)) result.AddError("--tolerance belongs to --check.");
        if (!Has(ScoreOption) && (Has(StopOptions.Text) || Has(StopOptions.Id)))
            result.AddError("--stop and --stop-id end the texts that --score has written; give that too, or leave them out.");
        if (Has(NoSweepOption) && (Has(AlphasOption) || Has(ScoreOption)))
            result.AddError("--no-sweep leaves --alphas and --score nothing to do.");
    }

    /// <summary>Takes a second word for <c>tuned</c> alone, so that BASE may stand behind <c>--mode transfer</c>.</summary>
    private static string[]? ParseMode(ArgumentResult result)
    {
        string[] words = [.. result.Tokens.Select(token => token.Value)];
        switch (words)
        {
            case [Transfer, ..]:
                result.OnlyTake(1);
                return [Transfer];
            case [TunedMode, var trained]: return [TunedMode, trained];
            case [TunedMode]:
                result.AddError("--mode tuned needs the patch or checkpoint that Partial Tuning gave behind it.");
                return null;
            default:
                result.AddError($"--mode is {ConsoleUi.OneLine(words.Length > 0 ? words[0] : "")}; it must be transfer, or tuned and "
                    + "a patch or checkpoint.");
                return null;
        }
    }

    private static double[]? ParseAlphas(ArgumentResult result)
    {
        List<double> alphas = [];
        foreach (string part in result.Tokens[0].Value.Split(','))
        {
            if (!PlainNumber.TryReal(part, out double alpha) || !(alpha > 0 && alpha < 1))
            {
                result.AddError($"--alphas has {ConsoleUi.OneLine(part)}; each must lie between 0 and 1, for instance 0.01,0.05,0.1.");
                return null;
            }
            alphas.Add(alpha);
        }
        return [.. alphas];
    }
}
