using System.Text.Json;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Tests.Tickets;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Training;

namespace KsLottery.Engine.Tests.Models;

/// <summary>The terms of a loss, against the golden data of the shared folder and against differences.</summary>
[TestFixture]
internal sealed class TargetTermsTests
{
    private static readonly float[] Weights = [1, 1, 3, 0.5f, 1, 0, 1, 3, 1, 1, 0.5f];

    private static JsonElement[] Cases(string list) => [.. ScoreFixture.Golden("losses.json").GetProperty(list).EnumerateArray()];

    [Test]
    public void The_divergence_from_a_teacher_is_that_of_the_golden_data(
        [ValueSource(typeof(TestDevices), nameof(TestDevices.Names))] string device)
    {
        Assert.That(Cases("kl"), Has.Length.EqualTo(11));
        foreach (JsonElement one in Cases("kl"))
        {
            double[] counted = one.TryGetProperty("counted", out JsonElement some) ? ScoreFixture.Numbers(some)
                : [.. one.GetProperty("student").EnumerateArray().Select(_ => 1.0)];
            double[][] student = Rows(one, "student", counted), teacher = Rows(one, "teacher", counted);
            TargetTerms terms = new(0) { Distillation = 1.0 / student.Length, Temperature = one.GetProperty("T").GetDouble() };
            AssertGolden(device, one, student, teacher, [.. student.Select(_ => 0)], terms,
                one.GetProperty("expected").GetProperty("loss").GetDouble(),
                Rows(one.GetProperty("expected"), "gradient", counted));
        }
    }

    [Test]
    public void Weighted_cross_entropy_is_that_of_the_golden_data([ValueSource(typeof(TestDevices),
        nameof(TestDevices.Names))] string device)
    {
        Assert.That(Cases("ce"), Has.Length.EqualTo(6));
        foreach (JsonElement one in Cases("ce"))
        {
            float[] weights = ScoreFixture.Singles(one.GetProperty("class_weights"));
            int[] all = [.. one.GetProperty("targets").EnumerateArray().Select(t => t.GetInt32())];
            int? ignored = one.GetProperty("ignore") is { ValueKind: JsonValueKind.Number } number ? number.GetInt32() : null;
            double[] counted = [.. all.Select(t => t == ignored ? 0.0 : 1)];
            int[] targets = [.. all.Where(t => t != ignored)];
            TokenBatch batch = new([.. targets.Select(_ => 0)], targets, [0, targets.Length]);
            TargetTerms terms = new Objective { TokenWeights = weights }.Of([batch]);
            int[] order = terms.Order([.. Enumerable.Range(0, targets.Length)], batch);
            double[][] logits = Rows(one, "logits", counted), gradient = Rows(one.GetProperty("expected"), "gradient_weighted_mean",
                counted);
            AssertGolden(device, one, [.. order.Select(i => logits[i])], null, [.. order.Select(i => targets[i])], terms,
                one.GetProperty("expected").GetProperty("loss_weighted_mean").GetDouble(), [.. order.Select(i => gradient[i])]);
        }
    }

    /// <summary>The reference's numbers are doubles, so that a weight can be moved by little.</summary>
    [Test]
    public void Gradients_of_all_terms_are_those_of_differences([Values] bool isTied, [Values(0, 0.33)] double crossEntropy)
    {
        const double Step = 1e-5;
        using ReferenceOperations operations = new();
        using LlamaWeights weights = TinyModels.Weights(TinyModels.Config(isTied), operations, TrainingScope.Full),
            other = TinyModels.Weights(TinyModels.Config(isTied) with { LayerCount = 1 }, operations, null, seed: 3);
        using LlamaModel model = new(weights, operations), teacher = new(other, operations);
        TokenBatch batch = TinyModels.Batch();
        TargetTerms terms = new Objective
        {
            CrossEntropy = crossEntropy,
            TokenWeights = Weights,
            Teacher = teacher,
            Distillation = 0.67,
            Temperature = 2,
        }.Of([batch]);
        double loss = model.LossAndGradients(batch, terms);
        Assert.That(loss, Is.EqualTo(PlainLoss(model.Logits(batch), teacher.Logits(batch), batch, crossEntropy)).Within(1e-6));
        double[][] gradients = [.. weights.Trainable.Select(w => ReferenceOperations.Values(w.Gradient).ToArray())];
        foreach ((Weight weight, double[] gradient) in weights.Trainable.Zip(gradients))
        {
            for (int i = 0; i < gradient.Length; i += 7)
            {
                double before = ReferenceOperations.Values(weight.Value)[i], up = At(before + Step), down = At(before - Step);
                ReferenceOperations.Values(weight.Value)[i] = before;
                Assert.That(gradient[i], Is.EqualTo((up - down) / (2 * Step)).Within(1e-8), $"{weight.Name} {i}");

                double At(double value)
                {
                    ReferenceOperations.Values(weight.Value)[i] = value;
                    return model.LossAndGradients(batch, terms);
                }
            }
        }
    }

