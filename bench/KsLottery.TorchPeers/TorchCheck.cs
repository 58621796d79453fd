using System.Globalization;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Tickets;
using TorchSharp;
using TorchSharp.Modules;

namespace KsLottery.TorchPeers;

/// <summary>Holds libtorch's losses and gradients against ours on the same weights, ticket and tokens: both do the same work.</summary>
internal static class TorchCheck
{
    private const double Tolerance = 1e-4;
    private const ulong Seed = 1;

    /// <summary>Prints what was compared.</summary>
    /// <returns>Whether all of it agrees to 1e-4: losses absolutely, gradients as the norm of the difference over ours.</returns>
    public static bool Run(PeerOptions options)
    {
        torch.set_num_threads(options.Threads);
        TokenSequence[] sequences = TorchBatch.Steps(options.Plan).First();
        return Compare("full", TrainingScope.Full, options, sequences)
            & Compare("ticket", TrainingScope.Mask(TicketMask.OfRows(TorchLlama.EmbeddingName, options.Plan.Config.VocabularySize,
                options.Plan.Config.Width, options.Plan.Ticket)), options, sequences);
    }

    private static bool Compare(string name, TrainingScope learned, PeerOptions options, TokenSequence[] sequences)
    {
        // Holds all tensors until the end: one that nothing refers to is freed while libtorch still reads it.
        using DisposeScope scope = torch.NewDisposeScope();
        using ComputeDevice device = options.Plan.Open();
        IOperations operations = device.Operations;
        using LlamaWeights weights = LlamaWeights.Random(options.Plan.Config, operations, Seed);
        TorchLlama peer = new(options.Plan.Config, options.Plan.Length);
        foreach (Weight weight in weights.All) Put(peer.Parameters[weight.Name], Download(operations, weight.Value));
        weights.MakeTrainable(learned);
        using LlamaModel model = new(weights, operations);
        TorchTicket? ticket = weights.Ticket is null ? null : new(peer.Embedding, options.Plan.Ticket);
        if (ticket is not null) Move(weights.Ticket!.Weight, ticket.Rows, operations);
        foreach (Parameter parameter in peer.Parameters.Values) parameter.requires_grad = ticket is null;

        TokenBatch batch = BatchSchedule.Pack(sequences, int.MaxValue)[0];
        double own = model.LossAndGradients(batch, 1.0 / batch.TargetCount) / batch.TargetCount;
        torch.Tensor loss = peer.Loss(TorchBatch.Of(sequences), ticket);
        loss.backward();
        double other = loss.item<float>(), largest = 0;
        foreach (Weight weight in weights.Trainable)
            largest = Math.Max(largest, Distance(Download(operations, weight.Gradient),
                (ticket?.Rows ?? peer.Parameters[weight.Name]).grad!.data<float>().ToArray()));
        bool agree = Math.Abs(own - other) <= Tolerance && largest <= Tolerance;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name}: loss {own:F6} and {other:F6}, gradients differ by "
            + $"{largest:E1} of their norm at most: {(agree ? "the same work" : "DIFFERENT")}"));
        return agree;
    }

    /// <summary>Moves a ticket's rows away from the embedding's, in both models alike.</summary>
    private static void Move(Weight own, Parameter other, IOperations operations)
    {
        SplitMix64 random = new(Seed);
        float[] rows = [.. Download(operations, own.Value).Select(value => value + (0.001f * (random.NextBelow(101) - 50)))];
        operations.Upload(own.Value, rows);
        Put(other, rows);
    }

    private static void Put(torch.Tensor to, float[] values)
    {
        using IDisposable _ = torch.no_grad();
        to.copy_(torch.tensor(values).view(to.shape));
    }

    private static float[] Download(IOperations operations, DeviceSpan span)
    {
        float[] values = new float[span.Length];
        operations.Download(values, span);
        return values;
    }

    private static double Distance(float[] own, float[] other) =>
        Math.Sqrt(own.Zip(other, (a, b) => Math.Pow((double)a - b, 2)).Sum() / own.Sum(a => Math.Pow(a, 2)));
}
