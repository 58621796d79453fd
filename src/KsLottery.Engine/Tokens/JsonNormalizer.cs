namespace KsLottery.Engine.Tokens;

/// <summary>The <c>normalizer</c> section of a <c>tokenizer.json</c>: <c>Prepend</c> and <c>Replace</c>, alone or in sequence.</summary>
internal sealed class JsonNormalizer
{
    private readonly List<(string? From, string To)> _steps = [];

    /// <summary>Reads the section.</summary>
    /// <exception cref="InvalidDataException">It has a step of another type.</exception>
    public JsonNormalizer(string path, System.Text.Json.JsonElement? section)
    {
        foreach (JsonSection step in JsonSection.Steps(path, "normalizer", section, "normalizers"))
        {
            (string?, string) change = step.Type switch
            {
                "Prepend" => (null, step.Text("prepend") ?? ""),
                "Replace" => (Pattern(step), step.Text("content") ?? ""),
                string other => throw step.Refuse("type", other, "Sequence, Prepend and Replace"),
            };
            _steps.Add(change);
        }
    }

    /// <summary>Normalises a text; an empty one stays empty.</summary>
    public string Apply(string text)
    {
        foreach ((string? from, string to) in _steps)
        {
            if (text.Length == 0) return text;
            text = from is null ? to + text : text.Replace(from, to, StringComparison.Ordinal);
        }
        return text;
    }

    private static string Pattern(JsonSection step) =>
        step.Get("pattern") is { ValueKind: System.Text.Json.JsonValueKind.Object } pattern
        && new JsonSection(step.Path, step.Name, pattern).Text("String") is { Length: > 0 } text
            ? text
            : throw step.Refuse("pattern", JsonSection.Raw(step.Get("pattern")), """{"String": "…"}""");
}
