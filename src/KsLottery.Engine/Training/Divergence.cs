namespace KsLottery.Engine.Training;

/// <summary>Whether a training ended far above where it began.</summary>
/// <remarks>
/// It is held against the loss of the first step, s, which comes before any change. Of n steps the last w = n/4 count, at least 1 and at most
/// 10: the training diverged where the lowest loss of these lies above s by more than max(1 nat, s/2)·(1 + 2/w). One bad batch does not make
/// it, nor does a model that forgets a little, and the fewer steps there are, the clearer they must be. A loss that is absent or NaN is none
/// that came down.
/// </remarks>
internal static class Divergence
{
    private const int WidestEnd = 10;

    /// <summary>Judges the training whose metrics stand in a folder; where there are none, nothing was trained there.</summary>
    /// <exception cref="InvalidDataException">The metrics are damaged.</exception>
    public static bool StandsIn(string folder)
    {
        string path = Path.Combine(folder, MetricsWriter.FileName);
        double?[] losses = File.Exists(path) ? [.. MetricsFile.Read(path).Where(line => line.Step > 0).Select(line => line.Loss)] : [];
        return losses.Length > 0 && Of(losses);
    }

    /// <summary>Judges the losses of all steps, in their order.</summary>
    public static bool Of(IReadOnlyList<double?> losses)
    {
        int width = Math.Clamp(losses.Count / 4, 1, WidestEnd);
        double start = losses[0] ?? double.NaN, end = double.PositiveInfinity;
        // Math.Min gives NaN where either side is NaN.
        foreach (double? loss in losses.TakeLast(width)) end = Math.Min(end, loss ?? double.NaN);
        return !(double.IsFinite(end) && end <= start + (Math.Max(1, start / 2) * (1 + (2d / width))));
    }
}
