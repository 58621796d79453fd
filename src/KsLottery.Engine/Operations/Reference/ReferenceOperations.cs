using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Operations;

/// <summary>Every operation as it is defined, in plain loops and double precision: the oracle of every other device, and slow.</summary>
/// <remarks>Weights are copied to double precision, so that each of them may be disturbed to measure a derivative.</remarks>
internal sealed class ReferenceOperations : IOperations
{
    private readonly AllocationCount _allocated = new();

    /// <inheritdoc/>
    public string Name => "reference";

    /// <inheritdoc/>
    public long AllocatedBytes => _allocated.Bytes;

    /// <inheritdoc/>
    public long PeakAllocatedBytes => _allocated.PeakBytes;

    /// <inheritdoc/>
    public DeviceMemory Allocate(long length)
    {
        if (length < 0 || length > Array.MaxLength)
            throw new ArgumentOutOfRangeException(nameof(length), length,
                $"the reference device holds 0 to {Array.MaxLength} elements in one piece.");
        ReferenceMemory memory = new(new double[length], _allocated.Remove);
        _allocated.Add(length * sizeof(double));
        return memory;
    }

    /// <inheritdoc/>
    public DeviceMemory Open(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        using StoredMemory stored = new(tensor);
        DeviceMemory memory = Allocate(tensor.ElementCount);
        float[] chunk = new float[Math.Min(1 << 16, tensor.ElementCount)];
        for (long start = 0; start < stored.Length; start += chunk.Length)
        {
            int length = (int)Math.Min(chunk.Length, stored.Length - start);
            stored.Widen(start, chunk.AsSpan(0, length));
            Upload(memory.Span.Slice(start, length), chunk.AsSpan(0, length));
        }
        return memory;
    }

    /// <inheritdoc/>
    public void Clear(DeviceSpan destination) => Values(destination).Clear();

    /// <inheritdoc/>
    public void Copy(DeviceSpan destination, DeviceSpan source)
    {
        Operands.HasLength(source, destination.Length);
        Values(source).CopyTo(Values(destination));
    }

    /// <inheritdoc/>
    public void Upload(DeviceSpan destination, ReadOnlySpan<float> source)
    {
        Operands.HasLength(destination, source.Length);
        Span<double> values = Values(destination);
        for (int i = 0; i < source.Length; i++) values[i] = source[i];
    }

    /// <inheritdoc/>
    public void Download(Span<float> destination, DeviceSpan source)
    {
        Operands.HasLength(source, destination.Length);
        Span<double> values = Values(source);
        for (int i = 0; i < destination.Length; i++) destination[i] = (float)values[i];
    }

    /// <inheritdoc/>
    public void EmbeddingForward(DeviceSpan output, DeviceSpan table, ReadOnlyMemory<int> rows, int width)
    {
        Operands.Table(output, table, rows, width);
        Embedding.Forward(Values(output), Values(table), rows.Span, width);
    }

    /// <inheritdoc/>
    public void EmbeddingBackward(DeviceSpan tableGradient, DeviceSpan outputGradient, ReadOnlyMemory<int> rows, int width)
    {
        if (tableGradient.IsEmpty) return;
        Operands.Table(outputGradient, tableGradient, rows, width);
        Embedding.Backward(Values(tableGradient), Values(outputGradient), rows.Span, width);
    }

    /// <inheritdoc/>
    public void ScatterRows(DeviceSpan destination, DeviceSpan source, ReadOnlyMemory<int> rows, int width)
    {
        Operands.Table(source, destination, rows, width);
        Embedding.Scatter(Values(destination), Values(source), rows.Span, width);
    }

    /// <inheritdoc/>
    public void PutColumns(DeviceSpan destination, DeviceSpan source, ReadOnlyMemory<int> columns, int width)
    {
        Operands.ChosenColumns(destination, source, columns, width);
        Columns.Put(Values(destination), Values(source), columns.Span, width);
    }

    /// <inheritdoc/>
    public void TakeColumns(DeviceSpan destination, DeviceSpan source, ReadOnlyMemory<int> columns, int width)
    {
        Operands.ChosenColumns(source, destination, columns, width);
        Columns.Take(Values(destination), Values(source), columns.Span, width);
    }

    /// <inheritdoc/>
    public void RmsNormForward(DeviceSpan output, DeviceSpan inverseRms, DeviceSpan input, DeviceSpan weight, int width, double epsilon)
    {
        Operands.Norm(output, inverseRms, input, weight, width);
        RmsNorm.Forward(Values(output), Values(inverseRms), Values(input), Values(weight), epsilon);
    }

