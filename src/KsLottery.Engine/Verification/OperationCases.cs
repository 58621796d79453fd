using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Verification;

/// <summary>Every operation, over shapes that are given.</summary>
/// <param name="sizes">The shapes.</param>
internal sealed class OperationCases(OperationSizes sizes)
{

    /// <summary>Every operation over awkward shapes.</summary>
    public static IEnumerable<OperationCase> Awkward => new OperationCases(OperationSizes.Awkward).Operations;

    /// <summary>Every operation over a few small shapes.</summary>
    public static IEnumerable<OperationCase> Small => new OperationCases(OperationSizes.Small).Operations;

    /// <summary>Every operation of a device against the reference: over small shapes where it is a simulation, else over awkward
    /// ones.</summary>
    public static IEnumerable<VerificationCase> All(bool isSimulation) =>
        (isSimulation ? Small : Awkward).Select(c =>
            new VerificationCase(c.Name, device => c.Difference(device.Operations)));

    private IEnumerable<OperationCase> Operations =>
        [.. Moves(), .. Norms(), .. Products(), .. LargeProducts(), .. Rotations(), .. Attentions(), .. Cached(),
        .. Losses(), .. Distillations(), .. Elements()];

    private IEnumerable<OperationCase> Moves()
    {
        foreach (ElementType type in ElementTypes.Native)
        {
            yield return new($"copy {type}", 0, b =>
            {
                int length = sizes.Lengths[^1];
                DeviceMemory weight = b.Weight(type, length), buffer = b.Dirty(length);
                b.Device.Copy(buffer, weight);
                b.Device.Copy(buffer.Span.Slice(5, 100), weight.Span.Slice(77, 100));
                return [b.Get(buffer), b.Get(weight.Span.Slice(3, 33))];
            });
            foreach (int width in sizes.Widths)
                yield return new($"embedding {type} width {width}", 0, b =>
                {
                    DeviceMemory table = b.Weight(type, 50 * width), output = b.Normal(70 * width);
                    b.Device.EmbeddingForward(output, table, WithGaps(b.Below(50, 70)), width);
                    return [b.Get(output)];
                });
        }
        foreach (int width in sizes.Widths)
        {
            yield return new($"embedding backward width {width}", 1e-6, b =>
            {
                DeviceMemory gradient = b.Normal(20 * width);
                b.Device.EmbeddingBackward(gradient, b.Normal(sizes.TableRows * width), WithGaps(b.Below(20, sizes.TableRows)), width);
                return [b.Get(gradient)];
            });
            yield return new($"scatter width {width}", 0, b =>
            {
                DeviceMemory destination = b.Normal(9 * width);
                b.Device.ScatterRows(destination, b.Normal(4 * width), (int[])[7, -1, 0, 3], width);
                return [b.Get(destination)];
            });
            int[] columns = [.. Enumerable.Range(0, width).Where(c => c % 3 != 1).Reverse()];
            yield return new($"columns of {width}", 0, b =>
            {
                DeviceMemory matrix = b.Normal(11 * width), taken = b.Dirty(11 * columns.Length);
                b.Device.PutColumns(matrix, b.Normal(11 * columns.Length), columns, width);
                float[] put = b.Get(matrix);
                b.Device.TakeColumns(taken, matrix, columns, width);
                return [put, b.Get(matrix), b.Get(taken)];
            });
        }
    }

    private IEnumerable<OperationCase> Norms() =>
        from type in ElementTypes.Native
        from rows in sizes.NormRows
        from width in sizes.Widths
        select new OperationCase($"rmsnorm {type} {rows}x{width}", 3e-6, b =>
        {
            DeviceMemory output = b.Dirty(rows * width), roots = b.Dirty(rows), input = b.Normal(rows * width),
                weight = b.Weight(type, width);
            b.Device.RmsNormForward(output, roots, input, weight, width, 1e-5);
            DeviceMemory inputGradient = b.Normal(rows * width), weightGradient = b.Normal(width), outputGradient = b.Normal(rows * width);
            b.Device.RmsNormBackward(inputGradient, weightGradient, outputGradient, input, roots, weight, width);
            float[] first = b.Get(inputGradient);
            b.Device.RmsNormBackward(inputGradient, default, outputGradient, input, roots, weight, width);
            return [b.Get(output), b.Get(roots), first, b.Get(weightGradient), b.Get(inputGradient)];
        });

    private IEnumerable<OperationCase> Products() =>
        from type in ElementTypes.Native
        from size in sizes.Products
        select new OperationCase($"matmul {type} {size[0]}x{size[1]}x{size[2]}", 3e-6, b =>
        {
            (int m, int n, int k) = (size[0], size[1], size[2]);
            DeviceMemory output = b.Dirty(m * n), input = b.Normal(m * k), weight = b.Weight(type, n * k);
            b.Device.MatMulForward(output, input, weight, n, k);
            float[] once = b.Get(output);
            b.Device.MatMulForward(output, input, weight, n, k, accumulate: true);
            DeviceMemory inputGradient = b.Dirty(m * k), weightGradient = b.Normal(n * k), outputGradient = b.Normal(m * n);
            b.Device.MatMulBackwardInput(inputGradient, outputGradient, weight, n, k);
            float[] back = b.Get(inputGradient);
            b.Device.MatMulBackwardInput(inputGradient, outputGradient, weight, n, k, accumulate: true);
            b.Device.MatMulBackwardWeight(weightGradient, outputGradient, input, n, k);
            return [once, b.Get(output), back, b.Get(inputGradient), b.Get(weightGradient)];
        });

