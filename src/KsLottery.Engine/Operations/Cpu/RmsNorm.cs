using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace KsLottery.Engine.Operations;

/// <summary>RMSNorm: y = w·x·r with r = 1/√(mean(x²) + ε), row by row.</summary>
internal static class RmsNorm
{
    /// <summary>The definition: output (N, C), inverseRms (N), input (N, C), weight (C).</summary>
    public static void Forward(Span<double> output, Span<double> inverseRms, ReadOnlySpan<double> input, ReadOnlySpan<double> weight,
        double epsilon)
    {
        int width = weight.Length;
        for (int i = 0; i < inverseRms.Length; i++)
        {
            ReadOnlySpan<double> x = input.Slice(i * width, width);
            double square = 0;
            for (int c = 0; c < width; c++) square += x[c] * x[c];
            double r = inverseRms[i] = 1 / Math.Sqrt((square / width) + epsilon);
            for (int c = 0; c < width; c++) output[(i * width) + c] = weight[c] * x[c] * r;
        }
    }

    /// <summary>The definition: dx += r·w·dy - x·r³/C·Σ w·dy·x and dw += dy·x·r; weightGradient (C) or empty.</summary>
    public static void Backward(Span<double> inputGradient, Span<double> weightGradient, ReadOnlySpan<double> outputGradient,
        ReadOnlySpan<double> input, ReadOnlySpan<double> inverseRms, ReadOnlySpan<double> weight)
    {
        int width = weight.Length;
        for (int i = 0; i < inverseRms.Length; i++)
        {
            ReadOnlySpan<double> x = input.Slice(i * width, width), dy = outputGradient.Slice(i * width, width);
            double r = inverseRms[i], product = 0;
            for (int c = 0; c < width; c++) product += weight[c] * dy[c] * x[c];
            for (int c = 0; c < width; c++) inputGradient[(i * width) + c] += r * ((weight[c] * dy[c]) - (x[c] * r * r * product / width));
            for (int c = 0; c < weightGradient.Length; c++) weightGradient[c] += dy[c] * x[c] * r;
        }
    }

    /// <summary>The same in F32, shared out by rows.</summary>
    public static void Forward(WorkerPool pool, DeviceSpan output, DeviceSpan inverseRms, DeviceSpan input, DeviceSpan weight, int width,
        double epsilon)
    {
        float[]? widened = weight.IsF32() ? null : weight.Widen(0, new float[width]).ToArray();
        pool.Share(inverseRms.Length, 2 * width, (from, to) => ForwardRows(output.Write(from * width, (to - from) * width),
            inverseRms.Write(from, to - from), input.Read(from * width, (to - from) * width), widened ?? weight.Read(), epsilon));
    }

    /// <summary>The same in F32, shared out by rows; the weight's gradient is summed over each part's rows, then over the parts in
    /// order.</summary>
    public static void Backward(WorkerPool pool, DeviceSpan inputGradient, DeviceSpan weightGradient, DeviceSpan outputGradient,
        DeviceSpan input, DeviceSpan inverseRms, DeviceSpan weight, int width)
    {
        const int MaxParts = 64;
        float[]? widened = weight.IsF32() ? null : weight.Widen(0, new float[width]).ToArray();
        long rows = inverseRms.Length, each = Math.Max((rows + MaxParts - 1) / MaxParts, (8192 + width - 1) / width);
        int parts = (int)((rows + each - 1) / each);
        float[] sums = weightGradient.IsEmpty ? [] : new float[parts * width];
        pool.Run(parts, part =>
        {
            long from = part * each, count = Math.Min(each, rows - from);
            BackwardRows(inputGradient.Write(from * width, count * width), sums.Length == 0 ? default : sums.AsSpan(part * width, width),
                outputGradient.Read(from * width, count * width), input.Read(from * width, count * width), widened ?? weight.Read(),
                inverseRms.Read(from, count));
        });
        for (int part = 0; part < parts && sums.Length > 0; part++)
            TensorPrimitives.Add(weightGradient.Read(), sums.AsSpan(part * width, width), weightGradient.Write());
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ForwardRows(Span<float> output, Span<float> roots, ReadOnlySpan<float> input, ReadOnlySpan<float> weight,
        double epsilon)
    {
        int width = weight.Length;
        for (int i = 0; i < roots.Length; i++)
            roots[i] = ForwardRow(output.Slice(i * width, width), input.Slice(i * width, width), weight, epsilon);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void BackwardRows(Span<float> inputGradient, Span<float> weightGradient, ReadOnlySpan<float> outputGradient,
        ReadOnlySpan<float> input, ReadOnlySpan<float> weight, ReadOnlySpan<float> roots)
    {
        int width = weight.Length;
        for (int i = 0; i < roots.Length; i++)
            BackwardRow(inputGradient.Slice(i * width, width), weightGradient, outputGradient.Slice(i * width, width),
                input.Slice(i * width, width), weight, roots[i]);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float ForwardRow(Span<float> output, ReadOnlySpan<float> input, ReadOnlySpan<float> weight, double epsilon)
    {
        float r = (float)(1 / Math.Sqrt((Lanes.Dot(input, input) / (double)input.Length) + epsilon));
        Vector256<float> root = Vector256.Create(r);
        for (int c = 0; c < input.Length; c += Lanes.Count) (Lanes.Load(weight, c) * (Lanes.Load(input, c) * root)).Store(output, c);
        return r;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void BackwardRow(Span<float> inputGradient, Span<float> weightGradient, ReadOnlySpan<float> outputGradient,
        ReadOnlySpan<float> input, ReadOnlySpan<float> weight, float r)
    {
        Vector256<float> product = default, root = Vector256.Create(r);
        for (int c = 0; c < input.Length; c += Lanes.Count)
            product = Lanes.MultiplyAdd(Lanes.Load(weight, c) * Lanes.Load(outputGradient, c), Lanes.Load(input, c), product);
        Vector256<float> back = Vector256.Create((float)(-(double)r * r * r * Lanes.Sum(product) / input.Length));
        for (int c = 0; c < input.Length; c += Lanes.Count)
        {
            Vector256<float> x = Lanes.Load(input, c), dy = Lanes.Load(outputGradient, c) * root;
            Lanes.MultiplyAdd(x, back, Lanes.MultiplyAdd(Lanes.Load(weight, c), dy, Lanes.Load(inputGradient, c))).Store(inputGradient, c);
            if (!weightGradient.IsEmpty) Lanes.MultiplyAdd(x, dy, Lanes.Load(weightGradient, c)).Store(weightGradient, c);
        }
    }
}
