namespace KsLottery.Engine.Operations;

/// <summary>The definition of a linear layer's three products: x (M, K), W (N, K), y (M, N).</summary>
internal static class ReferenceMatMul
{
    /// <summary>y = x·Wᵀ, or y += x·Wᵀ.</summary>
    public static void Forward(Span<double> output, ReadOnlySpan<double> input, ReadOnlySpan<double> weight, int outputs, int inputs,
        bool accumulate)
    {
        if (!accumulate) output.Clear();
        for (int m = 0; m < input.Length / inputs; m++)
            for (int n = 0; n < outputs; n++)
                for (int k = 0; k < inputs; k++) output[(m * outputs) + n] += input[(m * inputs) + k] * weight[(n * inputs) + k];
    }

    /// <summary>dx = dy·W, or dx += dy·W.</summary>
    public static void BackwardInput(Span<double> inputGradient, ReadOnlySpan<double> outputGradient, ReadOnlySpan<double> weight,
        int outputs, int inputs, bool accumulate)
    {
        if (!accumulate) inputGradient.Clear();
        for (int m = 0; m < inputGradient.Length / inputs; m++)
            for (int n = 0; n < outputs; n++)
                for (int k = 0; k < inputs; k++)
                    inputGradient[(m * inputs) + k] += outputGradient[(m * outputs) + n] * weight[(n * inputs) + k];
    }

    /// <summary>dW += dyᵀ·x.</summary>
    public static void BackwardWeight(Span<double> weightGradient, ReadOnlySpan<double> outputGradient, ReadOnlySpan<double> input,
        int outputs, int inputs)
    {
        for (int m = 0; m < input.Length / inputs; m++)
            for (int n = 0; n < outputs; n++)
                for (int k = 0; k < inputs; k++)
                    weightGradient[(n * inputs) + k] += outputGradient[(m * outputs) + n] * input[(m * inputs) + k];
    }

    /// <summary>The same for runs of elements of dW alone.</summary>
    public static void BackwardSampled(Span<double> gradient, ReadOnlySpan<double> outputGradient, ReadOnlySpan<double> input,
        ReadOnlySpan<int> runs, int width, int outputs, int inputs)
    {
        for (int i = 0; i < gradient.Length; i++)
        {
            (int n, int k) = int.DivRem((runs[i / width] * width) + (i % width), inputs);
            for (int m = 0; m < input.Length / inputs; m++) gradient[i] += outputGradient[(m * outputs) + n] * input[(m * inputs) + k];
        }
    }
}
