using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Training;

/// <summary>How a graft is learned; the defaults are those of its authors' code.</summary>
/// <remarks>Source: Panigrahi et al., ICML 2023 (arXiv 2302.06600).</remarks>
public sealed record GraftRunOptions
{
    /// <summary>The part of all elements whose smallest |Δ| the base patch must exceed: without ties it has one element less.</summary>
    public required UnitShare Share { get; init; }

    /// <summary>The part of all elements, those of largest |Δ|, that have a mask which learns; γ of all others is 0. At least
    /// <see cref="Share"/>.</summary>
    /// <remarks>Where all have one, γ of an element outside of the base patch begins between 4.5e-5 and 1.2e-4. Memory goes by their
    /// number; what is no candidate cannot come into the graft.</remarks>
    public UnitShare Candidates { get; init; } = new(1);

    /// <summary>The most of all elements that a graft may have; null for no bound. The masks of more are passed by.</summary>
    public UnitShare? MaxShare { get; init; }

    /// <summary>The tensors; null for all that the model reads.</summary>
    public TensorChoice? Tensors { get; init; }

    /// <summary>The learning rate of S.</summary>
    public double LearningRate { get; init; } = 1e7;

    /// <summary>b of σ(S − b).</summary>
    public double Bias { get; init; } = 10;

    /// <summary>Gradient steps; after each the rounded mask is evaluated.</summary>
    public long Steps { get; init; } = 20;

    /// <summary>Samples that the gradient of a step is the mean of; the authors take 128 batches of 8.</summary>
    public int BatchSize { get; init; } = 1024;

    /// <summary>The most tokens computed at once.</summary>
    public int MicroBatchRows { get; init; } = 2048;

    /// <summary>Decides where S begins, and the order of the samples.</summary>
    public ulong Seed { get; init; } = 42;

    /// <summary>Whether activations are computed again in the backward pass instead of being kept.</summary>
    public bool Recompute { get; init; }

    /// <summary>The folder: absent or empty for a new run, in one that exists.</summary>
    public required string Out { get; init; }

    /// <summary>Whether a run that was begun in the folder goes on; where none was, one begins.</summary>
    public bool Resume { get; init; }

    /// <summary>The time after which the state is saved again.</summary>
    public TimeSpan SaveEvery { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>What else decides the run, such as the names of files and their fingerprints; compared on resumption.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Settings { get; init; } = [];

    internal void Validate()
    {
        Check(Share.Value > 0, nameof(Share), Share, "A share lies above 0.");
        Check(Candidates.Value >= Share.Value, nameof(Candidates), Candidates, $"The candidates hold the base patch, {Share} at least.");
        if (MaxShare is { } max)
            Check(max.Value >= Share.Value, nameof(MaxShare), max, $"A graft may be as large as the base patch, {Share} at least.");
        Check(LearningRate > 0 && double.IsFinite(LearningRate), nameof(LearningRate), LearningRate, "A rate is finite and above 0.");
        Check(double.IsFinite(Bias), nameof(Bias), Bias, "The bias is finite.");
        Check(Steps >= 1, nameof(Steps), Steps, "A graft is learned in 1 step or more.");
        Check(BatchSize >= 1, nameof(BatchSize), BatchSize, "A step sees 1 sample or more.");
        Check(MicroBatchRows >= 1, nameof(MicroBatchRows), MicroBatchRows, "1 token or more is computed at once.");
    }

    private static void Check(bool isAllowed, string name, object value, string rule)
    {
        if (!isAllowed) throw new ArgumentOutOfRangeException(name, value, rule);
    }
}
