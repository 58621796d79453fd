namespace KsLottery.Engine.Training;

/// <summary>Whether a training ended far above where it began.</summary>
/// <remarks>
/// Of n steps the first and the last w are compared, w = n/4, at least 1 and at most 10. The training diverged where the lowest loss of the
/// last lies above the highest of the first, s, by more than max(1 nat, s/2)·(1 + 2/w): one bad batch does not make it, nor does a model
/// that forgets a little, and the fewer steps there are, the clearer they must be. A loss that is absent or NaN is none that is held against another.
/// </remarks>
internal static class Divergence
{
    private const int WidestEnd = 10;

    /// <summary>Judges the losses of all steps, in their order.</summary>
    public static bool Of(IReadOnlyList<double?> losses)
    {
        int width = Math.Clamp(losses.Count / 4, 1, WidestEnd);
        double start = double.NegativeInfinity, end = double.PositiveInfinity;
        // Math.Max and Math.Min give NaN where either side is NaN.
        foreach (double? loss in losses.Take(width)) start = Math.Max(start, loss ?? double.NaN);
        foreach (double? loss in losses.TakeLast(width)) end = Math.Min(end, loss ?? double.NaN);
        return !(double.IsFinite(end) && end <= start + (Math.Max(1, start / 2) * (1 + (2d / width))));
    }
}
