namespace KsLottery.Engine.Operations;

/// <summary>The three products of a linear layer y = x·Wᵀ, x (M, K), W (N, K) of any stored type, y (M, N), shared out over threads.</summary>
internal static class MatMul
{
    /// <summary>y = x·Wᵀ, or y += x·Wᵀ.</summary>
    public static void Forward(WorkerPool pool, DeviceSpan output, DeviceSpan input, DeviceSpan weight, int outputs, int inputs, bool accumulate)
    {
        int rows = (int)(input.Length / inputs);
        Gemm.Multiply(rows, outputs, inputs, Floats(input), inputs, false, Widened(weight), inputs, true, Writable(output), outputs, accumulate);
    }

    /// <summary>dx = dy·W, or dx += dy·W.</summary>
    public static void BackwardInput(WorkerPool pool, DeviceSpan inputGradient, DeviceSpan outputGradient, DeviceSpan weight, int outputs, int inputs, bool accumulate)
    {
        int rows = (int)(outputGradient.Length / outputs);
        Gemm.Multiply(rows, inputs, outputs, Floats(outputGradient), outputs, false, Widened(weight), inputs, false, Writable(inputGradient), inputs, accumulate);
    }

    /// <summary>dW += dyᵀ·x.</summary>
    public static void BackwardWeight(WorkerPool pool, DeviceSpan weightGradient, DeviceSpan outputGradient, DeviceSpan input, int outputs, int inputs)
    {
        int rows = (int)(input.Length / inputs);
        Gemm.Multiply(outputs, inputs, rows, Floats(outputGradient), outputs, true, Floats(input), inputs, false, Writable(weightGradient), inputs, true);
    }

    private static ReadOnlySpan<float> Floats(DeviceSpan span) => ((CpuMemory)span.Memory!).GetFloats(span.Start, (int)span.Length);

    private static Span<float> Writable(DeviceSpan span) => ((OwnedMemory)span.Memory!).Floats(span.Start, (int)span.Length);

    private static float[] Widened(DeviceSpan span)
    {
        float[] values = new float[span.Length];
        ((CpuMemory)span.Memory!).Widen(span.Start, values);
        return values;
    }
}
