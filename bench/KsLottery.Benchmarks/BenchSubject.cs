using System.Diagnostics;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;

namespace KsLottery.Benchmarks;

/// <summary>What a model does again and again.</summary>
/// <param name="Run">Does it once.</param>
/// <param name="Owner">What it needs; null for nothing.</param>
internal sealed record BenchWork(Action Run, IDisposable? Owner = null);

/// <summary>A model to be measured, on a device of its own.</summary>
/// <param name="Name">What it does.</param>
/// <param name="Scope">What learns; null for nothing.</param>
/// <param name="Make">Makes ready what it does.</param>
/// <param name="Tokens">Tokens of one repetition.</param>
internal sealed record BenchSubject(
    string Name, Func<LlamaWeights, TrainingScope>? Scope, Func<IOperations, LlamaModel, BenchWork> Make, int Tokens)
{
    private const int MinRepetitions = 5;

    /// <summary>Measures some subjects in turns, so that what disturbs the machine disturbs all of them.</summary>
    public static IReadOnlyList<ModelBenchFigure> Measure(IReadOnlyList<BenchSubject> subjects, ModelBenchPlan plan, ulong seed,
        CancellationToken cancellationToken)
    {
        List<Opened> all = [];
        try
        {
            foreach (BenchSubject subject in subjects)
            {
                all.Add(new(subject, plan, seed));
                all[^1].WarmUp();
            }
            for (int i = 0; i < MinRepetitions || all.Exists(o => o.Total < plan.Time.TotalSeconds); i++)
                foreach (Opened opened in all)
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    opened.Repeat();
                }
            return [.. all.Select(o => o.Figure)];
        }
        finally
        {
            all.ForEach(o => o.Dispose());
        }
    }

    private sealed class Opened : IDisposable
    {
        private readonly BenchSubject _subject;
        private readonly ComputeDevice _device;
        private readonly LlamaWeights _weights;
        private readonly LlamaModel _model;
        private readonly BenchWork _work;
        private readonly List<double> _times = [], _spent = [];

        public Opened(BenchSubject subject, ModelBenchPlan plan, ulong seed)
        {
            _subject = subject;
            _device = plan.Open();
            _weights = LlamaWeights.Random(plan.Config, _device.Operations, seed);
            if (subject.Scope is { } scope) _weights.MakeTrainable(scope(_weights));
            _model = new(_weights, _device.Operations);
            _work = subject.Make(_device.Operations, _model);
        }

        public double Total => _times.Sum();

        public ModelBenchFigure Figure
        {
            get
            {
                double[] times = [.. _times.Order()], spent = [.. _spent.Order()];
                return new(_subject.Name, times[times.Length / 2], times[0], times[^1], spent[spent.Length / 2], _subject.Tokens,
                    _device.Operations.PeakAllocatedBytes);
            }
        }

        public void WarmUp() => _work.Run();

        public void Repeat()
        {
            long started = Stopwatch.GetTimestamp();
            TimeSpan before = Environment.CpuUsage.TotalTime;
            _work.Run();
            _times.Add(Stopwatch.GetElapsedTime(started).TotalSeconds);
            _spent.Add((Environment.CpuUsage.TotalTime - before).TotalSeconds);
        }

        public void Dispose()
        {
            _work.Owner?.Dispose();
            _model.Dispose();
            _weights.Dispose();
            _device.Dispose();
        }
    }
}
