using System.Text.Json;

namespace KsLottery.Engine.Training;

/// <summary>What came of learning a graft.</summary>
public sealed record GraftSummary
{
    /// <summary>Gradient steps done.</summary>
    public required long StepCount { get; init; }

    /// <summary>The step whose mask is the graft; 0 for the base patch.</summary>
    public required long BestStep { get; init; }

    /// <summary>The elements of all tensors that were chosen from.</summary>
    public required long ScopeElements { get; init; }

    /// <summary>The elements of the whole base.</summary>
    public required long CheckpointElements { get; init; }

    /// <summary>How many elements had a mask that learned.</summary>
    public required long CandidateCount { get; init; }

    /// <summary>The elements of the base patch.</summary>
    public required long PatchElements { get; init; }

    /// <summary>The elements of the graft.</summary>
    public required long Elements { get; init; }

    /// <summary>The graft's part of the scope, 0 to 1.</summary>
    public double Share => (double)Elements / ScopeElements;

    /// <summary>The held-out loss of the base, in nats a token.</summary>
    public required double BaseLoss { get; init; }

    /// <summary>That of the tuned checkpoint.</summary>
    public required double TunedLoss { get; init; }

    /// <summary>That of the base with the base patch.</summary>
    public required double PatchLoss { get; init; }

    /// <summary>That of the base with the graft.</summary>
    public required double Loss { get; init; }

    /// <summary>The part of the tuned checkpoint's gain that the graft keeps; NaN where that gained nothing.</summary>
    public double RecoveredGain => BaseLoss > TunedLoss ? (BaseLoss - Loss) / (BaseLoss - TunedLoss) : double.NaN;

    /// <summary>The most that the device had given out, in bytes; mapped weights not counted.</summary>
    public required long PeakBytes { get; init; }

    /// <summary>Why the graft got no patch, without a final full stop; null where it got one, or is empty.</summary>
    public string? WhyNoPatch { get; init; }

    /// <summary>The names of the files that were written.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>What a repeated run would say as well; hence no memory.</summary>
    internal void WriteTo(Utf8JsonWriter json)
    {
        json.WriteStartObject("result");
        json.WriteNumber("steps", StepCount);
        json.WriteNumber("best_step", BestStep);
        json.WriteNumber("scope_elements", ScopeElements);
        json.WriteNumber("candidates", CandidateCount);
        json.WriteNumber("base_patch_elements", PatchElements);
        json.WriteNumber("elements", Elements);
        json.WriteNumber("base_loss", BaseLoss);
        json.WriteNumber("tuned_loss", TunedLoss);
        json.WriteNumber("base_patch_loss", PatchLoss);
        json.WriteNumber("loss", Loss);
        json.WriteStartArray("files");
        foreach (string name in Files) json.WriteStringValue(name);
        json.WriteEndArray();
        json.WriteEndObject();
    }
}

/// <summary>How far the learning of a graft is.</summary>
/// <param name="StepCount">Steps of the whole.</param>
/// <param name="Step">The step that was just done: the loss with the relaxed mask, and the held-out one with the rounded mask. Step 0 is
/// the base patch.</param>
/// <param name="Elements">The elements of the best graft so far.</param>
/// <param name="Remaining">The time that the rest will take at the pace so far.</param>
public readonly record struct GraftProgress(long StepCount, StepMetrics Step, long Elements, TimeSpan Remaining);
