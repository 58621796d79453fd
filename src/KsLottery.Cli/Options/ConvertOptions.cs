using System.CommandLine;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Cli;

/// <summary>The arguments of <c>kslottery convert</c>.</summary>
internal sealed record ConvertOptions
{
    private static readonly Argument<string> ModelArgument =
        new("MODEL")
        {
            Description = "A llama2.c model.bin, legacy (version 0) or version 1; or with --base composable-sft's "
            + "pytorch_diff.bin, or its folder."
        };
    private static readonly Option<string?> TokenizerOption = Options.Tokenizer(
        "A tokenizer that goes along: a SentencePiece .model, a llama2.c .bin or a tokenizer.json.", "FILE");
    private static readonly Option<string> DtypeOption = Options.Dtype(
        "The type of the weights as written; f16 and bf16 are rounded to nearest, ties to even.", "f32", "f16", "bf16");

    public required string Model { get; init; }

    public required string Out { get; init; }

    /// <summary>The base of a sparse fine-tuning; null for a llama2.c model.</summary>
    public string? Base { get; init; }

    public string? Tokenizer { get; init; }

    /// <summary>The type of the weights as written.</summary>
    public ElementType Type { get; init; }

    public required CheckpointOptions Reading { get; init; }

    /// <summary>Gives a command the arguments.</summary>
    public static void AddTo(Command command)
    {
        command.Add(ModelArgument);
        command.Add(Options.NewFolder, Options.ConvertBase, TokenizerOption, DtypeOption, Options.NoMemoryMap);
        command.Validators.Add(result =>
        {
            if (result.GetResult(Options.ConvertBase) is not null
                && (result.GetResult(TokenizerOption) is not null || result.GetResult(DtypeOption) is { Implicit: false }))
                result.AddError("--tokenizer and --dtype belong to a model of llama2.c, --base to a sparse fine-tuning.");
        });
    }

    /// <summary>Reads the arguments.</summary>
    public static ConvertOptions From(ParseResult arguments) => new()
    {
        Model = arguments.GetRequiredValue(ModelArgument),
        Out = arguments.GetRequiredValue(Options.NewFolder),
        Base = arguments.GetValue(Options.ConvertBase),
        Tokenizer = arguments.GetValue(TokenizerOption),
        Type = Options.TypeOf(arguments.GetRequiredValue(DtypeOption)),
        Reading = Cli.Reading.Of(arguments),
    };
}
