using System.Text.Json;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Training;

/// <summary>Whether a training ended far above where it began.</summary>
/// <remarks>
/// It is held against the loss of the first step, s, which comes before any change. Of n steps the last w = n/4 count, at least 1 and at
/// most
/// 10: the training diverged where the lowest loss of these lies above s by more than max(1 nat, s/2)·(1 + 2/w). One bad batch does not
/// make
/// it, nor does a model that forgets a little, and the fewer steps there are, the clearer they must be. A loss that is absent or NaN is
/// none that came down. The last step's loss comes before its update, so that the evaluation set's, taken after it,
/// is held to the same where there is one.
/// </remarks>
internal static class Divergence
{
    private const int WidestEnd = 10;

    /// <summary>Judges the training whose metrics stand in a folder, or takes what it said at its end; where there are none, nothing was
    /// trained there.</summary>
    /// <exception cref="InvalidDataException">The metrics, or what the folder says of its run, are damaged.</exception>
    public static bool StandsIn(string folder)
    {
        string path = Path.Combine(folder, MetricsWriter.FileName);
        IReadOnlyList<StepMetrics> lines = File.Exists(path) ? MetricsFile.Read(path) : [];
        return IsNoted(Path.Combine(folder, RunFolder.FileName)) || (lines.Any(line => !line.IsStart) && Of(lines));
    }

    /// <summary>Judges the lines of a training's metrics: its steps, and the evaluation before the first and after the last.</summary>
    public static bool Of(IReadOnlyList<StepMetrics> lines) => Of([.. lines.Where(line => !line.IsStart).Select(line => line.Loss)])
        || (lines[0] is { IsStart: true, EvalLoss: { } before } && Of([before, lines[^1].EvalLoss]));

    /// <summary>Judges the losses of all steps, in their order.</summary>
    public static bool Of(IReadOnlyList<double?> losses)
    {
        int width = Math.Clamp(losses.Count / 4, 1, WidestEnd);
        double start = losses[0] ?? double.NaN, end = double.PositiveInfinity;
        // Math.Min gives NaN where either side is NaN.
        foreach (double? loss in losses.TakeLast(width)) end = Math.Min(end, loss ?? double.NaN);
        return !(double.IsFinite(end) && end <= start + (Math.Max(1, start / 2) * (1 + (2d / width))));
    }

    /// <summary>Whether a run's own file says so: its values, which the metrics do not show, may be infinite.</summary>
    private static bool IsNoted(string path)
    {
        if (!File.Exists(path)) return false;
        try
        {
            using JsonDocument document = JsonFile.Parse(path);
            return document.RootElement.TryGetProperty("result", out JsonElement result)
                && result.TryGetProperty("diverged", out JsonElement noted)
                && noted.GetBoolean();
        }
        catch (Exception fault) when (fault is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"{path}: this is no file of a training run that this version knows. Name another folder.",
                fault);
        }
    }
}