    /// <summary>Sums of nine products, so that the reference is soon done.</summary>
    private IEnumerable<OperationCase> LargeProducts() =>
        from type in ElementTypes.Native
        from size in sizes.LargeProducts
        select new OperationCase($"matmul {type} {size} rows and columns", 1e-6, b =>
        {
            const int Few = 9;
            DeviceMemory output = b.Dirty(size * size), gradient = b.Put(new float[size * size]), rows = b.Normal(size * Few),
                columns = b.Normal(Few * size);
            b.Device.MatMulForward(output, rows, b.Weight(type, size * Few), size, Few);
            float[] forward = b.Get(output);
            b.Device.MatMulBackwardInput(output, rows, b.Weight(type, Few * size), Few, size);
            DeviceMemory input = b.Normal(Few * size);
            b.Device.MatMulBackwardWeight(gradient, columns, input, size, size);
            return [forward, b.Get(output), b.Get(gradient), Sampled(b, columns, input, gradient, size)];
        });

    /// <summary>Some elements of a weight's gradient added to others; by the whole one where the device leaves it at that.</summary>
    private static float[] Sampled(DeviceBench b, DeviceSpan outputGradient, DeviceSpan input, DeviceSpan whole, int size)
    {
        const int Spacing = 131;
        int[] elements = [.. Enumerable.Range(0, size * size / Spacing).Select(i => (i * Spacing) + (i % Spacing))];
        DeviceMemory some = b.Normal(elements.Length);
        if (b.Device.TryMatMulBackwardSampled(some, outputGradient, input, elements, 1, size, size)) return b.Get(some);
        b.Device.ScatterRows(whole, some, elements, 1);
        b.Device.MatMulBackwardWeight(whole, outputGradient, input, size, size);
        b.Device.EmbeddingForward(some, whole, elements, 1);
        return b.Get(some);
    }

    private IEnumerable<OperationCase> Rotations() =>
        from shape in sizes.Rotations
        select new OperationCase($"rope {shape[0]} rows, {shape[1]} heads of {shape[2]}", 1e-6, b =>
        {
            (int rows, int heads, int width) = (shape[0], shape[1], shape[2]);
            float[] angles = b.Numbers(50 * width / 2, 3);
            DeviceMemory values = b.Normal(rows * heads * width), cosines = b.Put(Array.ConvertAll(angles, MathF.Cos)),
                sines = b.Put(Array.ConvertAll(angles, MathF.Sin));
            int[] positions = b.Below(50, rows);
            b.Device.RopeForward(values, cosines, sines, positions, width);
            float[] forward = b.Get(values);
            b.Device.RopeBackward(values, cosines, sines, positions, width);
            b.Device.RopeBackward(values, cosines, sines, positions, width);
            return [forward, b.Get(values)];
        });

    private IEnumerable<OperationCase> Attentions() =>
        from shape in sizes.Heads
        from starts in sizes.Starts
        select new OperationCase(
            $"attention {shape.Heads}/{shape.KeyHeads} heads of {shape.HeadWidth}, sequences {string.Join(',', starts)}", 5e-6, b =>
        {
            int rows = starts[^1], wide = rows * shape.QueryWidth, narrow = rows * shape.KeyWidth;
            DeviceMemory output = b.Dirty(wide), sums = b.Dirty(rows * shape.Heads);
            DeviceMemory query = b.Normal(wide, 1.5), key = b.Normal(narrow), value = b.Normal(narrow);
            b.Device.AttentionForward(output, sums, query, key, value, shape, starts);
            DeviceMemory dq = b.Dirty(wide), dk = b.Dirty(narrow), dv = b.Dirty(narrow);
            b.Device.AttentionBackward(dq, dk, dv, b.Normal(wide), output, sums, query, key, value, shape, starts);
            return [b.Get(output), b.Get(sums), b.Get(dq), b.Get(dk), b.Get(dv)];
        });

    private IEnumerable<OperationCase> Cached() =>
        from shape in sizes.Heads
        from lengths in sizes.CachedLengths
        select new OperationCase(
            $"cached attention {shape.Heads}/{shape.KeyHeads} heads of {shape.HeadWidth}, lengths {string.Join(',', lengths)}", 5e-6, b =>
        {
            const int Capacity = 300;
            int slots = lengths.Length + 1, cache = slots * Capacity * shape.KeyWidth;
            DeviceMemory output = b.Dirty(lengths.Length * shape.QueryWidth), query = b.Normal(lengths.Length * shape.QueryWidth, 1.5);
            int[] taken = [.. Enumerable.Range(1, lengths.Length).Reverse()];
            b.Device.CachedAttentionForward(output, query, b.Normal(cache), b.Normal(cache), shape, Capacity, taken, lengths);
            return [b.Get(output)];
        });

