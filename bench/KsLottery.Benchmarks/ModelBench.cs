using System.Diagnostics;
using KsLottery.Engine.Generation;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Training;

namespace KsLottery.Benchmarks;

/// <summary>What to measure a model with.</summary>
/// <param name="Config">Its shape.</param>
/// <param name="Sequences">Sequences of a step.</param>
/// <param name="Length">Tokens of a sequence.</param>
/// <param name="TicketRows">k, rows of the ticket.</param>
/// <param name="Open">Opens the device that computes; each figure has one of its own.</param>
/// <param name="Time">How long each figure is measured, all repetitions together.</param>
/// <param name="Works">What to measure, of <see cref="ModelBench.Works"/>.</param>
public sealed record ModelBenchPlan(
    LlamaConfig Config, int Sequences, int Length, int TicketRows, Func<ComputeDevice> Open, TimeSpan Time, IReadOnlyList<string> Works);

/// <summary>One line of the result.</summary>
/// <param name="Name">What was done.</param>
/// <param name="Seconds">Median of the repetitions.</param>
/// <param name="Min">The fastest repetition.</param>
/// <param name="Max">The slowest repetition.</param>
/// <param name="CpuSeconds">Median of what the process's threads spent together, on which neighbours have less influence.</param>
/// <param name="Tokens">Tokens of one repetition.</param>
/// <param name="Bytes">The most memory that was allocated meanwhile, weights in memory included.</param>
public sealed record ModelBenchFigure(string Name, double Seconds, double Min, double Max, double CpuSeconds, int Tokens,
    long Bytes);

/// <summary>Measures a model with random weights: forward, backward, the four kinds of training step, and generation.</summary>
public static class ModelBench
{
    /// <summary>Of so many consecutive values one is in the mask.</summary>
    private const int MaskSpacing = 100;

    private const int MinRepetitions = 5, PromptLength = 8;
    private const ulong Seed = 1;

    /// <summary>What is set side by side where both are measured.</summary>
    public const string FullStep = "full step", MaskStep = "mask step";

    /// <summary>What can be measured, in the order of the table.</summary>
    public static readonly IReadOnlyList<string> Works =
        ["forward", "forward + backward", FullStep, "embedding step", "ticket step", MaskStep, "prompt", "generate"];

    /// <summary>Runs all measurements and passes each figure on as it comes.</summary>
    public static void Run(ModelBenchPlan plan, Action<ModelBenchFigure> onFigure, Action<string> onStep,
        CancellationToken cancellationToken)
    {
        TokenBatch batch = BatchSchedule.Pack(Sequences(plan), plan.Sequences * plan.Length)[0];
        Measure("forward", null, (_, model) => model.Loss(batch));
        Measure("forward + backward", _ => TrainingScope.Full, (_, model) => model.LossAndGradients(batch, 1.0 / batch.TargetCount));
        Step(FullStep, _ => TrainingScope.Full);
        Step("embedding step", _ => TrainingScope.Embedding);
        Step("ticket step", weights => TrainingScope.Mask(TicketMask.OfRows(weights.TokenEmbedding.Name, plan.Config.VocabularySize,
            plan.Config.Width, Enumerable.Range(0, plan.TicketRows)
                .Select(i => 1 + (i * (plan.Config.VocabularySize - 1) / plan.TicketRows)))));
        Step(MaskStep, ElementsOf);
        int[] prompt = batch.Tokens[..plan.Length];
        MeasureDecoder("prompt", plan.Length, decoder => decoder.Prefill([0], [prompt]));
        MeasureDecoder("generate", plan.Length - PromptLength, decoder =>
        {
            decoder.Prefill([0], [prompt[..PromptLength]]);
            for (int i = PromptLength; i < plan.Length; i++) decoder.Append([0], [prompt[i]]);
        });

        void Step(string name, Func<LlamaWeights, TrainingScope> scope)
        {
            Trainer? trainer = null;
            Measure(name, scope, (operations, model) =>
                (trainer ??= new Trainer(model, operations, new(Sequences(plan), plan.Sequences, int.MaxValue, Seed),
                new() { Schedule = LearningRateSchedule.Constant(1e-4, long.MaxValue) })).Next(cancellationToken));
            trainer?.Dispose();
        }

        void MeasureDecoder(string name, int tokens, Action<LlamaDecoder> work)
        {
            LlamaDecoder? decoder = null;
            Measure(name, null, (operations, model) =>
                work(decoder ??= new LlamaDecoder(model, operations, slots: 1, plan.Length)), tokens);
            decoder?.Dispose();
        }

        void Measure(string name, Func<LlamaWeights, TrainingScope>? scope, Action<IOperations, LlamaModel> work, int? tokens = null)
        {
            if (!plan.Works.Contains(name)) return;
            onStep(name);
            using ComputeDevice device = plan.Open();
            IOperations operations = device.Operations;
            using LlamaWeights weights = LlamaWeights.Random(plan.Config, operations, Seed);
            if (scope is not null) weights.MakeTrainable(scope(weights));
            using LlamaModel model = new(weights, operations);
            List<double> times = [], spent = [];
            work(operations, model);
            for (double total = 0; total < plan.Time.TotalSeconds || times.Count < MinRepetitions; total += times[^1])
            {
                cancellationToken.ThrowIfCancellationRequested();
                long started = Stopwatch.GetTimestamp();
                TimeSpan before = Environment.CpuUsage.TotalTime;
                work(operations, model);
                times.Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
                spent.Add((Environment.CpuUsage.TotalTime - before).TotalSeconds);
            }
            times.Sort();
            spent.Sort();
            onFigure(new(name, times[times.Count / 2], times[0], times[^1], spent[spent.Count / 2],
                tokens ?? batch.RowCount, operations.PeakAllocatedBytes));
        }
    }

    /// <summary>1 % of the elements of every tensor, drawn by a seed.</summary>
    private static TrainingScope ElementsOf(LlamaWeights weights)
    {
        SplitMix64 random = new(Seed);
        return TrainingScope.Mask(new(weights.All.Select(weight =>
        {
            UnitGrid grid = TicketUnit.Elements.Cut(weight.Rows, weight.Columns);
            return new TensorMask(weight.Name, grid, IndexSet.Of(grid.Count,
                Enumerable.Range(0, (int)(grid.Count / MaskSpacing)).Select(i => (i * (long)MaskSpacing) + random.NextBelow(MaskSpacing))));
        })));
    }

    private static TokenSequence[] Sequences(ModelBenchPlan plan)
    {
        SplitMix64 random = new(Seed);
        return [.. Enumerable.Range(0, plan.Sequences).Select(_ =>
            new TokenSequence(Enumerable.Range(0, plan.Length + 1)
                .Select(_ => random.NextBelow(plan.Config.VocabularySize)).ToArray(), 1))];
    }
}
