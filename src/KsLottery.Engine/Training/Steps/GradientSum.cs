using System.Numerics;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Ranks;
using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Engine.Training;

/// <summary>The gradient of several micro-batches: each is summed apart, and they are added in an order that their number alone
/// decides.</summary>
/// <remarks>
/// The order is a binary tree over the micro-batches' numbers. The sum of n of them, n above 1, is the sum of the first p plus the sum of
/// the others, p being the largest power of two below n, and either half is summed in the same way; losses, in double, as well. So
/// whoever holds the micro-batches from a·2ʲ to below (a + 1)·2ʲ adds them up alone and hands on one gradient, and the bytes are those of
/// one process that holds all: <see cref="MicroBatchDeal"/> deals them, <see cref="GradientExchange"/> adds up what is handed on. Beside
/// the gradient that the model fills as many are kept as <see cref="MicroBatchDeal.Waiting"/> says.
/// </remarks>
/// <param name="model">The model, whose weights learn.</param>
/// <param name="operations">Its device.</param>
/// <param name="ranks">The processes that share the micro-batches of a step; null for one by itself.</param>
internal sealed class GradientSum(LlamaModel model, IOperations operations, RankGroup? ranks = null) : IDisposable
{
    /// <summary>Gradients are added in rows of this width, so that every device shares the work out.</summary>
    private const int RowLength = 8192;

    private readonly RankGroup _ranks = ranks ?? RankGroup.Alone;
    private readonly IReadOnlyList<Weight> _weights = model.Weights.Trainable;
    private readonly GradientExchange _exchange = new(model.Weights.Trainable, operations, ranks ?? RankGroup.Alone);
    private readonly List<DeviceMemory[]> _waiting = [];
    private readonly List<double> _losses = [];
    private int _depth;
    private long _lossBytes;
    private MicroBatchDeal? _deal;

    /// <summary>Bytes that this rank has handed to others.</summary>
    public long BytesSent => _exchange.BytesSent + _lossBytes;

    /// <summary>How many gradients wait at once while so many micro-batches are added up by one process: ⌊log₂ n⌋.</summary>
    public static int LevelsOf(int microBatches) => BitOperations.Log2((uint)microBatches);

    /// <summary>Replaces the gradients of all that learns by those of some micro-batches together.</summary>
    /// <param name="batches">The micro-batches of a step, or an aligned part of them; at least one. The same on all ranks.</param>
    /// <param name="terms">The terms of the loss, as they count in the whole step.</param>
    /// <param name="isDealt">Whether ranks share them; else each computes all.</param>
    /// <param name="cancellationToken">Stops between micro-batches, all ranks together; gradients are undefined then.</param>
    /// <returns>What the micro-batches add to the step's loss.</returns>
    /// <exception cref="OperationCanceledException">One rank or more was told to stop.</exception>
    public double Fill(IReadOnlyList<TokenBatch> batches, TargetTerms terms, bool isDealt = true,
        CancellationToken cancellationToken = default)
    {
        int size = isDealt ? _ranks.Size : 1, rank = isDealt ? _ranks.Rank : 0;
        if (_deal?.Count != batches.Count || _deal.RankCount != size) _deal = new(batches.Count, size);
        _depth = 0;
        List<double> own = [];
        foreach (MicroBatchBlock block in _deal.Of(rank))
        {
            if (own.Count > 0) Keep(own[^1]);
            own.Add(Fill(batches, block, terms, cancellationToken));
        }
        double[] losses = ShareLosses([.. own], isDealt, cancellationToken);
        foreach ((int into, int from) in _deal.Joins) losses[into] += losses[from];
        if (size > 1)
            _exchange.Sum(_deal, [.. own.Select((_, i) => (DeviceSpan[])[.. _weights.Select((weight, w) =>
                i < own.Count - 1 ? _waiting[i][w].Span : weight.Gradient)])]);
        return losses[0];
    }

    /// <summary>Gives the waiting gradients back.</summary>
    public void Dispose()
    {
        foreach (DeviceMemory memory in _waiting.SelectMany(m => m)) memory.Dispose();
        _exchange.Dispose();
    }

    /// <summary>destination += source: rows added to a table.</summary>
    internal static void Add(IOperations operations, DeviceSpan destination, DeviceSpan source)
    {
        int rows = checked((int)(source.Length / RowLength));
        long whole = (long)rows * RowLength;
        int rest = (int)(source.Length - whole);
        operations.EmbeddingBackward(destination.Slice(0, whole), source.Slice(0, whole), Enumerable.Range(0, rows).ToArray(), RowLength);
        if (rest > 0) operations.EmbeddingBackward(destination.Slice(whole, rest), source.Slice(whole, rest), (int[])[0], rest);
    }

    /// <summary>Adds up a block by itself.</summary>
    private double Fill(IReadOnlyList<TokenBatch> batches, MicroBatchBlock block, TargetTerms terms, CancellationToken cancellationToken)
    {
        double loss = 0;
        int count = block.End - block.Start;
        for (int i = 0; i < count && !_ranks.IsStopped(cancellationToken); i++)
        {
            model.Weights.ClearGradients();
            loss = model.LossAndGradients(batches[block.Start + i], terms);
            bool isLast = i == count - 1;
            // A first half waits for each bit that is set in i. A second half ends here where all bits below are set too; at the end all
            // do.
            for (int joins = isLast ? BitOperations.PopCount((uint)i) : BitOperations.TrailingZeroCount(~i); joins > 0; joins--)
                loss = Join(loss);
            if (!isLast) Keep(loss);
        }
        return loss;
    }

    /// <summary>What all blocks add to the loss, in their order.</summary>
    private double[] ShareLosses(double[] own, bool isDealt, CancellationToken cancellationToken)
    {
        long[] counts = [.. Enumerable.Range(0, _ranks.Size).Select(rank => isDealt ? (long)_deal!.Of(rank).Count : 0)];
        _lossBytes += (_ranks.Size - 1) * sizeof(double) * (counts[_ranks.Rank] + 1);
        double[] all = _ranks.ShareOrStop(isDealt ? own : [], counts, cancellationToken);
        return isDealt ? all : own;
    }

    private double Join(double loss)
    {
        _depth--;
        for (int i = 0; i < _weights.Count; i++) Add(operations, _weights[i].Gradient, _waiting[_depth][i]);
        return _losses[_depth] + loss;
    }

    private void Keep(double loss)
    {
        if (_depth == _waiting.Count)
        {
            _waiting.Add([.. _weights.Select(w => operations.Allocate(w.Gradient.Length))]);
            _losses.Add(0);
        }
        for (int i = 0; i < _weights.Count; i++) _waiting[_depth][i] = _weights[i].ExchangeGradient(_waiting[_depth][i]);
        _losses[_depth++] = loss;
    }
}
