namespace KsLottery.Demo;

/// <summary>The whole numbers from 0 to 999 in words.</summary>
/// <remarks>
/// Where a language leaves a choice, the fuller form is written: "one hundred and one", "einhunderteins", "et hundrede og et".
/// The Catalan hyphens stand where the Institut d'Estudis Catalans puts them: tens-units and units-hundreds, nowhere else.
/// </remarks>
internal static class WrittenNumbers
{
    /// <summary>The greatest number that has words.</summary>
    public const int Max = 999;

    private static readonly string[] EnglishUnits = Words("""
        zero one two three four five six seven eight nine ten
        eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen
        """);

    private static readonly string[] EnglishTens = Words("- - twenty thirty forty fifty sixty seventy eighty ninety");

    private static readonly string[] GermanUnits = Words("""
        null eins zwei drei vier fünf sechs sieben acht neun zehn
        elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn
        """);

    private static readonly string[] GermanTens = Words("- - zwanzig dreißig vierzig fünfzig sechzig siebzig achtzig neunzig");

    private static readonly string[] DanishUnits = Words("""
        nul et to tre fire fem seks syv otte ni ti
        elleve tolv tretten fjorten femten seksten sytten atten nitten
        """);

    private static readonly string[] DanishTens = Words("- - tyve tredive fyrre halvtreds tres halvfjerds firs halvfems");

    private static readonly string[] SpanishUnits = Words("""
        cero uno dos tres cuatro cinco seis siete ocho nueve diez
        once doce trece catorce quince dieciséis diecisiete dieciocho diecinueve
        veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve
        """);

    private static readonly string[] SpanishTens = Words("- - - treinta cuarenta cincuenta sesenta setenta ochenta noventa");

    private static readonly string[] SpanishHundreds = Words("""
        - ciento doscientos trescientos cuatrocientos quinientos seiscientos setecientos ochocientos novecientos
        """);

    private static readonly string[] CatalanUnits = Words("""
        zero u dos tres quatre cinc sis set vuit nou deu
        onze dotze tretze catorze quinze setze disset divuit dinou
        """);

    private static readonly string[] CatalanTens = Words("- - vint trenta quaranta cinquanta seixanta setanta vuitanta noranta");

    /// <summary>As in "three hundred and forty-five".</summary>
    public static string English(int number) => Checked(number) switch
    {
        < 20 => EnglishUnits[number],
        < 100 => EnglishTens[number / 10] + Rest("-", number % 10, English),
        _ => EnglishUnits[number / 100] + " hundred" + Rest(" and ", number % 100, English),
    };

    /// <summary>As in "dreihundertfünfundvierzig".</summary>
    public static string German(int number) => Checked(number) switch
    {
        < 20 => GermanUnits[number],
        < 100 => (number % 10 == 0 ? "" : GermanBefore(number % 10) + "und") + GermanTens[number / 10],
        _ => GermanBefore(number / 100) + "hundert" + Rest("", number % 100, German),
    };

    /// <summary>As in "tre hundrede og femogfyrre".</summary>
    public static string Danish(int number) => Checked(number) switch
    {
        < 20 => DanishUnits[number],
        < 100 => number % 10 == 0 ? DanishTens[number / 10]
            : (number % 10 == 1 ? "en" : DanishUnits[number % 10]) + "og" + DanishTens[number / 10],
        _ => DanishUnits[number / 100] + " hundrede" + Rest(" og ", number % 100, Danish),
    };

    /// <summary>As in "trescientos cuarenta y cinco".</summary>
    public static string Spanish(int number, NumberForm form = NumberForm.Alone) => Checked(number) switch
    {
        1 => Agree(form, "uno", "un", "una"),
        21 => Agree(form, "veintiuno", "veintiún", "veintiuna"),
        < 30 => SpanishUnits[number],
        < 100 => SpanishTens[number / 10] + Rest(" y ", number % 10, n => Spanish(n, form)),
        100 => "cien",
        < 200 => "ciento" + Rest(" ", number % 100, n => Spanish(n, form)),
        _ => SpanishHundreds[number / 100][..^2] + Agree(form, "os", "os", "as")
            + Rest(" ", number % 100, n => Spanish(n, form)),
    };

    /// <summary>As in "tres-cents quaranta-cinc".</summary>
    public static string Catalan(int number, NumberForm form = NumberForm.Alone) => Checked(number) switch
    {
        1 => Agree(form, "u", "un", "una"),
        2 => Agree(form, "dos", "dos", "dues"),
        < 20 => CatalanUnits[number],
        < 100 => CatalanTens[number / 10] + Rest(number < 30 ? "-i-" : "-", number % 10, n => Catalan(n, form)),
        < 200 => "cent" + Rest(" ", number % 100, n => Catalan(n, form)),
        _ => Catalan(number / 100, form) + "-" + Agree(form, "cents", "cents", "centes")
            + Rest(" ", number % 100, n => Catalan(n, form)),
    };

    private static string GermanBefore(int digit) => digit == 1 ? "ein" : GermanUnits[digit];

    private static string Agree(NumberForm form, string alone, string masculine, string feminine) => form switch
    {
        NumberForm.Masculine => masculine,
        NumberForm.Feminine => feminine,
        _ => alone,
    };

    private static string Rest(string link, int rest, Func<int, string> words) => rest == 0 ? "" : link + words(rest);

    private static int Checked(int number) => number is >= 0 and <= Max ? number
        : throw new ArgumentOutOfRangeException(nameof(number), number, $"Only numbers from 0 to {Max} have words here.");

    private static string[] Words(string words) => words.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
}
