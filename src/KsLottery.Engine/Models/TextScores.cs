using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Models;

/// <summary>Scores of the weights of a model's layers by what a text does with them.</summary>
/// <remarks>
/// <para>Wanda (Sun et al., ICLR 2024): |w|·‖x‖₂, with the norm of what the weight's input channel holds over all tokens of the text.
/// Weights of one output are compared (<see cref="RowShare"/>).</para>
/// <para>SNIP (Lee et al., ICLR 2019): |g·w|, with the gradient g of the mean loss of a token.</para>
/// <para>Taylor (Molchanov et al., CVPR 2019): (g·w)² in the mean over batches, which orders weights as |w|·√(mean g²) does.</para>
/// <para>GraSP (Wang et al., ICLR 2020): w·(Hg), with the same g as SNIP and the Hessian H of the same loss, both of the layers' matrices
/// together: what is kept is of the largest, so that the largest -w·(Hg) goes. Hg is the central difference of two gradients, the weights
/// moved along g and against it by <see cref="RelativeStep"/> of their own length.</para>
/// </remarks>
public static class TextScores
{
    /// <summary>What these scores are called.</summary>
    public const string Wanda = "wanda", Snip = "snip", Taylor = "taylor", Grasp = "grasp";

    /// <summary>By how much of their length GraSP moves all weights together: further, and the third derivative shows; less, and the
    /// rounding of gradients does.</summary>
    private const double RelativeStep = 1e-3;

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> Names { get; } = [Wanda, Snip, Taylor, Grasp];

    /// <summary>How often a score lets the text through the model.</summary>
    public static int PassCount(string name) => name == Grasp ? 3 : 1;

