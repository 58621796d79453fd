using System.Runtime.InteropServices;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Numerics;
using KsLottery.Kernels;

namespace KsLottery.Engine.Operations;

internal sealed partial class KernelOperations
{
    /// <summary>The most rows for which a product reads the weight in place, four rows at a time, instead of in tiles of 64.</summary>
    private const int MaxFewRows = 16;

    /// <inheritdoc/>
    public void EmbeddingForward(DeviceSpan output, DeviceSpan table, ReadOnlyMemory<int> rows, int width)
    {
        Operands.Table(output, table, rows, width);
        int lanes = LanesOf(width);
        Launch(Stored(Stem.EmbeddingForward, table), RowGroups(rows.Length, lanes), Write(output), Any(table), _operands.Put(rows.Span),
            width, lanes);
    }

    /// <inheritdoc/>
    public void EmbeddingBackward(DeviceSpan tableGradient, DeviceSpan outputGradient, ReadOnlyMemory<int> rows, int width)
    {
        if (tableGradient.IsEmpty) return;
        Operands.Table(outputGradient, tableGradient, rows, width);
        (int[] distinct, int[] starts, int[] order) = ByRow(rows.Span);
        int lanes = LanesOf(width);
        _operands.Reserve(distinct.Length, starts.Length, order.Length);
        Launch(Stem.EmbeddingBackward, RowGroups(distinct.Length, lanes), Write(tableGradient), Read(outputGradient),
            _operands.Put(distinct), _operands.Put(starts), _operands.Put(order), width, lanes);
    }

    /// <inheritdoc/>
    public void ScatterRows(DeviceSpan destination, DeviceSpan source, ReadOnlyMemory<int> rows, int width)
    {
        Operands.Table(source, destination, rows, width);
        int lanes = LanesOf(width);
        Launch(Stem.ScatterRows, RowGroups(rows.Length, lanes), Write(destination), Read(source), _operands.Put(rows.Span), width, lanes);
    }

    /// <inheritdoc/>
    public void PutColumns(DeviceSpan destination, DeviceSpan source, ReadOnlyMemory<int> columns, int width)
    {
        Operands.ChosenColumns(destination, source, columns, width);
        int rows = Operands.Rows(destination, width), lanes = LanesOf(columns.Length);
        if (columns.Length > 0)
            Launch(Stem.PutColumns, RowGroups(rows, lanes), Write(destination), Read(source), _operands.Put(columns.Span), rows, width,
                lanes);
    }

    /// <inheritdoc/>
    public void TakeColumns(DeviceSpan destination, DeviceSpan source, ReadOnlyMemory<int> columns, int width)
    {
        Operands.ChosenColumns(source, destination, columns, width);
        int rows = Operands.Rows(source, width), lanes = LanesOf(columns.Length);
        if (columns.Length > 0)
            Launch(Stem.TakeColumns, RowGroups(rows, lanes), Write(destination), Write(source), _operands.Put(columns.Span), rows, width,
                lanes);
    }

    /// <inheritdoc/>
    public void RmsNormForward(DeviceSpan output, DeviceSpan inverseRms, DeviceSpan input, DeviceSpan weight, int width, double epsilon)
    {
        Operands.Norm(output, inverseRms, input, weight, width);
        int lanes = LanesOf(width);
        Launch(Stored(Stem.RmsNormForward, weight), RowGroups(inverseRms.Length, lanes), Write(output), Write(inverseRms), Read(input),
            Any(weight), width, (float)epsilon, lanes);
    }

    /// <inheritdoc/>
    public void RmsNormBackward(DeviceSpan inputGradient, DeviceSpan weightGradient, DeviceSpan outputGradient,
        DeviceSpan input, DeviceSpan inverseRms, DeviceSpan weight, int width)
    {
        Operands.Norm(outputGradient, inverseRms, input, weight, width);
        Operands.HasLength(inputGradient, input.Length);
        if (!weightGradient.IsEmpty) Operands.HasLength(weightGradient, width);
        int lanes = LanesOf(width);
        Launch(Stored(Stem.RmsNormBackward, weight), RowGroups(inverseRms.Length, lanes), Write(inputGradient), Read(outputGradient),
            Read(input), Read(inverseRms), Any(weight), width, lanes);
        if (!weightGradient.IsEmpty)
            Launch(Stem.RmsNormBackwardWeight, Groups(width, RmsNormKernels.Columns), Write(weightGradient), Read(outputGradient),
                Read(input), Read(inverseRms), width);
    }