    /// <inheritdoc/>
    public void RmsNormBackward(DeviceSpan inputGradient, DeviceSpan weightGradient, DeviceSpan outputGradient,
        DeviceSpan input, DeviceSpan inverseRms, DeviceSpan weight, int width)
    {
        Operands.Norm(outputGradient, inverseRms, input, weight, width);
        Operands.HasLength(inputGradient, input.Length);
        if (!weightGradient.IsEmpty) Operands.HasLength(weightGradient, width);
        RmsNorm.Backward(Values(inputGradient), Values(weightGradient), Values(outputGradient), Values(input), Values(inverseRms),
            Values(weight));
    }

    /// <inheritdoc/>
    public void MatMulForward(DeviceSpan output, DeviceSpan input, DeviceSpan weight, int outputs, int inputs, bool accumulate = false)
    {
        Operands.Product(output, input, weight, outputs, inputs);
        ReferenceMatMul.Forward(Values(output), Values(input), Values(weight), outputs, inputs, accumulate);
    }

    /// <inheritdoc/>
    public void MatMulBackwardInput(DeviceSpan inputGradient, DeviceSpan outputGradient, DeviceSpan weight, int outputs, int inputs,
        bool accumulate = false)
    {
        Operands.Product(outputGradient, inputGradient, weight, outputs, inputs);
        ReferenceMatMul.BackwardInput(Values(inputGradient), Values(outputGradient), Values(weight), outputs, inputs, accumulate);
    }

    /// <inheritdoc/>
    public void MatMulBackwardWeight(DeviceSpan weightGradient, DeviceSpan outputGradient, DeviceSpan input, int outputs, int inputs)
    {
        if (weightGradient.IsEmpty) return;
        Operands.Product(outputGradient, input, weightGradient, outputs, inputs);
        ReferenceMatMul.BackwardWeight(Values(weightGradient), Values(outputGradient), Values(input), outputs, inputs);
    }

    /// <inheritdoc/>
    public bool TryMatMulBackwardSampled(DeviceSpan gradient, DeviceSpan outputGradient, DeviceSpan input, ReadOnlyMemory<int> runs,
        int width, int outputs, int inputs)
    {
        Operands.SampledProduct(gradient, outputGradient, input, runs, width, outputs, inputs);
        ReferenceMatMul.BackwardSampled(Values(gradient), Values(outputGradient), Values(input), runs.Span, width, outputs, inputs);
        return true;
    }

    /// <inheritdoc/>
    public void RopeForward(DeviceSpan values, DeviceSpan cosines, DeviceSpan sines, ReadOnlyMemory<int> positions, int headWidth)
    {
        Operands.Rotation(values, cosines, sines, positions, headWidth);
        Rope.Rotate(Values(values), Values(cosines), Values(sines), positions.Span, headWidth, sign: 1);
    }

    /// <inheritdoc/>
    public void RopeBackward(DeviceSpan gradients, DeviceSpan cosines, DeviceSpan sines, ReadOnlyMemory<int> positions, int headWidth)
    {
        Operands.Rotation(gradients, cosines, sines, positions, headWidth);
        Rope.Rotate(Values(gradients), Values(cosines), Values(sines), positions.Span, headWidth, sign: -1);
    }

    /// <inheritdoc/>
    public void AttentionForward(DeviceSpan output, DeviceSpan logSumExp, DeviceSpan query, DeviceSpan key, DeviceSpan value,
        AttentionShape shape, ReadOnlyMemory<int> starts)
    {
        Operands.Attention(output, logSumExp, query, key, value, shape, starts);
        ReferenceAttention.Forward(Values(output), Values(logSumExp), Values(query), Values(key), Values(value), shape, starts.Span);
    }

    /// <inheritdoc/>
    public void AttentionBackward(DeviceSpan queryGradient, DeviceSpan keyGradient, DeviceSpan valueGradient, DeviceSpan outputGradient,
        DeviceSpan output, DeviceSpan logSumExp, DeviceSpan query, DeviceSpan key, DeviceSpan value,
        AttentionShape shape, ReadOnlyMemory<int> starts)
    {
        Operands.Attention(output, logSumExp, query, key, value, shape, starts);
        Operands.Attention(outputGradient, logSumExp, queryGradient, keyGradient, valueGradient, shape, starts);
        ReferenceAttention.Backward(Values(queryGradient), Values(keyGradient), Values(valueGradient), Values(outputGradient),
            Values(output), Values(logSumExp), Values(query), Values(key), Values(value), shape, starts.Span);
    }

