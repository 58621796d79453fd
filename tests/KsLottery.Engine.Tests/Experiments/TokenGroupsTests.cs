using KsLottery.Engine.Experiments;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Experiments;

[TestFixture]
public class TokenGroupsTests
{
    [Test]
    public void Each_token_is_in_one_group_by_what_it_adds_to_a_text()
    {
        using TemporaryFolder folder = new();
        BpeTrainer.Train(["the the the 42 42 ... ... ...\n\n\n\n øl øl øl"], BpeTrainer.MinVocabulary + 20).Write(folder.Path);
        Tokenizer tokenizer = Tokenizer.Open(folder.Path);
        TokenGroups groups = new(tokenizer.Names, tokenizer.Encode("the\n"));
        TokenGroup Of(string text) =>
            groups.Of(tokenizer.Encode(text) is [var only] ? only : throw new ArgumentException($"{text} is no token"));
        Assert.Multiple(() =>
        {
            Assert.That(groups.Of(tokenizer.BosId!.Value), Is.EqualTo(TokenGroup.Special));
            Assert.That(groups.Of(tokenizer.Count + 3), Is.EqualTo(TokenGroup.Special), "a row past the tokenizer's end");
            Assert.That((Of("the"), Of("a"), Of("øl")), Is.EqualTo((TokenGroup.Word, TokenGroup.Word, TokenGroup.Word)));
            Assert.That((Of("4"), Of(" "), Of("\n"), Of("."), Of("=")),
                Is.EqualTo((TokenGroup.Digit, TokenGroup.Space, TokenGroup.Space, TokenGroup.Punctuation, TokenGroup.Punctuation)));
            Assert.That(tokenizer.Encode("€").Select(groups.Of), Is.All.EqualTo(TokenGroup.Fragment),
                "three bytes, none of them a character");
            Assert.That(groups.Contains(TokenGroup.Prompt, tokenizer.Encode("\n")[0])
                && groups.Contains(TokenGroup.Space, tokenizer.Encode("\n")[0]), Is.True);
            Assert.That(groups.Contains(TokenGroup.Prompt, tokenizer.Encode(".")[0]), Is.False);
            Assert.That(Enumerable.Range(0, tokenizer.Count).Sum(id => TokenGroups.Dividing.Count(group => groups.Contains(group, id))),
                Is.EqualTo(tokenizer.Count));
        });
    }
}
