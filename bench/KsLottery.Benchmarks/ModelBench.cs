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
/// <param name="Text">Tokens and ticket; null for random tokens and <paramref name="TicketRows"/> rows evenly spaced.</param>
public sealed record ModelBenchPlan(
    LlamaConfig Config, int Sequences, int Length, int TicketRows, Func<ComputeDevice> Open, TimeSpan Time, IReadOnlyList<string> Works,
    BenchText? Text = null)
{
    /// <summary>Which rows are the ticket, ascending.</summary>
    public IEnumerable<int> Ticket => Text?.TicketRows
        ?? Enumerable.Range(0, TicketRows).Select(i => 1 + (int)(i * (Config.VocabularySize - 1L) / TicketRows));
}

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

    /// <summary>So many steps see other sequences each: of those that it has seen a ticket's training knows losses, and is
    /// faster.</summary>
    private const int Epoch = 1000;

    private const int PromptLength = 8;
    private const ulong Seed = 1;

    /// <summary>What is set side by side where both are measured, and therefore done in turns.</summary>
    public const string FullStep = "full step", MaskStep = "mask step";

    /// <summary>What can be measured, in the order of the table.</summary>
    public static readonly IReadOnlyList<string> Works =
        ["forward", "forward + backward", FullStep, MaskStep, "embedding step", "ticket step", "prompt", "generate"];

    /// <summary>Runs all measurements and passes each figure on as it comes.</summary>
    public static void Run(ModelBenchPlan plan, Action<ModelBenchFigure> onFigure, Action<string> onStep,
        CancellationToken cancellationToken)
    {
        TokenBatch batch = BatchSchedule.Pack(Sequences(plan, plan.Sequences), plan.Sequences * plan.Length)[0];
        TokenSequence[] sequences = Sequences(plan, Epoch * plan.Sequences);
        Measure(new BenchSubject("forward", null, (_, model) => new(() => model.Loss(batch)), batch.RowCount));
        Measure(new BenchSubject("forward + backward", _ => TrainingScope.Full,
            (_, model) => new(() => model.LossAndGradients(batch, 1.0 / batch.TargetCount)), batch.RowCount));
        Measure(Step(FullStep, _ => TrainingScope.Full), Step(MaskStep, ElementsOf));
        Measure(Step("embedding step", _ => TrainingScope.Embedding));
        Measure(Step("ticket step", weights => TrainingScope.Mask(TicketMask.OfRows(weights.TokenEmbedding.Name,
            plan.Config.VocabularySize, plan.Config.Width, plan.Ticket))));
        int[] prompt = batch.Tokens[..plan.Length];
        Measure(Decoding("prompt", plan.Length, decoder => decoder.Prefill([0], [prompt])));
        Measure(Decoding("generate", plan.Length - PromptLength, decoder =>
        {
            decoder.Prefill([0], [prompt[..PromptLength]]);
            for (int i = PromptLength; i < plan.Length; i++) decoder.Append([0], [prompt[i]]);
        }));

        BenchSubject Step(string name, Func<LlamaWeights, TrainingScope> scope) => new(name, scope, (operations, model) =>
        {
            Trainer trainer = new(model, operations, new(sequences, plan.Sequences, int.MaxValue, Seed),
                new() { Schedule = LearningRateSchedule.Constant(1e-4, long.MaxValue) });
            return new(() => trainer.Next(cancellationToken), trainer);
        }, batch.RowCount);

        BenchSubject Decoding(string name, int tokens, Action<LlamaDecoder> work) => new(name, null, (operations, model) =>
        {
            LlamaDecoder decoder = new(model, operations, slots: 1, plan.Length);
            return new(() => work(decoder), decoder);
        }, tokens);

        void Measure(params IEnumerable<BenchSubject> subjects)
        {
            BenchSubject[] wanted = [.. subjects.Where(s => plan.Works.Contains(s.Name))];
            if (wanted.Length == 0) return;
            onStep(string.Join(", ", wanted.Select(s => s.Name)));
            foreach (ModelBenchFigure figure in BenchSubject.Measure(wanted, plan, Seed, cancellationToken)) onFigure(figure);
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

    private static TokenSequence[] Sequences(ModelBenchPlan plan, int count)
    {
        if (plan.Text is { } text) return [.. text.Sequences.Take(count)];
        SplitMix64 random = new(Seed);
        return [.. Enumerable.Range(0, count).Select(_ =>
            new TokenSequence(Enumerable.Range(0, plan.Length + 1)
                .Select(_ => random.NextBelow(plan.Config.VocabularySize)).ToArray(), 1))];
    }
}
