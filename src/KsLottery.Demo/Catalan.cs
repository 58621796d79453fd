namespace KsLottery.Demo;

/// <summary>Catalan: quarters of the hour that comes, articles before names, "de" and articles elided before a vowel.</summary>
internal sealed class Catalan : Language
{
    public override string Name => "Catalan";

    internal override Lexicon Words { get; } = new()
    {
        Persons = Lexicon.List(
            "l'Anna, en Peter, la Maria, en Paul, la Laura, en David, la Nora, en Martin, la Clara, en Simon, l'Emma, en Robert"),
        Cities = Lexicon.List("París, Roma, Viena, Berlín, Londres, Lisboa, Copenhaguen, Madrid, Praga, Varsòvia"),
        Vehicles = Lexicon.List("el tren, l'autobús, el vaixell, el ferri"),
        Buildings = Lexicon.List(
            "el museu, la biblioteca, l'escola, el banc, el mercat, la botiga, l'església, el restaurant, el teatre"),
        Wares = Lexicon.List(
            "el llibre, la cadira, la taula, la làmpada, el rellotge, la bicicleta, el quadre, l'abric, el barret, l'anell"),
        Places = Lexicon.List(
            "a la casa, al jardí, al carrer, a l'habitació, a l'escola, al poble, al parc, a la cuina"),
        Nouns = Noun.List(
            "pomes*, llibres, cadires*, cartes*, flors*, ous, arbres, finestres*, taules*, ampolles*, cavalls, ocells"),
        Days = Lexicon.List("dilluns, dimarts, dimecres, dijous, divendres, dissabte, diumenge"),
        Months = Lexicon.List("gener, febrer, març, abril, maig, juny, juliol, agost, setembre, octubre, novembre, desembre"),
        Clock =
        [
            "{0}", "{0} i cinc", "{0} i deu", "un quart {1}", "un quart i cinc {1}", "un quart i deu {1}",
            "dos quarts {1}", "dos quarts i cinc {1}", "dos quarts i deu {1}", "tres quarts {1}", "tres quarts i cinc {1}",
            "tres quarts i deu {1}",
        ],
        Sentences =
        [
            "{0} a {1} surt {2} {3}.",
            "{0} obre {1} i tanca {2}.",
            "{0} costa {1} euros.",
            "{0} té {1}.",
            "hi ha {0} {1}.",
            "{0} va néixer {1} de {2}.",
            "avui és {0}, {1}.",
            "{0} es lleva {1} del matí.",
            "{0} té {1} anys i viu a {2}.",
        ],
    };

    internal override string Number(int number, NumberForm form) => WrittenNumbers.Catalan(number, form);

    internal override string Date(int day, int month) =>
        $"{(day == 1 ? "primer" : WrittenNumbers.Catalan(day))} {Of(Words.Months[month - 1])}";

    protected override string OnDate(int day, int month) => $"el {Date(day, month)}";

    protected override string OnDay(string day) => day;

    protected override string At(string time) => "a " + time;

    protected override string Hour(int hour) => (hour == 1 ? "la " : "les ") + WrittenNumbers.Catalan(hour, NumberForm.Feminine);

    protected override string NextHour(int hour) => Of(WrittenNumbers.Catalan(hour, NumberForm.Feminine));

    private static string Of(string word) => "aou".Contains(word[0]) ? "d'" + word : "de " + word;
}