    [Test]
    public void Terms_that_say_nothing_of_weights_leave_the_bits_of_the_plain_loss([Values] bool isTied)
    {
        using CpuOperations operations = new(2);
        using LlamaWeights weights = TinyModels.Weights(TinyModels.Config(isTied), operations, TrainingScope.Full);
        using LlamaModel model = new(weights, operations);
        double plain = 0.25 * model.LossAndGradients(TinyModels.Batch(), 0.25);
        float[] expected = Gradients();
        weights.ClearGradients();
        Assert.That(model.LossAndGradients(TinyModels.Batch(), new TargetTerms(0.25)), Is.EqualTo(plain));
        Assert.That(Gradients(), Is.EqualTo(expected));

        float[] Gradients() => [.. weights.Trainable.SelectMany(w => TestDevices.Download(operations, w.Gradient))];
    }

    [Test]
    public void A_step_without_weight_and_a_plan_that_contradicts_itself_are_told()
    {
        TokenBatch batch = new([1, 2], [5, 5], [0, 2]);
        Assert.That(new Objective { TokenWeights = Weights }.Of([batch]).CrossEntropy, Is.Zero, "5 weighs 0");
        Assert.That(() => new ObjectivePlan { Distillation = 1 }.With(null, 11), Throws.ArgumentException.With.Message
            .Contains("no teacher"));
        Assert.That(() => new ObjectivePlan { CrossEntropy = 0 }.With(null, 11), Throws.ArgumentException.With.Message
            .Contains("nothing is left"));
        Assert.That(() => new ObjectivePlan { Temperature = double.NaN }.With(null, 11), Throws.InstanceOf<ArgumentOutOfRangeException>());
        using CpuOperations operations = new(1);
        using LlamaWeights weights = TinyModels.Weights(TinyModels.Config(), operations, null);
        using LlamaModel teacher = new(weights, operations);
        Assert.That(() => new ObjectivePlan { Distillation = 1 }.With(teacher, 12), Throws.ArgumentException.With.Message
            .Contains("11 tokens"));
        Assert.That(() => new ObjectivePlan().With(teacher, 11), Throws.ArgumentException.With.Message.Contains("a teacher"));
    }

    /// <summary>The definition, of logits in F32.</summary>
    private static double PlainLoss(float[] logits, float[] taught, TokenBatch batch, double crossEntropy)
    {
        double loss = 0, divergence = 0, weight = 0;
        for (int i = 0; i < batch.RowCount; i++)
        {
            if (batch.Targets[i] == TokenBatch.NoTarget) continue;
            double[] s = Row(logits, 1), cooled = Row(logits, 2), t = Row(taught, 2);
            loss -= Weights[batch.Targets[i]] * s[batch.Targets[i]];
            weight += Weights[batch.Targets[i]];
            divergence += 4 * t.Zip(cooled, (q, p) => Math.Exp(q) * (q - p)).Sum();

            double[] Row(float[] all, double temperature)
            {
                double[] row = [.. all.Skip(i * 11).Take(11).Select(x => x / temperature)];
                double sum = Math.Log(row.Sum(Math.Exp));
                return [.. row.Select(x => x - sum)];
            }
        }
        return (crossEntropy * loss / weight) + (0.67 * divergence / batch.TargetCount);
    }

    private static void AssertGolden(string device, JsonElement one, double[][] logits, double[][]? teacher, int[] targets,
        TargetTerms terms,
        double loss, double[][] gradient)
    {
        string? name = one.GetProperty("name").GetString();
        int vocabulary = logits[0].Length;
        using IOperations operations = TestDevices.Open(device);
        using DeviceMemory student = Put(operations, logits), taught = teacher is null ? operations.Allocate(1) : Put(operations, teacher),
            losses = operations.Allocate(targets.Length), sums = operations.Allocate(targets.Length);
        operations.CrossEntropyForward(losses, sums, student, targets, vocabulary);
        double actual = terms.CrossEntropy * terms.CrossEntropyOf(operations, losses, targets);
        actual += terms.Distillation * terms.Differentiate(operations, student, sums, teacher is null ? default(DeviceSpan) : taught,
            targets);
        double[] expected = [.. gradient.SelectMany(r => r)], found = operations is ReferenceOperations
            ? ReferenceOperations.Values(student).ToArray() : [.. TestDevices.Download(operations, student).Select(v => (double)v)];
        bool isExact = device == "reference";
        double scale = Math.Max(1, Math.Abs(loss)), largest = Math.Max(1e-3, expected.Largest(Math.Abs));
        Assert.That(actual, Is.EqualTo(loss).Within(scale * (isExact ? 1e-13 : 2e-6)), name);
        Assert.That(found, Is.EqualTo(expected).Within(largest * (isExact ? 1e-13 : 2e-6)), name);
    }

    private static DeviceMemory Put(IOperations operations, double[][] rows)
    {
        double[] values = [.. rows.SelectMany(r => r)];
        DeviceMemory memory = operations.Allocate(values.Length);
        if (operations is ReferenceOperations) values.CopyTo(ReferenceOperations.Values(memory));
        else operations.Upload(memory, [.. values.Select(v => (float)v)]);
        return memory;
    }

    private static double[][] Rows(JsonElement one, string name, double[] counted) =>
        [.. one.GetProperty(name).EnumerateArray().Select(ScoreFixture.Numbers).Where((_, i) => counted[i] != 0)];
}
