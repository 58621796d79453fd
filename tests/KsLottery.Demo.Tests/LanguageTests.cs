using System.Text.RegularExpressions;
using KsLottery.Engine.Numerics;

namespace KsLottery.Demo.Tests;

/// <remarks>Weekdays and months were checked once against the names in ICU 72's locale data, in all five languages.</remarks>
public sealed class LanguageTests
{
    private static readonly string[] EnglishOrdinals = Split("""
        first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth
        seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third twenty-fourth twenty-fifth twenty-sixth
        twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first
        """);

    private static readonly string[] GermanOrdinals = Split("""
        erste zweite dritte vierte fünfte sechste siebte achte neunte zehnte elfte zwölfte dreizehnte vierzehnte fünfzehnte sechzehnte
        siebzehnte achtzehnte neunzehnte zwanzigste einundzwanzigste zweiundzwanzigste dreiundzwanzigste vierundzwanzigste
        fünfundzwanzigste sechsundzwanzigste siebenundzwanzigste achtundzwanzigste neunundzwanzigste dreißigste einunddreißigste
        """);

    private static readonly string[] DanishOrdinals = Split("""
        første anden tredje fjerde femte sjette syvende ottende niende tiende ellevte tolvte trettende fjortende femtende sekstende
        syttende attende nittende tyvende enogtyvende toogtyvende treogtyvende fireogtyvende femogtyvende seksogtyvende syvogtyvende
        otteogtyvende niogtyvende tredivte enogtredivte
        """);

    private static readonly string[] SpanishDays = Split("""
        primero dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince dieciséis diecisiete dieciocho
        diecinueve veinte veintiuno veintidós veintitrés veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve treinta
        treinta_y_uno
        """);

    private static readonly string[] CatalanDays = Split("""
        primer dos tres quatre cinc sis set vuit nou deu onze dotze tretze catorze quinze setze disset divuit dinou vint vint-i-u
        vint-i-dos vint-i-tres vint-i-quatre vint-i-cinc vint-i-sis vint-i-set vint-i-vuit vint-i-nou trenta trenta-u
        """);

    [Test]
    public void Each_day_of_a_month_has_its_ordinal_or_number([Range(1, 31)] int day)
    {
        Assert.That(Language.English.Date(day, 3), Is.EqualTo($"the {EnglishOrdinals[day - 1]} of March"));
        Assert.That(Language.German.Date(day, 3), Is.EqualTo($"der {GermanOrdinals[day - 1]} März"));
        Assert.That(Language.Danish.Date(day, 3), Is.EqualTo($"den {DanishOrdinals[day - 1]} marts"));
        Assert.That(Language.Spanish.Date(day, 3), Is.EqualTo($"{SpanishDays[day - 1]} de marzo"));
        Assert.That(Language.Catalan.Date(day, 3), Is.EqualTo($"{CatalanDays[day - 1]} de març"));
        Assert.That(Language.Catalan.Date(day, 10), Is.EqualTo($"{CatalanDays[day - 1]} d'octubre"));
    }

    [TestCase(0, "at seven o'clock", "um sieben Uhr", "klokken syv", "a las siete", "a les set")]
    [TestCase(1, "at five past seven", "um fünf nach sieben", "klokken fem minutter over syv", "a las siete y cinco", "a les set i cinc")]
    [TestCase(2, "at ten past seven", "um zehn nach sieben", "klokken ti minutter over syv", "a las siete y diez", "a les set i deu")]
    [TestCase(3, "at a quarter past seven", "um Viertel nach sieben", "klokken kvart over syv", "a las siete y cuarto",
        "a un quart de vuit")]
    [TestCase(4, "at twenty past seven", "um zwanzig nach sieben", "klokken tyve minutter over syv", "a las siete y veinte",
        "a un quart i cinc de vuit")]
    [TestCase(5, "at twenty-five past seven", "um fünf vor halb acht", "klokken fem minutter i halv otte", "a las siete y veinticinco",
        "a un quart i deu de vuit")]
    [TestCase(6, "at half past seven", "um halb acht", "klokken halv otte", "a las siete y media", "a dos quarts de vuit")]
    [TestCase(7, "at twenty-five to eight", "um fünf nach halb acht", "klokken fem minutter over halv otte",
        "a las ocho menos veinticinco", "a dos quarts i cinc de vuit")]
    [TestCase(8, "at twenty to eight", "um zwanzig vor acht", "klokken tyve minutter i otte", "a las ocho menos veinte",
        "a dos quarts i deu de vuit")]
    [TestCase(9, "at a quarter to eight", "um Viertel vor acht", "klokken kvart i otte", "a las ocho menos cuarto",
        "a tres quarts de vuit")]
    [TestCase(10, "at ten to eight", "um zehn vor acht", "klokken ti minutter i otte", "a las ocho menos diez",
        "a tres quarts i cinc de vuit")]
    [TestCase(11, "at five to eight", "um fünf vor acht", "klokken fem minutter i otte", "a las ocho menos cinco",
        "a tres quarts i deu de vuit")]
    public void Every_five_minutes_have_their_name(int step, params string[] times) =>
        Assert.That(Language.All.Select(t => t.Render(Slot.At, 7 * Meaning.Hour + step)), Is.EqualTo(times));

