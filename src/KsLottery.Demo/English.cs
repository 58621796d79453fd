namespace KsLottery.Demo;

/// <summary>English, as the British write it: ordinals in dates, "and" in numbers.</summary>
internal sealed class English : Language
{
    private static readonly string[] Ordinals = Lexicon.List(
        "-, first, second, third, fourth, fifth, sixth, seventh, eighth, ninth, tenth, eleventh, twelfth, thirteenth, fourteenth, "
        + "fifteenth, sixteenth, seventeenth, eighteenth, nineteenth, twentieth");

    public override string Name => "English";

    internal override Lexicon Words { get; } = new()
    {
        Persons = Lexicon.List("Anna, Peter, Maria, Paul, Laura, David, Nora, Martin, Clara, Simon, Emma, Robert"),
        Cities = Lexicon.List("Paris, Rome, Vienna, Berlin, London, Lisbon, Copenhagen, Madrid, Prague, Warsaw"),
        Vehicles = Lexicon.List("the train, the bus, the ship, the ferry"),
        Buildings = Lexicon.List(
            "the museum, the library, the school, the bank, the market, the shop, the church, the restaurant, the theatre"),
        Wares = Lexicon.List("the book, the chair, the table, the lamp, the clock, the bicycle, the picture, the coat, the hat, the ring"),
        Places = Lexicon.List(
            "in the house, in the garden, in the street, in the room, at the school, in the village, in the park, in the kitchen"),
        Nouns = Noun.List("apples, books, chairs, letters, flowers, eggs, trees, windows, tables, bottles, horses, birds"),
        Days = Lexicon.List("Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday"),
        Months = Lexicon.List("January, February, March, April, May, June, July, August, September, October, November, December"),
        Clock =
        [
            "{0} o'clock", "five past {0}", "ten past {0}", "a quarter past {0}", "twenty past {0}", "twenty-five past {0}",
            "half past {0}", "twenty-five to {1}", "twenty to {1}", "a quarter to {1}", "ten to {1}", "five to {1}",
        ],
        Sentences =
        [
            "{0} to {1} leaves {2} {3}.",
            "{0} opens {1} and closes {2}.",
            "{0} costs {1} euros.",
            "{0} has {1}.",
            "there are {0} {1}.",
            "{0} was born {1} {2}.",
            "today is {0}, {1}.",
            "{0} gets up {1} in the morning.",
            "{0} is {1} years old and lives in {2}.",
        ],
    };

    internal override string Number(int number, NumberForm form) => WrittenNumbers.English(number);

    internal override string Date(int day, int month) => $"the {Ordinal(day)} of {Words.Months[month - 1]}";

    protected override string OnDate(int day, int month) => "on " + Date(day, month);

    protected override string OnDay(string day) => "on " + day;

    protected override string At(string time) => "at " + time;

    private static string Ordinal(int day) => day switch
    {
        <= 20 => Ordinals[day],
        30 => "thirtieth",
        _ => $"{WrittenNumbers.English(day - day % 10)}-{Ordinals[day % 10]}",
    };
}
