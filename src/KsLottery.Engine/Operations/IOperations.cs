using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Operations;

/// <summary>What a device must be able to do so that a LLaMA-type model runs and learns on it.</summary>
/// <remarks>
/// Matrices are row-major and passed as ranges; the number of rows follows from a range's length. Letters: N rows, C width, M×K times
/// K×N products with weights as N rows of K, H and G heads of width D, V vocabulary. Every backward operation adds to gradients of
/// weights, which may be left out (the default range) for frozen weights, and overwrites gradients of activations, but for RMSNorm,
/// whose input is the residual stream, and where <c>accumulate</c> says otherwise. Results do not depend on the number of threads.
/// Weights may be of any stored type; everything else is in the device's own type, which is F32 but for the reference.
/// Ranges may not overlap unless an operation says so.
/// </remarks>
public interface IOperations : IDisposable
{
    /// <summary>The device's name in reports, for instance <c>cpu</c>.</summary>
    string Name { get; }

    /// <summary>Bytes allocated and not given back, mapped weights not counted.</summary>
    long AllocatedBytes { get; }

    /// <summary>The most that <see cref="AllocatedBytes"/> has been.</summary>
    long PeakAllocatedBytes { get; }

    /// <summary>Allocates zeroed memory in the device's own type.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The length is negative or more than the device can hold in one piece.</exception>
    DeviceMemory Allocate(long length);

    /// <summary>Opens a weight in its stored type, read where it lies in the mapped file if the device can.</summary>
    /// <exception cref="NotSupportedException">The tensor is not F32, F16 or BF16.</exception>
    DeviceMemory Open(Tensor tensor);

    /// <summary>Sets every element to zero.</summary>
    void Clear(DeviceSpan destination);

    /// <summary>Copies to a range of the same length, converting from the stored type if need be; the destination is in the device's own
    /// type.</summary>
    void Copy(DeviceSpan destination, DeviceSpan source);

    /// <summary>Copies from the host.</summary>
    void Upload(DeviceSpan destination, ReadOnlySpan<float> source);

    /// <summary>Copies to the host, converting from the stored type if need be.</summary>
    void Download(Span<float> destination, DeviceSpan source);

    /// <summary>output[i] = table[rows[i]]; a negative row leaves output[i] as it is.</summary>
    /// <param name="output">(N, width).</param>
    /// <param name="table">(any, width), of any stored type.</param>
    /// <param name="rows">N row numbers.</param>
    /// <param name="width">Elements of a row.</param>
    void EmbeddingForward(DeviceSpan output, DeviceSpan table, ReadOnlyMemory<int> rows, int width);

    /// <summary>tableGradient[rows[i]] += outputGradient[i], in the order of i; a negative row adds nothing.</summary>
    void EmbeddingBackward(DeviceSpan tableGradient, DeviceSpan outputGradient, ReadOnlyMemory<int> rows, int width);

    /// <summary>destination[rows[i]] = source[i] for distinct rows; a negative row is left out.</summary>
    void ScatterRows(DeviceSpan destination, DeviceSpan source, ReadOnlyMemory<int> rows, int width);

    /// <summary>destination[:, columns[j]] = source[:, j].</summary>
    /// <param name="destination">(N, width).</param>
    /// <param name="source">(N, number of columns).</param>
    /// <param name="columns">Distinct columns of the destination.</param>
    /// <param name="width">Elements of a destination row.</param>
    void PutColumns(DeviceSpan destination, DeviceSpan source, ReadOnlyMemory<int> columns, int width);

    /// <summary>destination[:, j] = source[:, columns[j]], and these columns of the source become zero.</summary>
    void TakeColumns(DeviceSpan destination, DeviceSpan source, ReadOnlyMemory<int> columns, int width);

    /// <summary>RMSNorm (Zhang and Sennrich 2019, arXiv 1910.07467): output = weight · input / √(mean(input²) + ε).</summary>
    /// <param name="output">(N, C).</param>
    /// <param name="inverseRms">(N), 1/√(mean + ε), kept for backward.</param>
    /// <param name="input">(N, C).</param>
    /// <param name="weight">(C), of any stored type.</param>
    /// <param name="width">C.</param>
    /// <param name="epsilon">ε.</param>
    void RmsNormForward(DeviceSpan output, DeviceSpan inverseRms, DeviceSpan input, DeviceSpan weight, int width, double epsilon);

