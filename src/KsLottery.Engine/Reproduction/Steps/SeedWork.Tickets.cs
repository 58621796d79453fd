using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Training;
using KsLottery.Engine.Transfer;

namespace KsLottery.Engine.Reproduction;

/// <content>Tickets, and what is made of them without a training.</content>
internal sealed partial class SeedWork
{
    private MadeStep Find(FindStep step, string folder)
    {
        using Checkpoint from = Checkpoint.Open(PathOf(step.From)), tuned = Checkpoint.Open(PathOf(step.Tuned));
        TicketRecipe recipe = step.Recipe with { Without = UnionOf(step.Excluding) };
        if (step.Like is { } like) recipe = recipe with { Selection = new TopUnits(MaskOf(like).Count) };
        UnitTicket ticket = TicketFinder.Find(from, tuned, recipe,
            new() { Scan = new() { Threads = _device.ThreadCount } }, _cancel).Ticket;
        Directory.CreateDirectory(folder);
        UnitTicketFile.Write(Path.Combine(folder, TicketFile.FileName), ticket, _cancel);
        return OfTicket(step, folder, ticket.Mask);
    }

    private MadeStep Draw(DrawStep step, string folder)
    {
        using Checkpoint model = Checkpoint.Open(_plan.Base);
        if (step.How == DrawnUnits.Tokens)
        {
            Tensor embedding = model.GetInputEmbedding();
            return OfTicket(step, folder, TicketMask.OfRows(embedding.Name, embedding.Shape[0], embedding.Shape[1],
                _tokenizer.Encode(step.Text!).Distinct().Order()));
        }
        TicketMask like = MaskOf(step.Like!);
        if (step.How == DrawnUnits.Others) return OfTicket(step, folder, like.Complement());
        TicketMask? without = UnionOf(step.Excluding);
        // Two draws of one seed must not come to the same units.
        RandomScore random = new(SplitMix64.Mix(_seed) + (ulong)_made.Count);
        IReadOnlyList<TensorMask>[] pools = step.How == DrawnUnits.Random ? [like.Tensors] : [.. like.Tensors.Select(t => new[] { t })];
        return OfTicket(step, folder, new(pools.Where(p => p.Sum(t => t.Units.Count) > 0).SelectMany(p => UnitSelector.Select(random,
            new TopUnits(p.Sum(t => t.Units.Count)), [.. p.Select(t => new ScoreSource(model.GetTensor(t.Name), null, t.Grid))], without,
            _device.ThreadCount, _cancel).Tensors)));
    }

    private static MadeStep OfTicket(RecipeStep step, string folder, TicketMask mask) =>
        new(step, folder) { Mask = mask, Parameters = mask.Parameters };

    /// <summary>A ticket's units without the tensors of which it has none.</summary>
    private TicketMask UnitsOf(string ticket) => new(MaskOf(ticket).Tensors.Where(t => t.Units.Count > 0));

    private MadeStep Copy(CopyStep step, string folder)
    {
        TicketMask mask = UnitsOf(step.Ticket);
        string path = Path.Combine(folder, TicketPatch.FileName);
        if (!File.Exists(path))
        {
            using Checkpoint from = Checkpoint.Open(PathOf(step.From)), tuned = Checkpoint.Open(PathOf(step.Tuned));
            Directory.CreateDirectory(folder);
            TicketPatch.Write(path, from, tuned, mask, TicketPayload.Replace,
                new() { Signature = Describe(mask), IsTied = from.IsTied }, _cancel);
        }
        return new(step, folder) { Mask = mask, Parameters = mask.Parameters };
    }

    private MadeStep Perturb(PerturbStep step, string folder)
    {
        MadeStep tuned = _made[step.Of];
        if (!IsPatch(tuned)) throw new StepSkippedException($"\"{step.Of}\" trained no ticket");
        string path = Path.Combine(folder, TicketPatch.FileName);
        if (!File.Exists(path))
        {
            using Checkpoint from = Checkpoint.Open(PathOf(OriginOf(tuned.Step)));
            using TicketPatch patch = TicketPatch.Open(tuned.Folder);
            SplitMix64 random = new(SplitMix64.Mix(_seed));
            List<PatchSource> tensors = [];
            foreach (PatchedTensor tensor in patch.Tensors)
                tensors.Add(new(from.GetTensor(tensor.Name), tensor.Mask, TicketPayload.Replace) { Values = Move(tensor, ref random) });
            Directory.CreateDirectory(folder);
            TicketPatch.Write(path, tensors,
                new() { Signature = $"{patch.Signature}|random-delta|seed:{_seed}", IsTied = from.IsTied }, _cancel);
        }
        return new(step, folder) { Mask = tuned.Mask, Parameters = tuned.Parameters };
    }

    private static float[] Move(PatchedTensor tensor, ref SplitMix64 random)
    {
        float[] before = Wide(tensor.BaseValues), after = Wide(tensor.Values!), values = new float[before.Length];
        int length = tensor.Mask.Grid.IsRows ? (int)tensor.Mask.Grid.Columns : values.Length;
        double[] direction = new double[length];
        for (int start = 0; start < values.Length; start += length)
        {
            double moved = 0, drawn = 0;
            for (int i = 0; i < length; i++)
            {
                direction[i] = random.NextNormal();
                double change = (double)after[start + i] - before[start + i];
                moved += change * change;
                drawn += direction[i] * direction[i];
            }
            double scale = Math.Sqrt(moved / drawn);
            for (int i = 0; i < length; i++) values[start + i] = (float)(before[start + i] + (scale * direction[i]));
        }
        return values;

        static float[] Wide(Tensor stored)
        {
            float[] wide = new float[stored.ElementCount];
            byte[] bytes = new byte[stored.ElementCount * stored.ElementType.ByteSize()];
            RowRounding.Convert(stored.GetBytes(0, bytes.Length, bytes), stored.ElementType, MemoryMarshal.AsBytes(wide.AsSpan()),
                ElementType.F32);
            return wide;
        }
    }

    private MadeStep Reinitialize(ReinitializeStep step, string folder)
    {
        if (!File.Exists(Path.Combine(folder, "model.safetensors")))
        {
            Directory.CreateDirectory(folder);
            if (_tokenizer.FilePath is { } path) TokenizerFiles.Copy(path, folder);
            using LlamaWeights weights = LlamaWeights.Random(Config, _device.Operations, SplitMix64.Mix(_seed));
            if (step.IsNormal) DrawNormal(weights);
            TrainedCheckpoint.WriteWhole(weights, _device.Operations, folder, _cancel);
        }
        return new(step, folder) { Parameters = Config.ParameterCount };
    }
}
