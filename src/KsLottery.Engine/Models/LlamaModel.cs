using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Engine.Models;

/// <summary>A LLaMA-type model: what it predicts, and how its loss changes with the weights that learn.</summary>
/// <remarks>
/// Written once against <see cref="IOperations"/>, whichever device stands behind them. Letters: N rows, C width, F feed-forward width,
/// V vocabulary. The backward pass computes what the scope needs and no more: no gradients of frozen weights, and under the lowest
/// layer's attention only rows whose token learns; where such rows alone learn, nothing before the first of them. Not safe to use from
/// several threads.
/// </remarks>
public sealed partial class LlamaModel : IDisposable
{
    /// <summary>Logits are made for about this many bytes of rows at a time.</summary>
    private const int LogitBytes = 128 << 20;

    private static readonly TargetTerms Plain = new(0);

    private readonly IOperations _operations;
    private readonly LlamaWeights _weights;
    private readonly LlamaConfig _config;
    private readonly RopeTable _rope;
    private readonly bool _recompute;
    private readonly LayerActivations[] _activations;
    private readonly ScratchMemory[] _streams;
    private readonly ScratchMemory _normed, _feedForward, _hidden, _hiddenRms, _logits, _losses, _logSumExp, _ticketLogits, _wholeGradient;

    /// <param name="weights">The weights, which must outlive the model.</param>
    /// <param name="operations">Their device.</param>
    /// <param name="recompute">
    /// Whether the backward pass computes each layer's activations again from the layer's input, instead of keeping those of all layers:
    /// a third more work for memory of one layer.
    /// </param>
    public LlamaModel(LlamaWeights weights, IOperations operations, bool recompute = false)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(operations);
        (_weights, _operations, _config, _recompute) = (weights, operations, weights.Config, recompute);
        _rope = new(_config, operations);
        _activations = [.. Enumerable.Range(0, recompute ? 1 : _config.LayerCount).Select(_ => new LayerActivations(operations))];
        _streams = [.. Enumerable.Range(0, _config.LayerCount + 1).Select(_ => new ScratchMemory(operations))];
        (_normed, _feedForward, _hidden, _hiddenRms) = (new(operations), new(operations), new(operations), new(operations));
        (_logits, _losses, _logSumExp, _ticketLogits) = (new(operations), new(operations), new(operations), new(operations));
        (_inner, _innerGradient, _wholeGradient) = (new(operations), new(operations), new(operations));
        (_wholeStream, _pieceLosses, _ticketGradient, _ticketHidden) = (new(operations), new(operations), new(operations), new(operations));
        _gradients = [.. Enumerable.Range(0, 9).Select(_ => new ScratchMemory(operations))];
        _tails = [.. Enumerable.Range(0, 7).Select(_ => new ScratchMemory(operations))];
    }

    /// <summary>The model's shape.</summary>
    public LlamaConfig Config => _config;

    /// <summary>The weights.</summary>
    public LlamaWeights Weights => _weights;

    /// <summary>The sum of the losses of all targets, in nats.</summary>
    /// <exception cref="ArgumentException">A token is outside the vocabulary.</exception>
    public double Loss(TokenBatch batch)
    {
        DeviceSpan stream = Forward(batch, keep: false);
        return Head(batch, stream, streamGradient: default, Plain).CrossEntropy;
    }

    /// <summary>The loss of each row in nats, N of them; 0 where a row has no target.</summary>
    /// <exception cref="ArgumentException">A token is outside the vocabulary.</exception>
    public float[] Losses(TokenBatch batch)
    {
        DeviceSpan stream = Forward(batch, keep: false);
        float[] all = new float[batch.RowCount];
        Head(batch, stream, streamGradient: default, Plain, hear: (rows, losses) =>
        {
            float[] some = new float[rows.Length];
            _operations.Download(some, losses);
            for (int i = 0; i < rows.Length; i++) all[rows[i]] = some[i];
        });
        return all;
    }

    /// <summary>The same sum; gradients of what learns grow by those of the sum times a factor.</summary>
    /// <param name="batch">Sequences and targets.</param>
    /// <param name="scale">The factor, for instance one over the number of targets of the whole step.</param>
    /// <exception cref="InvalidOperationException">Nothing learns.</exception>
    /// <exception cref="ArgumentException">A token is outside the vocabulary.</exception>
    public double LossAndGradients(TokenBatch batch, double scale) => SumsAndGradients(batch, new(scale)).CrossEntropy;

    /// <summary>What a batch adds to a loss; gradients of what learns grow by its.</summary>
    /// <inheritdoc cref="LossAndGradients(TokenBatch, double)" path="/exception"/>
    internal double LossAndGradients(TokenBatch batch, TargetTerms terms)
    {
        (double crossEntropy, double divergence) = SumsAndGradients(batch, terms);
        return (terms.CrossEntropy * crossEntropy) + (terms.Distillation * divergence);
    }

    private (double CrossEntropy, double Divergence) SumsAndGradients(TokenBatch batch, TargetTerms terms)
    {
        if (_weights.Scope is null) throw new InvalidOperationException("no weight learns. Call MakeTrainable first.");
        if (batch.RowCount > RowDots.MaxRows && _weights is { Scope.Name: TrainingScope.TicketName, Ticket: { } ticket })
            return TicketSumsAndGradients(batch, ticket, terms);
        DeviceSpan stream = Forward(batch, keep: true);
        DeviceSpan gradient = _gradients[0].Get(stream.Length);
        (double, double) sums = Head(batch, stream, gradient, terms);
        Backward(batch, gradient);
        return sums;
    }

    /// <summary>The logits of every row, (N, V), on the host.</summary>
    /// <exception cref="ArgumentException">A token is outside the vocabulary.</exception>
    public float[] Logits(TokenBatch batch)
    {
        DeviceSpan stream = Forward(batch, keep: false);
        float[] logits = new float[(long)batch.RowCount * _config.VocabularySize];
        int step = LogitRows;
        for (int row = 0; row < batch.RowCount; row += step)
        {
            int rows = Math.Min(step, batch.RowCount - row);
            DeviceSpan some = LogitsOf(stream.Slice((long)row * _config.Width, (long)rows * _config.Width));
            _operations.Download(logits.AsSpan(row * _config.VocabularySize, rows * _config.VocabularySize), some);
        }
        return logits;
    }

    /// <summary>Frees all buffers, but not the weights.</summary>
    public void Dispose()
    {
        _rope.Dispose();
        foreach (LayerActivations activations in _activations) activations.Dispose();
        foreach (ScratchMemory memory in
            (IEnumerable<ScratchMemory>)[.. _streams, .. _gradients, .. _tails, _normed, _feedForward, _hidden, _hiddenRms, _logits,
                _losses, _logSumExp, _ticketLogits, _inner, _innerGradient, _wholeGradient,
                _wholeStream, _pieceLosses, _ticketGradient, _ticketHidden])
            memory.Dispose();
    }

    /// <summary>Why a result is no number: a weight of the checkpoint, or else the computation left the range of its type.</summary>
    /// <param name="what">The result, as the subject of a sentence.</param>
    /// <exception cref="Checkpoints.CheckpointFormatException">A weight is NaN or infinite; names the tensor and the row.</exception>
    internal NotFiniteNumberException NotFinite(string what)
    {
        _weights.ThrowIfNotFinite();
        return new(
            $"{what} is NaN or infinite, although every weight of the checkpoint is finite: the model's activations leave the range of "
            + "F32. Take a checkpoint from before its training diverged.");
    }

    private int LogitRows => Math.Max(16, LogitBytes / (sizeof(float) * _config.VocabularySize));

    /// <summary>Runs all layers; returns the residual stream behind the last, (N, C).</summary>
    /// <param name="batch">The sequences.</param>
    /// <param name="keep">Whether a backward pass follows, which needs each layer's input.</param>
    /// <param name="attend">Reports each layer's rotated keys and its values.</param>
    private DeviceSpan Forward(TokenBatch batch, bool keep, Action<int, LayerActivations>? attend = null)
    {
        ArgumentNullException.ThrowIfNull(batch);
        CheckTokens(batch);
        int[] positions = Positions(batch);
        _rope.Reserve(positions.Max() + 1);
        long length = (long)batch.RowCount * _config.Width;
        DeviceSpan stream = _streams[0].Get(length);
        Embed(stream, batch.Tokens);
        for (int layer = 0; layer < _config.LayerCount; layer++)
        {
            LayerActivations activations = _activations[keep && !_recompute ? layer : 0];
            ForwardAttention(layer, activations, stream, positions);
            attend?.Invoke(layer, activations);
            _operations.AttentionForward(activations.Attended, activations.LogSumExp, activations.Query, activations.Key, activations.Value,
                _config.Attention, batch.Starts);
            DeviceSpan next = _streams[keep ? layer + 1 : (layer + 1) % 2].Get(length);
            ForwardRest(layer, activations, stream, next);
            stream = next;
        }
        return stream;
    }

    private void Embed(DeviceSpan stream, int[] tokens)
    {
        _operations.EmbeddingForward(stream, _weights.TokenEmbedding.Value, tokens, _config.Width);
        if (_weights.Ticket is { } ticket)
            _operations.EmbeddingForward(stream, ticket.Weight.Value, ticket.Ordinals(tokens), _config.Width);
    }

    /// <summary>The first norm, and rotated queries and keys with their values.</summary>
    private void ForwardAttention(int index, LayerActivations activations, DeviceSpan stream, int[] positions)
    {
        LlamaLayer layer = _weights.Layers[index];
        AttentionShape shape = _config.Attention;
        activations.Reserve(_config, positions.Length);
        DeviceSpan normed = _normed.Get(stream.Length);
        _operations.RmsNormForward(normed, activations.AttentionInverseRms, stream, layer.AttentionNorm.Value, _config.Width,
            _config.NormEpsilon);
        _hearInput?.Invoke(normed, [layer.Query, layer.Key, layer.Value]);
        Project(activations.Query, normed, layer.Query);
        Project(activations.Key, normed, layer.Key);
        Project(activations.Value, normed, layer.Value);
        _operations.RopeForward(activations.Query, _rope.Cosines, _rope.Sines, positions, shape.HeadWidth);
        _operations.RopeForward(activations.Key, _rope.Cosines, _rope.Sines, positions, shape.HeadWidth);
    }

    /// <summary>Everything behind the attention: two additions to the residual stream.</summary>
    private void ForwardRest(int index, LayerActivations activations, DeviceSpan stream, DeviceSpan next)
    {
        LlamaLayer layer = _weights.Layers[index];
        int width = _config.Width, inner = _config.FeedForwardWidth;
        _operations.Copy(activations.Middle, stream);
        _hearInput?.Invoke(activations.Attended, [layer.Output]);
        _operations.MatMulForward(activations.Middle, activations.Attended, layer.Output.Value, width, _config.Attention.QueryWidth,
            accumulate: true);
        DeviceSpan normed = _normed.Get(stream.Length);
        _operations.RmsNormForward(normed, activations.FeedForwardInverseRms, activations.Middle, layer.FeedForwardNorm.Value, width,
            _config.NormEpsilon);
        _hearInput?.Invoke(normed, [layer.Gate, layer.Up]);
        _operations.MatMulForward(activations.Gate, normed, layer.Gate.Value, inner, width);
        _operations.MatMulForward(activations.Up, normed, layer.Up.Value, inner, width);
        DeviceSpan feedForward = _feedForward.Get(activations.Gate.Length);
        _operations.SwiGluForward(feedForward, activations.Gate, activations.Up);
        if (next.IsEmpty) return;
        _operations.Copy(next, activations.Middle);
        _hearInput?.Invoke(feedForward, [layer.Down]);
        _operations.MatMulForward(next, feedForward, layer.Down.Value, width, inner, accumulate: true);
    }

    /// <summary>The logits of some rows of the last residual stream, (rows, V); the rows' norms stay in <c>_hidden</c>.</summary>
    private DeviceSpan LogitsOf(DeviceSpan stream)
    {
        int vocabulary = _config.VocabularySize, width = _config.Width;
        long rows = stream.Length / width;
        DeviceSpan hidden = _hidden.Get(stream.Length), logits = _logits.Get(rows * vocabulary);
        _operations.RmsNormForward(hidden, _hiddenRms.Get(rows), stream, _weights.FinalNorm.Value, width, _config.NormEpsilon);
        _operations.MatMulForward(logits, hidden, _weights.OutputHead.Value, vocabulary, width);
        if (TiedTicket is { } ticket)
        {
            DeviceSpan some = _ticketLogits.Get(rows * ticket.Weight.Rows);
            _operations.MatMulForward(some, hidden, ticket.Weight.Value, ticket.Weight.Rows, width);
            _operations.PutColumns(logits, some, ticket.Tokens, vocabulary);
        }
        return logits;
    }

    /// <summary>The ticket, where its rows are the output head's as well.</summary>
    private TicketRows? TiedTicket => _config.IsTied ? _weights.Ticket : null;

    private void CheckTokens(TokenBatch batch)
    {
        int largest = Math.Max(batch.Tokens.Max(), batch.Targets.Max());
        if (largest >= _config.VocabularySize)
            throw new ArgumentException($"token {largest} lies outside the model's vocabulary, 0 to {_config.VocabularySize - 1}. "
                + "Does the tokenizer fit the model?", nameof(batch));
    }

    private static int[] Positions(TokenBatch batch)
    {
        int[] positions = new int[batch.RowCount];
        for (int s = 0; s < batch.SequenceCount; s++)
            for (int row = batch.Starts[s]; row < batch.Starts[s + 1]; row++) positions[row] = row - batch.Starts[s];
        return positions;
    }
}
