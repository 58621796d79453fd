using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Tests.Tickets;

public sealed class TicketSelectionTests
{
    private static readonly int[] Counts = [5, 8, 0, 6, 7, 2, 1, 3, 4, 8];

    private static ScoredRows Score(TicketSelection selection) =>
        new(SmallMatrices.Scan([.. Counts.Select(SmallMatrices.Lifted)]), selection);

    [Test]
    public void A_share_of_the_rows_becomes_their_number()
    {
        ScoredRows rows = Score(new TopShare(new(0.35m)) { Alpha = 0.01 });
        Ticket ticket = Ticket.Select(rows, SmallMatrices.Origin(rows.Scan));
        Assert.That(ticket.Entries.Select(e => e.Id), Is.EqualTo(Score(new TopUnits(3)).RankTop(3)));
        Assert.That(ticket.Selection, Is.EqualTo(new TopUnits(3) { Alpha = 0.01, Method = rows.Method }));
        Assert.That((ticket.IsByRank, ticket.Signature.ToString()), Is.EqualTo((true, Ticket.Select(
            Score(new TopUnits(3) { Alpha = 0.01 }), SmallMatrices.Origin(rows.Scan)).Signature.ToString())));
        Assert.That(() => Ticket.Select(Score(new TopShare(new(0.05m))), SmallMatrices.Origin(rows.Scan)),
            Throws.ArgumentException.With.Message.StartWith("5% of 10 units is none. Take a larger share."));
    }

    [Test]
    public void A_pattern_chooses_no_rows()
    {
        ScoredRows rows = Score(new GroupPattern(2, 4));
        Assert.That(() => Ticket.Select(rows, SmallMatrices.Origin(rows.Scan)),
            Throws.ArgumentException.With.Message.StartWith("2:4 chooses elements in groups of 4 of a row, not larger units."));
    }

    [Test]
    public void A_seed_draws_rows_and_more_of_them_hold_the_fewer()
    {
        ScoredRows rows = Score(new BelowAlpha());
        int[] five = [.. new RandomUnits(5, 7).Rank(rows)];
        Assert.That(five, Is.Unique.And.Length.EqualTo(5));
        Assert.That(new RandomUnits(2, 7).Rank(rows), Is.EqualTo(five[..2]));
        Assert.That(new RandomUnits(new(0.2m), false, 7).Rank(rows), Is.EqualTo(five[..2]));
        Assert.That(new RandomUnits(5, 8).Rank(rows), Is.Not.EqualTo(five));
        Assert.That(new RandomUnits(99, 7).Rank(rows), Has.Count.EqualTo(10));
    }

    [TestCase("2:4", 2, 4), TestCase("1:1", 1, 1), TestCase("4:8", 4, 8)]
    public void A_pattern_is_read_as_it_is_written(string text, int count, int size)
    {
        GroupPattern pattern = GroupPattern.Parse(text);
        Assert.That((pattern.Count, pattern.GroupSize, pattern.ToString()), Is.EqualTo((count, size, text)));
    }

    [TestCase("4:2"), TestCase("0:4"), TestCase("2"), TestCase("2:4:8"), TestCase("2:1025"), TestCase("a:b"), TestCase("-1:4")]
    public void No_other_pattern_is(string text) => Assert.That(() => GroupPattern.Parse(text),
        Throws.TypeOf<FormatException>().With.Message.EqualTo(
            $"'{text}' is no pattern N:M with 1 ≤ N ≤ M ≤ 1024. Write, for instance, 2:4."));

    [Test]
    public void The_numbers_of_a_pattern_are_checked()
    {
        Assert.That(() => new GroupPattern(3, 2),
            Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.StartWith("of 2 elements 1 to 2 win."));
        Assert.That(() => new GroupPattern(1, 0),
            Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.StartWith("groups have 1 to 1024 elements."));
    }
}
