using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Operations;

/// <summary>The operations in F32 on the processor's vector units, shared out over threads.</summary>
/// <remarks>Parts are cut by the size of the work alone and sums taken in a fixed order: the bytes are the same with any number of
/// threads.</remarks>
internal sealed class CpuOperations : IOperations
{
    private readonly AllocationCount _allocated = new();
    private readonly WorkerPool _pool;
    private DeviceMemory? _sampledLines;

    /// <param name="threads">How many threads work, the caller's included; 0 for as many as the process has processors.</param>
    /// <exception cref="ArgumentOutOfRangeException">The number is negative.</exception>
    public CpuOperations(int threads = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(threads);
        _pool = new(threads == 0 ? Environment.ProcessorCount : threads);
    }

    /// <inheritdoc/>
    public string Name => "cpu";

    /// <summary>How many threads work, the caller's included.</summary>
    public int ThreadCount => _pool.ThreadCount;

    /// <inheritdoc/>
    public long AllocatedBytes => _allocated.Bytes;

    /// <inheritdoc/>
    public long PeakAllocatedBytes => _allocated.PeakBytes;

    /// <inheritdoc/>
    public DeviceMemory Allocate(long length)
    {
        if (length is < 0 or > long.MaxValue / sizeof(float))
            throw new ArgumentOutOfRangeException(nameof(length), length,
                $"the number of elements must be 0 to {long.MaxValue / sizeof(float)}.");
        OwnedMemory memory = new(length, _allocated.Remove);
        _allocated.Add(length * sizeof(float));
        return memory;
    }

    /// <inheritdoc/>
    public DeviceMemory Open(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        StoredMemory memory = new(tensor, _allocated.Remove);
        _allocated.Add(memory.OwnedBytes);
        return memory;
    }

    /// <inheritdoc/>
    public void Clear(DeviceSpan destination) =>
        _pool.Share(destination.Length, 1, (from, to) => destination.Write(from, to - from).Clear());

    /// <inheritdoc/>
    public void Copy(DeviceSpan destination, DeviceSpan source)
    {
        Operands.HasLength(source, destination.Length);
        _pool.Share(destination.Length, 1, (from, to) =>
        {
            Span<float> part = destination.Write(from, to - from);
            ReadOnlySpan<float> stored = source.Widen(from, part);
            if (stored != part) stored.CopyTo(part);
        });
    }

    /// <inheritdoc/>
    public void Upload(DeviceSpan destination, ReadOnlySpan<float> source)
    {
        Operands.HasLength(destination, source.Length);
        source.CopyTo(destination.Write());
    }

    /// <inheritdoc/>
    public void Download(Span<float> destination, DeviceSpan source)
    {
        Operands.HasLength(source, destination.Length);
        ReadOnlySpan<float> stored = source.Widen(0, destination);
        if (stored != destination) stored.CopyTo(destination);
    }

    /// <inheritdoc/>
    public void EmbeddingForward(DeviceSpan output, DeviceSpan table, ReadOnlyMemory<int> rows, int width)
    {
        Operands.Table(output, table, rows, width);
        Embedding.Forward(_pool, output, table, rows, width);
    }

    /// <inheritdoc/>
    public void EmbeddingBackward(DeviceSpan tableGradient, DeviceSpan outputGradient, ReadOnlyMemory<int> rows, int width)
    {
        if (tableGradient.IsEmpty) return;
        Operands.Table(outputGradient, tableGradient, rows, width);
        Embedding.Backward(_pool, tableGradient, outputGradient, rows, width);
    }

    /// <inheritdoc/>
    public void ScatterRows(DeviceSpan destination, DeviceSpan source, ReadOnlyMemory<int> rows, int width)
    {
        Operands.Table(source, destination, rows, width);
        Embedding.Scatter(_pool, destination, source, rows, width);
    }

    /// <inheritdoc/>
    public void PutColumns(DeviceSpan destination, DeviceSpan source, ReadOnlyMemory<int> columns, int width)
    {
        Operands.ChosenColumns(destination, source, columns, width);
        Columns.Put(_pool, destination, source, columns, width);
    }

    /// <inheritdoc/>
    public void TakeColumns(DeviceSpan destination, DeviceSpan source, ReadOnlyMemory<int> columns, int width)
    {
        Operands.ChosenColumns(source, destination, columns, width);
        Columns.Take(_pool, destination, source, columns, width);
    }

