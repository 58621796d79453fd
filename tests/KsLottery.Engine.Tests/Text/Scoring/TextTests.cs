using System.Text.Json;
using KsLottery.Engine.Text.Scoring;

namespace KsLottery.Engine.Tests.Text.Scoring;

/// <summary>What happens to a text before its n-grams are counted.</summary>
internal sealed class TextTests
{
    [Test]
    public void Tokens_are_sacreBLEUs()
    {
        int count = 0;
        foreach (JsonElement item in Cases.Golden("tokens"))
        {
            string text = item[1].GetString()!;
            string actual = Joined(TextTokenizers.ByName(item[0].GetString()!).Separate(text));
            // sacreBLEU's "char" keeps the spaces between the tokens, and loses them when it splits.
            Assert.That(actual, Is.EqualTo(Joined(item[2].GetString()!)), $"{item[0]}: {text}");
            count++;
        }
        Assert.That(count, Is.EqualTo(63));
    }

    [TestCase("13a", "1,000.5 is a.b.", "1,000.5 is a . b .")]
    [TestCase("13a", "a..5 ...", "a . .5 . . .")]
    [TestCase("13a", "1990-2000 pre-war", "1990 - 2000 pre-war")]
    [TestCase("13a", "&quot;it's&quot; &amp;lt;", "\" it's \" <")]
    [TestCase("13a", "soft-\nware <skipped>x\ny", "software x y")]
    [TestCase("intl", "It ends in 1999.", "It ends in 1999.")]
    [TestCase("intl", "«€5» isn't 1,5", "« € 5 » isn ' t 1,5")]
    [TestCase("13a", "ZZ[zz{aa`AA@00/99:bb~cc", "ZZ [ zz { aa ` AA @ 00 / 99 : bb ~ cc")]
    [TestCase("13a", "a&gt;b &lt;c &copy;", "a > b < c & copy ;")]
    [TestCase("13a", "é…\u007Fü", "é…\u007Fü", Description = "beyond ~ nothing stands apart")]
    [TestCase("13a", ".5 a", ". 5 a", Description = "nothing stands before the first sign")]
    [TestCase("intl", "a_b!c+d©e", "a _ b ! c + d © e", Description = "first and last categories of punctuation and symbols")]
    [TestCase("intl", "a\uE000b\u0378c", "a\uE000b\u0378c", Description = "private and unassigned")]
    [TestCase("intl", "Ⅷ.Ⅷ ½,½ ٣.٣", "Ⅷ.Ⅷ ½,½ ٣.٣")]
    [TestCase("intl", "a &amp; b", "a & amp ; b")]
    [TestCase("char", "a 😀", "a 😀")]
    [TestCase("none", "a.b  c", "a.b c")]
    public void Tokenizers_follow_their_rules(string name, string text, string expected) =>
        Assert.That(Joined(TextTokenizers.ByName(name).Separate(text)), Is.EqualTo(expected));

    [Test]
    public void Half_of_a_surrogate_pair_is_a_letter([Values("13a", "intl")] string name)
    {
        Assert.That(Joined(TextTokenizers.ByName(name).Separate("a\uD800.b")), Is.EqualTo("a\uD800 . b"));
        Assert.That(Joined(TextTokenizers.ByName(name).Separate("\uD800.5")), Is.EqualTo("\uD800 . 5"), "as after any letter");
    }

    [Test]
    public void Lower_case_is_Pythons()
    {
        foreach (JsonElement item in Cases.Golden("lower"))
            Assert.That(Lowercase.Of(item[0].GetString()!), Is.EqualTo(item[1].GetString()), item.ToString());
    }

    [Test]
    public void A_sigma_ends_a_word_whatever_signs_without_case_stand_around([Values("", "'", ".", ":", "·", "\u2018", "\u2019", "\u2024",
        "\u2027", "\u0301", "\u20DD", "\u00AD", "\u02B0", "^")] string sign)
    {
        Assert.That(Lowercase.Of($"Α{sign}Σ{sign}"), Is.EqualTo($"α{sign}ς{sign}"));
        Assert.That(Lowercase.Of($"ΑΣ{sign}Α"), Is.EqualTo($"ασ{sign}α"));
        Assert.That(Lowercase.Of($"{sign}Σ"), Is.EqualTo($"{sign}σ"), "it begins the word");
    }

    [TestCase("Α ΣΑΣ 1Σ", "α σας 1σ")]
    [TestCase("ΑΣ Α", "ας α")]
    [TestCase("\u01C5Σ", "\u01C6ς", Description = "title case is a case")]
    [TestCase("日Σ", "日σ", Description = "a letter without case")]
    [TestCase("İSΣ", "i\u0307sς")]
    public void A_sigma_ends_a_word_after_a_letter_with_case_alone(string text, string expected) =>
        Assert.That(Lowercase.Of(text), Is.EqualTo(expected));

    [Test]
    public void Words_stand_between_the_whitespace_of_Python()
    {
        Assert.That(Joined(" a\u001Cb\u001Fc\u001Bd\u3000e\u0085"), Is.EqualTo("a b c\u001Bd e"));
        Assert.That(Words.TrimEnd(" a\u001C b \u001F\u2028"), Is.EqualTo(" a\u001C b"));
        Assert.That(Words.TrimEnd("a\u001B"), Is.EqualTo("a\u001B"));
        Assert.That(Words.TrimEnd(" \t"), Is.Empty);
    }

    private static string Joined(string separated)
    {
        List<string> tokens = [];
        foreach (ReadOnlySpan<char> token in new Words(separated)) tokens.Add(token.ToString());
        return string.Join(' ', tokens);
    }
}