    private IEnumerable<OperationCase> Losses() =>
        from size in sizes.Losses
        from scale in (double[])[1, 30]
        let rows = size[0]
        let vocabulary = size[1]
        select new OperationCase($"cross entropy {rows}x{vocabulary}, logits of {scale}", 3e-6, b =>
        {
            float[] numbers = b.Numbers(rows * vocabulary, scale);
            DeviceMemory losses = b.Dirty(rows), sums = b.Dirty(rows), logits = b.Put([.. numbers.Select(x => x + 50)]);
            int[] targets = WithGaps(b.Below(vocabulary, rows));
            b.Device.CrossEntropyForward(losses, sums, logits, targets, vocabulary);
            b.Device.CrossEntropyBackward(logits, sums, targets, vocabulary, 0.125);
            return [b.Get(losses), b.Get(sums), b.Get(logits)];
        });

    private IEnumerable<OperationCase> Distillations() =>
        from size in sizes.Losses
        from temperature in (int[])[1, 3]
        let rows = size[0]
        let vocabulary = size[1]
        select new OperationCase($"distillation {rows}x{vocabulary} at temperature {temperature}", 3e-6, b =>
        {
            DeviceMemory teacher = b.Put(b.Numbers(rows * vocabulary, 3)), logits = b.Put(b.Numbers(rows * vocabulary, 3));
            double loss = b.Device.DistillationLoss(teacher, logits, vocabulary, temperature, 0.125);
            return [b.Get(teacher), [(float)loss]];
        });

    private IEnumerable<OperationCase> Elements()
    {
        foreach (int length in sizes.Lengths)
        {
            yield return new($"swiglu {length}", 2e-6, b =>
            {
                DeviceMemory output = b.Dirty(length), gate = b.Normal(length, 4), up = b.Normal(length), outputGradient = b.Normal(length);
                b.Device.SwiGluForward(output, gate, up);
                DeviceMemory dg = b.Dirty(length), du = b.Dirty(length);
                b.Device.SwiGluBackward(dg, du, outputGradient, gate, up);
                b.Device.SwiGluBackward(gate, up, outputGradient, gate, up);
                return [b.Get(output), b.Get(dg), b.Get(du), b.Get(gate), b.Get(up)];
            });
            yield return new($"sums of {length}", 1e-6, b =>
            {
                DeviceMemory values = b.Normal(length);
                return [[(float)b.Device.Sum(values)], [(float)b.Device.SumOfSquares(values)],
                    [(float)b.Device.Sum(values.Span.Slice(length / 3, length / 2))]];
            });
            yield return new($"clear {length}", 0, b =>
            {
                DeviceMemory values = b.Normal(length);
                b.Device.Clear(values.Span.Slice(length / 3, length / 2));
                return [b.Get(values)];
            });
            yield return new($"adamw {length}", 1e-6, b =>
            {
                DeviceMemory weights = b.Normal(length), gradient = b.Normal(length), first = b.Room(length), second = b.Room(length);
                for (int t = 1; t <= 4; t++) b.Device.AdamWStep(weights, gradient, first, second, new(1e-2, 0.9, 0.95, 1e-8, 0.1, t, 0.5));
                return [b.Get(weights), b.Get(first), b.Get(second)];
            });
            yield return new($"rmsprop {length}", 1e-6, b =>
            {
                DeviceMemory weights = b.Normal(length), gradient = b.Normal(length), first = b.Room(length), second = b.Room(length);
                for (int t = 1; t <= 4; t++)
                    b.Device.AdamWStep(weights, gradient, first, second, AdamWStep.RmsProp(1e-2, 0.99, 1e-8, 0.5));
                return [b.Get(weights), b.Get(second)];
            });
            yield return new($"l1 distance {length}", 1e-6, b =>
            {
                DeviceMemory gradient = b.Normal(length), values = b.Normal(length), reference = b.Normal(length);
                b.Device.Copy(reference.Span.Slice(length / 3, length / 4), values.Span.Slice(length / 3, length / 4));
                double distance = b.Device.L1Distance(gradient, values, reference, 0.25);
                return [b.Get(gradient), [(float)distance]];
            });
            yield return new($"squared l2 distance {length}", 1e-6, b =>
            {
                DeviceMemory gradient = b.Normal(length), values = b.Normal(length), reference = b.Normal(length);
                double distance = b.Device.SquaredL2Distance(gradient, values, reference, 0.25);
                return [b.Get(gradient), [(float)distance]];
            });
        }
    }

    /// <summary>Every fifth number becomes none.</summary>
    private static int[] WithGaps(int[] numbers) => [.. numbers.Select((n, i) => i % 5 == 3 ? -1 : n)];
}