    /// <inheritdoc/>
    public void MatMulForward(DeviceSpan output, DeviceSpan input, DeviceSpan weight, int outputs, int inputs, bool accumulate = false)
    {
        Operands.Product(output, input, weight, outputs, inputs);
        int rows = Operands.Rows(input, inputs), add = accumulate ? 1 : 0;
        if (rows > MatMulKernels.FewRows && Library(weight) is { } library)
            library.Multiply(_queue, Matrix(output), Matrix(input), Matrix(weight), rows, outputs, inputs, false, true, accumulate);
        else if (rows > MaxFewRows)
            Multiply(InstanceOf(Stem.MatMulForward, weight), rows, outputs, Write(output), Read(input), Any(weight), rows, outputs,
                inputs, add);
        else
        {
            for (int row = 0; row < rows; row += MatMulKernels.FewRows)
            {
                int some = Math.Min(MatMulKernels.FewRows, rows - row);
                Launch(Stored(Stem.MatMulForwardRows, weight), Groups(outputs, MatMulKernels.FewRowsColumns),
                    Write(output.Slice((long)row * outputs, (long)some * outputs)),
                        Read(input.Slice((long)row * inputs, (long)some * inputs)),
                    Any(weight), some, outputs, inputs, add);
            }
        }
    }

    /// <inheritdoc/>
    public void MatMulBackwardInput(DeviceSpan inputGradient, DeviceSpan outputGradient, DeviceSpan weight, int outputs, int inputs,
        bool accumulate = false)
    {
        Operands.Product(outputGradient, inputGradient, weight, outputs, inputs);
        int rows = Operands.Rows(inputGradient, inputs);
        if (rows > 0 && Library(weight) is { } library)
            library.Multiply(_queue, Matrix(inputGradient), Matrix(outputGradient), Matrix(weight), rows, inputs, outputs, false, false,
                accumulate);
        else
            Multiply(InstanceOf(Stem.MatMulBackwardInput, weight), rows, inputs, Write(inputGradient), Read(outputGradient), Any(weight),
                rows, outputs, inputs, accumulate ? 1 : 0);
    }

    /// <inheritdoc/>
    public void MatMulBackwardWeight(DeviceSpan weightGradient, DeviceSpan outputGradient, DeviceSpan input, int outputs, int inputs)
    {
        if (weightGradient.IsEmpty) return;
        Operands.Product(outputGradient, input, weightGradient, outputs, inputs);
        int rows = Operands.Rows(input, inputs);
        if (rows == 0) return;
        if (Library(input) is { } library)
            library.Multiply(_queue, Matrix(weightGradient), Matrix(outputGradient), Matrix(input), outputs, inputs, rows, true, false,
                accumulate: true);
        else
            Multiply(nameof(Stem.MatMulBackwardWeight), outputs, inputs, Write(weightGradient), Read(outputGradient), Read(input), rows,
                outputs, inputs);
    }

    /// <summary>Does nothing: there is no kernel for it.</summary>
    /// <inheritdoc/>
    public bool TryMatMulBackwardSampled(DeviceSpan gradient, DeviceSpan outputGradient, DeviceSpan input, ReadOnlyMemory<int> runs,
        int width, int outputs, int inputs)
    {
        Operands.SampledProduct(gradient, outputGradient, input, runs, width, outputs, inputs);
        return false;
    }

    /// <inheritdoc/>
    public void RopeForward(DeviceSpan values, DeviceSpan cosines, DeviceSpan sines, ReadOnlyMemory<int> positions, int headWidth) =>
        Rotate(Stem.RopeForward, values, cosines, sines, positions, headWidth);

    /// <inheritdoc/>
    public void RopeBackward(DeviceSpan gradients, DeviceSpan cosines, DeviceSpan sines, ReadOnlyMemory<int> positions, int headWidth) =>
        Rotate(Stem.RopeBackward, gradients, cosines, sines, positions, headWidth);

    /// <inheritdoc/>
    public void AttentionForward(DeviceSpan output, DeviceSpan logSumExp, DeviceSpan query, DeviceSpan key, DeviceSpan value,
        AttentionShape shape, ReadOnlyMemory<int> starts)
    {
        Operands.Attention(output, logSumExp, query, key, value, shape, starts);
        int[] tiles = AttentionTiles(starts.Span);
        Launch(Stem.AttentionForward, tiles.Length / AttentionKernels.TileNumbers * shape.Heads, Write(output), Write(logSumExp),
            Read(query), Read(key), Read(value), _operands.Put(tiles), shape.Heads, shape.KeyHeads, shape.HeadWidth, (float)shape.Scale);
    }

