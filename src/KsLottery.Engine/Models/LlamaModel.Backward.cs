using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Engine.Models;

public sealed partial class LlamaModel
{
    private readonly ScratchMemory[] _gradients;

    /// <summary>Hears of each weight of which a mask's values learn, while a batch's gradients are computed: the batch's gradient of all of
    /// it. Null takes the shorter way to the gradients of the values alone.</summary>
    internal Action<Weight, DeviceSpan>? WholeGradientHeard { get; set; }

    /// <summary>Losses of the rows that have a target, some rows at a time; with a gradient to fill, also everything above the
    /// layers.</summary>
    /// <param name="batch">The targets.</param>
    /// <param name="stream">The last residual stream, (N, C).</param>
    /// <param name="streamGradient">Its gradient, which is overwritten; empty for the loss alone.</param>
    /// <param name="terms">What the gradient is of.</param>
    /// <param name="hear">Reports some rows and their losses.</param>
    /// <returns>Σ w·loss, and where gradients are computed Σ T²·KL to the teacher.</returns>
    private (double CrossEntropy, double Divergence) Head(TokenBatch batch, DeviceSpan stream, DeviceSpan streamGradient, TargetTerms terms,
        Action<int[], DeviceSpan>? hear = null)
    {
        if (!streamGradient.IsEmpty) _operations.Clear(streamGradient);
        DeviceSpan taught = streamGradient.IsEmpty || terms.Teacher is null ? default : terms.Teacher.Forward(batch, keep: false);
        int[] rows = terms.Order(TargetRows(batch), batch);
        double loss = 0, divergence = 0;
        foreach (int[] some in rows.Chunk(LogitRows))
        {
            int[] targets = [.. some.Select(i => batch.Targets[i])];
            DeviceSpan input = Gathered(_gradients[1], stream, some, _config.Width), logits = LogitsOf(input);
            DeviceSpan losses = _losses.Get(some.Length), logSumExp = _logSumExp.Get(some.Length);
            _operations.CrossEntropyForward(losses, logSumExp, logits, targets, _config.VocabularySize);
            loss += terms.CrossEntropyOf(_operations, losses, targets);
            hear?.Invoke(some, losses);
            if (streamGradient.IsEmpty) continue;
            divergence += terms.Differentiate(_operations, logits, logSumExp,
                taught.IsEmpty ? default : terms.Teacher!.LogitsOf(taught, some), targets);
            _operations.ScatterRows(streamGradient, HeadBackward(input, logits), some, _config.Width);
        }
        return (loss, divergence);
    }

    /// <summary>The logits behind some rows of the last residual stream, (rows, V).</summary>
    private DeviceSpan LogitsOf(DeviceSpan stream, int[] rows) => LogitsOf(Gathered(_gradients[1], stream, rows, _config.Width));

    /// <summary>From the gradient of the logits to that of the rows they came from, and to those of what learns of the head.</summary>
    private DeviceSpan HeadBackward(DeviceSpan input, DeviceSpan logitGradient)
    {
        DeviceSpan ticketGradient = TakeTicket(logitGradient), hidden = _hidden.Get(input.Length);
        BackwardWeight(_weights.OutputHead, logitGradient, hidden);
        if (TiedTicket is { } tied)
            _operations.MatMulBackwardWeight(tied.Weight.Gradient, ticketGradient, hidden, tied.Weight.Rows, _config.Width);
        return HeadInputBackward(input, logitGradient, ticketGradient);
    }

    /// <summary>The part of the logits' gradient that belongs to a ticket which is the head's too, (rows, k); 0 takes its place.</summary>
    private DeviceSpan TakeTicket(DeviceSpan logitGradient)
    {
        if (TiedTicket is not { } ticket) return default;
        DeviceSpan taken = _ticketLogits.Get(logitGradient.Length / _config.VocabularySize * ticket.Weight.Rows);
        _operations.TakeColumns(taken, logitGradient, ticket.Tokens, _config.VocabularySize);
        return taken;
    }

    /// <summary>From the gradient of the logits to that of the rows they came from, the first of those whose logits were made
    /// last.</summary>
    private DeviceSpan HeadInputBackward(DeviceSpan input, DeviceSpan logitGradient, DeviceSpan ticketGradient)
    {
        int width = _config.Width;
        DeviceSpan hiddenGradient = _gradients[2].Get(input.Length), inputGradient = _gradients[3].Get(input.Length);
        _operations.MatMulBackwardInput(hiddenGradient, logitGradient, _weights.OutputHead.Value, _config.VocabularySize, width);
        if (TiedTicket is { } tied)
            _operations.MatMulBackwardInput(hiddenGradient, ticketGradient, tied.Weight.Value, tied.Weight.Rows, width, accumulate: true);
        _operations.Clear(inputGradient);
        BackwardNorm(_weights.FinalNorm, inputGradient, hiddenGradient, input, _hiddenRms.Get(input.Length / width));
        return inputGradient;
    }

