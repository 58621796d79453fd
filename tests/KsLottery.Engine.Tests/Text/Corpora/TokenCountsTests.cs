using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Text.Corpora;

public sealed class TokenCountsTests
{
    [Test]
    public void Both_sides_count_and_a_whole_prompt_takes_the_place_of_the_source()
    {
        Tokenizer tokenizer = Tokenizer.Open(SharedData.Path("tokenizers", "tok512", "tok512.model"));
        IReadOnlyList<long> counts = TokenCounts.Of(tokenizer,
            [new("the cat", "the dog", "a", 1), new("ignored", "the", "a", 2) { Prompt = "the the" }]);
        long[] expected = new long[tokenizer.Count];
        foreach (string text in (string[])["the cat", "the dog", "the the", "the"])
            foreach (int id in tokenizer.Encode(text)) expected[id]++;
        Assert.That(counts, Is.EqualTo(expected));
        Assert.That(counts[tokenizer.Encode("the")[0]], Is.EqualTo(5));
    }
}
