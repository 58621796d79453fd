using FsCheck;
using FsCheck.Fluent;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Text.Scoring;

namespace KsLottery.Engine.Tests.Text.Scoring;

internal sealed class ScorePropertyTests
{
    private static readonly string[] Words = ["the", "dog", "bit", "a", "man", "3.5", "well-known", "!", "(hi)", "日本", "😀"];

    private static readonly Gen<string> Line =
        from words in Gen.Elements(Words).ArrayOf()
        select string.Join(' ', words);

    private static readonly Gen<(string Hypothesis, string Reference)[]> Corpora =
        from size in Gen.Choose(1, 6)
        from pairs in Line.SelectMany(h => Line.Select(r => (h, r))).ArrayOf(size)
        select pairs;

    [Test]
    public void The_order_of_the_segments_changes_nothing() => Check.QuickThrowOnFailure(Prop.ForAll(Corpora.ToArbitrary(), pairs =>
    {
        (string, string)[] reversed = [.. pairs.Reverse()];
        foreach (ChrfOptions options in new[] { new(), ChrfOptions.ChrfPlusPlus })
            Assert.That(ChrfOf(reversed, options), Is.EqualTo(ChrfOf(pairs, options)));
        Assert.That(BleuOf(reversed), Is.EqualTo(BleuOf(pairs)));
    }));

    [Test]
    public void Scores_stay_between_0_and_100() => Check.QuickThrowOnFailure(Prop.ForAll(Corpora.ToArbitrary(), pairs =>
    {
        Assert.That(BleuOf(pairs), Is.InRange(0, 100 + 1e-9));
        Assert.That(ChrfOf(pairs, ChrfOptions.ChrfPlusPlus), Is.InRange(0, 100 + 1e-9));
    }));

    [Test]
    public void A_further_reference_never_takes_a_match_away() => Check.QuickThrowOnFailure(Prop.ForAll(Corpora.ToArbitrary(), pairs =>
    {
        string[] hypotheses = [.. pairs.Select(p => p.Hypothesis)], first = [.. pairs.Select(p => p.Reference)];
        string[] second = [.. first.Reverse()];
        IReadOnlyList<long> one = Bleu.Corpus(hypotheses, [first]).Matches, two = Bleu.Corpus(hypotheses, [first, second]).Matches;
        Assert.That(one.Zip(two), Has.All.Matches<(long One, long Two)>(m => m.One <= m.Two));
        Assert.That(Bleu.Corpus(hypotheses, [first, first]).Score, Is.EqualTo(Bleu.Corpus(hypotheses, [first]).Score));
    }));

    [TestCase("The dog bit the man, didn't it?")]
    [TestCase("one two three four")]
    [TestCase("これ は 日本語 です 😀")]
    public void Identical_text_scores_100(string text)
    {
        Assert.That(Bleu.Corpus([text, text], [[text, text]]).Score, Is.EqualTo(100).Within(1e-9));
        Assert.That(Bleu.Sentence(text, ["something else", text]).Score, Is.EqualTo(100).Within(1e-9));
        Assert.That(Chrf.Sentence(text, [text]).Score, Is.EqualTo(100).Within(1e-9));
        Assert.That(Chrf.Corpus([text], [[text]], ChrfOptions.ChrfPlusPlus).Score, Is.EqualTo(100).Within(1e-9));
    }

    [Test]
    public void Empty_hypotheses_score_0_and_are_kept()
    {
        BleuScore bleu = Bleu.Corpus(["", "a b c d e"], [["w x y z", "a b c d e"]]);
        Assert.That(bleu.ReferenceLength, Is.EqualTo(9));
        Assert.That(bleu.Score, Is.EqualTo(100 * Math.Exp(1 - 9 / 5.0)).Within(1e-9));
        Assert.That(Bleu.Sentence("", ["a"]).Score, Is.Zero);
        Assert.That(Bleu.Sentence("", [""]).Score, Is.Zero);
        Assert.That(Chrf.Sentence("", ["reference"]).Score, Is.Zero);
        Assert.That(Chrf.Sentence("", [""], ChrfOptions.ChrfPlusPlus).Score, Is.Zero);
    }