    /// <summary>From the gradient of the last residual stream to those of everything that learns below.</summary>
    /// <param name="batch">The batch.</param>
    /// <param name="gradient">Of all rows, or of <paramref name="tails"/>; overwritten.</param>
    /// <param name="tails">Where rows of the embedding alone learn, those of the batch that depend on them; null for all. No row of a
    /// sequence may lie between two of them.</param>
    private void Backward(TokenBatch batch, DeviceSpan gradient, int[]? tails = null)
    {
        int[] positions = Positions(batch);
        for (int layer = _config.LayerCount - 1; layer >= _weights.LowestLayer; layer--)
        {
            DeviceSpan stream = _streams[layer].Get((long)batch.RowCount * _config.Width);
            LayerActivations activations = _activations[_recompute ? 0 : layer];
            // The buffers that all layers share still holds the last layer's activations from the forward pass.
            if (_recompute && layer < _config.LayerCount - 1)
            {
                ForwardAttention(layer, activations, stream, positions);
                _operations.AttentionForward(activations.Attended, activations.LogSumExp, activations.Query, activations.Key,
                    activations.Value,
                    _config.Attention, batch.Starts);
                ForwardRest(layer, activations, stream, next: default);
            }
            FeedForwardBackward(layer, activations, gradient, tails);
            AttentionBackward(layer, activations, gradient, stream, batch, positions, tails);
        }
    }

    /// <summary>The gradient of a layer's output becomes that of the stream between its two halves.</summary>
    private void FeedForwardBackward(int index, LayerActivations activations, DeviceSpan gradient, int[]? tails)
    {
        LlamaLayer layer = _weights.Layers[index];
        int width = _config.Width, inner = _config.FeedForwardWidth;
        DeviceSpan gate = Tail(1, activations.Gate, tails, inner), up = Tail(2, activations.Up, tails, inner),
            middle = Tail(3, activations.Middle, tails, width), inverseRms = Tail(4, activations.FeedForwardInverseRms, tails, 1);
        DeviceSpan innerGradient = _feedForward.Get(gate.Length), normedGradient = _gradients[1].Get(gradient.Length);
        if (layer.Down.Learns)
        {
            _operations.SwiGluForward(innerGradient, gate, up);
            BackwardWeight(layer.Down, gradient, innerGradient);
        }
        _operations.MatMulBackwardInput(innerGradient, gradient, layer.Down.Value, width, inner);
        _operations.SwiGluBackward(gate, up, innerGradient, gate, up);
        if (layer.Gate.Learns || layer.Up.Learns)
        {
            DeviceSpan normed = _normed.Get(gradient.Length);
            _operations.RmsNormForward(normed, inverseRms, middle, layer.FeedForwardNorm.Value, width,
                _config.NormEpsilon);
            BackwardWeight(layer.Gate, gate, normed);
            BackwardWeight(layer.Up, up, normed);
        }
        _operations.MatMulBackwardInput(normedGradient, gate, layer.Gate.Value, inner, width);
        _operations.MatMulBackwardInput(normedGradient, up, layer.Up.Value, inner, width, accumulate: true);
        BackwardNorm(layer.FeedForwardNorm, gradient, normedGradient, middle, inverseRms);
    }

