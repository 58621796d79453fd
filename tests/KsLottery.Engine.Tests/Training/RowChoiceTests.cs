using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Training;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Training;

[TestFixture]
public class RowChoiceTests
{
    [Test]
    public void The_most_frequent_tokens_are_those_that_rows_read_ties_by_id()
    {
        TokenSequence[] sequences = [new(new[] { 1, 5, 5, 9, 2 }, 1), new(new[] { 1, 9, 5, 7, 2 }, 2)];
        Assert.That(RowChoice.MostFrequent(sequences, 4).Ids, Is.EqualTo(new[] { 5, 1, 9, 7 }), "2 is only ever a last target");
        Assert.That(() => RowChoice.MostFrequent(sequences, 5), Throws.ArgumentException.With.Message.Contains("read 4 different tokens"));
    }

    [Test]
    public void Random_rows_are_distinct_text_tokens_that_the_seed_decides()
    {
        using TemporaryFolder folder = new();
        BpeTrainer.Train(["some text"], BpeTrainer.MinVocabulary + 2).Write(folder.Path);
        TokenTable tokens = TokenTable.Open(folder.Path);
        IReadOnlyList<int> rows = RowChoice.Random(tokens, tokens.Count + 10, tokens.Count - 2, 4).Ids;
        Assert.That(rows.Order(), Is.EqualTo(Enumerable.Range(2, tokens.Count - 2)),
            "neither <s> and </s> nor rows past the tokenizer's end");
        Assert.That(RowChoice.Random(tokens, tokens.Count, 20, 4).Ids, Is.EqualTo(rows.Take(20)));
        Assert.That(RowChoice.Random(tokens, tokens.Count, 20, 5).Ids, Is.Not.EqualTo(rows.Take(20)));
    }
}