    [TestCase(0, 0, "at twelve o'clock", "um zwölf Uhr", "klokken tolv", "a las doce", "a les dotze")]
    [TestCase(12, 6, "at half past twelve", "um halb eins", "klokken halv et", "a las doce y media", "a dos quarts d'una")]
    [TestCase(12, 9, "at a quarter to one", "um Viertel vor eins", "klokken kvart i et", "a la una menos cuarto", "a tres quarts d'una")]
    [TestCase(1, 0, "at one o'clock", "um ein Uhr", "klokken et", "a la una", "a la una")]
    [TestCase(1, 3, "at a quarter past one", "um Viertel nach eins", "klokken kvart over et", "a la una y cuarto", "a un quart de dues")]
    [TestCase(10, 6, "at half past ten", "um halb elf", "klokken halv elleve", "a las diez y media", "a dos quarts d'onze")]
    [TestCase(11, 0, "at eleven o'clock", "um elf Uhr", "klokken elleve", "a las once", "a les onze")]
    public void One_and_eleven_bend_their_neighbours(int hour, int step, params string[] times) =>
        Assert.That(Language.All.Select(t => t.Render(Slot.At, hour % 12 * Meaning.Hour + step)), Is.EqualTo(times));

    [Test]
    public void Each_language_has_a_word_for_each_value_and_a_sentence_for_each_frame()
    {
        foreach (Lexicon words in Language.All.Select(t => t.Words))
        {
            int[] counts =
            [
                words.Persons.Length, words.Cities.Length, words.Vehicles.Length, words.Buildings.Length, words.Wares.Length,
                words.Places.Length, words.Nouns.Length, words.Days.Length, words.Months.Length, words.Clock.Length, words.Sentences.Length,
            ];
            Assert.That(counts, Is.EqualTo(new[]
            {
                Meaning.Persons, Meaning.Cities, Meaning.Vehicles, Meaning.Buildings, Meaning.Wares, Meaning.Places, Meaning.Nouns,
                Meaning.Days, 12, Meaning.Hour, Enum.GetValues<Frame>().Length,
            }));
        }
    }

    [Test]
    public void A_meaning_is_said_by_every_language()
    {
        Meaning departure = new(Frame.Departure, A: 1, B: 2, C: 0, D: 7 * Meaning.Hour + 3);
        Assert.That(Language.All.Select(t => t.Say(departure)), Is.EqualTo(new[]
        {
            "The bus to Vienna leaves on Monday at a quarter past seven.",
            "Der Bus nach Wien fährt am Montag um Viertel nach sieben ab.",
            "Bussen til Wien afgår på mandag klokken kvart over syv.",
            "El autobús a Viena sale el lunes a las siete y cuarto.",
            "L'autobús a Viena surt dilluns a un quart de vuit.",
        }));
        Meaning hours = new(Frame.Hours, A: 2, B: 9 * Meaning.Hour + 6, C: 5 * Meaning.Hour);
        Assert.That(Language.All.Select(t => t.Say(hours)), Is.EqualTo(new[]
        {
            "The school opens at half past nine and closes at five o'clock.",
            "Die Schule öffnet um halb zehn und schließt um fünf Uhr.",
            "Skolen åbner klokken halv ti og lukker klokken fem.",
            "La escuela abre a las nueve y media y cierra a las cinco.",
            "L'escola obre a dos quarts de deu i tanca a les cinc.",
        }));
        Meaning apples = new(Frame.Owning, A: 0, B: 21 * Meaning.Nouns);
        Assert.That(Language.All.Select(t => t.Say(apples)), Is.EqualTo(new[]
        {
            "Anna has twenty-one apples.",
            "Anna hat einundzwanzig Äpfel.",
            "Anna har enogtyve æbler.",
            "Anna tiene veintiuna manzanas.",
            "L'Anna té vint-i-una pomes.",
        }));
    }

    [Test]
    public void Two_meanings_are_two_sentences_in_every_language()
    {
        SplitMix64 random = new(3);
        HashSet<Meaning> meanings = [];
        while (meanings.Count < 20_000) meanings.Add(Meaning.Draw(ref random));
        foreach (Language language in Language.All)
        {
            string[] sentences = [.. meanings.Select(language.Say)];
            Assert.That(sentences.Distinct().Count(), Is.EqualTo(sentences.Length), language.Name);
            Assert.That(sentences, Is.All.Match(@"^\p{Lu}[^.?]*[^ ]\.$").And.None.Match(@"[{}*]|  "), language.Name);
        }
    }

    private static string[] Split(string words) => [.. Regex.Split(words.Trim(), @"\s+").Select(w => w.Replace('_', ' '))];
}
