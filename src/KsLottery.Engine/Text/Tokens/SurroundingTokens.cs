using System.Text.Json;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>The special tokens that the <c>post_processor</c> of a <c>tokenizer.json</c> puts around a text that stands alone.</summary>
/// <param name="Before">The ids before the text, in their order.</param>
/// <param name="After">The ids after it.</param>
internal sealed record SurroundingTokens(IReadOnlyList<int> Before, IReadOnlyList<int> After)
{
    /// <summary>What a file without such a section adds.</summary>
    public static readonly SurroundingTokens None = new([], []);

    /// <summary>Reads the section; the steps of a sequence each add theirs around what the ones before them made.</summary>
    /// <param name="path">The file.</param>
    /// <param name="postProcessor">The section, null where it is absent.</param>
    /// <param name="idOf">The id of a token by its text; used where a template does not list its own.</param>
    /// <exception cref="InvalidDataException">A step is damaged or not supported.</exception>
    public static SurroundingTokens Read(string path, JsonElement? postProcessor, Func<string, int?> idOf)
    {
        SurroundingTokens tokens = None;
        foreach (TokenizerStep step in TokenizerStep.Steps(path, "post_processor", postProcessor, "processors"))
        {
            switch (step.Type)
            {
                case "ByteLevel": break; // Only moves offsets.
                case "TemplateProcessing": tokens = ReadTemplate(step, idOf).Around(tokens); break;
                case "BertProcessing" or "RobertaProcessing":
                    tokens = new SurroundingTokens([PairId(step, "cls")], [PairId(step, "sep")]).Around(tokens);
                    break;
                case string other:
                    throw step.Refuse("type", other, "Sequence, ByteLevel, TemplateProcessing, BertProcessing and RobertaProcessing");
            }
        }
        return tokens;
    }

    /// <summary>These tokens around those of an earlier step.</summary>
    public SurroundingTokens Around(SurroundingTokens inner) => new([.. Before, .. inner.Before], [.. inner.After, .. After]);

    /// <summary>Whether the same tokens are added.</summary>
    public bool IsSame(SurroundingTokens other) => Before.SequenceEqual(other.Before) && After.SequenceEqual(other.After);

    /// <summary>A text with the tokens around it, in words: <c>&lt;s&gt; TEXT</c>.</summary>
    public string Show(TokenTable names) => string.Join(' ', [.. Before.Select(names.Visible), "TEXT", .. After.Select(names.Visible)]);

    /// <summary>Reads <c>"single": [{"SpecialToken": {"id": "&lt;s&gt;"}}, {"Sequence": {"id": "A"}}]</c>.</summary>
    private static SurroundingTokens ReadTemplate(TokenizerStep step, Func<string, int?> idOf)
    {
        const string Supported = "a list of one Sequence with known SpecialTokens before and after it";
        List<int> before = [], after = [];
        bool isAfterText = false;
        if (step.Get("single") is not { ValueKind: JsonValueKind.Array } single) throw step.Refuse("single", "(none)", Supported);
        foreach (JsonElement item in single.EnumerateArray())
        {
            TokenizerStep part = step with { Element = item };
            if (part.Get("Sequence") is not null && !isAfterText)
            {
                isAfterText = true;
                continue;
            }
            if (part.Get("SpecialToken") is not { } special || (step with { Element = special }).Text("id") is not { } name
                || IdsOf(step, name, idOf) is not { } ids)
                throw step.Refuse("single", TokenizerStep.Raw(single), Supported);
            (isAfterText ? after : before).AddRange(ids);
        }
        return isAfterText ? new(before, after) : throw step.Refuse("single", TokenizerStep.Raw(single), Supported);
    }

    /// <summary>The ids that <c>"special_tokens"</c> lists for a name, several where they are written apart.</summary>
    private static int[]? IdsOf(TokenizerStep step, string name, Func<string, int?> idOf)
    {
        if (step.Get("special_tokens") is { ValueKind: JsonValueKind.Object } all && all.TryGetProperty(name, out JsonElement token)
            && (step with { Element = token }).Get("ids") is { ValueKind: JsonValueKind.Array } list)
        {
            List<int> ids = [];
            foreach (JsonElement item in list.EnumerateArray())
                ids.Add(item.ValueKind == JsonValueKind.Number && item.TryGetInt32(out int id) && id is >= 0 and < TokenizerJson.MaxCount
                    ? id
                    : throw step.Refuse($"special_tokens.{name}.ids", TokenizerStep.Raw(item),
                        $"ids from 0 to {TokenizerJson.MaxCount - 1}"));
            return [.. ids];
        }
        return idOf(name) is { } known ? [known] : null;
    }

    /// <summary>The id of <c>"cls": ["[CLS]", 101]</c>.</summary>
    private static int PairId(TokenizerStep step, string property) =>
        step.Get(property) is { ValueKind: JsonValueKind.Array } pair && pair.GetArrayLength() == 2
        && pair[1].ValueKind == JsonValueKind.Number && pair[1].TryGetInt32(out int id) && id is >= 0 and < TokenizerJson.MaxCount
            ? id : throw step.Refuse(property, TokenizerStep.Raw(step.Get(property)), "a list of a token and its id");
}
