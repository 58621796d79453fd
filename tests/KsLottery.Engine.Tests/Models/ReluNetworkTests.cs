using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Tests.Models;

/// <summary>The small network against its definition in double precision, and against differences.</summary>
public sealed class ReluNetworkTests
{
    private static readonly ReluShape Shape = new(5, 6);

    private static readonly (int A, int B, int Answer)[] Pairs = [(0, 0, 0), (1, 2, 3), (4, 4, 3), (3, 4, 2), (1, 4, 0)];

    [Test]
    public void Loss_and_gradients_are_those_of_the_definition()
    {
        float[] weights = ReluNetwork.Draw(Shape, 1, 3);
        double[] exact = [.. weights.Select(w => (double)w)];
        foreach (IOperations operations in (IOperations[])[new CpuOperations(1), new CpuOperations(2), new ReferenceOperations()])
        {
            using (operations)
            {
                using ReluNetwork network = new(Shape, operations);
                using ReluBatch batch = new(Shape, Pairs, operations);
                operations.Upload(network.Weights, weights);
                network.Forward(batch);
                (double loss, double accuracy) = batch.Score(operations);
                Assert.That(loss, Is.EqualTo(LossOf(exact).Loss).Within(1e-6), operations.Name);
                Assert.That(accuracy, Is.EqualTo(LossOf(exact).Right / (double)Pairs.Length), operations.Name);
                network.Backward(batch);
                float[] gradient = new float[Shape.ParameterCount];
                operations.Download(gradient, network.Gradients);
                int moved = 0;
                for (int i = 0; i < gradient.Length; i++)
                {
                    Assert.That(gradient[i], Is.EqualTo(SlopeOf(exact, i)).Within(2e-7), $"{operations.Name}, weight {i}");
                    if (gradient[i] != 0) moved++;
                }
                // Of the symbols all are read; what no hidden unit passes on has no slope.
                Assert.That(moved, Is.InRange(Shape.ParameterCount / 2, Shape.ParameterCount), operations.Name);
            }
        }
    }

    [Test]
    public void New_weights_are_those_of_their_seed_and_scale()
    {
        ReluShape shape = new(40, 50);
        float[] one = ReluNetwork.Draw(shape, 1, 3), small = ReluNetwork.Draw(shape, 0.25, 3);
        Assert.That(one.Select(w => w / 4), Is.EqualTo(small).Within(1e-7));
        Assert.That(one, Is.Not.EqualTo(ReluNetwork.Draw(shape, 1, 4)));
        Assert.That(one.Average(w => (double)w * w), Is.EqualTo(1 / 50.0).Within(1e-3));
    }

    /// <summary>A central difference of second order in double precision; no hidden unit lies so near 0 that it crosses it.</summary>
    private static double SlopeOf(double[] weights, int i)
    {
        const double Step = 1e-6;
        double[] up = [.. weights], down = [.. weights];
        up[i] += Step;
        down[i] -= Step;
        return (LossOf(up).Loss - LossOf(down).Loss) / (2 * Step);
    }

    private static (double Loss, int Right) LossOf(double[] weights)
    {
        double loss = 0;
        int right = 0;
        foreach ((int a, int b, int answer) in Pairs)
        {
            double[] hidden = [.. Enumerable.Range(0, Shape.Hidden)
                .Select(h => Math.Max(0, weights[(a * Shape.Hidden) + h] + weights[(b * Shape.Hidden) + h]))];
            double[] logits = [.. Enumerable.Range(0, Shape.Symbols).Select(s =>
                hidden.Select((x, h) => x * weights[((Shape.Symbols + s) * Shape.Hidden) + h]).Sum())];
            loss += Math.Log(logits.Sum(Math.Exp)) - logits[answer];
            if (Array.IndexOf(logits, logits.OrderDescending().First()) == answer) right++;
        }
        return (loss / Pairs.Length, right);
    }
}
