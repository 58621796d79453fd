using System.CommandLine;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Cli;

/// <summary>The arguments of <c>kslottery inspect</c>.</summary>
internal sealed record InspectOptions
{
    private static readonly Argument<string> CheckpointArgument =
        new("CHECKPOINT") { Description = "A .safetensors file, or a model's folder; or a patch, an adapter, a training or a certificate." };
    private static readonly Option<string?> TensorOption = Options.Tensor("Look at this tensor alone, its norms included.");

    public required string Checkpoint { get; init; }

    /// <summary>The only tensor that is looked at; null for all.</summary>
    public string? Tensor { get; init; }

    public bool Norms { get; init; }

    public bool Sparsity { get; init; }

    public bool Fingerprints { get; init; }

    /// <summary>Whether each tensor has a line of its own.</summary>
    public bool Unfolded { get; init; }

    /// <summary>Whether something is asked of the tensors themselves, which any safetensors file can be.</summary>
    public bool LooksIntoTensors => Tensor is not null || Norms || Sparsity || Fingerprints || Unfolded;

    public required CheckpointOptions Reading { get; init; }

    /// <summary>Gives a command the arguments.</summary>
    public static void AddTo(Command command)
    {
        command.Add(CheckpointArgument);
        command.Add(TensorOption, Options.Norms, Options.Sparsity, Options.Fingerprints, Options.Unfolded, Options.NoMemoryMap);
    }

    /// <summary>Reads the arguments.</summary>
    public static InspectOptions From(ParseResult arguments) => new()
    {
        Checkpoint = arguments.GetRequiredValue(CheckpointArgument),
        Tensor = arguments.GetValue(TensorOption),
        Norms = arguments.GetValue(Options.Norms),
        Sparsity = arguments.GetValue(Options.Sparsity),
        Fingerprints = arguments.GetValue(Options.Fingerprints),
        Unfolded = arguments.GetValue(Options.Unfolded),
        Reading = Cli.Reading.Of(arguments),
    };
}