    /// <inheritdoc/>
    public void RmsNormForward(DeviceSpan output, DeviceSpan inverseRms, DeviceSpan input, DeviceSpan weight, int width, double epsilon)
    {
        Operands.Norm(output, inverseRms, input, weight, width);
        RmsNorm.Forward(_pool, output, inverseRms, input, weight, width, epsilon);
    }

    /// <inheritdoc/>
    public void RmsNormBackward(DeviceSpan inputGradient, DeviceSpan weightGradient, DeviceSpan outputGradient,
        DeviceSpan input, DeviceSpan inverseRms, DeviceSpan weight, int width)
    {
        Operands.Norm(outputGradient, inverseRms, input, weight, width);
        Operands.HasLength(inputGradient, input.Length);
        if (!weightGradient.IsEmpty) Operands.HasLength(weightGradient, width);
        RmsNorm.Backward(_pool, inputGradient, weightGradient, outputGradient, input, inverseRms, weight, width);
    }

    /// <inheritdoc/>
    public void MatMulForward(DeviceSpan output, DeviceSpan input, DeviceSpan weight, int outputs, int inputs, bool accumulate = false)
    {
        Operands.Product(output, input, weight, outputs, inputs);
        MatMul.Forward(_pool, output, input, weight, outputs, inputs, accumulate);
    }

    /// <inheritdoc/>
    public void MatMulBackwardInput(DeviceSpan inputGradient, DeviceSpan outputGradient, DeviceSpan weight, int outputs, int inputs,
        bool accumulate = false)
    {
        Operands.Product(outputGradient, inputGradient, weight, outputs, inputs);
        MatMul.BackwardInput(_pool, inputGradient, outputGradient, weight, outputs, inputs, accumulate);
    }

    /// <inheritdoc/>
    public void MatMulBackwardWeight(DeviceSpan weightGradient, DeviceSpan outputGradient, DeviceSpan input, int outputs, int inputs)
    {
        if (weightGradient.IsEmpty) return;
        Operands.Product(outputGradient, input, weightGradient, outputs, inputs);
        MatMul.BackwardWeight(_pool, weightGradient, outputGradient, input, outputs, inputs);
    }

    /// <inheritdoc/>
    public bool TryMatMulBackwardSampled(DeviceSpan gradient, DeviceSpan outputGradient, DeviceSpan input, ReadOnlyMemory<int> runs,
        int width, int outputs, int inputs)
    {
        Operands.SampledProduct(gradient, outputGradient, input, runs, width, outputs, inputs);
        int rows = Operands.Rows(input, inputs);
        if (!GemmAlgorithms.Default.SumsInBlocks || !SampledMatMul.IsFaster(rows, gradient.Length, outputs, inputs)) return false;
        long length = SampledMatMul.ScratchLength(rows, inputs);
        // Another thread's product takes memory of its own.
        DeviceMemory? lines = Interlocked.Exchange(ref _sampledLines, null);
        if (lines is null || lines.Length < length)
        {
            lines?.Dispose();
            lines = Allocate(length);
        }
        SampledMatMul.BackwardWeight(_pool, gradient, outputGradient, input, runs, width, outputs, inputs, lines);
        Interlocked.Exchange(ref _sampledLines, lines)?.Dispose();
        return true;
    }

    /// <inheritdoc/>
    public void RopeForward(DeviceSpan values, DeviceSpan cosines, DeviceSpan sines, ReadOnlyMemory<int> positions, int headWidth)
    {
        Operands.Rotation(values, cosines, sines, positions, headWidth);
        Rope.Rotate(_pool, values, cosines, sines, positions, headWidth, sign: 1);
    }

    /// <inheritdoc/>
    public void RopeBackward(DeviceSpan gradients, DeviceSpan cosines, DeviceSpan sines, ReadOnlyMemory<int> positions, int headWidth)
    {
        Operands.Rotation(gradients, cosines, sines, positions, headWidth);
        Rope.Rotate(_pool, gradients, cosines, sines, positions, headWidth, sign: -1);
    }

    /// <inheritdoc/>
    public void AttentionForward(DeviceSpan output, DeviceSpan logSumExp, DeviceSpan query, DeviceSpan key, DeviceSpan value,
        AttentionShape shape, ReadOnlyMemory<int> starts)
    {
        Operands.Attention(output, logSumExp, query, key, value, shape, starts);
        Attention.Forward(_pool, output, logSumExp, query, key, value, shape, starts);
    }

