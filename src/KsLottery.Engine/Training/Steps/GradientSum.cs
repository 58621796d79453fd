using System.Numerics;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Engine.Training;

/// <summary>The gradient of several micro-batches: each is summed apart, and they are added in an order that their number alone
/// decides.</summary>
/// <remarks>
/// The order is a binary tree over the micro-batches' numbers. The sum of n of them, n above 1, is the sum of the first p plus the sum of
/// the others, p being the largest power of two below n, and either half is summed in the same way; losses, in double, as well. So
/// whoever holds the micro-batches from a·2ʲ to below (a + 1)·2ʲ adds them up alone and hands on one gradient, and the bytes are those of
/// one process that holds all. Beside the gradient that the model fills as many are kept as <see cref="LevelsOf"/> says.
/// </remarks>
/// <param name="model">The model, whose weights learn.</param>
/// <param name="operations">Its device.</param>
internal sealed class GradientSum(LlamaModel model, IOperations operations) : IDisposable
{
    /// <summary>Gradients are added in rows of this width, so that every device shares the work out.</summary>
    private const int RowLength = 8192;

    private readonly IReadOnlyList<Weight> _weights = model.Weights.Trainable;
    private readonly List<DeviceMemory[]> _waiting = [];
    private readonly List<double> _losses = [];

    /// <summary>How many gradients wait at once while so many micro-batches are added up: ⌈log₂ n⌉.</summary>
    public static int LevelsOf(int microBatches) => microBatches < 2 ? 0 : BitOperations.Log2((uint)(microBatches - 1)) + 1;

    /// <summary>Replaces the gradients of all that learns by those of some micro-batches together.</summary>
    /// <param name="batches">The micro-batches of a step, or an aligned part of them; at least one.</param>
    /// <param name="terms">The terms of the loss, as they count in the whole step.</param>
    /// <param name="cancellationToken">Stops between micro-batches; gradients are undefined then.</param>
    /// <returns>What the micro-batches add to the step's loss.</returns>
    public double Fill(IReadOnlyList<TokenBatch> batches, TargetTerms terms, CancellationToken cancellationToken = default)
    {
        double loss = 0;
        for (int i = 0; i < batches.Count; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            model.Weights.ClearGradients();
            loss = model.LossAndGradients(batches[i], terms);
            bool isLast = i == batches.Count - 1;
            int level = 0;
            // A bit that is set in i is a first half that waits. A second half ends here where all bits below are set too; at the end
            // all do.
            for (; isLast ? i >> level > 0 : (i >> level & 1) == 1; level++)
                if ((i >> level & 1) == 1) loss = Join(level, loss);
            if (!isLast) Keep(level, loss);
        }
        return loss;
    }

    /// <summary>Gives the waiting gradients back.</summary>
    public void Dispose()
    {
        foreach (DeviceMemory memory in _waiting.SelectMany(m => m)) memory.Dispose();
    }

    private double Join(int level, double loss)
    {
        for (int i = 0; i < _weights.Count; i++) Add(_weights[i].Gradient, _waiting[level][i]);
        return _losses[level] + loss;
    }

    private void Keep(int level, double loss)
    {
        if (level == _waiting.Count)
        {
            _waiting.Add([.. _weights.Select(w => operations.Allocate(w.Gradient.Length))]);
            _losses.Add(0);
        }
        for (int i = 0; i < _weights.Count; i++) _waiting[level][i] = _weights[i].ExchangeGradient(_waiting[level][i]);
        _losses[level] = loss;
    }

    /// <summary>destination += source: rows added to a table.</summary>
    private void Add(DeviceSpan destination, DeviceSpan source)
    {
        int rows = checked((int)(source.Length / RowLength));
        long whole = (long)rows * RowLength;
        int rest = (int)(source.Length - whole);
        operations.EmbeddingBackward(destination.Slice(0, whole), source.Slice(0, whole), Enumerable.Range(0, rows).ToArray(), RowLength);
        if (rest > 0) operations.EmbeddingBackward(destination.Slice(whole, rest), source.Slice(whole, rest), (int[])[0], rest);
    }
}
