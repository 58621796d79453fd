using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Transfer;

namespace KsLottery.Cli;

/// <summary>Says what stands in the place of a tuned checkpoint where an adapter was given.</summary>
internal static class AdapterText
{
    /// <param name="adapter">The adapter.</param>
    /// <param name="tensor">The tensor that is compared; null where all are.</param>
    public static string Describe(AdaptedCheckpoint adapter, string? tensor)
    {
        string what = $"tuned is an adapter ({VisibleText.Escape(adapter.Kind)}"
            + (adapter.BaseModelName is { Length: > 0 } name ? $", made for {VisibleText.Escape(name)}" : "")
            + $"), merged into the base in memory: {Sizes.Count(adapter.Changed.Count, "tensor")} changed";
        return tensor is null || adapter.Changed.Contains(tensor) ? what
            : $"{what}, but not this one; --all-tensors shows them";
    }
}
