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
    [TestCase("char", "a 😀", "a 😀")]
    [TestCase("none", "a.b  c", "a.b c")]
    public void Tokenizers_follow_their_rules(string name, string text, string expected) =>
        Assert.That(Joined(TextTokenizers.ByName(name).Separate(text)), Is.EqualTo(expected));

    [Test]
    public void Lower_case_is_Pythons()
    {
        foreach (JsonElement item in Cases.Golden("lower"))
            Assert.That(Lowercase.Of(item[0].GetString()!), Is.EqualTo(item[1].GetString()), item.ToString());
    }

    private static string Joined(string separated)
    {
        List<string> tokens = [];
        foreach (ReadOnlySpan<char> token in new Words(separated)) tokens.Add(token.ToString());
        return string.Join(' ', tokens);
    }
}
