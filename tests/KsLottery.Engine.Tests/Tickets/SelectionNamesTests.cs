using KsLottery.Engine.Statistics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Tests.Tickets;

public sealed class SelectionNamesTests
{
    [Test]
    public void Every_method_and_correction_is_found_by_its_own_name()
    {
        Assert.That(SelectionNames.OfMethods, Is.EqualTo(new[] { "auto", "exact", "asymp" }));
        Assert.That(Enum.GetValues<KsMethod>().Select(SelectionNames.ToName), Is.EqualTo(SelectionNames.OfMethods));
        Assert.That(SelectionNames.OfAdjustments, Is.EqualTo(new[] { "none", "bonferroni", "holm", "bh" }));
        Assert.That(Enum.GetValues<PValueAdjustment>().Select(SelectionNames.ToName), Is.EqualTo(SelectionNames.OfAdjustments));
        foreach (KsMethod method in Enum.GetValues<KsMethod>())
            Assert.That((SelectionNames.TryParse(method.ToName(), out KsMethod found), found), Is.EqualTo((true, method)));
        foreach (PValueAdjustment adjustment in Enum.GetValues<PValueAdjustment>())
            Assert.That((SelectionNames.TryParse(adjustment.ToName(), out PValueAdjustment found), found), Is.EqualTo((true, adjustment)));
    }

    [TestCase("Exact"), TestCase(""), TestCase(null)]
    public void Another_name_is_none(string? name)
    {
        Assert.That((SelectionNames.TryParse(name, out KsMethod method), method), Is.EqualTo((false, KsMethod.Auto)));
        bool isFound = SelectionNames.TryParse(name, out PValueAdjustment adjustment);
        Assert.That((isFound, adjustment), Is.EqualTo((false, PValueAdjustment.None)));
    }

    [Test]
    public void What_is_no_method_or_correction_has_no_name()
    {
        Assert.That(() => ((KsMethod)9).ToName(), Throws.InvalidOperationException);
        Assert.That(() => ((PValueAdjustment)9).ToName(), Throws.InvalidOperationException);
    }

    [Test]
    public void Limits_are_named_with_the_value()
    {
        Assert.That(() => new TicketSelection { Alpha = 1.5 }, Throws.TypeOf<ArgumentOutOfRangeException>()
            .With.Message.StartWith("alpha is 1.5; it lies between 0 and 1, for instance 0.05."));
        Assert.That(() => new TicketSelection { Top = 0 }, Throws.TypeOf<ArgumentOutOfRangeException>()
            .With.Message.StartWith("the number of rows is at least 1.").And.Message.Contains("Actual value was 0."));
        Assert.That((new TicketSelection { Top = 1 }.Top, new TicketSelection { Top = null }.Top), Is.EqualTo(((int?)1, (int?)null)));
        Assert.That(new TicketSelection(), Is.EqualTo(new TicketSelection
        {
            Alpha = 0.05,
            Method = KsMethod.Auto,
            Adjustment = PValueAdjustment.None,
            Top = null,
        }));
    }
}
