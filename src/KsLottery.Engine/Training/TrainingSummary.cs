using System.Globalization;
using System.Text.Json;

namespace KsLottery.Engine.Training;

/// <summary>What came of a training.</summary>
public sealed record TrainingSummary
{
    /// <summary>Steps done.</summary>
    public required long StepCount { get; init; }

    /// <summary>Of these, steps with the learning rate 0, which change nothing: the first of a warmup has it, see
    /// <see cref="LearningRateSchedule"/>.</summary>
    public long IdleSteps { get; init; }

    /// <summary>The weights that learned; k·d for a ticket.</summary>
    public required long ParameterCount { get; init; }

    /// <summary>The loss of the first step's batch, before its update.</summary>
    public double? FirstLoss { get; init; }

    /// <summary>The loss of the last step's batch.</summary>
    public double? LastLoss { get; init; }

    /// <summary>Whether the loss ended far above where it began: of n steps, with w = n/4 from 1 to 10, the lowest loss of the last w lies
    /// above the first step's, s, by more than max(1 nat, s/2)·(1 + 2/w). The losses of steps come before their updates; hence it has
    /// diverged
    /// as well where <see cref="HasNonFiniteValues"/>, or where the evaluation set's loss after the last step lies above that before the
    /// first by more than this with w = 1.</summary>
    public bool HasDiverged { get; init; }

    /// <summary>Whether a trained value is infinite or NaN at the end, as trained or as written.</summary>
    public bool HasNonFiniteValues { get; init; }

    /// <summary>The loss of the evaluation set before the first step.</summary>
    public double? EvalLossBefore { get; init; }

    /// <summary>The loss of the evaluation set after the last step.</summary>
    public double? EvalLossAfter { get; init; }

    /// <summary>The fingerprint of all that did not learn, the same before and after; null where everything learned.</summary>
    public string? FrozenFingerprint { get; init; }

    /// <summary>The most that the device had given out, in bytes; mapped weights not counted.</summary>
    public required long PeakBytes { get; init; }

    /// <summary>What its steps took, a teacher's passes among it; evaluations are not counted.</summary>
    public required TrainingCost Cost { get; init; }

    /// <summary>What ranks handed to each other in this process's time; null for one process by itself.</summary>
    public RankTraffic? Traffic { get; init; }

    /// <summary>The files that were written.</summary>
    public required TrainedFiles Files { get; init; }

    internal static TrainingSummary From(IReadOnlyList<StepMetrics> lines, TrainedFiles files, long parameters, long peakBytes,
        string? frozen, bool isFinite, Func<long, TrainingCost> costOf)
    {
        IReadOnlyList<StepMetrics> steps = [.. lines.Where(line => !line.IsStart)];
        bool hasNonFinite = !isFinite || files.OverflowedValues > 0;
        return new()
        {
            StepCount = steps[^1].Step,
            IdleSteps = steps.LongCount(step => step.LearningRate == 0),
            ParameterCount = parameters,
            FirstLoss = steps[0].Loss,
            LastLoss = steps[^1].Loss,
            HasDiverged = hasNonFinite || Divergence.Of(lines),
            HasNonFiniteValues = hasNonFinite,
            EvalLossBefore = lines[0].IsStart ? lines[0].EvalLoss : null,
            EvalLossAfter = steps[^1].EvalLoss,
            FrozenFingerprint = frozen,
            PeakBytes = peakBytes,
            Cost = costOf(steps[^1].Step),
            Files = files,
        };
    }

    /// <summary>What a repeated run would say as well; hence no times and no memory.</summary>
    /// <summary><c>6 steps of 9,600 parameters, loss 5.7033 at the first and 5.5382 at the last; patch.safetensors</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{StepCount:N0} steps of {ParameterCount:N0} parameters, loss {FirstLoss:f4} at the first and {LastLoss:f4} at the last")
        + $"{(HasDiverged ? ", diverged" : "")}; {string.Join(", ", Files.Names)}";

    internal void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject("result");
        json.WriteNumber("steps", StepCount);
        json.WriteNumber("trained_parameters", ParameterCount);
        json.WriteNumber("trained_tokens", Cost.Tokens);
        json.WriteNumber("flops", Cost.Flops);
        Real("first_loss", FirstLoss);
        Real("last_loss", LastLoss);
        if (HasDiverged) json.WriteBoolean("diverged", true);
        Real("eval_loss_before", EvalLossBefore);
        Real("eval_loss_after", EvalLossAfter);
        json.WriteString("frozen_fingerprint", FrozenFingerprint);
        json.WriteStartArray("files");
        foreach (string name in Files.Names) json.WriteStringValue(name);
        json.WriteEndArray();
        json.WriteEndObject();

        void Real(string name, double? value)
        {
            if (value is { } number) json.WriteNumber(name, number);
            else json.WriteNull(name);
        }
    }
}

/// <summary>What the ranks of a training handed to each other for gradients and losses of its steps.</summary>
/// <param name="Ranks">How many there were.</param>
/// <param name="Steps">The steps that they did.</param>
/// <param name="Bytes">Bytes that one rank sent to another, of all of them; evaluations and files are not counted.</param>
public sealed record RankTraffic(int Ranks, long Steps, long Bytes)
{
    /// <summary>Bytes of a step.</summary>
    public long BytesPerStep => Steps == 0 ? 0 : Bytes / Steps;
}
