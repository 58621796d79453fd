using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Tests.Models;

[TestFixture]
public class LlamaGradientTests
{
    private static readonly Llama3RopeScaling Llama3 = new(Factor: 8, LowFrequencyFactor: 1, HighFrequencyFactor: 4, OriginalLength: 16);

    private static readonly TrainingScope[] Scopes = [TrainingScope.Full, TrainingScope.Embedding, TrainingScope.Ticket([3, 4, 2])];

    /// <summary>Worst difference from central differences in double precision, over the tensor's largest derivative, one line a tensor.</summary>
    [Test]
    public void Every_gradient_agrees_with_central_differences([ValueSource(typeof(TestDevices), nameof(TestDevices.Names))] string device,
        [Values(0, 1, 2)] int scope, [Values] bool isTied, [Values] bool recompute)
    {
        LlamaConfig config = TinyModels.Config(isTied, Llama3);
        TokenBatch batch = TinyModels.Batch();
        const double Scale = 0.25;
        using IOperations operations = TestDevices.Open(device);
        using LlamaWeights weights = TinyModels.Weights(config, operations, Scopes[scope]);
        using LlamaModel model = new(weights, operations, recompute);
        double loss = model.LossAndGradients(batch, Scale);

        using ReferenceOperations reference = new();
        using LlamaWeights disturbed = TinyModels.Weights(config, reference, Scopes[scope]);
        using LlamaModel oracle = new(disturbed, reference);
        Assert.That(loss, Is.EqualTo(oracle.Loss(batch)).Within(device == "cpu" ? 1e-4 : 1e-9));
        Assert.That(weights.Trainable.Select(w => w.Name), Is.EqualTo(disturbed.Trainable.Select(w => w.Name)));
        foreach ((Weight weight, Weight other) in weights.Trainable.Zip(disturbed.Trainable))
        {
            float[] gradient = new float[weight.Gradient.Length];
            operations.Download(gradient, weight.Gradient);
            Span<double> values = ((ReferenceMemory)other.Value.Memory!).Values;
            double largest = 0, worst = 0;
            for (int i = 0; i < gradient.Length; i++)
            {
                double numeric = Scale * CentralDifference(oracle, batch, ref values[i]);
                largest = Math.Max(largest, Math.Abs(numeric));
                worst = Math.Max(worst, Math.Abs(gradient[i] - numeric));
            }
            TestContext.Out.WriteLine($"{weight.Name,-48} {worst / largest:e1}");
            Assert.That(largest, Is.GreaterThan(1e-3), weight.Name);
            Assert.That(worst / largest, Is.LessThan(device == "cpu" ? 1e-4 : 1e-6), weight.Name);
        }
    }

    [Test]
    public void Gradients_of_two_batches_add_up([ValueSource(typeof(TestDevices), nameof(TestDevices.Names))] string device)
    {
        using IOperations operations = TestDevices.Open(device);
        using LlamaWeights weights = TinyModels.Weights(TinyModels.Config(), operations, TrainingScope.Ticket([1, 3]));
        using LlamaModel model = new(weights, operations);
        model.LossAndGradients(TinyModels.Batch(), 1);
        float[] once = Gradient(weights, operations);
        model.LossAndGradients(TinyModels.Batch(), 1);
        float[] twice = Gradient(weights, operations);
        weights.ClearGradients();
        Assert.Multiple(() =>
        {
            Assert.That(twice, Is.EqualTo(once.Select(g => 2 * g)).Within(1e-5));
            Assert.That(Gradient(weights, operations), Has.All.Zero);
            Assert.That(once, Has.Some.Not.Zero);
        });
    }

    [Test]
    public void A_ticket_that_the_batch_never_reads_gets_no_gradient()
    {
        using IOperations operations = TestDevices.Open("cpu", 1);
        using LlamaWeights weights = TinyModels.Weights(TinyModels.Config(), operations, TrainingScope.Ticket([8]));
        using LlamaModel model = new(weights, operations);
        model.LossAndGradients(TinyModels.Batch(), 1);
        Assert.That(Gradient(weights, operations), Has.All.Zero);
    }

    [Test]
    public void Ticket_rows_get_the_gradients_of_the_same_rows_of_the_whole_embedding([Values] bool isTied)
    {
        using IOperations operations = TestDevices.Open("cpu", 1);
        LlamaConfig config = TinyModels.Config(isTied);
        using LlamaWeights all = TinyModels.Weights(config, operations, TrainingScope.Embedding);
        using LlamaWeights some = TinyModels.Weights(config, operations, TrainingScope.Ticket([3, 10]));
        using LlamaModel whole = new(all, operations), part = new(some, operations);
        Assert.That(part.LossAndGradients(TinyModels.Batch(), 1), Is.EqualTo(whole.LossAndGradients(TinyModels.Batch(), 1)).Within(1e-5));
        float[] expected = Gradient(all, operations), actual = Gradient(some, operations);
        Assert.That(actual, Is.EqualTo(expected.AsSpan(24, 8).ToArray().Concat(expected.AsSpan(80, 8).ToArray())).Within(1e-5));
    }

    [Test]
    public void Bytes_do_not_depend_on_the_number_of_threads([Values(0, 1, 2)] int scope)
    {
        byte[][] runs = [.. new[] { 1, 2, 3 }.Select(threads =>
        {
            using IOperations operations = TestDevices.Open("cpu", threads);
            using LlamaWeights weights = TinyModels.Weights(TinyModels.Config(isTied: true), operations, Scopes[scope]);
            using LlamaModel model = new(weights, operations);
            model.LossAndGradients(TinyModels.Batch(), 1);
            return System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(Gradient(weights, operations)).ToArray();
        })];
        Assert.Multiple(() =>
        {
            Assert.That(runs[1], Is.EqualTo(runs[0]));
            Assert.That(runs[2], Is.EqualTo(runs[0]));
        });
    }

    private static double CentralDifference(LlamaModel model, TokenBatch batch, ref double value)
    {
        const double Step = 1e-5;
        double kept = value;
        value = kept + Step;
        double above = model.Loss(batch);
        value = kept - Step;
        double below = model.Loss(batch);
        value = kept;
        return (above - below) / (2 * Step);
    }

    private static float[] Gradient(LlamaWeights weights, IOperations operations) => [.. weights.Trainable.SelectMany(weight =>
    {
        float[] gradient = new float[weight.Gradient.Length];
        operations.Download(gradient, weight.Gradient);
        return gradient;
    })];
}