    /// <summary>The gradient of the stream between a layer's halves becomes that of its input; below the lowest layer lies the
    /// embedding.</summary>
    private void AttentionBackward(int index, LayerActivations activations, DeviceSpan gradient, DeviceSpan stream, TokenBatch batch,
        int[] positions, int[]? tails)
    {
        LlamaLayer layer = _weights.Layers[index];
        AttentionShape shape = _config.Attention;
        int width = _config.Width;
        long queryLength = activations.Query.Length, keyLength = activations.Key.Length;
        DeviceSpan attendedGradient = (tails is null ? _gradients[2] : _tails[1]).Get(gradient.Length / width * shape.QueryWidth),
            queryGradient = _gradients[3].Get(queryLength);
        DeviceSpan keyGradient = _gradients[4].Get(keyLength), valueGradient = _gradients[5].Get(keyLength);
        BackwardWeight(layer.Output, gradient, activations.Attended);
        _operations.MatMulBackwardInput(attendedGradient, gradient, layer.Output.Value, width, shape.QueryWidth);
        if (tails is not null)
        {
            // What other rows' queries would add to gradients of rows before the first that counts, nothing asks for.
            DeviceSpan whole = _gradients[2].Get(queryLength);
            _operations.Clear(whole);
            _operations.ScatterRows(whole, attendedGradient, tails, shape.QueryWidth);
            attendedGradient = whole;
        }
        _operations.AttentionBackward(queryGradient, keyGradient, valueGradient, attendedGradient, activations.Attended,
            activations.LogSumExp,
            activations.Query, activations.Key, activations.Value, shape, batch.Starts);
        queryGradient = Tail(2, queryGradient, tails, shape.QueryWidth);
        keyGradient = Tail(5, keyGradient, tails, shape.KeyWidth);
        valueGradient = Tail(6, valueGradient, tails, shape.KeyWidth);
        stream = Tail(3, stream, tails, width);
        DeviceSpan inverseRms = Tail(4, activations.AttentionInverseRms, tails, 1);
        int[] tokens = batch.Tokens;
        if (tails is not null) (positions, tokens) = ([.. tails.Select(i => positions[i])], [.. tails.Select(i => tokens[i])]);
        _operations.RopeBackward(queryGradient, _rope.Cosines, _rope.Sines, positions, shape.HeadWidth);
        _operations.RopeBackward(keyGradient, _rope.Cosines, _rope.Sines, positions, shape.HeadWidth);
        DeviceSpan normed = default;
        if (layer.Query.Learns || layer.Key.Learns || layer.Value.Learns || layer.Query.Adapter is not null)
        {
            normed = _normed.Get(gradient.Length);
            _operations.RmsNormForward(normed, inverseRms, stream, layer.AttentionNorm.Value, width,
                _config.NormEpsilon);
        }
        BackwardWeight(layer.Query, queryGradient, normed);
        BackwardWeight(layer.Key, keyGradient, normed);
        BackwardWeight(layer.Value, valueGradient, normed);

        if (index == 0 && _weights.Ticket is { } ticket)
        {
            // The embedding's rows that learn stand at a few positions only: nothing else is needed from here on.
            tokens = ticket.Ordinals(tokens);
            int[] rows = [.. Enumerable.Range(0, tokens.Length).Where(i => tokens[i] >= 0)];
            if (rows.Length == 0) return;
            tokens = [.. rows.Select(i => tokens[i])];
            queryGradient = Gathered(_gradients[2], queryGradient, rows, shape.QueryWidth);
            keyGradient = Gathered(_gradients[6], keyGradient, rows, shape.KeyWidth);
            valueGradient = Gathered(_gradients[7], valueGradient, rows, shape.KeyWidth);
            inverseRms = Gathered(_losses, inverseRms, rows, 1);
            stream = Gathered(_normed, stream, rows, width);
            gradient = Gathered(_gradients[8], gradient, rows, width);
        }
        DeviceSpan normedGradient = _gradients[1].Get(gradient.Length);
        _operations.MatMulBackwardInput(normedGradient, queryGradient, layer.Query.Value, shape.QueryWidth, width);
        _operations.MatMulBackwardInput(normedGradient, keyGradient, layer.Key.Value, shape.KeyWidth, width, accumulate: true);
        _operations.MatMulBackwardInput(normedGradient, valueGradient, layer.Value.Value, shape.KeyWidth, width, accumulate: true);
        AdapterBackward(normedGradient, queryGradient, normed, layer.Query);
        AdapterBackward(normedGradient, valueGradient, normed, layer.Value);
        BackwardNorm(layer.AttentionNorm, gradient, normedGradient, stream, inverseRms);
        if (index > 0) return;
        Weight embedding = _weights.Ticket?.Weight ?? _weights.TokenEmbedding;
        DeviceSpan table = BeginGradient(embedding);
        _operations.EmbeddingBackward(table, gradient, tokens, width);
        EndGradient(embedding, table);
    }

    /// <summary>Adds outputGradientᵀ · input to the gradient of what learns of a matrix.</summary>
    private void BackwardWeight(Weight weight, DeviceSpan outputGradient, DeviceSpan input)
    {
        if (!weight.Learns) return;
        if (WholeGradientHeard is null && weight.Runs?.TryBackward(outputGradient, input, weight.Rows, weight.Columns) == true) return;
        DeviceSpan gradient = BeginGradient(weight);
        _operations.MatMulBackwardWeight(gradient, outputGradient, input, weight.Rows, weight.Columns);
        EndGradient(weight, gradient);
    }

    /// <summary>Adds to the gradient of a norm's input, and to that of what learns of its weight.</summary>
    private void BackwardNorm(Weight weight, DeviceSpan inputGradient, DeviceSpan outputGradient, DeviceSpan input, DeviceSpan inverseRms)
    {
        DeviceSpan gradient = BeginGradient(weight);
        _operations.RmsNormBackward(inputGradient, gradient, outputGradient, input, inverseRms, weight.Value, _config.Width);
        EndGradient(weight, gradient);
    }

    /// <summary>What an operation adds a weight's gradient to, empty where nothing learns; <see cref="EndGradient"/> follows, before the
    /// next weight's.</summary>
    private DeviceSpan BeginGradient(Weight weight) => weight.Runs is { } runs ? runs.Spread(_wholeGradient) : weight.Gradient;

    private void EndGradient(Weight weight, DeviceSpan gradient)
    {
        if (weight.Runs is not { } runs) return;
        runs.Collect(gradient);
        WholeGradientHeard?.Invoke(weight, gradient);
    }

    /// <summary>Some rows, or all of them as they are.</summary>
    private DeviceSpan Tail(int memory, DeviceSpan source, int[]? rows, int width) =>
        rows is null ? source : Gathered(_tails[memory], source, rows, width);

    private DeviceSpan Gathered(ScratchMemory memory, DeviceSpan source, int[] rows, int width)
    {
        DeviceSpan gathered = memory.Get((long)rows.Length * width);
        _operations.EmbeddingForward(gathered, source, rows, width);
        return gathered;
    }
}
