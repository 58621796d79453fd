namespace KsLottery.Kernels;

/// <summary>The loss of a softmax over a vocabulary, a group a row.</summary>
public static class CrossEntropyKernels
{
    /// <summary>Logits of a row that a group turns into gradients.</summary>
    public const int Part = 4096;

    /// <summary>losses[i] = logSumExp[i] - logits[i, targets[i]], 0 where the target is negative. A row is read twice, the second time from
    /// a cache where it fits one: first its greatest logit is found.</summary>
    /// <param name="losses">(N).</param>
    /// <param name="logSumExp">(N).</param>
    /// <param name="logits">(N, V).</param>
    /// <param name="targets">N tokens.</param>
    /// <param name="vocabulary">V.</param>
    [Kernel(256)]
    public static void CrossEntropyForward(ArrayView<float> losses, ArrayView<float> logSumExp, ArrayView<float> logits,
        ArrayView<int> targets,
        int vocabulary)
    {
        ArrayView<float> buffer = SharedMemory.Allocate<float>(256);
        long first = (long)Grid.IdxX * vocabulary;
        float max = float.NegativeInfinity;
        for (int v = Group.IdxX; v < vocabulary; v += Group.DimX) max = Reduction.Greater(max, logits[first + v]);
        max = Reduction.Max(buffer, max, Group.DimX);
        float sum = 0f, error = 0f;
        for (int v = Group.IdxX; v < vocabulary; v += Group.DimX)
            SumKernels.Add(ref sum, ref error, KernelMath.Exp(logits[first + v] - max));
        float total = Reduction.Sum(buffer, sum + error, Group.DimX);
        if (Group.IdxX > 0) return;
        float log = KernelMath.Log(total);
        int target = targets[Grid.IdxX];
        logSumExp[Grid.IdxX] = max + log;
        losses[Grid.IdxX] = target < 0 ? 0f : max - logits[first + target] + log;
    }

    /// <summary>Turns logits into their gradients in place: (exp(logits - logSumExp) - [target])·scale, 0 where the target is negative.
    /// Several groups share a long row.</summary>
    [Kernel(256)]
    public static void CrossEntropyBackward(ArrayView<float> logits, ArrayView<float> logSumExp, ArrayView<int> targets, int vocabulary,
        float scale)
    {
        int parts = (vocabulary + Part - 1) / Part, row = Grid.IdxX / parts, from = Grid.IdxX % parts * Part,
            to = Math.Min(from + Part, vocabulary);
        int target = targets[row];
        float log = logSumExp[row];
        long first = (long)row * vocabulary;
        for (int v = from + Group.IdxX; v < to; v += Group.DimX)
        {
            float p = target < 0 ? 0f : KernelMath.Exp(logits[first + v] - log) * scale;
            logits[first + v] = v == target ? p - scale : p;
        }
    }
}
