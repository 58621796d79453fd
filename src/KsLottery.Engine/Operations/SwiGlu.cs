namespace KsLottery.Engine.Operations;

/// <summary>SwiGLU: y = g·σ(g)·u, element by element.</summary>
internal static class SwiGlu
{
    /// <summary>The definition; all of one length.</summary>
    public static void Forward(Span<double> output, ReadOnlySpan<double> gate, ReadOnlySpan<double> up)
    {
        for (int i = 0; i < output.Length; i++) output[i] = gate[i] * Sigmoid(gate[i]) * up[i];
    }

    /// <summary>The definition: dg = dy·u·σ·(1 + g·(1 - σ)), du = dy·g·σ; the gradients may lie over gate and up.</summary>
    public static void Backward(Span<double> gateGradient, Span<double> upGradient, ReadOnlySpan<double> outputGradient,
        ReadOnlySpan<double> gate, ReadOnlySpan<double> up)
    {
        for (int i = 0; i < outputGradient.Length; i++)
        {
            double g = gate[i], u = up[i], s = Sigmoid(g);
            gateGradient[i] = outputGradient[i] * u * s * (1 + (g * (1 - s)));
            upGradient[i] = outputGradient[i] * g * s;
        }
    }

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));
}
