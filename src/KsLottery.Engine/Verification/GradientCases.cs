using System.Collections.Concurrent;
using System.Globalization;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Engine.Verification;

/// <summary>Every gradient of a small model against central differences in double precision, for each scope.</summary>
internal static class GradientCases
{
    /// <summary>The largest difference allowed of a device that computes in F32, over the tensor's largest derivative.</summary>
    public const double Tolerance = 1e-4;

    private const double Scale = 0.25;

    private static readonly Llama3RopeScaling Scaling = new(Factor: 8, LowFrequencyFactor: 1, HighFrequencyFactor: 4, OriginalLength: 16);

    /// <summary>Derivatives are the same for every device, and take most of the time.</summary>
    private static readonly ConcurrentDictionary<(TrainingScope Scope, bool IsTied), double[][]> Derivatives = [];

    /// <summary>One of each kind.</summary>
    public static IReadOnlyList<TrainingScope> Scopes { get; } =
        [TrainingScope.Full, TrainingScope.Embedding, TinyModels.Rows(2, 3, 4), TrainingScope.LowRank(2, seed: 5),
            TrainingScope.Mask(TinyModels.Mask)];

    public static IEnumerable<VerificationCase> All =>
        from scope in Scopes
        from isTied in (bool[])[false, true]
        from recompute in (bool[])[false, true]
        select new VerificationCase($"gradient {NameOf(scope)}{(isTied ? " tied" : "")}{(recompute ? " recomputed" : "")}", device =>
        {
            (string tensor, double worst) = Measure(device.Operations, scope, isTied, recompute).LargestBy(line => line.Difference);
            return worst < Tolerance ? null
                : string.Create(CultureInfo.InvariantCulture, $"{tensor}: {worst:e1} of the largest derivative, allowed {Tolerance:e1}");
        });

    /// <summary>What a scope is called once a model has it.</summary>
    private static string NameOf(TrainingScope scope)
    {
        using ReferenceOperations operations = new();
        using LlamaWeights weights = TinyModels.Weights(TinyModels.Config(), operations, scope);
        return weights.Scope!.Name;
    }

    /// <summary>The worst difference of each tensor that learns, over the tensor's largest derivative.</summary>
    /// <exception cref="InvalidOperationException">A tensor has no derivative to speak of, so that nothing would be checked.</exception>
    public static IReadOnlyList<(string Tensor, double Difference)> Measure(IOperations operations, TrainingScope scope, bool isTied,
        bool recompute)
    {
        using LlamaWeights weights = TinyModels.Weights(TinyModels.Config(isTied, Scaling), operations, scope);
        using LlamaModel model = new(weights, operations, recompute);
        model.LossAndGradients(TinyModels.Batch(), Scale);
        List<(string, double)> lines = [];
        foreach ((Weight weight, double[] expected) in weights.Trainable
            .Zip(Derivatives.GetOrAdd((scope, isTied), static of => Differentiate(of.Scope, of.IsTied))))
        {
            float[] gradient = new float[weight.Gradient.Length];
            operations.Download(gradient, weight.Gradient);
            double largest = expected.Largest(Math.Abs), worst = gradient.Zip(expected).Largest(pair => Math.Abs(pair.First - pair.Second));
            if (!(largest >= 1e-3))
                throw new InvalidOperationException($"{weight.Name} has no derivative above {largest}: nothing is checked.");
            lines.Add((weight.Name, worst / largest));
        }
        return lines;
    }

    /// <summary>Central differences of every weight that learns.</summary>
    private static double[][] Differentiate(TrainingScope scope, bool isTied)
    {
        TokenBatch batch = TinyModels.Batch();
        using ReferenceOperations reference = new();
        using LlamaWeights disturbed = TinyModels.Weights(TinyModels.Config(isTied, Scaling), reference, scope);
        using LlamaModel oracle = new(disturbed, reference);
        return [.. disturbed.Trainable.Select(weight => Differentiate(((ReferenceMemory)weight.Value.Memory!).Values))];

        double[] Differentiate(Span<double> values)
        {
            double[] derivatives = new double[values.Length];
            for (int i = 0; i < derivatives.Length; i++) derivatives[i] = Scale * CentralDifference(oracle, batch, ref values[i]);
            return derivatives;
        }
    }

    private static double CentralDifference(LlamaModel model, TokenBatch batch, ref double value)
    {
        const double Step = 1e-5;
        double kept = value;
        value = kept + Step;
        double above = Loss();
        value = kept - Step;
        double below = Loss();
        value = kept;
        model.Weights.PutLearned();
        return (above - below) / (2 * Step);

        double Loss()
        {
            model.Weights.PutLearned();
            return model.Loss(batch);
        }
    }
}
