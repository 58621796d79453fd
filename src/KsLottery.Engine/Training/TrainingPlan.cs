using System.Globalization;

namespace KsLottery.Engine.Training;

/// <summary>How long and with which numbers a training goes; the defaults are those of KS-Lottery's Embed Tuning.</summary>
/// <remarks>
/// Source: KS-Lottery (arXiv 2402.02801), and its authors' training script: AdamW with betas 0.9 and 0.999 and no weight decay, batches
/// of 128, gradients clipped to 1, a warmup of 3 % and a cosine to zero, seed 42.
/// </remarks>
public sealed record TrainingPlan
{
    /// <summary>The paper's Embed Tuning: 3 epochs at 2e-5.</summary>
    public static TrainingPlan PaperEmbed { get; } = new();

    /// <summary>The paper's Partial Tuning: 5 epochs at 1e-2.</summary>
    public static TrainingPlan PaperPartial { get; } = new() { LearningRate = 1e-2, Epochs = 5 };

    /// <summary>How often the data are gone through; where <see cref="Steps"/> is given, that counts instead.</summary>
    public double Epochs { get; init; } = 3;

    /// <summary>The number of optimizer steps, null for <see cref="Epochs"/>.</summary>
    public long? Steps { get; init; }

    /// <summary>Sequences of an optimizer step.</summary>
    public int BatchSize { get; init; } = 128;

    /// <summary>Rows (tokens) computed at once. A step's sequences are packed in their order into micro-batches of up to so many rows,
    /// whatever the threads and the device; their gradients are added in a fixed order, and the result's last bits depend on it.</summary>
    public int MicroBatchRows { get; init; } = 2048;

    /// <summary>The largest learning rate.</summary>
    public double LearningRate { get; init; } = 2e-5;

    /// <summary>Whether the rate falls by half a cosine; else it is constant.</summary>
    public bool IsCosine { get; init; } = true;

    /// <summary>Where a cosine ends, as a share of the largest rate.</summary>
    public double FinalRate { get; init; }

    /// <summary>The linear rise of the rate at the start: below 1 a share of all steps, from 1 a number of steps.</summary>
    public double Warmup { get; init; } = 0.03;

    /// <summary>The rule by which weights follow their gradients.</summary>
    public OptimizerKind Optimizer { get; init; }

    /// <summary>Decay of AdamW's first moment.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of its second moment.</summary>
    public double Beta2 { get; init; } = 0.999;

    /// <summary>Decay of RMSprop's mean square, α; LoTA's (arXiv 2406.16797) by default.</summary>
    public double Alpha { get; init; } = 0.99;

    /// <summary>AdamW's decoupled weight decay of matrices; RMSprop has none.</summary>
    public double WeightDecay { get; init; }

    /// <summary>The norm that gradients are clipped to; 0 never clips.</summary>
    public double MaxGradientNorm { get; init; } = 1;

    /// <summary>Whether the gradient of each tensor is clipped by itself, as in LoTA (arXiv 2406.16797); else all of them
    /// together.</summary>
    public bool ClipsPerTensor { get; init; }

    /// <summary>λ of λ/N · Σ|p - p₀|, which is added to the loss of a step: p are the values that learn, p₀ what they were at the start, N
    /// the model's number of parameters (LT-SFT, Ansell et al., ACL 2022, which takes 0.1 for languages and 0 for tasks).</summary>
    public double L1ToBase { get; init; }

    /// <summary>λ of λ/N · Σ(p - p₀)², which is added in the same way.</summary>
    public double L2ToBase { get; init; }

    /// <summary>What the loss of the targets is.</summary>
    public ObjectivePlan Objective { get; init; } = new();

    /// <summary>How the values of <see cref="Models.TrainingScope.Regrown(Tickets.TicketMask)"/> move; other scopes have none that
    /// do.</summary>
    public RegrowthPlan Regrowth { get; init; } = new();

    /// <summary>Decides the order of the data, and the first weights of a new model.</summary>
    public ulong Seed { get; init; } = 42;

