using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Operations;

namespace KsLottery.Tests.Support;

/// <summary>Operations of a device, one of which gets one element of a result wrong: of the elements that it changes, the middle
/// one.</summary>
/// <param name="inner">The device.</param>
/// <param name="mutant">What is wrong; null for nothing.</param>
internal sealed class MutantOperations(IOperations inner, Mutant? mutant) : IOperations
{
    /// <summary>The operations that ran and what they changed.</summary>
    public HashSet<(string Operation, string Result)> Changed { get; } = [];

    /// <summary>All that operations could have changed.</summary>
    public HashSet<(string Operation, string Result)> Offered { get; } = [];

    public string Name => inner.Name;

    public long AllocatedBytes => inner.AllocatedBytes;

    public long PeakAllocatedBytes => inner.PeakAllocatedBytes;

    public void Dispose() => inner.Dispose();

    public DeviceMemory Allocate(long length)
    {
        DeviceMemory memory = inner.Allocate(length);
        if (IsWrong(nameof(Allocate), Mutant.Returned) && length > 0) Damage(memory, length / 2);
        return memory;
    }

    public DeviceMemory Open(Tensor tensor)
    {
        DeviceMemory stored = inner.Open(tensor);
        if (!IsWrong(nameof(Open), Mutant.Returned)) return stored;
        DeviceMemory memory = inner.Allocate(stored.Length);
        inner.Copy(memory, stored);
        Damage(memory, memory.Length / 2);
        stored.Dispose();
        return memory;
    }

    public void Clear(DeviceSpan destination) => Run(nameof(Clear), () => inner.Clear(destination), (nameof(destination), destination));

    public void Copy(DeviceSpan destination, DeviceSpan source) =>
        Run(nameof(Copy), () => inner.Copy(destination, source), (nameof(destination), destination), (nameof(source), source));

    public void Upload(DeviceSpan destination, ReadOnlySpan<float> source)
    {
        inner.Upload(destination, source);
        if (IsWrong(nameof(Upload), nameof(destination)) && destination.Length > 0) Damage(destination, destination.Length / 2);
    }

    public void Download(Span<float> destination, DeviceSpan source)
    {
        inner.Download(destination, source);
        Offered.Add((nameof(Download), nameof(source)));
        if (IsWrong(nameof(Download), nameof(destination)) && destination.Length > 0)
            destination[destination.Length / 2] = mutant!.Of(destination[destination.Length / 2]);
    }

    public void EmbeddingForward(DeviceSpan output, DeviceSpan table, ReadOnlyMemory<int> rows, int width) =>
        Run(nameof(EmbeddingForward), () => inner.EmbeddingForward(output, table, rows, width), (nameof(output), output),
            (nameof(table), table));

    public void EmbeddingBackward(DeviceSpan tableGradient, DeviceSpan outputGradient, ReadOnlyMemory<int> rows, int width) =>
        Run(nameof(EmbeddingBackward), () => inner.EmbeddingBackward(tableGradient, outputGradient, rows, width),
            (nameof(tableGradient), tableGradient), (nameof(outputGradient), outputGradient));

    public void ScatterRows(DeviceSpan destination, DeviceSpan source, ReadOnlyMemory<int> rows, int width) =>
        Run(nameof(ScatterRows), () => inner.ScatterRows(destination, source, rows, width), (nameof(destination), destination),
            (nameof(source), source));

    public void PutColumns(DeviceSpan destination, DeviceSpan source, ReadOnlyMemory<int> columns, int width) =>
        Run(nameof(PutColumns), () => inner.PutColumns(destination, source, columns, width), (nameof(destination), destination),
            (nameof(source), source));

    public void TakeColumns(DeviceSpan destination, DeviceSpan source, ReadOnlyMemory<int> columns, int width) =>
        Run(nameof(TakeColumns), () => inner.TakeColumns(destination, source, columns, width), (nameof(destination), destination),
            (nameof(source), source));

    public void RmsNormForward(DeviceSpan output, DeviceSpan inverseRms, DeviceSpan input, DeviceSpan weight, int width, double epsilon) =>
        Run(nameof(RmsNormForward), () => inner.RmsNormForward(output, inverseRms, input, weight, width, epsilon),
            (nameof(output), output), (nameof(inverseRms), inverseRms), (nameof(input), input), (nameof(weight), weight));

    public void RmsNormBackward(DeviceSpan inputGradient, DeviceSpan weightGradient, DeviceSpan outputGradient, DeviceSpan input,
        DeviceSpan inverseRms,
        DeviceSpan weight, int width) =>
        Run(nameof(RmsNormBackward),
            () => inner.RmsNormBackward(inputGradient, weightGradient, outputGradient, input, inverseRms, weight, width),
            (nameof(inputGradient), inputGradient), (nameof(weightGradient), weightGradient), (nameof(outputGradient), outputGradient),
            (nameof(input), input), (nameof(inverseRms), inverseRms), (nameof(weight), weight));