    /// <inheritdoc/>
    public void AttentionBackward(DeviceSpan queryGradient, DeviceSpan keyGradient, DeviceSpan valueGradient, DeviceSpan outputGradient,
        DeviceSpan output, DeviceSpan logSumExp, DeviceSpan query, DeviceSpan key, DeviceSpan value,
        AttentionShape shape, ReadOnlyMemory<int> starts)
    {
        Operands.Attention(output, logSumExp, query, key, value, shape, starts);
        Operands.Attention(outputGradient, logSumExp, queryGradient, keyGradient, valueGradient, shape, starts);
        if (logSumExp.IsEmpty) return;
        int lanes = LanesOf(shape.HeadWidth);
        KernelArgument delta = Scratch(logSumExp.Length), tiles = _operands.Put(AttentionTiles(starts.Span));
        int count = (int)tiles.Length / AttentionKernels.TileNumbers;
        Launch(Stem.AttentionBackwardDelta, RowGroups(logSumExp.Length, lanes), delta, Read(outputGradient), Read(output),
            shape.HeadWidth, lanes);
        Launch(Stem.AttentionBackwardQuery, count * shape.Heads, Write(queryGradient), Read(outputGradient), Read(logSumExp), delta,
            Read(query), Read(key), Read(value), tiles, shape.Heads, shape.KeyHeads, shape.HeadWidth, (float)shape.Scale);
        Launch(Stem.AttentionBackwardKey, count * shape.KeyHeads, Write(keyGradient), Write(valueGradient), Read(outputGradient),
            Read(logSumExp), delta,
            Read(query), Read(key), Read(value), tiles, shape.Heads, shape.KeyHeads, shape.HeadWidth, (float)shape.Scale);
    }

    /// <inheritdoc/>
    public void CachedAttentionForward(DeviceSpan output, DeviceSpan query, DeviceSpan keyCache, DeviceSpan valueCache,
        AttentionShape shape, int capacity, ReadOnlyMemory<int> slots, ReadOnlyMemory<int> lengths)
    {
        Operands.CachedAttention(output, query, keyCache, valueCache, shape, capacity, slots, lengths);
        _operands.Reserve(slots.Length, lengths.Length);
        Launch(Stem.CachedAttentionForward, slots.Length * shape.Heads, Write(output), Read(query), Read(keyCache), Read(valueCache),
            _operands.Put(slots.Span), _operands.Put(lengths.Span), capacity, shape.Heads, shape.KeyHeads, shape.HeadWidth,
                (float)shape.Scale);
    }

    /// <inheritdoc/>
    public void SwiGluForward(DeviceSpan output, DeviceSpan gate, DeviceSpan up)
    {
        Operands.HasLength(gate, output.Length);
        Operands.HasLength(up, output.Length);
        Launch(Stem.SwiGluForward, Groups(output.Length, Lanes), Write(output), Read(gate), Read(up));
    }

    /// <inheritdoc/>
    public void SwiGluBackward(DeviceSpan gateGradient, DeviceSpan upGradient, DeviceSpan outputGradient, DeviceSpan gate, DeviceSpan up)
    {
        Operands.HasLength(gateGradient, outputGradient.Length);
        Operands.HasLength(upGradient, outputGradient.Length);
        Operands.HasLength(gate, outputGradient.Length);
        Operands.HasLength(up, outputGradient.Length);
        Launch(Stem.SwiGluBackward, Groups(outputGradient.Length, Lanes), Write(gateGradient), Write(upGradient), Read(outputGradient),
            Read(gate), Read(up));
    }

    /// <inheritdoc/>
    public void CrossEntropyForward(DeviceSpan losses, DeviceSpan logSumExp, DeviceSpan logits, ReadOnlyMemory<int> targets, int vocabulary)
    {
        Operands.Targets(logits, logSumExp, targets, vocabulary);
        Operands.HasLength(losses, targets.Length);
        Launch(Stem.CrossEntropyForward, targets.Length, Write(losses), Write(logSumExp), Read(logits), _operands.Put(targets.Span),
            vocabulary);
    }

    /// <inheritdoc/>
    public void CrossEntropyBackward(DeviceSpan logits, DeviceSpan logSumExp, ReadOnlyMemory<int> targets, int vocabulary, double scale)
    {
        Operands.Targets(logits, logSumExp, targets, vocabulary);
        Launch(Stem.CrossEntropyBackward, checked(targets.Length * Groups(vocabulary, CrossEntropyKernels.Part)), Write(logits),
            Read(logSumExp), _operands.Put(targets.Span), vocabulary, (float)scale);
    }

    /// <inheritdoc/>
    public double Sum(DeviceSpan values) => Total(Stem.Sum, values);

    /// <inheritdoc/>
    public double SumOfSquares(DeviceSpan values) => Total(Stem.SumOfSquares, values);

