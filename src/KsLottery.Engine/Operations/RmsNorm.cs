namespace KsLottery.Engine.Operations;

/// <summary>RMSNorm: y = w·x·r with r = 1/√(mean(x²) + ε), row by row.</summary>
internal static class RmsNorm
{
    /// <summary>The definition: output (N, C), inverseRms (N), input (N, C), weight (C).</summary>
    public static void Forward(Span<double> output, Span<double> inverseRms, ReadOnlySpan<double> input, ReadOnlySpan<double> weight, double epsilon)
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
}
