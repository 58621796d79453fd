using System.Globalization;

namespace KsLottery.Demo;

/// <summary>A language of the demo's text: words, and the few rules by which they meet.</summary>
public abstract class Language
{
    /// <summary>English.</summary>
    public static Language English { get; } = new English();

    /// <summary>German.</summary>
    public static Language German { get; } = new German();

    /// <summary>Danish.</summary>
    public static Language Danish { get; } = new Danish();

    /// <summary>Spanish.</summary>
    public static Language Spanish { get; } = new Spanish();

    /// <summary>Catalan.</summary>
    public static Language Catalan { get; } = new Catalan();

    /// <summary>All of them, English first.</summary>
    public static IReadOnlyList<Language> All { get; } = [English, German, Danish, Spanish, Catalan];

    /// <summary>What the language is called in English.</summary>
    public abstract string Name { get; }

    /// <summary>Its words.</summary>
    internal abstract Lexicon Words { get; }

    /// <summary>Says a meaning as a sentence.</summary>
    internal string Say(Meaning meaning)
    {
        object[] parts = new object[meaning.Slots.Length];
        for (int i = 0; i < parts.Length; i++) parts[i] = Render(meaning.Slots[i], meaning[i]);
        return Capitalised(Fill(Words.Sentences[(int)meaning.Frame], parts));
    }

    /// <summary>Says what a slot holds, without a capital that only a sentence's beginning asks for.</summary>
    internal string Render(Slot slot, int value) => slot switch
    {
        Slot.Person => Words.Persons[value],
        Slot.City => Words.Cities[value],
        Slot.Vehicle => Words.Vehicles[value],
        Slot.Building => Words.Buildings[value],
        Slot.Ware => Words.Wares[value],
        Slot.Place => Words.Places[value],
        Slot.Day => Words.Days[value],
        Slot.OnDay => OnDay(Words.Days[value]),
        Slot.Date => Date(DateOfYear(value).Day, DateOfYear(value).Month),
        Slot.OnDate => OnDate(DateOfYear(value).Day, DateOfYear(value).Month),
        Slot.At => At(Time(value)),
        Slot.Year => value.ToString(CultureInfo.InvariantCulture),
        Slot.Number => Number(value, NumberForm.Alone),
        Slot.Amount => Number(value, NumberForm.Masculine),
        Slot.Counted when Words.Nouns[value % Meaning.Nouns] is var noun => $"{Number(value / Meaning.Nouns, noun.Gender)} {noun.Plural}",
        _ => throw new ArgumentOutOfRangeException(nameof(slot), slot, "No language has words for this slot."),
    };

    /// <summary>A number in words.</summary>
    internal abstract string Number(int number, NumberForm form);

    /// <summary>A date without its year, as it stands after "today is Monday,".</summary>
    internal abstract string Date(int day, int month);

    /// <summary>A date as a time: "on the first of May".</summary>
    protected abstract string OnDate(int day, int month);

    /// <summary>"on Monday"</summary>
    protected abstract string OnDay(string day);

    /// <summary>"at seven o'clock"</summary>
    protected abstract string At(string time);

    /// <summary>An hour from 1 to 12, as it stands in the clock's patterns as {0}.</summary>
    protected virtual string Hour(int hour) => Number(hour, NumberForm.Alone);

    /// <summary>The same as {1}.</summary>
    protected virtual string NextHour(int hour) => Hour(hour);

    private string Time(int value)
    {
        int hour = value / Meaning.Hour;
        return Fill(Words.Clock[value % Meaning.Hour], Hour(hour == 0 ? 12 : hour), NextHour(hour + 1));
    }

    // Any year will do that has no 29 February.
    private static DateOnly DateOfYear(int day) => new DateOnly(2023, 1, 1).AddDays(day);

    private static string Fill(string pattern, params ReadOnlySpan<object?> parts) =>
        string.Format(CultureInfo.InvariantCulture, pattern, parts);

    private static string Capitalised(string text) => char.ToUpperInvariant(text[0]) + text[1..];
}