    /// <inheritdoc/>
    public void AdamWStep(DeviceSpan weights, DeviceSpan gradient, DeviceSpan firstMoment, DeviceSpan secondMoment, in AdamWStep update)
    {
        Operands.Step(weights, gradient, firstMoment, secondMoment, update);
        AdamW.Constants constants = new(update);
        Launch(Stem.AdamWStep, Groups(weights.Length, Lanes), Write(weights), Read(gradient), Write(firstMoment), Write(secondMoment),
            constants.Beta1, constants.Rest1, constants.Beta2, constants.Rest2, constants.Scale, constants.Epsilon, constants.Keep,
                constants.Rate,
            constants.Root);
    }

    /// <summary>The distinct rows, where the places of each begin among all places, and the places in ascending order; negative rows left
    /// out.</summary>
    private static (int[] Distinct, int[] Starts, int[] Order) ByRow(ReadOnlySpan<int> rows)
    {
        List<long> pairs = [];
        for (int i = 0; i < rows.Length; i++)
            if (rows[i] >= 0) pairs.Add(((long)rows[i] << 32) | (uint)i);
        pairs.Sort();
        List<int> distinct = [], starts = [];
        for (int i = 0; i < pairs.Count; i++)
        {
            if (i > 0 && pairs[i] >> 32 == pairs[i - 1] >> 32) continue;
            distinct.Add((int)(pairs[i] >> 32));
            starts.Add(i);
        }
        return ([.. distinct], [.. starts, pairs.Count], [.. pairs.Select(p => (int)p)]);
    }

    private static int[] AttentionTiles(ReadOnlySpan<int> starts)
    {
        List<int> tiles = [];
        for (int s = 0; s + 1 < starts.Length; s++)
            for (int row = starts[s]; row < starts[s + 1]; row += AttentionKernels.Tile)
                tiles.AddRange([starts[s], row, Math.Min(AttentionKernels.Tile, starts[s + 1] - row), starts[s + 1]]);
        return [.. tiles];
    }

    /// <summary>Starts a product: with large tiles where they are filled, there are enough of them for the whole device, and it can run
    /// them.</summary>
    private void Multiply(string kernel, int rows, int columns, params ReadOnlySpan<KernelArgument> arguments)
    {
        KernelDefinition small = KernelCatalog.Get($"{kernel}_{nameof(Tile64)}"), large = KernelCatalog.Get($"{kernel}_{nameof(Tile128)}");
        bool isLarge = Math.Min(rows, columns) > MatMulKernels.SmallTile && Tiles(MatMulKernels.LargeTile) >= _device.Limits.ComputeUnits
            && CanRun(large);
        Launch(isLarge ? large : small, Tiles(isLarge ? MatMulKernels.LargeTile : MatMulKernels.SmallTile), arguments);

        int Tiles(int side) => checked(Groups(rows, side) * Groups(columns, side));
    }

    /// <summary>Whether the device runs a kernel as it is compiled there, asked once.</summary>
    private bool CanRun(KernelDefinition kernel)
    {
        if (!_canRun.TryGetValue(kernel.Name, out bool can)) _canRun[kernel.Name] = can = _device.WhyNotCompiled(kernel) is null;
        return can;
    }

    private void Rotate(Stem kernel, DeviceSpan values, DeviceSpan cosines, DeviceSpan sines, ReadOnlyMemory<int> positions, int headWidth)
    {
        Operands.Rotation(values, cosines, sines, positions, headWidth);
        if (positions.Length == 0) return;
        int width = (int)(values.Length / positions.Length), lanes = LanesOf(width / 2);
        Launch(kernel, RowGroups(positions.Length, lanes), Write(values), Read(cosines), Read(sines), _operands.Put(positions.Span), width,
            headWidth / 2, lanes);
    }

    /// <summary>The groups' sums with their errors, added in order.</summary>
    private double Total(Stem kernel, DeviceSpan values)
    {
        int groups = Groups(values.Length, SumKernels.Block);
        if (groups == 0) return 0;
        KernelArgument sums = Scratch(2L * groups);
        Launch(kernel, groups, sums, Read(values));
        float[] parts = new float[2 * groups];
        _transfer.Download(MemoryMarshal.AsBytes(parts.AsSpan()), sums.Buffer!, 0);
        double total = 0;
        foreach (float part in parts) total += part;
        return total;
    }

    /// <summary>The device's native library, where it computes with a weight of this type.</summary>
    private IDeviceGemm? Library(DeviceSpan weight) =>
        _device.Gemm is { } gemm && gemm.Supports(weight.Memory?.ElementType ?? ElementType.F32) ? gemm : null;

    private DeviceMatrix Matrix(DeviceSpan span) => new(Own(span).Buffer, span.Start, span.Memory!.ElementType);
}
