using System.CommandLine;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;

namespace KsLottery.Cli;

/// <summary>The arguments of <c>kslottery prune</c>.</summary>
internal sealed record PruneOptions
{
    private static readonly Argument<string> ModelArgument = new("MODEL")
    {
        Description = "The checkpoint: a .safetensors file or a model's folder; it stays as it is.",
    };
    private static readonly Option<ulong?> SeedOption = Options.Seed("Decides the weights of --score random.");
    private static readonly Option<string?> TicketOption = Options.Ticket(
        "Also write the mask into this new folder as a ticket with its patch, which apply puts into MODEL and revert takes out again.");

    public required string Model { get; init; }

    public required string Out { get; init; }

    /// <summary>What text goes through the model; null for none.</summary>
    public SweepOptions? Measured { get; init; }

    /// <summary>Whether sparsities are measured, and no checkpoint is written.</summary>
    public bool IsSweep { get; init; }

    public string? Ticket { get; init; }

    /// <summary>What is kept; a score that a text makes is put into it by <see cref="PruneCommand"/>.</summary>
    public required TicketRecipe Recipe { get; init; }

    /// <summary>How a score is found that goes by rounds; null for other scores.</summary>
    public FlowOptions? Flow { get; init; }

    public required CheckpointOptions Reading { get; init; }

    /// <summary>Gives a command the arguments.</summary>
    public static void AddTo(Command command)
    {
        command.Validators.Add(result =>
        {
            if (result.GetResult(SeedOption) is not null && result.GetValue(Options.PruneScore) is not Options.RandomOrder)
                result.AddError("--seed decides --score random alone. Leave it out.");
            bool isFlow = result.GetValue(Options.PruneScore) == SynapticFlow.Name,
                isPattern = result.GetResult(Options.Pattern) is not null;
            if (result.GetResult(Options.Rounds) is not null && (!isFlow || isPattern))
                result.AddError("--rounds are those of --score synflow with --sparsity. Leave them out.");
            if (isFlow && result.GetValue(Options.Sweep))
                result.AddError("--sweep measures the masks of one ranking, and synflow ranks anew in every round. Prune to each sparsity "
                    + "by itself, and evaluate what comes out.");
            if (result.GetValue(Options.Sweep)) return;
            if (result.GetResult(Options.PruneFolder) is null)
                result.AddError("prune writes a checkpoint: name its folder with --out, or measure with --sweep.");
            if (result.GetResult(Options.SparsityWanted) is null == result.GetResult(Options.Pattern) is null)
                result.AddError("Give --sparsity P or --pattern N:M, one of them.");
            if (result.GetValue(Options.PerTensor) && result.GetResult(Options.SparsityWanted) is null)
                result.AddError("--per-tensor is about a share: give --sparsity as well.");
        });
        command.Add(ModelArgument);
        command.Add(Options.PruneFolder, Options.PruneScore, Options.SparsityWanted, Options.Pattern, Options.PerTensor, Options.Tensors,
            Options.Rounds, SeedOption, TicketOption, Options.NoMemoryMap);
        SweepOptions.AddTo(command);
    }

    /// <summary>Reads the arguments.</summary>
    public static PruneOptions From(ParseResult arguments)
    {
        string model = arguments.GetRequiredValue(ModelArgument);
        CheckpointOptions reading = new() { UseMemoryMap = !arguments.GetValue(Options.NoMemoryMap) };
        string score = arguments.GetRequiredValue(Options.PruneScore);
        bool isSweep = arguments.GetValue(Options.Sweep), isPerTensor = arguments.GetValue(Options.PerTensor),
            isCalibrated = SweepOptions.IsCalibrated(score), isFlow = score == SynapticFlow.Name;
        TicketSelection KeptOf(UnitShare sparsity) => score == TextScores.Wanda && !isPerTensor
            ? new RowShare(new(1 - sparsity.Value)) : ModelPruning.KeptOf(sparsity, isPerTensor);
        TicketSelection kept = arguments.GetValue(Options.SparsityWanted) is { } sparsity ? KeptOf(sparsity)
            : arguments.GetValue(Options.Pattern) ?? KeptOf(new(0));
        TensorChoice? tensors = arguments.GetValue(Options.Tensors) ?? (isFlow ? SynapticFlow.Matrices : null);
        UnitShare? wanted = arguments.GetValue(Options.SparsityWanted);
        return new()
        {
            Model = model,
            Out = arguments.GetValue(Options.PruneFolder) ?? "",
            Measured = isSweep || isCalibrated ? SweepOptions.From(arguments, model, score, KeptOf, reading) : null,
            IsSweep = isSweep,
            Ticket = arguments.GetValue(TicketOption),
            Recipe = ModelPruning.RecipeOf(
                TicketScore.Named(isCalibrated || isFlow ? Options.Magnitude : score, arguments.GetValue(SeedOption) ?? 0), kept, tensors),
            Flow = !isFlow ? null : new(wanted ?? new(0), isPerTensor, tensors!,
                wanted is null ? 1 : arguments.GetValue(Options.Rounds) ?? SynapticFlow.DefaultRounds),
            Reading = reading,
        };
    }
}

/// <summary>How <c>--score synflow</c> is found.</summary>
/// <param name="Sparsity">What its rounds come to.</param>
/// <param name="IsPerTensor">Whether that part of every tensor goes.</param>
/// <param name="Tensors">What is pruned.</param>
/// <param name="Rounds">How many.</param>
internal sealed record FlowOptions(UnitShare Sparsity, bool IsPerTensor, TensorChoice Tensors, int Rounds);
