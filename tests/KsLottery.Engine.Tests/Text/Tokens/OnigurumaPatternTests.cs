using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Engine.Tests.Text.Tokens;

internal sealed class OnigurumaPatternTests
{
    // What .NET, handed the pattern as it is, would find differently.
    [TestCase("[[:punct:]]+", "a!?b:c", "!?|:")]
    [TestCase("[[:punct:]]", "p€u", "€", Description = "symbols too")]
    [TestCase(@"\p{Punct}", "p€!", "!", Description = "without symbols")]
    [TestCase("[[:^digit:]]+", "a1b", "a|b")]
    [TestCase("[a-z&&[^aeiou]]+", "table", "t|bl")]
    [TestCase(@"[\w&&\p{L}]+", "a_b1", "a|b")]
    [TestCase("[a[x-z]]", "bax", "a|x")]
    [TestCase(@"\h+", "0fg", "0f")]
    [TestCase("a++", "baab", "aa")]
    [TestCase("(?>a|ab)c", "abc ac", "ac")]
    [TestCase("a{2}?", "aaa", "aa|", Description = "twice or not at all")]
    [TestCase("a{,2}b", "aaab", "aab")]
    [TestCase("a{x}", "a{x}", "a{x}")]
    [TestCase("a(?i)b|c", "aB aC c", "aB|aC", Description = "a is before either")]
    [TestCase("(?i:k)", "kK\u212A", "k|K|\u212A")]
    [TestCase("(?i:'s)", "'s 'S 'ſ", "'s|'S|'ſ")]
    [TestCase("(?m:.+)", "a\nb", "a\nb")]
    [TestCase(".+", "a\r\nb", "a\r|b")]
    [TestCase("^.", "ab\ncd\n", "a|c")]
    [TestCase(".$", "ab\ncd", "b|d")]
    [TestCase(@".\Z", "ab\ncd\n", "d")]
    [TestCase(@"\w", "a½²_\u200D", "a|½|²|_", Description = "Latin-1's numbers too")]
    [TestCase(@"[\w]", "a½_", "a|_", Description = "but not in brackets")]
    [TestCase(@"\b\w+", "ab, cd", "ab|cd")]
    [TestCase(@"\p{Han}+", "日本のkanji𠀀", "日本|𠀀")]
    [TestCase(@"\p{^L}|\P{^N}", "a1!", "1|!")]
    [TestCase(@"[😀-🙏]", "a😃😀b", "😃|😀")]
    [TestCase(@".", "😀a", "😀|a", Description = "one code point")]
    [TestCase(@"\x{1F600}|\u00E9|\x41|\011", "😀éA\t", "😀|é|A|\t")]
    [TestCase("(?<name>a)(?#comment)b", "ab", "ab")]
    [TestCase("a*", "baa", "|aa", Description = "no empty match right after another")]
    public void A_pattern_matches_as_in_oniguruma(string pattern, string text, string matches) => Assert.That(
        string.Join('|', SplitPattern.From(pattern).Find(text).Where(part => part.IsMatch).Select(part => text[part.Start..part.End])),
        Is.EqualTo(matches));

    [TestCase("(a)\\1", @"\1")]
    [TestCase(@"\Ga", @"\G")]
    [TestCase(@"a\Kb", @"\K")]
    [TestCase(@"\R", @"\R")]
    [TestCase(@"\X", @"\X")]
    [TestCase(@"\q", @"\q")]
    [TestCase(@"\p{Emoji}", @"\p{Emoji}")]
    [TestCase(@"[[:emoji:]]", "[:emoji:]")]
    [TestCase(@"[\w--a]", "a - between sets")]
    [TestCase(@"[a-c-e]", "a - between sets")]
    [TestCase("[z-a]", "a range whose end is before its start")]
    [TestCase("[]a]", "begins with ]")]
    [TestCase("[a", "a class without its ]")]
    [TestCase("[&&a]", "&& with nothing before it")]
    [TestCase("(?s).", "a group of this kind")]
    [TestCase("(?~a)", "a group of this kind")]
    [TestCase("(?(1)a)", "a group of this kind")]
    [TestCase("(a", "a group without its )")]
    [TestCase("a)", "an unmatched )")]
    [TestCase("*a", "* with nothing to repeat")]
    [TestCase("a{3,2}", "an interval whose first number is the larger")]
    [TestCase("a\\", @"a \ at the end")]
    [TestCase("(?i)ss", "without case")]
    [TestCase("(?i)[ß]", "U+00DF without case")]
    [TestCase(@"\xE9", "the number of no character (E9)")]
    public void What_it_cannot_match_is_named(string pattern, string what) =>
        Assert.That(() => SplitPattern.From(pattern), Throws.InstanceOf<ArgumentException>().With.Message.Contains(what));

    [Test]
    public void A_posix_bracket_and_the_same_set_spelled_out_cut_ascii_alike()
    {
        SplitPattern named = SplitPattern.From("[[:punct:]]+|[^[:punct:]]+");
        SplitPattern spelled = SplitPattern.From(@"[!-/:-@\[-`{-~]+|[^!-/:-@\[-`{-~]+");
        string ascii = string.Concat(Enumerable.Range(0, 128).Select(code => (char)code));
        foreach (string text in (string[])[ascii, "the a! in 123.", "[a]^_`{|}~", "a\nb\t!?"])
            Assert.That(named.Find(text), Is.EqualTo(spelled.Find(text)), VisibleText.Escape(text));
    }

    [Test]
    public void Fixed_text_is_taken_as_it_is() =>
        Assert.That(SplitPattern.FromText("a.[😀]").Find("xa.[😀]a.b").Select(part => (part.Start, part.End, part.IsMatch)),
            Is.EqualTo(new[] { (0, 1, false), (1, 7, true), (7, 10, false) }));

    [TestCase(@"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+")]
    public void Both_ways_to_match_a_pattern_in_wide_use_agree(string pattern)
    {
        SplitPattern fast = SplitPattern.From(pattern), general = SplitPattern.From($"(?:{pattern})");
        foreach (string text in KsLottery.Engine.Tests.Text.Tokens.Peers.TokenizerTexts.Hostile(2000, 3))
            Assert.That(fast.Find(text), Is.EqualTo(general.Find(text)), VisibleText.Escape(text));
    }
}