    /// <inheritdoc/>
    public void CachedAttentionForward(DeviceSpan output, DeviceSpan query, DeviceSpan keyCache, DeviceSpan valueCache,
        AttentionShape shape, int capacity, ReadOnlyMemory<int> slots, ReadOnlyMemory<int> lengths)
    {
        Operands.CachedAttention(output, query, keyCache, valueCache, shape, capacity, slots, lengths);
        ReferenceAttention.Cached(Values(output), Values(query), Values(keyCache), Values(valueCache), shape, capacity, slots.Span,
            lengths.Span);
    }

    /// <inheritdoc/>
    public void SwiGluForward(DeviceSpan output, DeviceSpan gate, DeviceSpan up)
    {
        Operands.HasLength(gate, output.Length);
        Operands.HasLength(up, output.Length);
        SwiGlu.Forward(Values(output), Values(gate), Values(up));
    }

    /// <inheritdoc/>
    public void SwiGluBackward(DeviceSpan gateGradient, DeviceSpan upGradient, DeviceSpan outputGradient, DeviceSpan gate, DeviceSpan up)
    {
        Operands.HasLength(gateGradient, outputGradient.Length);
        Operands.HasLength(upGradient, outputGradient.Length);
        Operands.HasLength(gate, outputGradient.Length);
        Operands.HasLength(up, outputGradient.Length);
        SwiGlu.Backward(Values(gateGradient), Values(upGradient), Values(outputGradient), Values(gate), Values(up));
    }

    /// <inheritdoc/>
    public void CrossEntropyForward(DeviceSpan losses, DeviceSpan logSumExp, DeviceSpan logits, ReadOnlyMemory<int> targets, int vocabulary)
    {
        Operands.Targets(logits, logSumExp, targets, vocabulary);
        Operands.HasLength(losses, targets.Length);
        CrossEntropy.Forward(Values(losses), Values(logSumExp), Values(logits), targets.Span, vocabulary);
    }

    /// <inheritdoc/>
    public void CrossEntropyBackward(DeviceSpan logits, DeviceSpan logSumExp, ReadOnlyMemory<int> targets, int vocabulary, double scale)
    {
        Operands.Targets(logits, logSumExp, targets, vocabulary);
        CrossEntropy.Backward(Values(logits), Values(logSumExp), targets.Span, vocabulary, scale);
    }

    /// <inheritdoc/>
    public double DistillationLoss(DeviceSpan teacher, DeviceSpan logits, int vocabulary, double temperature, double scale)
    {
        Operands.Distillation(teacher, logits, vocabulary, temperature);
        return Distillation.Loss(Values(teacher), Values(logits), vocabulary, temperature, scale);
    }

    /// <inheritdoc/>
    public double Sum(DeviceSpan values) => Sums.Sum(Values(values));

    /// <inheritdoc/>
    public double SumOfSquares(DeviceSpan values) => Sums.SumOfSquares(Values(values));

    /// <inheritdoc/>
    public double L1Distance(DeviceSpan gradient, DeviceSpan values, DeviceSpan reference, double scale)
    {
        Operands.Distance(gradient, values, reference);
        return Distances.Of<L1>(Values(gradient), Values(values), Values(reference), scale);
    }

    /// <inheritdoc/>
    public double SquaredL2Distance(DeviceSpan gradient, DeviceSpan values, DeviceSpan reference, double scale)
    {
        Operands.Distance(gradient, values, reference);
        return Distances.Of<SquaredL2>(Values(gradient), Values(values), Values(reference), scale);
    }

    /// <inheritdoc/>
    public void AdamWStep(DeviceSpan weights, DeviceSpan gradient, DeviceSpan firstMoment, DeviceSpan secondMoment, in AdamWStep update)
    {
        Operands.Step(weights, gradient, firstMoment, secondMoment, update);
        AdamW.Step(Values(weights), Values(gradient), Values(firstMoment), Values(secondMoment), update);
    }

    /// <summary>Does nothing: memories give themselves back.</summary>
    public void Dispose()
    {
    }

    /// <summary>The numbers of a range.</summary>
    /// <exception cref="ArgumentException">The range lies in another device's memory.</exception>
    internal static Span<double> Values(DeviceSpan span) => span.Memory switch
    {
        null => default,
        ReferenceMemory memory => memory.Values.AsSpan((int)span.Start, (int)span.Length),
        DeviceMemory memory =>
            throw new ArgumentException($"the range lies in memory of {memory.ElementType.ToName()} that another device gave out; "
            + "copy it through the host with Download and Upload.", nameof(span)),
    };
}
