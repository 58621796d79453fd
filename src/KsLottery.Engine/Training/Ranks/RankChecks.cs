using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Ranks;
using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Engine.Training;

/// <summary>Whether ranks that train together compute the same bits, so that it does not matter which of them computes what.</summary>
/// <remarks>Processors do, whatever their vector width; a device of another kind may not.</remarks>
/// <param name="ranks">The processes.</param>
/// <param name="model">The model, whose weights learn.</param>
/// <param name="operations">Its device.</param>
internal sealed class RankChecks(RankGroup ranks, LlamaModel model, IOperations operations)
{
    private const int PieceLength = 1 << 18;

    /// <summary>Before the first step: computes the gradient of one micro-batch on all ranks.</summary>
    /// <exception cref="DeviceUnavailableException">A bit differs; names both devices.</exception>
    public void ThrowIfGradientsDiffer(TokenBatch batch, TargetTerms terms)
    {
        if (ranks.Size == 1) return;
        model.Weights.ClearGradients();
        double loss = model.LossAndGradients(batch, terms);
        Compare(PrintOf(weight => weight.Gradient, loss), "computes another gradient of the same micro-batch");
    }

    /// <summary>After the last step.</summary>
    /// <exception cref="DeviceUnavailableException">The weights of a rank differ in a bit; names both devices.</exception>
    public void ThrowIfWeightsDiffer()
    {
        if (ranks.Size > 1) Compare(PrintOf(weight => weight.Value, loss: 0), "has come to other weights in the same steps");
    }

    private void Compare(string own, string what)
    {
        bool isSame = ranks.FirstText(own) == own;
        string first = ranks.FirstText(operations.Name);
        ranks.ThrowAll(isSame ? null : $"{operations.Name}\t{ranks.NameOf(ranks.Rank)} {what} than {ranks.NameOf(0)} on {first}", message =>
            new DeviceUnavailableException(message.Split('\t')[0], message.Split('\t')[1],
                "Train on devices of one kind on all ranks, or by one process"));
    }

    private string PrintOf(Func<Weight, DeviceSpan> values, double loss)
    {
        using ContentHash hash = new();
        hash.AppendData(MemoryMarshal.AsBytes(new ReadOnlySpan<double>(in loss)));
        float[] piece = new float[PieceLength];
        foreach (Weight weight in model.Weights.Trainable)
        {
            DeviceSpan all = values(weight);
            for (long start = 0; start < all.Length; start += PieceLength)
            {
                Span<float> some = piece.AsSpan(0, (int)Math.Min(PieceLength, all.Length - start));
                operations.Download(some, all.Slice(start, some.Length));
                hash.AppendData(MemoryMarshal.AsBytes(some));
            }
        }
        return Fingerprint.Finish(hash);
    }
}
