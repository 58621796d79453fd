using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Tests.Models;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Training;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Training;

[TestFixture]
public class TrainerTests
{
    private const int StepCount = 12;
    private const double Beta1 = 0.9, Beta2 = 0.99, Epsilon = 1e-8, Decay = 0.1, Clip = 0.5;

    private static readonly TokenSequence[] Sequences =
        [.. Enumerable.Range(0, 7)
            .Select(s => new TokenSequence(Enumerable.Range(0, 4 + (s % 3)).Select(i => ((3 * s) + (i * i)) % 11).ToArray(), 1 + (s % 2)))];

    private static readonly TrainingScope[] Scopes = [TrainingScope.Full, TrainingScope.Embedding, TinyModels.Rows(2, 5, 7),
        TrainingScope.Mask(TinyModels.Mask)];

    /// <summary>AdamW as Loshchilov and Hutter (arXiv 1711.05101) write it, in plain loops over gradients of the reference in double
    /// precision.</summary>
    [Test]
    public void Weights_follow_AdamW_in_double_precision([Values(0, 1, 2, 3)] int scope, [Values] bool isTied,
        [ValueSource(typeof(TestDevices), nameof(TestDevices.Names))] string device)
    {
        LearningRateSchedule schedule = LearningRateSchedule.Cosine(1e-2, StepCount, warmupSteps: 3, floor: 1e-3);
        BatchSchedule batches = new(Sequences, batchSize: 3, microBatchRows: 6, seed: 5);
        List<double[]> expected = PlainAdamW(TinyModels.Config(isTied), Scopes[scope], batches, schedule);

        using IOperations operations = TestDevices.Open(device);
        using LlamaWeights weights = TinyModels.Weights(TinyModels.Config(isTied), operations, Scopes[scope]);
        using LlamaModel model = new(weights, operations);
        using Trainer trainer = new(model, operations, batches, Options(schedule));
        while (!trainer.IsDone) trainer.Next();
        double worst = weights.Trainable.Zip(expected)
            .Largest(pair => Values(pair.First, operations).Zip(pair.Second).Largest(v => Math.Abs(v.First - v.Second)));
        TestContext.Out.WriteLine($"largest difference {worst:e1} after steps of up to 1e-2");
        Assert.That(worst, Is.LessThan(device == "reference" ? 1e-7 : 1e-4));
    }

    /// <summary>RMSprop as PyTorch writes it, each tensor's gradient clipped by itself, the distance to the start in the loss.</summary>
    [Test]
    public void Weights_follow_RMSprop_near_their_start_in_double_precision([Values(0, 2, 3)] int scope,
        [ValueSource(typeof(TestDevices), nameof(TestDevices.Names))] string device)
    {
        const double Alpha = 0.95, Lambda = 400, Square = 900;
        LearningRateSchedule schedule = LearningRateSchedule.Constant(2e-3, StepCount, warmupSteps: 4);
        BatchSchedule batches = new(Sequences, batchSize: 3, microBatchRows: 6, seed: 5);
        TrainerOptions options = new()
        {
            Schedule = schedule,
            Optimizer = OptimizerKind.RmsProp,
            Alpha = Alpha,
            MaxGradientNorm = Clip,
            ClipsPerTensor = true,
            L1ToBase = Lambda,
            L2ToBase = Square,
        };
        (List<double[]> expected, double[] losses) = PlainRmsProp();

        using IOperations operations = TestDevices.Open(device);
        using LlamaWeights weights = TinyModels.Weights(TinyModels.Config(), operations, Scopes[scope]);
        using LlamaModel model = new(weights, operations);
        using Trainer trainer = new(model, operations, batches, options);
        for (int step = 0; step < StepCount; step++)
            Assert.That(trainer.Next().Loss, Is.EqualTo(losses[step]).Within(device == "reference" ? 1e-6 : 1e-3), $"step {step}");
        double worst = weights.Trainable.Zip(expected)
            .Largest(pair => Values(pair.First, operations).Zip(pair.Second).Largest(v => Math.Abs(v.First - v.Second)));
        Assert.That(worst, Is.LessThan(device == "reference" ? 1e-7 : 1e-4));

        (List<double[]>, double[]) PlainRmsProp()
        {
            using ReferenceOperations plain = new();
            using LlamaWeights all = TinyModels.Weights(TinyModels.Config(), plain, Scopes[scope]);
            using LlamaModel plainModel = new(all, plain);
            double[][] start = [.. all.Trainable.Select(w => ReferenceOperations.Values(w.Value).ToArray())];
            double[][] square = [.. start.Select(s => new double[s.Length])];
            double count = all.All.Sum(w => w.Value.Length);
            double[] objective = new double[StepCount];
            for (int step = 0; step < StepCount; step++)
            {
                IReadOnlyList<TokenBatch> some = batches.GetStep(step);
                all.ClearGradients();
                double targets = some.Sum(b => b.TargetCount);
                foreach (TokenBatch batch in some) objective[step] += plainModel.LossAndGradients(batch, 1 / targets) / targets;
                for (int w = 0; w < start.Length; w++)
                {
                    Span<double> values = ReferenceOperations.Values(all.Trainable[w].Value);
                    double[] gradient = ReferenceOperations.Values(all.Trainable[w].Gradient).ToArray();
                    for (int i = 0; i < gradient.Length; i++)
                    {
                        double moved = values[i] - start[w][i];
                        gradient[i] += ((Lambda * Math.Sign(moved)) + (2 * Square * moved)) / count;
                        objective[step] += ((Lambda * Math.Abs(moved)) + (Square * moved * moved)) / count;
                    }
                    double clip = Math.Min(1, Clip / Math.Sqrt(gradient.Sum(x => x * x)));
                    for (int i = 0; i < gradient.Length; i++)
                    {
                        double g = gradient[i] * clip;
                        square[w][i] = (Alpha * square[w][i]) + ((1 - Alpha) * g * g);
                        values[i] -= schedule.At(step) * g / (Math.Sqrt(square[w][i]) + 1e-8);
                    }
                }
                all.PutLearned();
            }
            return ([.. all.Trainable.Select(w => ReferenceOperations.Values(w.Value).ToArray())], objective);
        }
    }

