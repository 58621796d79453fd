using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Engine.Experiments;

/// <summary>An object in the file of an experiment or a report card; its properties are the members of an enumeration in snake
/// case, others are refused.</summary>
/// <typeparam name="TKey">The properties.</typeparam>
internal sealed class PlanSection<TKey> where TKey : struct, Enum
{
    private static readonly string[] Known = [.. Enum.GetNames<TKey>().Select(JsonNamingPolicy.SnakeCaseLower.ConvertName)];

    private readonly JsonPlace _section;
    private readonly string _guide;
    private readonly HashSet<TKey> _read = [];

    /// <exception cref="InvalidDataException">It is no object, or has a property that is not known.</exception>
    public PlanSection(string path, JsonPlace section, string guide = "docs/experiments.md")
    {
        (_section, _guide) = (section, guide);
        if (section.Value.ValueKind != JsonValueKind.Object) throw section.Wrong("it must be an object");
        foreach (JsonProperty property in section.Value.EnumerateObject())
            if (!Known.Contains(property.Name))
            {
                string name = VisibleText.Escape(property.Name), place = section.Place.Length == 0 ? name : $"{section.Place}.{name}";
                throw new InvalidDataException($"{path}: {place} is not known here; known are "
                    + $"{string.Join(", ", Known)}. Correct the name, or take the property out.");
            }
    }

    /// <summary>A property; null where it is absent or null.</summary>
    public JsonPlace? Find(TKey key)
    {
        _read.Add(key);
        return _section.Find(NameOf(key));
    }

    /// <summary>Refuses a property that nobody has asked for.</summary>
    /// <exception cref="InvalidDataException">There is one.</exception>
    public void ThrowIfUnread()
    {
        foreach (TKey key in Enum.GetValues<TKey>())
            if (!_read.Contains(key) && _section.Find(NameOf(key)) is not null)
                throw Wrong(key, "nothing here reads it: another property decides, or it belongs to another kind. Take it out");
    }

    /// <summary>The items of an array; null where there is none.</summary>
    public IReadOnlyList<JsonPlace>? List(TKey key) => Find(key) is not { } value ? null
        : value.Value.ValueKind == JsonValueKind.Array && value.Value.GetArrayLength() > 0 ? [.. value.Items()]
        : throw value.Wrong("it must be an array with one item or more");

    /// <summary>A text.</summary>
    public string? Text(TKey key) => Find(key) is { } value ? TextOf(value) : null;

    /// <summary>A value that is a text.</summary>
    public static string TextOf(JsonPlace value) =>
        value.Value.ValueKind == JsonValueKind.String && TryGetText(value.Value) is { Length: > 0 } text ? text
        : throw value.Wrong("it must be a text of one character or more");

    /// <summary>A text that must be there.</summary>
    public string Required(TKey key) => Text(key) ?? throw Wrong(key, $"Give it; {_guide} shows a whole file");

    /// <summary>True or false.</summary>
    public bool? Flag(TKey key) => Find(key) is not { } value ? null
        : value.Value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.Value.GetBoolean()
        : throw value.Wrong("it must be true or false");

    /// <summary>A number.</summary>
    public double? Number(TKey key, Func<double, bool> isAllowed, string rule) => Find(key) is not { } value ? null
        : value.Value.ValueKind == JsonValueKind.Number && value.Value.TryGetDouble(out double number)
        && double.IsFinite(number) && isAllowed(number)
        ? number
        : throw value.Wrong(rule);

    /// <summary>A whole number from 1.</summary>
    public int? Count(TKey key) => Find(key) is not { } value ? null
        : value.Value.ValueKind == JsonValueKind.Number && value.Value.TryGetInt32(out int number) && number >= 1 ? number
        : throw value.Wrong("it must be a whole number from 1");

    /// <summary>One of some names.</summary>
    public T? Choice<T>(TKey key, IReadOnlyDictionary<string, T> choices) where T : struct => Text(key) is not { } text ? null
        : choices.TryGetValue(text, out T chosen) ? chosen
        : throw Wrong(key, $"it must be one of {string.Join(", ", choices.Keys)}");

    /// <summary>Words what is wrong with a property.</summary>
    public InvalidDataException Wrong(TKey key, string rule) => _section.Wrong(NameOf(key), rule);

    private static string NameOf(TKey key) => Known[Array.IndexOf(Enum.GetValues<TKey>(), key)];

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
