namespace KsLottery.Engine.Training;

/// <summary>The learning rate of each step: a linear warmup to the peak, then constant or a cosine down to a floor.</summary>
/// <remarks>
/// With w warmup steps of n and step s from 0, the rate is peak·s/w for s &lt; w. Then a constant schedule stays at the peak, and a cosine
/// is floor + (peak - floor)·½(1 + cos(π(s - w)/(n - w))), which stays at the floor from step n on. These are
/// <c>get_constant_schedule_with_warmup</c>, <c>get_cosine_schedule_with_warmup</c> and, with a floor,
/// <c>get_cosine_with_min_lr_schedule_with_warmup</c> of Hugging Face's transformers; as there, the first step of a warmup has the rate 0.
/// </remarks>
internal sealed class LearningRateSchedule
{
    private readonly bool _isCosine;

    private LearningRateSchedule(bool isCosine, double peak, double floor, long warmupSteps, long stepCount)
    {
        if (!(peak > 0 && double.IsFinite(peak)))
            throw new ArgumentOutOfRangeException(nameof(peak), peak, "A learning rate is finite and greater than 0.");
        if (!(floor >= 0 && floor <= peak))
            throw new ArgumentOutOfRangeException(nameof(floor), floor, $"The floor goes from 0 to the peak, {peak}.");
        if (warmupSteps < 0 || warmupSteps > stepCount)
            throw new ArgumentOutOfRangeException(nameof(warmupSteps), warmupSteps,
                $"Warmup goes from 0 to the number of steps, {stepCount}.");
        (_isCosine, Peak, Floor, WarmupSteps, StepCount) = (isCosine, peak, floor, warmupSteps, stepCount);
    }

    /// <summary>The largest rate.</summary>
    public double Peak { get; }

    /// <summary>The rate at the end of a cosine; the peak of a constant schedule.</summary>
    public double Floor { get; }

    /// <summary>The number of steps before the peak.</summary>
    public long WarmupSteps { get; }

    /// <summary>The number of steps of the training.</summary>
    public long StepCount { get; }

    /// <summary>A schedule that stays at its peak after the warmup.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public static LearningRateSchedule Constant(double peak, long stepCount, long warmupSteps = 0) =>
        new(false, peak, peak, warmupSteps, stepCount);

    /// <summary>A schedule that goes from its peak down to a floor by half a cosine.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public static LearningRateSchedule Cosine(double peak, long stepCount, long warmupSteps = 0, double floor = 0) =>
        new(true, peak, floor, warmupSteps, stepCount);

    /// <summary>The warmup steps that a share of all steps gives, rounded up as Hugging Face's Trainer does.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The share is not from 0 to 1.</exception>
    public static long WarmupOf(double share, long stepCount) => share is >= 0 and <= 1 ? (long)Math.Ceiling(stepCount * share)
        : throw new ArgumentOutOfRangeException(nameof(share), share, "A share of the steps goes from 0 to 1.");

    /// <summary>The rate of a step.</summary>
    /// <param name="step">The step, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">The step is negative.</exception>
    public double At(long step)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(step);
        if (step < WarmupSteps) return Peak * step / WarmupSteps;
        if (!_isCosine) return Peak;
        if (step >= StepCount) return Floor;
        double progress = (double)(step - WarmupSteps) / (StepCount - WarmupSteps);
        return Floor + ((Peak - Floor) * 0.5 * (1 + Math.Cos(Math.PI * progress)));
    }
}
