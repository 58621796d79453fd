namespace KsLottery.Demo;

/// <summary>German: units before tens, halves of the hour that comes, verbs whose second part ends the sentence.</summary>
internal sealed class German : Language
{
    public override string Name => "German";

    internal override Lexicon Words { get; } = new()
    {
        Persons = English.Words.Persons,
        Cities = Lexicon.List("Paris, Rom, Wien, Berlin, London, Lissabon, Kopenhagen, Madrid, Prag, Warschau"),
        Vehicles = Lexicon.List("der Zug, der Bus, das Schiff, die Fähre"),
        Buildings = Lexicon.List(
            "das Museum, die Bibliothek, die Schule, die Bank, der Markt, der Laden, die Kirche, das Restaurant, das Theater"),
        Wares = Lexicon.List(
            "das Buch, der Stuhl, der Tisch, die Lampe, die Uhr, das Fahrrad, das Bild, der Mantel, der Hut, der Ring"),
        Places = Lexicon.List(
            "im Haus, im Garten, auf der Straße, im Zimmer, in der Schule, im Dorf, im Park, in der Küche"),
        Nouns = Noun.List("Äpfel, Bücher, Stühle, Briefe, Blumen, Eier, Bäume, Fenster, Tische, Flaschen, Pferde, Vögel"),
        Days = Lexicon.List("Montag, Dienstag, Mittwoch, Donnerstag, Freitag, Samstag, Sonntag"),
        Months = Lexicon.List("Januar, Februar, März, April, Mai, Juni, Juli, August, September, Oktober, November, Dezember"),
        Clock =
        [
            "{0} Uhr", "fünf nach {0}", "zehn nach {0}", "Viertel nach {0}", "zwanzig nach {0}", "fünf vor halb {1}",
            "halb {1}", "fünf nach halb {1}", "zwanzig vor {1}", "Viertel vor {1}", "zehn vor {1}", "fünf vor {1}",
        ],
        Sentences =
        [
            "{0} nach {1} fährt {2} {3} ab.",
            "{0} öffnet {1} und schließt {2}.",
            "{0} kostet {1} Euro.",
            "{0} hat {1}.",
            "{1} gibt es {0}.",
            "{0} wurde {1} {2} geboren.",
            "heute ist {0}, {1}.",
            "{0} steht {1} morgens auf.",
            "{0} ist {1} Jahre alt und wohnt in {2}.",
        ],
    };

    internal override string Number(int number, NumberForm form) => WrittenNumbers.German(number);

    internal override string Date(int day, int month) => $"der {Ordinal(day)} {Words.Months[month - 1]}";

    protected override string OnDate(int day, int month) => $"am {Ordinal(day)}n {Words.Months[month - 1]}";

    protected override string OnDay(string day) => "am " + day;

    protected override string At(string time) => "um " + (time == "eins Uhr" ? "ein Uhr" : time);

    private static string Ordinal(int day) => day switch
    {
        1 => "erste",
        3 => "dritte",
        7 => "siebte",
        8 => "achte",
        < 20 => WrittenNumbers.German(day) + "te",
        _ => WrittenNumbers.German(day) + "ste",
    };
}
