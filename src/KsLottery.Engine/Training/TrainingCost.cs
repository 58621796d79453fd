using KsLottery.Engine.Models;
using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Engine.Training;

/// <summary>What training spends.</summary>
/// <param name="Tokens">Rows that went through the model.</param>
/// <param name="Flops">Floating-point operations, a multiply-add counted as two.</param>
public readonly record struct TrainingCost(double Tokens, double Flops)
{
    /// <summary>Both together.</summary>
    public static TrainingCost operator +(TrainingCost one, TrainingCost other) => Add(one, other);

    /// <summary>So many times as much.</summary>
    public static TrainingCost operator *(double times, TrainingCost cost) => Multiply(times, cost);

    /// <summary>Both together.</summary>
    public static TrainingCost Add(TrainingCost one, TrainingCost other) => new(one.Tokens + other.Tokens, one.Flops + other.Flops);

    /// <summary>So many times as much.</summary>
    public static TrainingCost Multiply(double times, TrainingCost cost) => new(times * cost.Tokens, times * cost.Flops);

    /// <summary>One pass over some sequences.</summary>
    /// <remarks>
    /// Of a sequence of n rows and t targets, with P weights in the layers' matrices, V·C in the head, H·D values of all query heads and L
    /// layers, the forward pass takes F = 2·n·P + 2·t·V·C + 4·H·D·L·n(n+1)/2, the last for scores and values of causal attention; the
    /// gradients of activations take F again, and those of weights 2·n for each value of a layer's matrix in which something learns,
    /// 2·t for each of the head: a matrix's gradient is counted whole, however few of its values are kept and however they are computed,
    /// which is a bound from above. Adapters of p values add 6·n·p. Norms, rotations, softmax and the optimizer are not counted. The count
    /// is that of Kaplan et al. (arXiv 2001.08361, section 2.1), with attention, and without the assumption that all weights learn.
    /// </remarks>
    /// <param name="config">The model's shape.</param>
    /// <param name="sequences">The sequences.</param>
    /// <param name="scope">What learns.</param>
    public static TrainingCost OfPass(LlamaConfig config, IReadOnlyList<TokenSequence> sequences, TrainingScope scope)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(sequences);
        ArgumentNullException.ThrowIfNull(scope);
        double matrices = MatricesOf(config), head = HeadOf(config);
        (double learning, bool isHeadLearning, double adapters) = Learning(config, scope, matrices);
        double rows = 0, flops = 0;
        foreach (TokenSequence sequence in sequences)
        {
            double n = sequence.RowCount, t = sequence.Tokens.Length - sequence.PromptLength;
            rows += n;
            flops += (2 * Forward(config, matrices, head, n, t)) + (2 * n * learning) + (isHeadLearning ? 2 * t * head : 0)
                + (6 * n * adapters);
        }
        return new(rows, flops);
    }

    /// <summary>The forward pass of a teacher over some sequences; they go through another model, so that no token counts
    /// twice.</summary>
    /// <param name="config">The teacher's shape.</param>
    /// <param name="sequences">The sequences.</param>
    internal static TrainingCost OfTeacher(LlamaConfig config, IReadOnlyList<TokenSequence> sequences) => new(0, sequences.Sum(s =>
        Forward(config, MatricesOf(config), HeadOf(config), s.RowCount, s.Tokens.Length - s.PromptLength)));

    private static double MatricesOf(LlamaConfig config) => (double)config.LayerCount
        * (((2L * config.Attention.QueryWidth) + (2L * config.Attention.KeyWidth) + (3L * config.FeedForwardWidth)) * config.Width);

    private static double HeadOf(LlamaConfig config) => (double)config.VocabularySize * config.Width;

    private static double Forward(LlamaConfig config, double matrices, double head, double rows, double targets) =>
        (2 * rows * matrices) + (2 * targets * head) + (4.0 * config.Attention.QueryWidth * config.LayerCount * rows * (rows + 1) / 2);

    private static (double Matrices, bool IsHead, double Adapters) Learning(LlamaConfig config, TrainingScope scope, double matrices)
    {
        if (scope.Rank > 0)
            return (0, false, (double)scope.Rank * (scope.Layers?.Count ?? config.LayerCount)
                * ((2L * config.Width) + config.Attention.QueryWidth + config.Attention.KeyWidth));
        if (scope.Units is not { } mask) return scope.Name == TrainingScope.FullName ? (matrices, true, 0) : (0, config.IsTied, 0);
        double learning = 0;
        bool isHead = false;
        foreach (Tickets.TensorMask tensor in mask.Tensors.Where(t => t.Units.Count > 0))
        {
            // An embedding is looked up, so that its gradient is no product; a vector's is none either.
            if (tensor.Name.Contains(".layers.", StringComparison.Ordinal) && tensor.Grid.Rows > 1) learning += tensor.Grid.ElementCount;
            else isHead |= tensor.Name == LlamaWeights.HeadName || (config.IsTied && tensor.Grid.Rows == config.VocabularySize);
        }
        return (learning, isHead, 0);
    }
}