    /// <summary>Makes a score.</summary>
    /// <param name="name">One of the four.</param>
    /// <param name="model">The model. For all but <see cref="Wanda"/> all of its weights learn from then on: each takes eight bytes on the
    /// device, and four here, for <see cref="Grasp"/> twelve.</param>
    /// <param name="operations">Its device.</param>
    /// <param name="batches">The text, one batch at least.</param>
    /// <param name="data">A fingerprint of the text, by which work is known again.</param>
    /// <param name="progress">Reports how many batches are done, of as many passes as <see cref="PassCount"/> says.</param>
    /// <param name="cancellationToken">Stops between batches.</param>
    /// <exception cref="ArgumentException">There is no such score, or no batch.</exception>
    /// <exception cref="NotFiniteNumberException">The loss, a gradient or a norm is NaN or infinite.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static TicketScore Of(string name, LlamaModel model, IOperations operations, IReadOnlyList<TokenBatch> batches, string data,
        IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(operations);
        ArgumentNullException.ThrowIfNull(batches);
        if (batches.Count == 0) throw new ArgumentException("there is no text. Give one batch or more.", nameof(batches));
        Dictionary<string, float[]> factors = name switch
        {
            Wanda => NormsOf(model, operations, batches, progress, cancellationToken),
            Snip or Taylor or Grasp => GradientsOf(model, operations, batches, name, progress, cancellationToken),
            _ => throw new ArgumentException($"'{name}' is none of {string.Join(", ", Names)}.", nameof(name)),
        };
        foreach ((string tensor, float[] some) in factors)
            if (some.AsSpan().ContainsAnyExceptInRange(float.MinValue, float.MaxValue))
                throw model.NotFinite($"What the text makes of {tensor}");
        return new CalibratedScore(name, data, factors) { IsSigned = name == Grasp };
    }

    private static Dictionary<string, float[]> NormsOf(LlamaModel model, IOperations operations, IReadOnlyList<TokenBatch> batches,
        IProgress<int>? progress, CancellationToken cancellationToken)
    {
        Dictionary<string, double[]> squares = [];
        float[] row = [];
        foreach ((int done, TokenBatch batch) in batches.Index())
        {
            cancellationToken.ThrowIfCancellationRequested();
            model.VisitInputs(batch, (input, weights) =>
            {
                double[] sums = squares.TryGetValue(weights[0].Name, out double[]? known) ? known : new double[weights[0].Columns];
                foreach (Weight weight in weights) squares[weight.Name] = sums;
                if (row.Length != input.Length) row = new float[input.Length];
                operations.Download(row, input);
                for (int i = 0, column = 0; i < row.Length; i++)
                {
                    sums[column] += (double)row[i] * row[i];
                    if (++column == sums.Length) column = 0;
                }
            });
            progress?.Report(done + 1);
        }
        return squares.ToDictionary(s => s.Key, s => Array.ConvertAll(s.Value, sum => (float)Math.Sqrt(sum)));
    }

    private static Dictionary<string, float[]> GradientsOf(LlamaModel model, IOperations operations, IReadOnlyList<TokenBatch> batches,
        string name, IProgress<int>? progress, CancellationToken cancellationToken)
    {
        model.Weights.MakeTrainable(TrainingScope.Full);
        Weight[] weights = [.. model.Weights.Layers.SelectMany(l => l.Weights).Where(w => name != Grasp || !w.IsVector)];
        int done = 0;
        Dictionary<string, float[]> gradient = Pass();
        return name == Grasp ? HessianProduct(weights, operations, gradient, Pass) : gradient;

        Dictionary<string, float[]> Pass() => GradientsOf(model, operations, weights, batches, isSquared: name == Taylor,
            () => progress?.Report(++done), cancellationToken);
    }

    private static Dictionary<string, float[]> GradientsOf(LlamaModel model, IOperations operations, Weight[] weights,
        IReadOnlyList<TokenBatch> batches, bool isSquared, Action hearDone, CancellationToken cancellationToken)
    {
        Dictionary<string, float[]> sums = weights.ToDictionary(w => w.Name, w => new float[w.Value.Length]);
        double targets = batches.Sum(b => (long)b.TargetCount);
        float[] gradient = [];
        foreach ((int done, TokenBatch batch) in batches.Index())
        {
            cancellationToken.ThrowIfCancellationRequested();
            model.Weights.ClearGradients();
            if (!double.IsFinite(model.LossAndGradients(batch, 1 / (isSquared ? batch.TargetCount : targets))))
                throw model.NotFinite($"The loss of batch {done + 1}");
            foreach (Weight weight in weights)
            {
                float[] sum = sums[weight.Name];
                if (gradient.Length != sum.Length) gradient = new float[sum.Length];
                operations.Download(gradient, weight.Gradient);
                for (int i = 0; i < sum.Length; i++) sum[i] += isSquared ? gradient[i] * gradient[i] : gradient[i];
            }
            hearDone();
        }
        if (isSquared)
            foreach (float[] sum in sums.Values)
                for (int i = 0; i < sum.Length; i++) sum[i] = MathF.Sqrt(sum[i] / batches.Count);
        return sums;
    }

    /// <summary>(g(w + εg) - g(w - εg)) / 2ε; the weights are put back.</summary>
    private static Dictionary<string, float[]> HessianProduct(Weight[] weights, IOperations operations,
        Dictionary<string, float[]> gradient, Func<Dictionary<string, float[]>> gradientNow)
    {
        double length = Math.Sqrt(weights.Sum(w => operations.SumOfSquares(w.Value))),
            slope = Math.Sqrt(gradient.Values.Sum(g => g.Sum(x => (double)x * x)));
        if (slope == 0) return gradient;
        double step = RelativeStep * length / slope;
        float[][] start = [.. weights.Select(w => new float[w.Value.Length])];
        foreach ((Weight weight, float[] values) in weights.Zip(start)) operations.Download(values, weight.Value);
        MoveBy(step);
        Dictionary<string, float[]> ahead = gradientNow();
        MoveBy(-step);
        Dictionary<string, float[]> behind = gradientNow();
        MoveBy(0);
        foreach ((string name, float[] values) in ahead)
            for (int i = 0; i < values.Length; i++) values[i] = (float)(((double)values[i] - behind[name][i]) / (2 * step));
        return ahead;

        void MoveBy(double distance)
        {
            foreach ((Weight weight, float[] values) in weights.Zip(start))
            {
                float[] direction = gradient[weight.Name], moved = new float[values.Length];
                for (int i = 0; i < moved.Length; i++) moved[i] = (float)(values[i] + (distance * direction[i]));
                operations.Upload(weight.Value, moved);
            }
        }
    }
}
