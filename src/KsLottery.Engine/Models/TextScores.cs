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
/// </remarks>
public static class TextScores
{
    /// <summary>What these scores are called.</summary>
    public const string Wanda = "wanda", Snip = "snip", Taylor = "taylor";

    /// <summary>Makes a score.</summary>
    /// <param name="name">One of the three.</param>
    /// <param name="model">The model. For <see cref="Snip"/> and <see cref="Taylor"/> all of its weights learn from then on: each takes
    /// eight bytes on the device, and four here.</param>
    /// <param name="operations">Its device.</param>
    /// <param name="batches">The text, one batch at least.</param>
    /// <param name="data">A fingerprint of the text, by which work is known again.</param>
    /// <param name="progress">Reports how many batches are done.</param>
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
            Snip or Taylor => GradientsOf(model, operations, batches, isSquared: name == Taylor, progress, cancellationToken),
            _ => throw new ArgumentException($"'{name}' is none of {Wanda}, {Snip}, {Taylor}.", nameof(name)),
        };
        foreach ((string tensor, float[] some) in factors)
            if (some.AsSpan().ContainsAnyExceptInRange(float.MinValue, float.MaxValue))
                throw model.NotFinite($"What the text makes of {tensor}");
        return new CalibratedScore(name, data, factors);
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
        bool isSquared, IProgress<int>? progress, CancellationToken cancellationToken)
    {
        model.Weights.MakeTrainable(TrainingScope.Full);
        Weight[] weights = [.. model.Weights.Layers.SelectMany(l => l.Weights)];
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
            progress?.Report(done + 1);
        }
        if (isSquared)
            foreach (float[] sum in sums.Values)
                for (int i = 0; i < sum.Length; i++) sum[i] = MathF.Sqrt(sum[i] / batches.Count);
        return sums;
    }
}
