using System.CommandLine;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Cli;

/// <summary>The arguments of <c>kslottery inspect</c>.</summary>
internal sealed record InspectOptions
{
    private static readonly Argument<string> CheckpointArgument =
        new("CHECKPOINT")
        {
            Description = "A .safetensors file, or a model's folder; or a patch, an adapter, a training or a certificate.",
        };
    private static readonly Option<string?> TensorOption = Options.Tensor("Look at this tensor alone, its norms included.");

    private static readonly Option<string?> TicketOption = Options.Ticket("With --against: compare only the elements of this ticket.");

    public required string Checkpoint { get; init; }

    /// <summary>The checkpoint that it is compared with; null for none.</summary>
    public string? Against { get; init; }

    /// <summary>What alone is compared; null for all.</summary>
    public string? Ticket { get; init; }

    /// <summary>The only tensor that is looked at; null for all.</summary>
    public string? Tensor { get; init; }

    public bool Norms { get; init; }

    public bool Sparsity { get; init; }

    public bool Fingerprints { get; init; }

    /// <summary>Whether each tensor has a line of its own.</summary>
    public bool Unfolded { get; init; }

    /// <summary>Whether something is asked of the tensors themselves, which any safetensors file can be.</summary>
    public bool LooksIntoTensors => Tensor is not null || Norms || Sparsity || Fingerprints || Unfolded || Against is not null;

    public required CheckpointOptions Reading { get; init; }

    /// <summary>Gives a command the arguments.</summary>
    public static void AddTo(Command command)
    {
        command.Add(CheckpointArgument);
        command.Add(TensorOption, Options.Norms, Options.Sparsity, Options.Against, TicketOption, Options.Fingerprints,
            Options.Unfolded, Options.NoMemoryMap);
        command.Validators.Add(result =>
        {
            if (result.GetResult(TicketOption) is not null && result.GetResult(Options.Against) is null)
                result.AddError("--ticket says what is compared: give --against OTHER as well.");
        });
    }

    /// <summary>Reads the arguments.</summary>
    public static InspectOptions From(ParseResult arguments) => new()
    {
        Checkpoint = arguments.GetRequiredValue(CheckpointArgument),
        Tensor = arguments.GetValue(TensorOption),
        Against = arguments.GetValue(Options.Against),
        Ticket = arguments.GetValue(TicketOption),
        Norms = arguments.GetValue(Options.Norms),
        Sparsity = arguments.GetValue(Options.Sparsity),
        Fingerprints = arguments.GetValue(Options.Fingerprints),
        Unfolded = arguments.GetValue(Options.Unfolded),
        Reading = Cli.Reading.Of(arguments),
    };
}
