using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Tests.Models;

[TestFixture]
public class LlamaGradientTests
{
    /// <summary>Worst difference from central differences in double precision, over the tensor's largest derivative, one line a
    /// tensor.</summary>
    [Test]
    public void Every_gradient_agrees_with_central_differences([ValueSource(typeof(TestDevices), nameof(TestDevices.Names))] string device,
        [Values(0, 1, 2, 3, 4)] int scope, [Values] bool isTied, [Values] bool recompute)
    {
        using IOperations operations = TestDevices.Open(device);
        foreach ((string tensor, double difference) in GradientCases.Measure(operations, GradientCases.Scopes[scope], isTied, recompute))
        {
            TestContext.Out.WriteLine($"{tensor,-48} {difference:e1}");
            Assert.That(difference, Is.LessThan(device == "reference" ? 1e-6 : GradientCases.Tolerance), tensor);
        }
    }

    [Test]
    public void The_loss_beside_the_gradients_is_that_of_the_reference(
        [ValueSource(typeof(TestDevices), nameof(TestDevices.Names))] string device)
    {
        using IOperations operations = TestDevices.Open(device), oracle = new ReferenceOperations();
        using LlamaWeights weights = TinyModels.Weights(TinyModels.Config(), operations, TrainingScope.Full);
        using LlamaWeights expected = TinyModels.Weights(TinyModels.Config(), oracle, null);
        using LlamaModel model = new(weights, operations), reference = new(expected, oracle);
        Assert.That(model.LossAndGradients(TinyModels.Batch(), 0.25),
            Is.EqualTo(reference.Loss(TinyModels.Batch())).Within(device == "reference" ? 1e-9 : 1e-4));
    }

    [Test]
    public void Gradients_of_two_batches_add_up([ValueSource(typeof(TestDevices), nameof(TestDevices.Names))] string device)
    {
        using IOperations operations = TestDevices.Open(device);
        using LlamaWeights weights = TinyModels.Weights(TinyModels.Config(), operations, TinyModels.Rows(1, 3));
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
        using LlamaWeights weights = TinyModels.Weights(TinyModels.Config(), operations, TinyModels.Rows(8));
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
        using LlamaWeights some = TinyModels.Weights(config, operations, TinyModels.Rows(3, 10));
        using LlamaModel whole = new(all, operations), part = new(some, operations);
        Assert.That(part.LossAndGradients(TinyModels.Batch(), 1), Is.EqualTo(whole.LossAndGradients(TinyModels.Batch(), 1)).Within(1e-5));
        float[] expected = Gradient(all, operations), actual = Gradient(some, operations);
        Assert.That(actual, Is.EqualTo(expected.AsSpan(24, 8).ToArray().Concat(expected.AsSpan(80, 8).ToArray())).Within(1e-5));
    }

    [Test]
    public void Bytes_do_not_depend_on_the_number_of_threads([Values(0, 1, 2, 4)] int scope)
    {
        byte[][] runs = [.. new[] { 1, 2, 3 }.Select(threads =>
        {
            using IOperations operations = TestDevices.Open("cpu", threads);
            using LlamaWeights weights = TinyModels.Weights(TinyModels.Config(isTied: true), operations, GradientCases.Scopes[scope]);
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

    private static float[] Gradient(LlamaWeights weights, IOperations operations) => [.. weights.Trainable.SelectMany(weight =>
    {
        float[] gradient = new float[weight.Gradient.Length];
        operations.Download(gradient, weight.Gradient);
        return gradient;
    })];
}
