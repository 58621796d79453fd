using KsLottery.Engine.Experiments;
using KsLottery.Engine.Training;

namespace KsLottery.Demo;

/// <summary>The size of the demo's experiment.</summary>
/// <param name="Target">The language that is translated to.</param>
/// <param name="Characters">Text that the base learns from.</param>
/// <param name="Epochs">How often the base sees it.</param>
/// <param name="TrainingPairs">Pairs that the arms are tuned on.</param>
/// <param name="TestPairs">Pairs that they are scored on.</param>
public sealed record DemoSettings(
    Language Target, int Characters = 400_000, double Epochs = 8, int TrainingPairs = 600, int TestPairs = 200)
{
    internal const ulong Seed = 1;
    internal const int Vocabulary = 640, Width = 256, FeedForward = 512, Layers = 2, Heads = 8, Length = 128, MaxLength = 512;
    internal const int MaxNewTokens = 40, Slots = 64;

    /// <summary>The same way in a tenth of the time: it shows what happens, and too little of why.</summary>
    public static DemoSettings Quick(Language target) => new(target, Characters: 60_000, Epochs: 3, TrainingPairs: 64, TestPairs: 20);

    /// <summary>Many small steps: a small model learns more from them than from few large ones.</summary>
    public TrainingPlan Pretraining => new()
    {
        Epochs = Epochs,
        BatchSize = 4,
        LearningRate = 4e-3,
        FinalRate = 0.1,
        Warmup = 0.05,
        Beta2 = 0.95,
        WeightDecay = 0.1,
    };

    /// <summary>What every arm of the experiment takes.</summary>
    public static TrainingPlan Tuning => new() { Epochs = 5, BatchSize = 16 };

    /// <summary>The embedding's is one that moves some of 256 values far enough to pass alpha; adapters need the largest.</summary>
    public static LearningRates Rates => new() { Full = 5e-4, Embedding = 6e-3, Rows = 5e-3, LowRank = 1e-2 };
}
