using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;

namespace KsLottery.Engine.Transfer;

/// <summary>Words what a reader should know beyond that the work was done.</summary>
internal static class PatchNotes
{
    /// <summary>How the patched tensors stand to the embeddings.</summary>
    public static IEnumerable<string> AboutTying(Checkpoint checkpoint, IEnumerable<Tensor> tensors, TicketPatch patch) =>
        tensors.SelectMany(tensor => AboutTying(checkpoint, tensor, patch)).Distinct();

    private static IEnumerable<string> AboutTying(Checkpoint checkpoint, Tensor tensor, TicketPatch patch)
    {
        string? input = checkpoint.FindInputEmbedding()?.Name;
        string? head = checkpoint.FindOutputHead()?.Name;
        if (checkpoint.IsTied == true && tensor.Name == input && (head is null || head == input))
            yield return $"The model is tied: its output head reads {Quote(tensor.Name)} as well, so the output changes with the input.";
        else if (checkpoint.IsTied == true && input is not null && head is not null && (tensor.Name == input || tensor.Name == head))
            yield return $"The configuration says tied, yet the checkpoint holds {Quote(input)} and {Quote(head)}: only "
                + $"{Quote(tensor.Name)}, which the patch names, was changed. "
                + "A loader that follows the configuration reads the input embedding alone.";
        if (patch.IsTied is { } was && checkpoint.IsTied is { } isNow && was != isNow)
            yield return $"The patch was made for a base that is {Tied(was)}; this one is {Tied(isNow)} by its configuration.";
    }

    /// <summary>Units with a NaN or an infinity that were asked for.</summary>
    public static IEnumerable<string> AboutNonFinite(IndexSet units, string unitName)
    {
        if (units.Count > 0)
            yield return $"As asked, {PatchFit.Name(units)} of the {unitName}s hold a NaN or an infinity now: the model will not work.";
    }

    /// <summary>What became of a vocabulary that was resized with the patch.</summary>
    public static IEnumerable<string> AboutResizing(Checkpoint baseModel, Checkpoint tuned, RowPairing pairing, ResizedMatrix[] matrices,
        List<string> taken)
    {
        yield return $"The vocabulary has {pairing.TunedRows} rows in place of {pairing.BaseRows}, {pairing.Added.Count} of them from "
            + $"{tuned.Path}: {string.Join(" and ", matrices.Select(m => Quote(m.Base.Name)))}, vocab_size and "
            + $"{(taken.Count > 0 ? string.Join(", ", taken) : "no tokenizer")}. "
            + $"{ResizeRecord.FileName} holds what reverting needs.";
        if (taken.Count == 0)
            yield return $"No tokenizer lies beside {tuned.Path}: that of {baseModel.Path} knows nothing of the added rows.";
    }

    /// <summary>What a patch of a resized vocabulary does not change.</summary>
    public static IEnumerable<string> AboutOwnSize(TicketPatch patch)
    {
        if (patch.Rows is { IsResized: true } rows)
            yield return $"The tuned checkpoint has {rows.TunedRowCount} rows{(rows.IsPairedByText ? ", paired by text" : "")}; the "
                + $"base keeps its {rows.BaseRowCount}, its order and its tokenizer. {Remedy.Resize} of the tuned checkpoint.";
    }

    /// <summary>What rounding to the checkpoint's type did.</summary>
    public static IEnumerable<string> AboutRounding(IEnumerable<(PatchedTensor Tensor, RoundingLoss Loss)> written) =>
        written.Where(w => w.Tensor.Values is not null)
            .GroupBy(w => (From: w.Tensor.Values!.ElementType, To: w.Tensor.BaseElementType)).SelectMany(group =>
                AboutRounding(RoundingLoss.Sum(group.Select(w => w.Loss)), group.Sum(w => w.Tensor.Mask.Parameters), group.Key.From,
                    group.Key.To));

    /// <summary>What rounding did to all matrices of a resized vocabulary, once they were written.</summary>
    public static IEnumerable<string> AboutRounding(ResizedMatrix[] matrices) =>
        matrices.GroupBy(m => (From: m.TunedType, To: m.Base.ElementType)).SelectMany(group =>
            AboutRounding(RoundingLoss.Sum(group.Select(m => m.Loss)), group.Sum(m => m.TakenValues), group.Key.From, group.Key.To));

    private static IEnumerable<string> AboutRounding(RoundingLoss loss, long values, ElementType from, ElementType to)
    {
        if (loss.Inexact > 0)
            yield return $"{loss.Inexact} of {values} {from.ToName()} values are not exact in {to.ToName()} and were rounded to nearest, "
                + "ties to even.";
        if (loss.Overflowed > 0)
            yield return $"{loss.Overflowed} values lie beyond the range of {to.ToName()} and became infinite. Take a base of a wider "
                + "type.";
    }

    /// <summary>Other files with weights in the folder.</summary>
    public static IEnumerable<string> AboutOtherWeights(CarriedFiles carried)
    {
        if (carried.OtherWeights is { Count: > 0 } names)
            yield return "Other weights in the folder were carried along as they were, without what was changed here: "
                + $"{string.Join(", ", names.Select(Quote))}. Remove them where a program might load them instead.";
    }

    private static string Tied(bool isTied) => isTied ? "tied" : "not tied";

    private static string Quote(string name) => CheckpointFormatException.Quote(name);
}
