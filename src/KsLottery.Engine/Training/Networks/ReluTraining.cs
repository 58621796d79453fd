using System.Globalization;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Text;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Training;

/// <summary>Trains a <see cref="ReluNetwork"/> by AdamW at one rate, all pairs in every step, and looks at intervals how it does on pairs
/// that it does not learn from.</summary>
internal static class ReluTraining
{
    /// <summary>The line for each look; the training is whole where it stands.</summary>
    public const string StepsName = "steps.tsv";

    /// <summary>The network after the last step.</summary>
    public const string ModelName = "model.safetensors";

    // β of Minegishi et al. (arXiv 2310.19470), ε of the optimizer that they use.
    private const double Beta1 = 0.9, Beta2 = 0.98, Epsilon = 1e-8;

    private const string StepColumn = "step", LossColumn = "loss", AccuracyColumn = "accuracy", TestLossColumn = "test_loss",
        TestAccuracyColumn = "test_accuracy";

    /// <summary>Trains, unless the training stands in its folder.</summary>
    /// <param name="shape">The network's shape.</param>
    /// <param name="start">Its weights before the first step.</param>
    /// <param name="plan">How long and how.</param>
    /// <param name="training">The pairs to learn from.</param>
    /// <param name="test">The others.</param>
    /// <param name="operations">The device.</param>
    /// <param name="folder">Where it goes.</param>
    /// <param name="cancel">Stops between steps; nothing is left of the training then.</param>
    /// <returns>A look before the first step, one after every interval, and the last.</returns>
    /// <exception cref="NotFiniteNumberException">A loss is no number.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static IReadOnlyList<ReluLook> Run(ReluShape shape, ReadOnlySpan<float> start, ReluPlan plan,
        IReadOnlyList<(int A, int B, int Answer)> training, IReadOnlyList<(int A, int B, int Answer)> test, IOperations operations,
        string folder, CancellationToken cancel)
    {
        string path = Path.Combine(folder, StepsName);
        if (File.Exists(path)) return Read(path);
        using ReluNetwork network = new(shape, operations);
        using ReluBatch learned = new(shape, training, operations), others = new(shape, test, operations);
        using DeviceMemory first = operations.Allocate(shape.ParameterCount), second = operations.Allocate(shape.ParameterCount);
        float[] weights = start.ToArray(), gradient = new float[weights.Length];
        float[]? mask = plan.Mask is { } kept ? [.. kept.Select(isKept => isKept ? 1f : 0)] : null;
        if (mask is not null) TensorPrimitives.Multiply(weights, mask, weights);
        operations.Upload(network.Weights, weights);
        List<ReluLook> looks = [];
        for (long step = 0; ; step++)
        {
            cancel.ThrowIfCancellationRequested();
            network.Forward(learned);
            if (step % plan.Every == 0 || step == plan.Steps)
            {
                (double loss, double accuracy) = learned.Score(operations);
                if (!double.IsFinite(loss)) throw new NotFiniteNumberException($"the loss is {loss} after step {step}. Lower the rate.");
                network.Forward(others);
                (double testLoss, double testAccuracy) = others.Score(operations);
                looks.Add(new(step, loss, accuracy, testLoss, testAccuracy));
                if (step == plan.Steps || plan.EndsWhen?.Invoke(looks[^1]) == true) break;
            }
            network.Backward(learned);
            if (mask is not null)
            {
                operations.Download(gradient, network.Gradients);
                TensorPrimitives.Multiply(gradient, mask, gradient);
                operations.Upload(network.Gradients, gradient);
            }
            operations.AdamWStep(network.Weights, network.Gradients, first, second,
                new(plan.LearningRate, Beta1, Beta2, Epsilon, plan.WeightDecay, step + 1, 1));
        }
        operations.Download(weights, network.Weights);
        Write(folder, shape, weights, cancel);
        Write(path, looks, cancel);
        return looks;
    }

    /// <summary>Writes a network.</summary>
    public static void Write(string folder, ReluShape shape, ReadOnlyMemory<float> weights, CancellationToken cancel)
    {
        Directory.CreateDirectory(folder);
        List<TensorSource> tensors = [];
        int start = 0;
        foreach ((string name, int rows, int columns) in shape.Matrices)
        {
            ReadOnlyMemory<float> own = weights.Slice(start, rows * columns);
            tensors.Add(new(name, ElementType.F32, [rows, columns],
                stream => stream.Write(MemoryMarshal.AsBytes(own.Span))));
            start += own.Length;
        }
        SafetensorsWriter.Write(Path.Combine(folder, ModelName), tensors, cancellationToken: cancel);
    }

    private static void Write(string path, List<ReluLook> looks, CancellationToken cancel)
    {
        StringBuilder text = new StringBuilder()
            .AppendJoin('\t', StepColumn, LossColumn, AccuracyColumn, TestLossColumn, TestAccuracyColumn).Append('\n');
        foreach (ReluLook look in looks)
            text.Append(CultureInfo.InvariantCulture,
                $"{look.Step}\t{look.Loss:R}\t{look.Accuracy:R}\t{look.TestLoss:R}\t{look.TestAccuracy:R}\n");
        AtomicFile.WriteText(path, text.ToString(), cancel);
    }

    private static ReluLook[] Read(string path) =>
        [.. TsvFile.Read(path, StepColumn, LossColumn, AccuracyColumn, TestLossColumn, TestAccuracyColumn).Select(line =>
            new ReluLook(line.Integer(StepColumn, 0, long.MaxValue), line.Real(LossColumn), line.Real(AccuracyColumn),
                line.Real(TestLossColumn), line.Real(TestAccuracyColumn)))];
}

/// <summary>How a network does after a step.</summary>
/// <param name="Step">How many steps were made.</param>
/// <param name="Loss">On the pairs that it learns from, in nats.</param>
/// <param name="Accuracy">On the same, 0 to 1.</param>
/// <param name="TestLoss">On the others.</param>
/// <param name="TestAccuracy">On the others.</param>
internal readonly record struct ReluLook(long Step, double Loss, double Accuracy, double TestLoss, double TestAccuracy);

/// <summary>How long a network is trained, and how.</summary>
/// <param name="Steps">How many steps at most.</param>
/// <param name="Every">The interval of looks, in steps.</param>
/// <param name="LearningRate">The rate.</param>
/// <param name="WeightDecay">AdamW's.</param>
internal sealed record ReluPlan(long Steps, long Every, double LearningRate, double WeightDecay)
{
    /// <summary>The weights that are not 0; null for all.</summary>
    public IReadOnlyList<bool>? Mask { get; init; }

    /// <summary>Ends the training at a look; null where it goes on to the last step.</summary>
    public Func<ReluLook, bool>? EndsWhen { get; init; }
}