    /// <inheritdoc/>
    public void AttentionBackward(DeviceSpan queryGradient, DeviceSpan keyGradient, DeviceSpan valueGradient, DeviceSpan outputGradient,
        DeviceSpan output, DeviceSpan logSumExp, DeviceSpan query, DeviceSpan key, DeviceSpan value,
        AttentionShape shape, ReadOnlyMemory<int> starts)
    {
        Operands.Attention(output, logSumExp, query, key, value, shape, starts);
        Operands.Attention(outputGradient, logSumExp, queryGradient, keyGradient, valueGradient, shape, starts);
        Attention.Backward(_pool, queryGradient, keyGradient, valueGradient, outputGradient,
            output, logSumExp, query, key, value, shape, starts);
    }

    /// <inheritdoc/>
    public void CachedAttentionForward(DeviceSpan output, DeviceSpan query, DeviceSpan keyCache, DeviceSpan valueCache,
        AttentionShape shape, int capacity, ReadOnlyMemory<int> slots, ReadOnlyMemory<int> lengths)
    {
        Operands.CachedAttention(output, query, keyCache, valueCache, shape, capacity, slots, lengths);
        CachedAttention.Forward(_pool, output, query, keyCache, valueCache, shape, capacity, slots, lengths);
    }

    /// <inheritdoc/>
    public void SwiGluForward(DeviceSpan output, DeviceSpan gate, DeviceSpan up)
    {
        Operands.HasLength(gate, output.Length);
        Operands.HasLength(up, output.Length);
        SwiGlu.Forward(_pool, output, gate, up);
    }

    /// <inheritdoc/>
    public void SwiGluBackward(DeviceSpan gateGradient, DeviceSpan upGradient, DeviceSpan outputGradient, DeviceSpan gate, DeviceSpan up)
    {
        Operands.HasLength(gateGradient, outputGradient.Length);
        Operands.HasLength(upGradient, outputGradient.Length);
        Operands.HasLength(gate, outputGradient.Length);
        Operands.HasLength(up, outputGradient.Length);
        SwiGlu.Backward(_pool, gateGradient, upGradient, outputGradient, gate, up);
    }

    /// <inheritdoc/>
    public void CrossEntropyForward(DeviceSpan losses, DeviceSpan logSumExp, DeviceSpan logits, ReadOnlyMemory<int> targets, int vocabulary)
    {
        Operands.Targets(logits, logSumExp, targets, vocabulary);
        Operands.HasLength(losses, targets.Length);
        CrossEntropy.Forward(_pool, losses, logSumExp, logits, targets, vocabulary);
    }

    /// <inheritdoc/>
    public void CrossEntropyBackward(DeviceSpan logits, DeviceSpan logSumExp, ReadOnlyMemory<int> targets, int vocabulary, double scale)
    {
        Operands.Targets(logits, logSumExp, targets, vocabulary);
        CrossEntropy.Backward(_pool, logits, logSumExp, targets, vocabulary, scale);
    }

    /// <inheritdoc/>
    public double DistillationLoss(DeviceSpan teacher, DeviceSpan logits, int vocabulary, double temperature, double scale)
    {
        Operands.Distillation(teacher, logits, vocabulary, temperature);
        return Distillation.Loss(_pool, teacher, logits, vocabulary, temperature, scale);
    }

    /// <inheritdoc/>
    public double Sum(DeviceSpan values) => Sums.Sum(_pool, values);

    /// <inheritdoc/>
    public double SumOfSquares(DeviceSpan values) => Sums.SumOfSquares(_pool, values);

    /// <inheritdoc/>
    public double L1Distance(DeviceSpan gradient, DeviceSpan values, DeviceSpan reference, double scale)
    {
        Operands.Distance(gradient, values, reference);
        return Distances.Of<L1>(_pool, gradient, values, reference, scale);
    }

    /// <inheritdoc/>
    public double SquaredL2Distance(DeviceSpan gradient, DeviceSpan values, DeviceSpan reference, double scale)
    {
        Operands.Distance(gradient, values, reference);
        return Distances.Of<SquaredL2>(_pool, gradient, values, reference, scale);
    }

    /// <inheritdoc/>
    public void AdamWStep(DeviceSpan weights, DeviceSpan gradient, DeviceSpan firstMoment, DeviceSpan secondMoment, in AdamWStep update)
    {
        Operands.Step(weights, gradient, firstMoment, secondMoment, update);
        AdamW.Step(_pool, weights, gradient, firstMoment, secondMoment, update);
    }

    /// <summary>Ends the threads; memories give themselves back.</summary>
    public void Dispose()
    {
        _sampledLines?.Dispose();
        _pool.Dispose();
    }
}