    [Test]
    public void A_restored_state_goes_on_as_if_there_had_been_no_break([Values] OptimizerKind optimizer, [Values(0, 3)] double lambda)
    {
        using TemporaryFolder folder = new();
        Dictionary<string, string> settings = new() { ["seed"] = "5" };
        TrainerOptions options = Options(LearningRateSchedule.Cosine(1e-2, StepCount)) with
        {
            Optimizer = optimizer,
            WeightDecay = optimizer == OptimizerKind.AdamW ? Decay : 0,
            L1ToBase = lambda,
        };
        (float[] expected, StepMetrics last) = Train(null, StepCount);
        Train(trainer => { }, 5, trainer => trainer.Save(folder.File("state.safetensors"), settings));
        (float[] resumed, StepMetrics resumedLast) = Train(trainer =>
        {
            trainer.Restore(folder.File("state.safetensors"), settings);
            Assert.That((trainer.Step, trainer.Last!.Step, trainer.Last.Loss), Is.EqualTo((5L, 5L, trainer.Last.Loss)));
            Assert.That(trainer.Last.LearningRate, Is.Not.Null);
        }, StepCount);
        Assert.That(resumed, Is.EqualTo(expected));
        Assert.That(resumedLast with { TokensPerSecond = null }, Is.EqualTo(last with { TokensPerSecond = null }));
        Assert.That(() =>
            Train(trainer => trainer.Restore(folder.File("state.safetensors"), new Dictionary<string, string> { ["seed"] = "6" }), 6),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("seed = 5, now it is 6"));
        Assert.That(() => Train(trainer => trainer.Restore(folder.File("state.safetensors"), new Dictionary<string, string>()), 6),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("seed = 5, now it is nothing"));

        (float[] Values, StepMetrics Last) Train(Action<Trainer>? begin, int until, Action<Trainer>? end = null)
        {
            using CpuOperations operations = new(2);
            using LlamaWeights weights = TinyModels.Weights(TinyModels.Config(), operations, TinyModels.Rows(2, 5, 7));
            using LlamaModel model = new(weights, operations);
            using Trainer trainer = new(model, operations, new(Sequences, 3, 6, 5), options);
            begin?.Invoke(trainer);
            while (trainer.Step < until) trainer.Next();
            end?.Invoke(trainer);
            return (Values(weights.Trainable[0], operations), trainer.Last!);
        }
    }

    private static List<double[]> PlainAdamW(LlamaConfig config, TrainingScope scope, BatchSchedule batches, LearningRateSchedule schedule)
    {
        using ReferenceOperations operations = new();
        using LlamaWeights weights = TinyModels.Weights(config, operations, scope);
        using LlamaModel model = new(weights, operations);
        List<double[]> first = [.. weights.Trainable.Select(w => new double[w.Value.Length])],
            second = [.. first.Select(m => new double[m.Length])];
        for (int step = 0; step < StepCount; step++)
        {
            IReadOnlyList<TokenBatch> some = batches.GetStep(step);
            weights.ClearGradients();
            foreach (TokenBatch batch in some) model.LossAndGradients(batch, 1.0 / some.Sum(b => b.TargetCount));
            double[][] gradients = [.. weights.Trainable.Select(w => ((ReferenceMemory)w.Gradient.Memory!).Values.ToArray())];
            double norm = Math.Sqrt(gradients.Sum(g => g.Sum(x => x * x))), clip = Math.Min(1, Clip / norm), rate = schedule.At(step);
            for (int w = 0; w < gradients.Length; w++)
            {
                double decay = weights.Trainable[w].IsVector ? 0 : Decay;
                Span<double> values = ((ReferenceMemory)weights.Trainable[w].Value.Memory!).Values;
                for (int i = 0; i < values.Length; i++)
                {
                    double gradient = gradients[w][i] * clip;
                    first[w][i] = (Beta1 * first[w][i]) + ((1 - Beta1) * gradient);
                    second[w][i] = (Beta2 * second[w][i]) + ((1 - Beta2) * gradient * gradient);
                    double mean = first[w][i] / (1 - Math.Pow(Beta1, step + 1)), square = second[w][i] / (1 - Math.Pow(Beta2, step + 1));
                    values[i] -= (rate * decay * values[i]) + (rate * mean / (Math.Sqrt(square) + Epsilon));
                }
            }
            weights.PutLearned();
        }
        return [.. weights.Trainable.Select(w => ((ReferenceMemory)w.Value.Memory!).Values.ToArray())];
    }

    private static TrainerOptions Options(LearningRateSchedule schedule) =>
        new() { Schedule = schedule, Beta1 = Beta1, Beta2 = Beta2, Epsilon = Epsilon, WeightDecay = Decay, MaxGradientNorm = Clip };

    private static float[] Values(Weight weight, IOperations operations)
    {
        float[] values = new float[weight.Value.Length];
        operations.Download(values, weight.Value);
        return values;
    }
}