    /// <summary>Steps from one evaluation to the next, null for an epoch's; before the first step and after the last is evaluated in any
    /// case.</summary>
    public long? EvaluateEvery { get; init; }

    /// <summary>Whether activations are computed again in the backward pass instead of being kept.</summary>
    public bool Recompute { get; init; }

    /// <summary>The number of steps, where an epoch has some.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public long StepCount(int stepsPerEpoch)
    {
        Check(Steps is null or >= 1, nameof(Steps), Steps, "A training has 1 step or more.");
        Check(Epochs > 0 && double.IsFinite(Epochs), nameof(Epochs), Epochs, "The number of epochs is finite and above 0.");
        return Steps ?? Math.Max(1, (long)Math.Ceiling(Epochs * stepsPerEpoch));
    }

    /// <summary>How a trainer steps.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    internal TrainerOptions ToOptions(int stepsPerEpoch)
    {
        long steps = StepCount(stepsPerEpoch);
        Check(FinalRate is >= 0 and <= 1, nameof(FinalRate), FinalRate, "A share of the learning rate goes from 0 to 1.");
        Check(EvaluateEvery is null or >= 1, nameof(EvaluateEvery), EvaluateEvery, "Evaluations are 1 step apart or more.");
        Check(Warmup is >= 0 and < 1 || (Warmup <= steps && Warmup == Math.Floor(Warmup)), nameof(Warmup), Warmup,
            $"A warmup is a share from 0 to below 1, or a whole number of at most all {steps} steps.");
        long warmup = Warmup < 1 ? LearningRateSchedule.WarmupOf(Warmup, steps) : (long)Warmup;
        return new()
        {
            Schedule = IsCosine ? LearningRateSchedule.Cosine(LearningRate, steps, warmup, FinalRate * LearningRate)
                : LearningRateSchedule.Constant(LearningRate, steps, warmup),
            Optimizer = Optimizer,
            Beta1 = Beta1,
            Beta2 = Beta2,
            Alpha = Alpha,
            WeightDecay = WeightDecay,
            MaxGradientNorm = MaxGradientNorm,
            ClipsPerTensor = ClipsPerTensor,
            L1ToBase = L1ToBase,
            L2ToBase = L2ToBase,
            Regrowth = Regrowth,
        };
    }

    /// <summary>What of it decides a run's bytes, by the names of the tool's options.</summary>
    internal IEnumerable<KeyValuePair<string, string>> Settings(long stepCount)
    {
        yield return Setting("steps", stepCount);
        yield return Setting("batch", BatchSize);
        yield return Setting("micro-batch", MicroBatchRows);
        yield return Setting("learning-rate", LearningRate);
        yield return new("schedule", IsCosine ? "cosine" : "constant");
        yield return Setting("final-rate", FinalRate);
        yield return Setting("warmup", Warmup);
        if (Optimizer == OptimizerKind.RmsProp)
        {
            yield return new("optimizer", "rmsprop");
            yield return Setting("alpha", Alpha);
        }
        else
        {
            yield return Setting("beta1", Beta1);
            yield return Setting("beta2", Beta2);
            yield return Setting("weight-decay", WeightDecay);
        }
        yield return Setting("clip", MaxGradientNorm);
        if (ClipsPerTensor) yield return new("clip-per-tensor", "true");
        if (L1ToBase > 0) yield return Setting("l1-to-base", L1ToBase);
        if (L2ToBase > 0) yield return Setting("l2-to-base", L2ToBase);
        foreach (KeyValuePair<string, string> setting in Objective.Settings()) yield return setting;
        yield return Setting("seed", Seed);
        yield return new("eval-every", EvaluateEvery?.ToString(CultureInfo.InvariantCulture) ?? "epoch");
        yield return new("recompute", Recompute ? "true" : "false");

        static KeyValuePair<string, string> Setting(string name, IFormattable value) =>
            new(name, value.ToString(null, CultureInfo.InvariantCulture));
    }

    private static void Check(bool isAllowed, string name, object? value, string rule)
    {
        if (!isAllowed) throw new ArgumentOutOfRangeException(name, value, rule);
    }
}