    /// <summary>Adds to the gradients of the input and, unless left out, of the weight.</summary>
    void RmsNormBackward(DeviceSpan inputGradient, DeviceSpan weightGradient, DeviceSpan outputGradient,
        DeviceSpan input, DeviceSpan inverseRms, DeviceSpan weight, int width);

    /// <summary>output = input · weightᵀ, or added to the output.</summary>
    /// <param name="output">(M, outputs).</param>
    /// <param name="input">(M, inputs).</param>
    /// <param name="weight">(outputs, inputs), of any stored type.</param>
    /// <param name="outputs">N, rows of the weight.</param>
    /// <param name="inputs">K, its columns.</param>
    /// <param name="accumulate">Whether to add to the output.</param>
    void MatMulForward(DeviceSpan output, DeviceSpan input, DeviceSpan weight, int outputs, int inputs, bool accumulate = false);

    /// <summary>inputGradient = outputGradient · weight, or added to it.</summary>
    void MatMulBackwardInput(DeviceSpan inputGradient, DeviceSpan outputGradient, DeviceSpan weight, int outputs, int inputs,
        bool accumulate = false);

    /// <summary>weightGradient += outputGradientᵀ · input.</summary>
    void MatMulBackwardWeight(DeviceSpan weightGradient, DeviceSpan outputGradient, DeviceSpan input, int outputs, int inputs);

    /// <summary>Some elements of weightGradient alone, a sampled dense-dense product (Hong et al. 2019, PPoPP): gradient[i·width + j] +=
    /// Σ outputGradient[m, r] · input[m, c] where r·inputs + c = runs[i]·width + j.</summary>
    /// <remarks>A device that has no such product, or to which all elements together are less work, does nothing:
    /// <see cref="MatMulBackwardWeight"/> has them, with the same bits.</remarks>
    /// <param name="gradient">(number of runs, width).</param>
    /// <param name="outputGradient">(M, outputs).</param>
    /// <param name="input">(M, inputs).</param>
    /// <param name="runs">Which runs of elements of the weight, ascending.</param>
    /// <param name="width">Elements of a run, a divisor of <paramref name="inputs"/>.</param>
    /// <param name="outputs">N, rows of the weight.</param>
    /// <param name="inputs">K, its columns.</param>
    /// <returns>Whether it was done.</returns>
    bool TryMatMulBackwardSampled(DeviceSpan gradient, DeviceSpan outputGradient, DeviceSpan input, ReadOnlyMemory<int> runs, int width,
        int outputs, int inputs);

    /// <summary>Rotary positions (Su et al. 2021, arXiv 2104.09864) in place, the two halves of a head paired as in Hugging Face files:
    /// (x₀, x₁) → (x₀·cos - x₁·sin, x₁·cos + x₀·sin) with x₀ in the first half.</summary>
    /// <param name="values">(N, heads · D).</param>
    /// <param name="cosines">(positions, D/2).</param>
    /// <param name="sines">(positions, D/2).</param>
    /// <param name="positions">The N rows' positions.</param>
    /// <param name="headWidth">D.</param>
    void RopeForward(DeviceSpan values, DeviceSpan cosines, DeviceSpan sines, ReadOnlyMemory<int> positions, int headWidth);

    /// <summary>The same rotation backwards, in place on the gradients.</summary>
    void RopeBackward(DeviceSpan gradients, DeviceSpan cosines, DeviceSpan sines, ReadOnlyMemory<int> positions, int headWidth);

    /// <summary>Causal attention within each packed sequence: output = softmax(query · keyᵀ / √D) · value.</summary>
    /// <param name="output">(N, H·D).</param>
    /// <param name="logSumExp">(N, H), log Σ exp of the scaled scores, kept for backward.</param>
    /// <param name="query">(N, H·D).</param>
    /// <param name="key">(N, G·D).</param>
    /// <param name="value">(N, G·D).</param>
    /// <param name="shape">H, G, D.</param>
    /// <param name="starts">The first row of each sequence, and N.</param>
    void AttentionForward(DeviceSpan output, DeviceSpan logSumExp, DeviceSpan query, DeviceSpan key, DeviceSpan value,
        AttentionShape shape, ReadOnlyMemory<int> starts);