    public void MatMulForward(DeviceSpan output, DeviceSpan input, DeviceSpan weight, int outputs, int inputs, bool accumulate = false) =>
        Run(nameof(MatMulForward), () => inner.MatMulForward(output, input, weight, outputs, inputs, accumulate),
            (nameof(output), output), (nameof(input), input), (nameof(weight), weight));

    public void MatMulBackwardInput(DeviceSpan inputGradient, DeviceSpan outputGradient, DeviceSpan weight, int outputs, int inputs,
        bool accumulate = false) =>
        Run(nameof(MatMulBackwardInput),
            () => inner.MatMulBackwardInput(inputGradient, outputGradient, weight, outputs, inputs, accumulate),
            (nameof(inputGradient), inputGradient), (nameof(outputGradient), outputGradient), (nameof(weight), weight));

    public void MatMulBackwardWeight(DeviceSpan weightGradient, DeviceSpan outputGradient, DeviceSpan input, int outputs, int inputs) =>
        Run(nameof(MatMulBackwardWeight), () => inner.MatMulBackwardWeight(weightGradient, outputGradient, input, outputs, inputs),
            (nameof(weightGradient), weightGradient), (nameof(outputGradient), outputGradient), (nameof(input), input));

    public bool TryMatMulBackwardSampled(DeviceSpan gradient, DeviceSpan outputGradient, DeviceSpan input, ReadOnlyMemory<int> runs,
        int width, int outputs, int inputs)
    {
        bool isDone = false;
        Run(nameof(TryMatMulBackwardSampled),
            () => isDone = inner.TryMatMulBackwardSampled(gradient, outputGradient, input, runs, width, outputs, inputs),
            (nameof(gradient), gradient), (nameof(outputGradient), outputGradient), (nameof(input), input));
        return isDone;
    }

    public void RopeForward(DeviceSpan values, DeviceSpan cosines, DeviceSpan sines, ReadOnlyMemory<int> positions, int headWidth) =>
        Run(nameof(RopeForward), () => inner.RopeForward(values, cosines, sines, positions, headWidth),
            (nameof(values), values), (nameof(cosines), cosines), (nameof(sines), sines));

    public void RopeBackward(DeviceSpan gradients, DeviceSpan cosines, DeviceSpan sines, ReadOnlyMemory<int> positions, int headWidth) =>
        Run(nameof(RopeBackward), () => inner.RopeBackward(gradients, cosines, sines, positions, headWidth),
            (nameof(gradients), gradients), (nameof(cosines), cosines), (nameof(sines), sines));

    public void AttentionForward(DeviceSpan output, DeviceSpan logSumExp, DeviceSpan query, DeviceSpan key, DeviceSpan value,
        AttentionShape shape, ReadOnlyMemory<int> starts) =>
        Run(nameof(AttentionForward), () => inner.AttentionForward(output, logSumExp, query, key, value, shape, starts),
            (nameof(output), output), (nameof(logSumExp), logSumExp), (nameof(query), query), (nameof(key), key), (nameof(value), value));

    public void AttentionBackward(DeviceSpan queryGradient, DeviceSpan keyGradient, DeviceSpan valueGradient, DeviceSpan outputGradient,
        DeviceSpan output,
        DeviceSpan logSumExp, DeviceSpan query, DeviceSpan key, DeviceSpan value, AttentionShape shape, ReadOnlyMemory<int> starts) =>
        Run(nameof(AttentionBackward), () => inner.AttentionBackward(
                queryGradient, keyGradient, valueGradient, outputGradient, output, logSumExp, query, key, value, shape, starts),
            (nameof(queryGradient), queryGradient), (nameof(keyGradient), keyGradient), (nameof(valueGradient), valueGradient),
            (nameof(outputGradient), outputGradient), (nameof(output), output), (nameof(logSumExp), logSumExp),
            (nameof(query), query), (nameof(key), key), (nameof(value), value));

    public void CachedAttentionForward(DeviceSpan output, DeviceSpan query, DeviceSpan keyCache, DeviceSpan valueCache,
        AttentionShape shape, int capacity, ReadOnlyMemory<int> slots, ReadOnlyMemory<int> lengths) =>
        Run(nameof(CachedAttentionForward),
            () => inner.CachedAttentionForward(output, query, keyCache, valueCache, shape, capacity, slots, lengths),
            (nameof(output), output), (nameof(query), query), (nameof(keyCache), keyCache), (nameof(valueCache), valueCache));

    public void SwiGluForward(DeviceSpan output, DeviceSpan gate, DeviceSpan up) =>
        Run(nameof(SwiGluForward), () => inner.SwiGluForward(output, gate, up), (nameof(output), output), (nameof(gate), gate),
            (nameof(up), up));

    public void SwiGluBackward(DeviceSpan gateGradient, DeviceSpan upGradient, DeviceSpan outputGradient, DeviceSpan gate, DeviceSpan up) =>
        Run(nameof(SwiGluBackward), () => inner.SwiGluBackward(gateGradient, upGradient, outputGradient, gate, up),
            (nameof(gateGradient), gateGradient), (nameof(upGradient), upGradient), (nameof(outputGradient), outputGradient),
            (nameof(gate), gate), (nameof(up), up));