    [Test]
    public void The_reference_nearest_in_length_counts_and_of_two_the_shorter()
    {
        foreach ((string[] references, int length) in ((string[], int)[])
            [(["a b", "a b c d"], 2), (["a b c d e f", "a b c d e"], 5), (["a", "a b c d"], 4)])
        {
            Assert.That(Bleu.Sentence("a b c", references).ReferenceLength, Is.EqualTo(length));
            Assert.That(Bleu.Sentence("a b c", [.. references.Reverse()]).ReferenceLength, Is.EqualTo(length));
        }
    }

    [Test]
    public void Orders_that_a_short_hypothesis_lacks_do_not_count()
    {
        // Two orders: precisions 1 and 1, recalls 2/4 and 1/3.
        const double Recall = 5 / 12.0;
        Assert.That(Chrf.Sentence("ab", ["abcd"]).Score, Is.EqualTo(100 * 5 * Recall / (4 + Recall)).Within(1e-12));
    }

    [Test]
    public void The_brevity_penalty_of_nothing_is_0_and_of_nothing_against_nothing_1()
    {
        Assert.That(Bleu.Sentence("", ["a"]).BrevityPenalty, Is.Zero);
        Assert.That(Bleu.Sentence("a b", ["a b c d"]).BrevityPenalty, Is.EqualTo(Math.Exp(-1)).Within(1e-15));
        Assert.That(Bleu.Sentence("a b", ["a"]).BrevityPenalty, Is.EqualTo(1));
        Assert.That(Bleu.Corpus([""], [[""]]).ToString(),
            Does.EndWith(" = 0.00 0.0/0.0/0.0/0.0 (BP = 1.000 ratio = 0.000 hyp_len = 0 ref_len = 0)"));
    }

    [Test]
    public void A_short_line_after_a_long_one_is_counted_alone()
    {
        string longLine = string.Join(' ', Enumerable.Range(0, 5000));
        BleuScore score = Bleu.Corpus([longLine, "0 1 2 x", longLine], [[longLine, "0 1 7 8", longLine]]);
        Assert.That(score.Matches, Is.EqualTo(new long[] { 10_002, 9_999, 9_996, 9_994 }));
    }

    [Test]
    public void Another_tokenizer_can_be_plugged_in()
    {
        ITextTokenizer pieces = TextTokenizers.FromPieces("flores101", text => text.Split('-').Append(""));
        BleuScore score = Bleu.Corpus(["▁a-b-▁c-d"], [["▁a-b-▁c-e"]], new BleuOptions { Tokenizer = pieces });
        Assert.That(score.Matches, Is.EqualTo(new long[] { 3, 2, 1, 0 }));
        Assert.That(score.Signature, Does.Contain("|tok:flores101|"));
    }

    [Test]
    public void Signatures_say_all_that_a_score_depends_on()
    {
        string end = $"|version:{LibraryVersion.Current}|impl:kslottery";
        BleuScore score = Bleu.Corpus(["The dog bit the man."], [["The dog bit the man."]]);
        Assert.That(score.Signature, Is.EqualTo("BLEU|nrefs:1|case:mixed|eff:no|tok:13a|smooth:exp" + end));
        Assert.That(score.ToString(), Is.EqualTo(
            score.Signature + " = 100.00 100.0/100.0/100.0/100.0 (BP = 1.000 ratio = 1.000 hyp_len = 6 ref_len = 6)"));
        Assert.That(Bleu.Sentence("a", ["a", "b"], new BleuOptions { Smoothing = BleuSmoothing.AddK, Lowercase = true }).Signature,
            Is.EqualTo("BLEU|nrefs:2|case:lc|eff:yes|tok:13a|smooth:add-k[1.00]" + end));
        Assert.That(Chrf.Sentence("a", ["a"]).ToString(),
            Is.EqualTo("chrF2|nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no" + end + " = 100.00"));
        Assert.That(Chrf.Sentence("a", ["a"], ChrfOptions.ChrfPlusPlus with { EpsilonSmoothing = true }).Signature,
            Is.EqualTo("chrF2++|nrefs:1|case:mixed|eff:no|nc:6|nw:2|space:no" + end));
    }

    private static double BleuOf((string Hypothesis, string Reference)[] pairs) =>
        Bleu.Corpus([.. pairs.Select(p => p.Hypothesis)], [[.. pairs.Select(p => p.Reference)]]).Score;

    private static double ChrfOf((string Hypothesis, string Reference)[] pairs, ChrfOptions options) =>
        Chrf.Corpus([.. pairs.Select(p => p.Hypothesis)], [[.. pairs.Select(p => p.Reference)]], options).Score;
}
