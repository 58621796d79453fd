using System.Text.Json;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>The <c>pattern</c> of a step: <c>{"String": "…"}</c> or <c>{"Regex": "…"}</c>.</summary>
internal static class JsonPattern
{
    /// <summary>Reads the pattern of a step.</summary>
    /// <exception cref="InvalidDataException">It has none, or one that cannot be matched as the library matches it; names the
    /// construct.</exception>
    public static SplitPattern Read(TokenizerStep step)
    {
        if (step.Get("pattern") is not { ValueKind: JsonValueKind.Object } value) throw None(step);
        TokenizerStep pattern = step with { Element = value };
        if (pattern.Text("String") is { } text) return SplitPattern.FromText(text);
        string regex = pattern.Text("Regex") ?? throw None(step);
        try
        {
            return SplitPattern.From(regex);
        }
        catch (ArgumentException fault)
        {
            throw step.Refuse("pattern", regex,
                $"a regular expression that is matched here as Oniguruma matches it (not: {fault.Message})");
        }
    }

    private static InvalidDataException None(TokenizerStep step) =>
        step.Refuse("pattern", TokenizerStep.Raw(step.Get("pattern")), """{"Regex": "…"} or {"String": "…"}""");
}
