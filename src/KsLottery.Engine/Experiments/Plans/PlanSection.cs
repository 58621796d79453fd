using System.Text.Json;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Engine.Experiments;

/// <summary>An object in an experiment's file, with its place for errors.</summary>
internal readonly struct PlanSection
{
    private const int LongestShown = 60;

    private readonly string _path, _place;
    private readonly JsonElement _element;

    /// <exception cref="InvalidDataException">It is no object, or has a property that is not known.</exception>
    public PlanSection(string path, string place, JsonElement element, params string[] known)
    {
        (_path, _place, _element) = (path, place, element);
        if (element.ValueKind != JsonValueKind.Object) throw Refuse("", element, "it must be an object");
        foreach (JsonProperty property in element.EnumerateObject())
            if (!known.Contains(property.Name))
                throw new InvalidDataException($"{path}: {Place(VisibleText.Escape(property.Name))} is not known here; known are "
                    + $"{string.Join(", ", known)}. Correct the name, or take the property out.");
    }

    /// <summary>A property; null where it is absent or null.</summary>
    public JsonElement? Get(string name) =>
        _element.TryGetProperty(name, out JsonElement value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <summary>The items of an array; null where there is none.</summary>
    public IReadOnlyList<(string Place, JsonElement Item)>? List(string name)
    {
        if (Get(name) is not { } value) return null;
        if (value.ValueKind != JsonValueKind.Array || value.GetArrayLength() == 0)
            throw Refuse(name, value, "it must be an array with one item or more");
        string place = Place(name);
        return [.. value.EnumerateArray().Select((item, i) => ($"{place}[{i}]", item))];
    }

    /// <summary>An object within; null where there is none.</summary>
    public PlanSection? Section(string name, params string[] known) =>
        Get(name) is { } value ? new PlanSection(_path, Place(name), value, known) : null;

    /// <summary>A text.</summary>
    public string? Text(string name) => Get(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.String && TryGetText(value) is { Length: > 0 } text ? text
        : throw Refuse(name, value, "it must be a text of one character or more");

    /// <summary>A text that must be there.</summary>
    public string Required(string name) => Text(name)
        ?? throw new InvalidDataException($"{_path}: {Place(name)} is missing. Give it; the README shows a whole file.");

    /// <summary>True or false.</summary>
    public bool? Flag(string name) => Get(name) is not { } value ? null
        : value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.GetBoolean()
        : throw Refuse(name, value, "it must be true or false");

    /// <summary>A number.</summary>
    public double? Number(string name, Func<double, bool> isAllowed, string rule) => Get(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && double.IsFinite(number) && isAllowed(number)
        ? number
        : throw Refuse(name, value, rule);

    /// <summary>A whole number from 1.</summary>
    public int? Count(string name) => Get(name) is not { } value ? null
        : value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number >= 1 ? number
        : throw Refuse(name, value, "it must be a whole number from 1");

    /// <summary>One of some names.</summary>
    public T? Choice<T>(string name, IReadOnlyDictionary<string, T> choices) where T : struct => Text(name) is not { } text ? null
        : choices.TryGetValue(text, out T chosen) ? chosen
        : throw Refuse(name, Get(name)!.Value, $"it must be one of {string.Join(", ", choices.Keys)}");

    /// <summary>Words what is wrong with a property, or with the whole where the name is empty.</summary>
    public InvalidDataException Refuse(string name, JsonElement value, string rule) => Refuse(_path, Place(name), value, rule);

    /// <summary>Words what is wrong with a value at a place.</summary>
    public static InvalidDataException Refuse(string path, string place, JsonElement value, string rule)
    {
        string text = VisibleText.Escape(JsonSection.Raw(value));
        return new($"{path}: {place} is {(text.Length > LongestShown ? text[..LongestShown] + "…" : text)}; {rule}. Correct it.");
    }

    private string Place(string name) => (_place, name) switch
    {
        ("", "") => "the file",
        ("", _) => name,
        (_, "") => _place,
        _ => $"{_place}.{name}",
    };

    private static string? TryGetText(JsonElement value)
    {
        try
        {
            return value.GetString();
        }
        catch (InvalidOperationException) // half of a surrogate pair
        {
            return null;
        }
    }
}
