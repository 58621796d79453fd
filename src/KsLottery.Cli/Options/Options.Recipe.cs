using System.CommandLine;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Tickets;

namespace KsLottery.Cli;

/// <content>Which units a ticket may take, how they are scored, and which win.</content>
internal static partial class Options
{
    public static readonly Option<TensorChoice?> Tensors = Parsed<TensorChoice?>("--tensors", "GLOB,GLOB,…",
        "The tensors to choose units from: patterns with * and ?, with commas between them; !GLOB takes tensors out again.",
        text => TensorChoice.Parse(text));

    public static readonly Option<TicketUnit?> Unit = Parsed<TicketUnit?>("--unit", "UNIT",
        $"What a ticket takes whole: {string.Join(", ", TicketUnit.Names)} (R rows by C columns, either may be all). Rows by default.",
        text => TicketUnit.TryParse(text, out TicketUnit unit) ? unit
            : throw new FormatException(
                $"'{text}' is none of {string.Join(", ", TicketUnit.Names)}, for instance blocks:16x16; rows by default."));

    public static readonly Option<string> ScoreName = OptionKind.Choice(ScoreWord, TicketScore.Ks.Name,
        "How units are ordered: by the Kolmogorov-Smirnov test of a unit before and after, or by another measure.", [.. TicketScore.Names]);

    public static readonly Option<UnitShare?> Share = ShareOf("The ticket is this part of all units, the best of them: 10% or 0.1.");

    public static readonly Option<UnitShare?> GraftShare = ShareOf(
        "The base patch is what moved farther than the last of this part of all elements, the farthest of them: 0.01% or 0.0001.");

    public static readonly Option<UnitShare?> Candidates = Parsed<UnitShare?>("--candidates", "S",
        "The mask learns for this part of all elements, those that moved farthest, and memory goes by it; all others stay the base's. "
        + "All by default.",
        text => UnitShare.Parse(text));

    public static readonly Option<UnitShare?> MaxShare = Parsed<UnitShare?>("--max-share", "S",
        "The most of all elements that the graft may have, --share at least; masks of more are passed by. No bound by default.",
        text => UnitShare.Parse(text));

    public static readonly Option<bool> PerTensor = OptionKind.Flag("--per-tensor",
        "The part (--share, or --sparsity) is of every tensor by itself, and not of all together.");

    public static readonly Option<GroupPattern?> Pattern = Parsed<GroupPattern?>("--pattern", "N:M",
        "Of each M elements that follow each other in a row the N best win, for instance 2:4; of what is left at a row's end too.",
        GroupPattern.Parse);

    public static readonly Option<string[]> Without = OptionKind.Texts("--without", "PATCH",
        "Leave out what this patch, or the folder of a ticket, holds; may be given several times.");

    public static readonly Option<string> Payload = OptionKind.Choice("--payload", default(TicketPayload).ToName(),
        "What the patch does to its units: replace them, add a difference (delta), keep them and zero the others, drop them, or set signs.",
        [.. TicketPayloads.Names.Where(name => name != TicketPayload.Share.ToName())]);

    /// <summary>A part of some units.</summary>
    private static Option<UnitShare?> ShareOf(string description) =>
        Parsed<UnitShare?>("--share", "S", description, text => UnitShare.Parse(text));

    /// <summary>An option whose text the library reads.</summary>
    private static Option<T> Parsed<T>(string name, string helpName, string description, Func<string, T> parse) => new(name)
    {
        Description = description,
        HelpName = helpName,
        CustomParser = result =>
        {
            try
            {
                return parse(result.Tokens[0].Value);
            }
            catch (FormatException fault)
            {
                result.AddError($"{name}: {ConsoleUi.OneLine(fault.Message)}");
                return default!;
            }
        },
    };
}
