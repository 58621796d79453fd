using System.CommandLine;
using System.CommandLine.Parsing;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Training;
using KsLottery.Engine.Transfer;

namespace KsLottery.Cli;

/// <summary>The arguments of <c>tune</c> and <c>pretrain</c> that say what becomes of values outside of a mask, and where the training
/// begins.</summary>
/// <param name="Outside">One of the words of <see cref="Options.Outside"/>.</param>
/// <param name="Kept">What a mask that follows the weights keeps; null for others.</param>
/// <param name="Tensors">Its tensors; null for the matrices of attention and feed-forward blocks.</param>
/// <param name="Every">Steps from one such mask to the next.</param>
/// <param name="Decay">What draws the weights outside to 0.</param>
/// <param name="Rewind">Where the training begins; null for its usual start.</param>
/// <param name="KeepStates">States to keep.</param>
internal sealed record MaskOptions(string Outside, TicketSelection? Kept, TensorChoice? Tensors, int Every, double Decay,
    RewindPoint? Rewind, KeptState[] KeepStates)
{
    private static readonly Option[] OfMoving = [Options.SparsityWanted, Options.Pattern, Options.PerTensor],
        OfStraightThrough = [Options.MaskEvery, Options.MaskDecay];

    /// <summary>Gives a command the arguments.</summary>
    /// <param name="command">The command, which adds <see cref="Options.Tensors"/> itself.</param>
    /// <param name="ticket">The command's own tickets.</param>
    public static void AddTo(Command command, Option<string[]> ticket)
    {
        command.Validators.Add(result => Check(result, ticket));
        command.Add([Options.Outside, .. OfMoving, .. OfStraightThrough, Options.Rewind, Options.KeepStates]);
    }

    /// <summary>Reads the arguments.</summary>
    public static MaskOptions From(ParseResult arguments)
    {
        TicketSelection? kept = arguments.GetValue(Options.SparsityWanted) is { } sparsity
            ? ModelPruning.KeptOf(sparsity, arguments.GetValue(Options.PerTensor)) : arguments.GetValue(Options.Pattern);
        StraightThrough defaults = new(ModelPruning.KeptOf(new(0)));
        return new(arguments.GetValue(Options.Outside) ?? Options.Freeze, kept, arguments.GetValue(Options.Tensors),
            arguments.GetValue(Options.MaskEvery) ?? defaults.Every, arguments.GetValue(Options.MaskDecay) ?? defaults.Decay,
            arguments.GetValue(Options.Rewind), arguments.GetValue(Options.KeepStates) ?? []);
    }

    /// <summary>Whether whole tensors learn under a mask, or by its measure.</summary>
    public static bool AreWhole(CommandResult result) => result.GetValue(Options.Outside) is not (null or Options.Freeze);

    /// <summary>Whether the mask follows the weights.</summary>
    public static bool AreMoving(CommandResult result) => result.GetValue(Options.Outside) is Options.StraightThrough or Options.Project;

    /// <summary>The policy; null where values outside stay as they are.</summary>
    /// <param name="tickets">The tickets, which are united; they may have been found in another model of this shape.</param>
    /// <param name="reading">How to read them.</param>
    public MaskPolicy? ReadPolicy(string[] tickets, CheckpointOptions reading) => Outside switch
    {
        Options.Zero => new ZeroOutside(ReadMask(tickets, reading)),
        Options.MatchL1 => new MatchedNorm(ReadMask(tickets, reading), 1),
        Options.MatchL2 => new MatchedNorm(ReadMask(tickets, reading)),
        Options.StraightThrough => new StraightThrough(Kept!, Tensors) { Every = Every, Decay = Decay },
        Options.Project => new ProjectedSteps(Kept!, Tensors),
        _ => null,
    };

    /// <summary>The policy in words.</summary>
    public string Describe(MaskPolicy policy)
    {
        TicketMask? mask = (policy as ZeroOutside)?.Kept ?? (policy as MatchedNorm)?.Kept;
        return mask is null ? $"{Outside}, {string.Join(' ', Kept switch
        {
            TopShare share => $"{share.Share} kept",
            _ => Kept!.ToString(),
        })}" : $"{Outside}, the ticket is {Sizes.Count(mask.Parameters)} of {Sizes.Count(mask.ElementCount)} values in "
            + Sizes.Count(mask.Tensors.Count, "tensor");
    }

    private static TicketMask ReadMask(string[] tickets, CheckpointOptions reading) => tickets.Select(path =>
    {
        using TicketPatch patch = TicketOptions.OpenPatch(path, reading);
        return new TicketMask(patch.Tensors.Select(t => t.Payload == TicketPayload.Drop
            ? t.Mask with { Units = t.Mask.Units.Complement() } : t.Mask));
    }).Aggregate((all, one) => all.Union(one));

    private static void Check(CommandResult result, Option<string[]> ticket)
    {
        string outside = result.GetValue(Options.Outside) ?? Options.Freeze;
        bool isMoving = AreMoving(result);
        if (AreWhole(result) && !isMoving && result.GetResult(ticket) is null)
            result.AddError($"--outside {outside} needs the mask: --ticket PATH, as prune --ticket and find write it.");
        if (isMoving && result.GetResult(ticket) is not null)
            result.AddError($"--outside {outside} finds its mask in the weights themselves. Leave --ticket out.");
        if (isMoving && result.GetResult(Options.SparsityWanted) is null == result.GetResult(Options.Pattern) is null)
            result.AddError($"--outside {outside} keeps a part of the weights: give --sparsity P or --pattern N:M, one of them.");
        if (result.GetValue(Options.PerTensor) && result.GetResult(Options.SparsityWanted) is null)
            result.AddError("--per-tensor is about a share: give --sparsity as well.");
        if (!isMoving && Given(OfMoving) is { Length: > 0 } ofMoving)
            result.AddError($"{ofMoving}: these belong to --outside {Options.StraightThrough} and {Options.Project}. A --ticket has its "
                + "own.");
        if (outside != Options.StraightThrough && Given(OfStraightThrough) is { Length: > 0 } others)
            result.AddError($"{others}: these belong to --outside {Options.StraightThrough}.");

        string Given(Option[] options) =>
            string.Join(", ", options.Where(o => result.GetResult(o) is { Implicit: false }).Select(o => o.Name));
    }
}
