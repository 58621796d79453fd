namespace KsLottery.Kernels;

/// <summary>What is done element by element: as fast as memory.</summary>
public static class ElementKernels
{
    /// <summary>SwiGLU: output = gate·σ(gate)·up.</summary>
    [Kernel(256)]
    public static void SwiGluForward(ArrayView<float> output, ArrayView<float> gate, ArrayView<float> up)
    {
        long i = ((long)Grid.IdxX * Group.DimX) + Group.IdxX;
        if (i >= output.Length) return;
        float g = gate[i];
        output[i] = g * up[i] / (1f + KernelMath.Exp(-g));
    }

    /// <summary>dg = dy·u·σ·(1 + g·(1 - σ)), du = dy·g·σ; the gradients may lie over gate and up.</summary>
    [Kernel(256)]
    public static void SwiGluBackward(ArrayView<float> gateGradient, ArrayView<float> upGradient, ArrayView<float> outputGradient,
        ArrayView<float> gate, ArrayView<float> up)
    {
        long i = ((long)Grid.IdxX * Group.DimX) + Group.IdxX;
        if (i >= outputGradient.Length) return;
        float g = gate[i], u = up[i], sigmoid = 1f / (1f + KernelMath.Exp(-g)), dy = outputGradient[i] * sigmoid;
        gateGradient[i] = dy * u * Fused.MultiplyAdd(g, 1f - sigmoid, 1f);
        upGradient[i] = dy * g;
    }

    /// <summary>AdamW with constants prepared by the host: m ← β₁m + (1-β₁)g, v ← β₂v + (1-β₂)g²,
    /// w ← keep·w - rate·m / (√v·root + ε).</summary>
    [Kernel(256)]
    public static void AdamWStep(ArrayView<float> weights, ArrayView<float> gradient, ArrayView<float> firstMoment,
        ArrayView<float> secondMoment,
        float beta1, float rest1, float beta2, float rest2, float scale, float epsilon, float keep, float rate, float root)
    {
        long i = ((long)Grid.IdxX * Group.DimX) + Group.IdxX;
        if (i >= weights.Length) return;
        float g = gradient[i] * scale;
        float m = Fused.MultiplyAdd(beta1, firstMoment[i], rest1 * g), v = Fused.MultiplyAdd(beta2, secondMoment[i], rest2 * g * g);
        firstMoment[i] = m;
        secondMoment[i] = v;
        float step = rate * m / Fused.MultiplyAdd(MathF.Sqrt(v), root, epsilon);
        weights[i] = Fused.MultiplyAdd(keep, weights[i], -step);
    }
}
