namespace KsLottery.Demo;

/// <summary>Danish: tens by the score, articles at the end of nouns, weekdays and months without a capital.</summary>
internal sealed class Danish : Language
{
    private static readonly string[] Ordinals = Lexicon.List(
        "-, første, anden, tredje, fjerde, femte, sjette, syvende, ottende, niende, tiende, ellevte, tolvte, trettende, fjortende, "
        + "femtende, sekstende, syttende, attende, nittende, tyvende");

    public override string Name => "Danish";

    internal override Lexicon Words { get; } = new()
    {
        Persons = English.Words.Persons,
        Cities = Lexicon.List("Paris, Rom, Wien, Berlin, London, Lissabon, København, Madrid, Prag, Warszawa"),
        Vehicles = Lexicon.List("toget, bussen, skibet, færgen"),
        Buildings = Lexicon.List("museet, biblioteket, skolen, banken, markedet, butikken, kirken, restauranten, teatret"),
        Wares = Lexicon.List("bogen, stolen, bordet, lampen, uret, cyklen, billedet, frakken, hatten, ringen"),
        Places = Lexicon.List("i huset, i haven, på gaden, i værelset, på skolen, i landsbyen, i parken, i køkkenet"),
        Nouns = Noun.List("æbler, bøger, stole, breve, blomster, æg, træer, vinduer, borde, flasker, heste, fugle"),
        Days = Lexicon.List("mandag, tirsdag, onsdag, torsdag, fredag, lørdag, søndag"),
        Months = Lexicon.List("januar, februar, marts, april, maj, juni, juli, august, september, oktober, november, december"),
        Clock =
        [
            "{0}", "fem minutter over {0}", "ti minutter over {0}", "kvart over {0}", "tyve minutter over {0}", "fem minutter i halv {1}",
            "halv {1}", "fem minutter over halv {1}", "tyve minutter i {1}", "kvart i {1}", "ti minutter i {1}", "fem minutter i {1}",
        ],
        Sentences =
        [
            "{0} til {1} afgår {2} {3}.",
            "{0} åbner {1} og lukker {2}.",
            "{0} koster {1} euro.",
            "{0} har {1}.",
            "der er {0} {1}.",
            "{0} blev født {1} {2}.",
            "i dag er det {0} {1}.",
            "{0} står op {1} om morgenen.",
            "{0} er {1} år gammel og bor i {2}.",
        ],
    };

    internal override string Number(int number, NumberForm form) => WrittenNumbers.Danish(number);

    internal override string Date(int day, int month) => $"den {Ordinal(day)} {Words.Months[month - 1]}";

    protected override string OnDate(int day, int month) => Date(day, month);

    protected override string OnDay(string day) => "på " + day;

    protected override string At(string time) => "klokken " + time;

    private static string Ordinal(int day) => day switch
    {
        <= 20 => Ordinals[day],
        < 30 => WrittenNumbers.Danish(day) + "nde",
        30 => "tredivte",
        _ => "enogtredivte",
    };
}