    /// <summary>Overwrites the three gradients; probabilities are computed again from logSumExp (Dao et al. 2022, arXiv
    /// 2205.14135).</summary>
    void AttentionBackward(DeviceSpan queryGradient, DeviceSpan keyGradient, DeviceSpan valueGradient, DeviceSpan outputGradient,
        DeviceSpan output, DeviceSpan logSumExp, DeviceSpan query, DeviceSpan key, DeviceSpan value,
        AttentionShape shape, ReadOnlyMemory<int> starts);

    /// <summary>Attention of one new row of each of some sequences over all that their caches hold.</summary>
    /// <param name="output">(N, H·D).</param>
    /// <param name="query">(N, H·D).</param>
    /// <param name="keyCache">(slots, capacity, G·D).</param>
    /// <param name="valueCache">(slots, capacity, G·D).</param>
    /// <param name="shape">H, G, D.</param>
    /// <param name="capacity">Rows of one slot.</param>
    /// <param name="slots">The N rows' slots.</param>
    /// <param name="lengths">How many cached rows each of the N rows attends to, from the slot's first.</param>
    void CachedAttentionForward(DeviceSpan output, DeviceSpan query, DeviceSpan keyCache, DeviceSpan valueCache,
        AttentionShape shape, int capacity, ReadOnlyMemory<int> slots, ReadOnlyMemory<int> lengths);

    /// <summary>SwiGLU (Shazeer 2020, arXiv 2002.05202): output = gate · sigmoid(gate) · up, element by element.</summary>
    void SwiGluForward(DeviceSpan output, DeviceSpan gate, DeviceSpan up);

    /// <summary>Overwrites both gradients, which may be the ranges of gate and up themselves; the output's gradient is kept.</summary>
    void SwiGluBackward(DeviceSpan gateGradient, DeviceSpan upGradient, DeviceSpan outputGradient, DeviceSpan gate, DeviceSpan up);

    /// <summary>losses[i] = logSumExp[i] - logits[i, targets[i]] with logSumExp[i] = log Σ exp(logits[i]).</summary>
    /// <param name="losses">(N), in nats; 0 where the target is negative.</param>
    /// <param name="logSumExp">(N), kept for backward.</param>
    /// <param name="logits">(N, V).</param>
    /// <param name="targets">N tokens.</param>
    /// <param name="vocabulary">V.</param>
    void CrossEntropyForward(DeviceSpan losses, DeviceSpan logSumExp, DeviceSpan logits, ReadOnlyMemory<int> targets, int vocabulary);

    /// <summary>Turns logits into their gradients in place: (exp(logits - logSumExp) - [target]) · scale; 0 where the target is
    /// negative.</summary>
    void CrossEntropyBackward(DeviceSpan logits, DeviceSpan logSumExp, ReadOnlyMemory<int> targets, int vocabulary, double scale);

    /// <summary>Σ over rows of T² · KL(softmax(teacher / T) ‖ softmax(logits / T)) (Hinton et al. 2015, arXiv 1503.02531), in nats, summed
    /// in double precision in a fixed order. The teacher's logits turn into the gradient of scale times it: scale · T ·
    /// (softmax(logits / T) - softmax(teacher / T)).</summary>
    /// <param name="teacher">(N, V), overwritten.</param>
    /// <param name="logits">(N, V).</param>
    /// <param name="vocabulary">V.</param>
    /// <param name="temperature">T, above 0.</param>
    /// <param name="scale">What the gradient is multiplied with.</param>
    double DistillationLoss(DeviceSpan teacher, DeviceSpan logits, int vocabulary, double temperature, double scale);

    /// <summary>Σ x, summed in double precision in a fixed order.</summary>
    double Sum(DeviceSpan values);

    /// <summary>Σ x², summed in double precision in a fixed order.</summary>
    double SumOfSquares(DeviceSpan values);

    /// <summary>Σ |values - reference|, summed in double precision in a fixed order, and gradient += scale · sign(values - reference), 0
    /// where both are equal.</summary>
    double L1Distance(DeviceSpan gradient, DeviceSpan values, DeviceSpan reference, double scale);

    /// <summary>Σ (values - reference)², summed in double precision in a fixed order, and gradient += 2 · scale · (values -
    /// reference).</summary>
    double SquaredL2Distance(DeviceSpan gradient, DeviceSpan values, DeviceSpan reference, double scale);

    /// <summary>One AdamW step on weights, moments and gradient of the same length; the gradient is kept.</summary>
    void AdamWStep(DeviceSpan weights, DeviceSpan gradient, DeviceSpan firstMoment, DeviceSpan secondMoment, in AdamWStep update);
}
