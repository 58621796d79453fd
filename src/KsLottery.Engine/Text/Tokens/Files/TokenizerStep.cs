using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>One step within a section of a <c>tokenizer.json</c>: a <see cref="JsonPlace"/> that refuses settings as tokenizers
/// do.</summary>
/// <param name="Path">The file.</param>
/// <param name="Place">The step's object and its place, such as <c>pre_tokenizer[1]</c>.</param>
internal readonly record struct TokenizerStep(string Path, JsonPlace Place)
{
    public TokenizerStep(string path, string name, JsonElement element)
        : this(path, new JsonPlace(element, (place, value, rule) => TokenizerFile.Unsupported(path, place, Raw(value), rule), name))
    {
    }

    /// <summary>The place's name.</summary>
    public string Name
    {
        get => Place.Place;
        init => Place = Place with { Place = value };
    }

    /// <summary>The step's object.</summary>
    public JsonElement Element
    {
        get => Place.Value;
        init => Place = Place with { Value = value };
    }

    /// <summary>The step's type.</summary>
    public string Type => Text("type") ?? throw Refuse("type", "(none)", "a step with its type");

    /// <summary>The steps of a section in their order, with sequences resolved; none for null.</summary>
    /// <param name="path">The file.</param>
    /// <param name="name">The section's name.</param>
    /// <param name="section">The section, null where it is absent.</param>
    /// <param name="list">The property that holds a sequence's steps.</param>
    public static IEnumerable<TokenizerStep> Steps(string path, string name, JsonElement? section, string list)
    {
        if (section is not { } element || element.ValueKind == JsonValueKind.Null) yield break;
        TokenizerStep step = new(path, name, element);
        if (step.Type != "Sequence")
        {
            yield return step;
            yield break;
        }
        if (step.Place.Find(list) is not { Value.ValueKind: JsonValueKind.Array } steps)
            throw step.Refuse(list, "(none)", "a sequence with its steps");
        foreach ((int index, JsonPlace inner) in steps.Items().Index())
            foreach (TokenizerStep found in Steps(path, $"{name}[{index}]", inner.Value, list))
                yield return found;
    }

    /// <summary>A property, null where it is absent or null.</summary>
    public JsonElement? Get(string property) => Place.Find(property)?.Value;

    /// <summary>A text property, null where it is absent or null.</summary>
    /// <exception cref="InvalidDataException">It is no text, or its text is not Unicode.</exception>
    public string? Text(string property)
    {
        if (Get(property) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.String) throw Refuse(property, Raw(value), "text");
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException)
        {
            throw Refuse(property, "(broken text)", "Unicode text");
        }
    }

    /// <summary>A truth value; null counts as absent.</summary>
    /// <exception cref="InvalidDataException">It is neither true nor false.</exception>
    public bool Flag(string property, bool otherwise) => Get(property) is not { } value ? otherwise : value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Refuse(property, Raw(value), "true and false"),
    };

    /// <summary>A whole number, not negative.</summary>
    /// <exception cref="InvalidDataException">It is no such number.</exception>
    public int Number(string property, int otherwise) => Get(property) is not { } value ? otherwise
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number >= 0 ? number
        : throw Refuse(property, Raw(value), $"0 to {int.MaxValue}");

    /// <summary>The code point of a text of a single character.</summary>
    /// <exception cref="InvalidDataException">It is absent or something else.</exception>
    public int Character(string property) =>
        Text(property) is { Length: > 0 } text && Rune.TryGetRuneAt(text, 0, out Rune only) && only.Utf16SequenceLength == text.Length
            ? only.Value : throw Refuse(property, Raw(Get(property)), "a single character");

    /// <summary>A value as the file writes it, for errors; invalid UTF-8 becomes U+FFFD.</summary>
    public static string Raw(JsonElement? value) => value is { } element
        ? Encoding.UTF8.GetString(JsonMarshal.GetRawUtf8Value(element)) : "(none)";

    /// <summary>Words the refusal of a setting of this step.</summary>
    public InvalidDataException Refuse(string setting, string value, string supported) =>
        TokenizerFile.Unsupported(Path, $"{Name}.{setting}", value, supported);
}
