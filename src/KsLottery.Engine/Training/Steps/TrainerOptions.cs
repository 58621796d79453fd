namespace KsLottery.Engine.Training;

/// <summary>How a training steps; the defaults are those of KS-Lottery's authors: Adam with betas 0.9 and 0.999, no weight decay.</summary>
internal sealed record TrainerOptions
{
    /// <summary>The learning rate of each step, and the number of steps.</summary>
    public required LearningRateSchedule Schedule { get; init; }

    /// <summary>Decay of the first moment.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the second moment.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Added to the root of the second moment.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Decoupled weight decay of matrices; vectors, which are norms, never decay.</summary>
    public double WeightDecay { get; init; }

    /// <summary>The norm that all gradients together are scaled down to where they exceed it; 0 never scales.</summary>
    public double MaxGradientNorm { get; init; } = 1;

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Schedule);
        Check(Beta1, nameof(Beta1), Beta1 is >= 0 and < 1, "from 0 to below 1");
        Check(Beta2, nameof(Beta2), Beta2 is >= 0 and < 1, "from 0 to below 1");
        Check(Epsilon, nameof(Epsilon), Epsilon > 0 && double.IsFinite(Epsilon), "finite and above 0");
        Check(WeightDecay, nameof(WeightDecay), WeightDecay >= 0 && double.IsFinite(WeightDecay), "finite, 0 or more");
        Check(MaxGradientNorm, nameof(MaxGradientNorm), MaxGradientNorm >= 0
            && double.IsFinite(MaxGradientNorm), "finite, 0 (no clipping) or more");
    }

    private static void Check(double value, string name, bool isAllowed, string range)
    {
        if (!isAllowed) throw new ArgumentOutOfRangeException(name, value, $"allowed: {range}.");
    }
}