    public void CrossEntropyForward(DeviceSpan losses, DeviceSpan logSumExp, DeviceSpan logits, ReadOnlyMemory<int> targets,
        int vocabulary) =>
        Run(nameof(CrossEntropyForward), () => inner.CrossEntropyForward(losses, logSumExp, logits, targets, vocabulary),
            (nameof(losses), losses), (nameof(logSumExp), logSumExp), (nameof(logits), logits));

    public void CrossEntropyBackward(DeviceSpan logits, DeviceSpan logSumExp, ReadOnlyMemory<int> targets, int vocabulary, double scale) =>
        Run(nameof(CrossEntropyBackward), () => inner.CrossEntropyBackward(logits, logSumExp, targets, vocabulary, scale),
            (nameof(logits), logits), (nameof(logSumExp), logSumExp));

    public double Sum(DeviceSpan values)
    {
        Offered.Add((nameof(Sum), nameof(values)));
        double sum = inner.Sum(values);
        return IsWrong(nameof(Sum), Mutant.Returned) ? mutant!.Of(sum) : sum;
    }

    public double SumOfSquares(DeviceSpan values)
    {
        Offered.Add((nameof(SumOfSquares), nameof(values)));
        double sum = inner.SumOfSquares(values);
        return IsWrong(nameof(SumOfSquares), Mutant.Returned) ? mutant!.Of(sum) : sum;
    }

    public double L1Distance(DeviceSpan gradient, DeviceSpan values, DeviceSpan reference, double scale)
    {
        double sum = 0;
        Run(nameof(L1Distance), () => sum = inner.L1Distance(gradient, values, reference, scale), (nameof(gradient), gradient),
            (nameof(values), values), (nameof(reference), reference));
        return IsWrong(nameof(L1Distance), Mutant.Returned) ? mutant!.Of(sum) : sum;
    }

    public double SquaredL2Distance(DeviceSpan gradient, DeviceSpan values, DeviceSpan reference, double scale)
    {
        double sum = 0;
        Run(nameof(SquaredL2Distance), () => sum = inner.SquaredL2Distance(gradient, values, reference, scale),
            (nameof(gradient), gradient), (nameof(values), values), (nameof(reference), reference));
        return IsWrong(nameof(SquaredL2Distance), Mutant.Returned) ? mutant!.Of(sum) : sum;
    }

    public double DistillationLoss(DeviceSpan teacher, DeviceSpan logits, int vocabulary, double temperature, double scale)
    {
        double sum = 0;
        Run(nameof(DistillationLoss), () => sum = inner.DistillationLoss(teacher, logits, vocabulary, temperature, scale),
            (nameof(teacher), teacher), (nameof(logits), logits));
        return IsWrong(nameof(DistillationLoss), Mutant.Returned) ? mutant!.Of(sum) : sum;
    }

    public void AdamWStep(DeviceSpan weights, DeviceSpan gradient, DeviceSpan firstMoment, DeviceSpan secondMoment, in AdamWStep update)
    {
        AdamWStep step = update;
        Run(nameof(AdamWStep), () => inner.AdamWStep(weights, gradient, firstMoment, secondMoment, step),
            (nameof(weights), weights), (nameof(gradient), gradient), (nameof(firstMoment), firstMoment),
                (nameof(secondMoment), secondMoment));
    }

    /// <summary>Runs an operation, sees which of its ranges it changed, and does the mutant's damage to one of them.</summary>
    private void Run(string operation, Action run, params ReadOnlySpan<(string Name, DeviceSpan Span)> ranges)
    {
        float[][] before = new float[ranges.Length][];
        for (int r = 0; r < ranges.Length; r++) before[r] = Values(ranges[r].Span);
        run();
        for (int r = 0; r < ranges.Length; r++)
        {
            Offered.Add((operation, ranges[r].Name));
            if (IsAmong(ranges[r].Span, ranges[..r])) continue;
            float[] after = Values(ranges[r].Span), old = before[r];
            int[] changed = [.. Enumerable.Range(0, after.Length).Where(i => !after[i].Equals(old[i]))];
            if (changed.Length > 0 && IsWrong(operation, ranges[r].Name)) Damage(ranges[r].Span, changed[changed.Length / 2]);
        }
    }

    /// <summary>A gradient may take the place of a value, and is the result then.</summary>
    private static bool IsAmong(DeviceSpan span, ReadOnlySpan<(string Name, DeviceSpan Span)> ranges)
    {
        foreach ((_, DeviceSpan other) in ranges)
            if (other == span) return true;
        return false;
    }

    private bool IsWrong(string operation, string result)
    {
        Offered.Add((operation, result));
        Changed.Add((operation, result));
        return mutant is not null && mutant.Operation == operation && mutant.Result == result;
    }

    private float[] Values(DeviceSpan span)
    {
        float[] values = new float[span.Length];
        if (values.Length > 0) inner.Download(values, span);
        return values;
    }

    private void Damage(DeviceSpan span, long at)
    {
        float[] value = new float[1];
        inner.Download(value, span.Slice(at, 1));
        value[0] = mutant!.Of(value[0]);
        inner.Upload(span.Slice(at, 1), value);
    }
}
