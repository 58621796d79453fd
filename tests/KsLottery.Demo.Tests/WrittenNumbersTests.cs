namespace KsLottery.Demo.Tests;

/// <remarks>
/// Checked once against ICU 72's spelled-out numbers and Python's num2words, every number from 0 to 999. Equal to ICU: English (with
/// "and"), German, Spanish alone and with each gender. Danish equals ICU but for spaces and the "et" of "et hundrede", which may be
/// there or not. Masculine Catalan equals num2words; ICU writes "dos-cent" and hyphens that the Institute does not.
/// Ordinals to the 31st equal ICU's in English and German, and in Danish but for ICU's "etogtyvende".
/// </remarks>
public sealed class WrittenNumbersTests
{
    [TestCase(0, "zero"), TestCase(1, "one"), TestCase(13, "thirteen"), TestCase(21, "twenty-one"), TestCase(40, "forty")]
    [TestCase(55, "fifty-five"), TestCase(71, "seventy-one"), TestCase(99, "ninety-nine"), TestCase(100, "one hundred")]
    [TestCase(101, "one hundred and one"), TestCase(345, "three hundred and forty-five"), TestCase(999, "nine hundred and ninety-nine")]
    public void English_says_and_before_the_last_part(int number, string words) =>
        Assert.That(WrittenNumbers.English(number), Is.EqualTo(words));

    [TestCase(0, "null"), TestCase(1, "eins"), TestCase(16, "sechzehn"), TestCase(17, "siebzehn"), TestCase(21, "einundzwanzig")]
    [TestCase(30, "dreißig"), TestCase(55, "fünfundfünfzig"), TestCase(71, "einundsiebzig"), TestCase(99, "neunundneunzig")]
    [TestCase(100, "einhundert"), TestCase(101, "einhunderteins"), TestCase(345, "dreihundertfünfundvierzig")]
    [TestCase(716, "siebenhundertsechzehn")]
    public void German_puts_units_before_tens(int number, string words) => Assert.That(WrittenNumbers.German(number), Is.EqualTo(words));

    [TestCase(0, "nul"), TestCase(1, "et"), TestCase(16, "seksten"), TestCase(21, "enogtyve"), TestCase(40, "fyrre")]
    [TestCase(50, "halvtreds"), TestCase(55, "femoghalvtreds"), TestCase(60, "tres"), TestCase(71, "enoghalvfjerds"), TestCase(80, "firs")]
    [TestCase(99, "nioghalvfems"), TestCase(100, "et hundrede"), TestCase(101, "et hundrede og et")]
    [TestCase(345, "tre hundrede og femogfyrre")]
    public void Danish_counts_by_scores(int number, string words) => Assert.That(WrittenNumbers.Danish(number), Is.EqualTo(words));

    [TestCase(0, "cero"), TestCase(1, "uno"), TestCase(16, "dieciséis"), TestCase(21, "veintiuno"), TestCase(22, "veintidós")]
    [TestCase(26, "veintiséis"), TestCase(31, "treinta y uno"), TestCase(55, "cincuenta y cinco"), TestCase(71, "setenta y uno")]
    [TestCase(99, "noventa y nueve"), TestCase(100, "cien"), TestCase(101, "ciento uno"), TestCase(345, "trescientos cuarenta y cinco")]
    [TestCase(500, "quinientos"), TestCase(777, "setecientos setenta y siete"), TestCase(901, "novecientos uno")]
    public void Spanish_has_its_accents_and_short_forms(int number, string words) =>
        Assert.That(WrittenNumbers.Spanish(number), Is.EqualTo(words));

    [TestCase(0, "zero"), TestCase(1, "u"), TestCase(17, "disset"), TestCase(21, "vint-i-u"), TestCase(22, "vint-i-dos")]
    [TestCase(55, "cinquanta-cinc"), TestCase(71, "setanta-u"), TestCase(88, "vuitanta-vuit"), TestCase(99, "noranta-nou")]
    [TestCase(100, "cent"), TestCase(101, "cent u"), TestCase(200, "dos-cents"), TestCase(345, "tres-cents quaranta-cinc")]
    public void Catalan_has_hyphens_in_tens_and_hundreds_alone(int number, string words) =>
        Assert.That(WrittenNumbers.Catalan(number), Is.EqualTo(words));

    [TestCase(1, "un", "una", "un", "una"), TestCase(2, "dos", "dos", "dos", "dues")]
    [TestCase(21, "veintiún", "veintiuna", "vint-i-un", "vint-i-una"), TestCase(22, "veintidós", "veintidós", "vint-i-dos", "vint-i-dues")]
    [TestCase(31, "treinta y un", "treinta y una", "trenta-un", "trenta-una")]
    [TestCase(200, "doscientos", "doscientas", "dos-cents", "dues-centes")]
    [TestCase(521, "quinientos veintiún", "quinientas veintiuna", "cinc-cents vint-i-un", "cinc-centes vint-i-una")]
    public void A_number_agrees_with_the_noun_it_counts(int number, string es, string esFeminine, string ca, string caFeminine)
    {
        Assert.That(WrittenNumbers.Spanish(number, NumberForm.Masculine), Is.EqualTo(es));
        Assert.That(WrittenNumbers.Spanish(number, NumberForm.Feminine), Is.EqualTo(esFeminine));
        Assert.That(WrittenNumbers.Catalan(number, NumberForm.Masculine), Is.EqualTo(ca));
        Assert.That(WrittenNumbers.Catalan(number, NumberForm.Feminine), Is.EqualTo(caFeminine));
    }

    [Test]
    public void No_two_numbers_have_the_same_words()
    {
        foreach (Language language in Language.All)
            foreach (NumberForm form in Enum.GetValues<NumberForm>())
                Assert.That(Enumerable.Range(0, WrittenNumbers.Max + 1).Select(n => language.Number(n, form)), Is.Unique,
                    $"{language.Name}, {form}");
    }

    [TestCase(-1), TestCase(1_000)]
    public void A_number_outside_the_range_is_refused(int number)
    {
        foreach (Language language in Language.All)
            Assert.That(() => language.Number(number, NumberForm.Alone), Throws.TypeOf<ArgumentOutOfRangeException>(), language.Name);
    }
}
