using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;

namespace KsLottery.Engine.Reproduction;

/// <content>Sums of what steps changed.</content>
internal sealed partial class SeedWork
{
    private const string ChangeName = "change.safetensors";

    private MadeStep Merge(MergeStep step, string folder)
    {
        string[] changes = [.. step.Of.Select(ChangeOf)];
        if (!Directory.Exists(folder)) PatchMerging.Merge(_plan.Base, changes, folder, new(), cancellationToken: _cancel);
        return new(step, folder) { Parameters = changes.Select(MaskIn).Aggregate((a, b) => a.Union(b)).Parameters };
    }

    private static TicketMask MaskIn(string path)
    {
        using TicketPatch patch = TicketPatch.Open(path);
        return patch.Mask.ToElements();
    }

    /// <summary>What a step changed over the model that it went on from, as a patch of the base.</summary>
    private string ChangeOf(string name)
    {
        MadeStep made = _made[name];
        string origin = OriginOf(made.Step), patch = Path.Combine(made.Folder, TicketPatch.FileName);
        bool isPatch = IsPatch(made);
        if (isPatch && origin == RecipeStep.Base) return patch;
        string change = Path.Combine(made.Folder, ChangeName);
        if (File.Exists(change)) return change;
        using Checkpoint model = Checkpoint.Open(_plan.Base), before = Checkpoint.Open(PathOf(origin)),
            after = Checkpoint.Open(PathOf(name));
        TicketMask mask = isPatch ? MaskIn(patch) : new TicketMask([]).ComplementIn(model.Tensors);
        TicketPatch.Write(change, [.. mask.Tensors.Select(t => new PatchSource(model.GetTensor(t.Name), t, TicketPayload.Delta)
        {
            Tuned = after.GetTensor(t.Name),
            Start = before.GetTensor(t.Name),
        })], new() { Signature = $"change|{name}", IsTied = model.IsTied }, _cancel);
        return change;
    }
}
