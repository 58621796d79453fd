using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

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

    /// <summary>The same in F32, shared out by elements.</summary>
    public static void Forward(WorkerPool pool, DeviceSpan output, DeviceSpan gate, DeviceSpan up) =>
        pool.Share(output.Length, 2, (from, to) => Forward(output.Write(from, to - from), gate.Read(from, to - from),
            up.Read(from, to - from)));

    /// <summary>The same in F32, shared out by elements.</summary>
    public static void Backward(WorkerPool pool, DeviceSpan gateGradient, DeviceSpan upGradient, DeviceSpan outputGradient,
        DeviceSpan gate, DeviceSpan up) =>
        pool.Share(outputGradient.Length, 2, (from, to) => Backward(gateGradient.Write(from, to - from), upGradient.Write(from, to - from),
            outputGradient.Read(from, to - from), gate.Read(from, to - from), up.Read(from, to - from)));

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Forward(Span<float> output, ReadOnlySpan<float> gate, ReadOnlySpan<float> up)
    {
        for (int i = 0; i < output.Length; i += Lanes.Count)
        {
            Vector256<float> g = Lanes.Load(gate, i);
            (g * Lanes.Load(up, i) / (Vector256<float>.One + Lanes.Exp(-g))).Store(output, i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Backward(Span<float> gateGradient, Span<float> upGradient, ReadOnlySpan<float> outputGradient,
        ReadOnlySpan<float> gate, ReadOnlySpan<float> up)
    {
        for (int i = 0; i < outputGradient.Length; i += Lanes.Count)
        {
            Vector256<float> g = Lanes.Load(gate, i), u = Lanes.Load(up, i), one = Vector256<float>.One, s = one / (one + Lanes.Exp(-g));
            Vector256<float> dy = Lanes.Load(outputGradient, i) * s;
            (dy * u * Lanes.MultiplyAdd(g, one - s, one)).Store(gateGradient, i);
            (dy * g).Store(upGradient, i);
        }
    }
}
