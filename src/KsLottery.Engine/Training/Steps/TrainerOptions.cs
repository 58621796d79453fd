namespace KsLottery.Engine.Training;

/// <summary>How a training steps; the defaults are those of KS-Lottery's authors: Adam with betas 0.9 and 0.999, no weight decay.</summary>
internal sealed record TrainerOptions
{
    /// <summary>The learning rate of each step, and the number of steps.</summary>
    public required LearningRateSchedule Schedule { get; init; }

    /// <summary>The rule of a step.</summary>
    public OptimizerKind Optimizer { get; init; }

    /// <summary>Decay of the first moment.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the second moment.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Decay of RMSprop's mean square.</summary>
    public double Alpha { get; init; } = 0.99;

    /// <summary>Added to the root of the second moment.</summary>
    public double Epsilon { get; init; } = 1e-8;

    /// <summary>Decoupled weight decay of matrices; vectors, which are norms, never decay.</summary>
    public double WeightDecay { get; init; }

    /// <summary>The norm that gradients are scaled down to where they exceed it; 0 never scales.</summary>
    public double MaxGradientNorm { get; init; } = 1;

    /// <summary>Whether each tensor's gradient is held against it, and not all together.</summary>
    public bool ClipsPerTensor { get; init; }

    /// <summary>What the loss of a step's targets is.</summary>
    public Objective Objective { get; init; } = new();

    /// <summary>λ of the distance to the start that is added to the loss.</summary>
    public double L1ToBase { get; init; }

    /// <summary>λ of the squared distance.</summary>
    public double L2ToBase { get; init; }

    /// <summary>How values that move do.</summary>
    public RegrowthPlan Regrowth { get; init; } = new();

    /// <summary>What becomes of values outside of a mask; null where there is none.</summary>
    public MaskPolicy? Policy { get; init; }

    /// <summary>The step behind which it begins; above 0 where <see cref="Trainer.Rewind"/> follows.</summary>
    public long FirstStep { get; init; }

    /// <summary>What a gradient is multiplied with so that its norm exceeds the largest no more.</summary>
    public double ClipOf(double norm) => MaxGradientNorm > 0 && norm > MaxGradientNorm ? MaxGradientNorm / norm : 1;

    internal void Validate()
    {
        ArgumentNullException.ThrowIfNull(Schedule);
        Check(Beta1, nameof(Beta1), Beta1 is >= 0 and < 1, "from 0 to below 1");
        Check(Beta2, nameof(Beta2), Beta2 is >= 0 and < 1, "from 0 to below 1");
        Check(Alpha, nameof(Alpha), Alpha is >= 0 and < 1, "from 0 to below 1");
        Check(Epsilon, nameof(Epsilon), Epsilon > 0 && double.IsFinite(Epsilon), "finite and above 0");
        Check(WeightDecay, nameof(WeightDecay), WeightDecay >= 0 && double.IsFinite(WeightDecay), "finite, 0 or more");
        Check(MaxGradientNorm, nameof(MaxGradientNorm), MaxGradientNorm >= 0
            && double.IsFinite(MaxGradientNorm), "finite, 0 (no clipping) or more");
        Check(L1ToBase, nameof(L1ToBase), L1ToBase >= 0 && double.IsFinite(L1ToBase), "finite, 0 or more");
        Check(L2ToBase, nameof(L2ToBase), L2ToBase >= 0 && double.IsFinite(L2ToBase), "finite, 0 or more");
        Check(WeightDecay, nameof(WeightDecay), Optimizer == OptimizerKind.AdamW || WeightDecay == 0, "0 with RMSprop, which has no decay");
    }

    private static void Check(double value, string name, bool isAllowed, string range)
    {
        if (!isAllowed) throw new ArgumentOutOfRangeException(name, value, $"allowed: {range}.");
    }
}
