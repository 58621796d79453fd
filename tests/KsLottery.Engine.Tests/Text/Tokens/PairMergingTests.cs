using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Engine.Tests.Text.Tokens;

internal sealed class PairMergingTests
{
    [TestCase(1 << 10)]
    [TestCase(1 << 17)]
    public void One_long_word_takes_three_lookups_a_symbol_at_most(int length)
    {
        MergeTable table = new();
        const int Levels = 10;
        for (int level = 0; level < Levels; level++) table.Set(level, level, level, level + 1);
        table.AddJoint("a", "a", new CodePointTable { ['a'] = 0 });
        PairMerging merging = new(table);
        List<int> tokens = [];
        merging.Append(new int[length], tokens);

        Assert.That(tokens, Has.Count.EqualTo(length >> Levels).And.All.EqualTo(Levels));
        Assert.That(merging.LookupCount, Is.InRange(length, 3L * length));
    }

    [Test]
    public void The_best_rank_goes_first_and_the_leftmost_of_equals()
    {
        MergeTable table = new();
        CodePointTable symbols = new() { ['a'] = 0, ['b'] = 1 };
        table.Set(0, 1, 1, 2); // a b
        table.Set(1, 1, 0, 3); // b b
        table.AddJoint("a", "b", symbols);
        table.AddJoint("b", "b", symbols);
        List<int> tokens = [];
        new PairMerging(table).Append([0, 1, 1, 1, 0, 1], tokens);
        Assert.That(tokens, Is.EqualTo(new[] { 0, 3, 1, 2 }));
    }

    [Test]
    public void Symbols_that_nothing_knows_cut_the_text()
    {
        MergeTable table = new();
        table.Set(0, 0, 0, 1);
        table.AddJoint("a", "a", new CodePointTable { ['a'] = 0 });
        List<int> tokens = [];
        new PairMerging(table).Append([0, ~5, 0, 0, ~5, ~5], tokens);
        Assert.That(tokens, Is.EqualTo(new[] { 0, ~5, 1, ~5, ~5 }));
    }
}
