namespace KsLottery.Kernels;

/// <summary>RMSNorm: y = w·x·r with r = 1/√(mean(x²) + ε). Some neighbouring lanes share a row, which they read twice, the second time from
/// a cache.</summary>
public static class RmsNormKernels
{
    /// <summary>Columns of the weight that a group of <see cref="RmsNormBackwardWeight"/> takes.</summary>
    public const int Columns = 32;

    /// <summary>The forward pass.</summary>
    /// <param name="output">(N, C).</param>
    /// <param name="inverseRms">(N), r.</param>
    /// <param name="input">(N, C).</param>
    /// <param name="weight">(C).</param>
    /// <param name="width">C.</param>
    /// <param name="epsilon">ε.</param>
    /// <param name="lanes">Lanes that share a row, a power of two.</param>
    [Kernel(256)]
    [KernelInstance(typeof(float), typeof(F32))]
    [KernelInstance(typeof(ushort), typeof(F16))]
    [KernelInstance(typeof(ushort), typeof(BF16))]
    public static void RmsNormForward<TStored, TElement>(ArrayView<float> output, ArrayView<float> inverseRms, ArrayView<float> input,
        ArrayView<TStored> weight, int width, float epsilon, int lanes)
        where TStored : unmanaged
        where TElement : IElement<TStored>
    {
        ArrayView<float> buffer = SharedMemory.Allocate<float>(256);
        long i = ((long)Grid.IdxX * (Group.DimX / lanes)) + (Group.IdxX / lanes);
        int lane = Group.IdxX & (lanes - 1);
        float square = 0f, error = 0f;
        if (i < inverseRms.Length)
        {
            for (int c = lane; c < width; c += lanes) SumKernels.AddSquare(ref square, ref error, input[(i * width) + c]);
        }
        square = Reduction.Sum(buffer, square, lanes);
        error = Reduction.Sum(buffer, error, lanes);
        if (i >= inverseRms.Length) return;
        float root = InverseRoot(square, error, width, epsilon);
        if (lane == 0) inverseRms[i] = root;
        for (int c = lane; c < width; c += lanes)
            output[(i * width) + c] = TElement.Load(weight[c]) * (input[(i * width) + c] * root);
    }

    /// <summary>1/√((square + error)/width + ε), nearly always rounded to nearest: the gradient of a row of few elements is a difference of
    /// nearly equal numbers, and would show any other error many times over.</summary>
    private static float InverseRoot(float square, float error, int width, float epsilon)
    {
        float mean = square / width, rest = (Fused.MultiplyAdd(-mean, width, square) + error) / width;
        SumKernels.Add(ref mean, ref rest, epsilon);
        float root = 1f / MathF.Sqrt(mean), product = mean * root;
        // 1 - (mean + rest)·root², of which half is what root lacks, relative to it.
        float lack = Fused.MultiplyAdd(-product, root, 1f) - (Fused.MultiplyAdd(mean, root, -product) * root) - (rest * root * root);
        return Fused.MultiplyAdd(0.5f * lack, root, root);
    }

    /// <summary>dx += r·w·dy - x·r³/C·Σ w·dy·x.</summary>
    [Kernel(256)]
    [KernelInstance(typeof(float), typeof(F32))]
    [KernelInstance(typeof(ushort), typeof(F16))]
    [KernelInstance(typeof(ushort), typeof(BF16))]
    public static void RmsNormBackward<TStored, TElement>(ArrayView<float> inputGradient, ArrayView<float> outputGradient,
        ArrayView<float> input,
        ArrayView<float> inverseRms, ArrayView<TStored> weight, int width, int lanes)
        where TStored : unmanaged
        where TElement : IElement<TStored>
    {
        ArrayView<float> buffer = SharedMemory.Allocate<float>(256);
        long i = ((long)Grid.IdxX * (Group.DimX / lanes)) + (Group.IdxX / lanes);
        int lane = Group.IdxX & (lanes - 1);
        float product = 0f;
        if (i < inverseRms.Length)
        {
            for (int c = lane; c < width; c += lanes)
                product = Fused.MultiplyAdd(TElement.Load(weight[c]) * outputGradient[(i * width) + c], input[(i * width) + c], product);
        }
        product = Reduction.Sum(buffer, product, lanes);
        if (i >= inverseRms.Length) return;
        float root = inverseRms[i], back = -(root * root) * (root * (product / width));
        for (int c = lane; c < width; c += lanes)
        {
            long at = (i * width) + c;
            float forth = Fused.MultiplyAdd(TElement.Load(weight[c]), outputGradient[at] * root, inputGradient[at]);
            inputGradient[at] = Fused.MultiplyAdd(input[at], back, forth);
        }
    }

    /// <summary>dw += Σ dy·x·r over the rows: a group takes 32 columns, 8 lanes each, and adds their sums in order.</summary>
    [Kernel(256)]
    public static void RmsNormBackwardWeight(ArrayView<float> weightGradient, ArrayView<float> outputGradient, ArrayView<float> input,
        ArrayView<float> inverseRms, int width)
    {
        ArrayView<float> sums = SharedMemory.Allocate<float>(256);
        int lane = Group.IdxX, c = (Grid.IdxX * Columns) + (lane & (Columns - 1));
        float sum = 0f;
        if (c < width)
        {
            for (long i = lane / Columns; i < inverseRms.Length; i += Group.DimX / Columns)
                sum = Fused.MultiplyAdd(input[(i * width) + c], outputGradient[(i * width) + c] * inverseRms[i], sum);
        }
        sums[lane] = sum;
        Group.Barrier();
        if (lane >= Columns || c >= width) return;
        for (int part = lane + Columns; part < Group.DimX; part += Columns) sum += sums[part];
        weightGradient[c] = weightGradient[c] + sum;
    }
}
