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
        Assert.That(() => new BelowAlpha { Alpha = 1.5 }, Throws.TypeOf<ArgumentOutOfRangeException>()
            .With.Message.StartWith("alpha is 1.5; it lies between 0 and 1, for instance 0.05."));
        Assert.That(() => new TopUnits(0), Throws.TypeOf<ArgumentOutOfRangeException>()
            .With.Message.StartWith("the number of units is at least 1.").And.Message.Contains("Actual value was 0."));
        Assert.That((new TopUnits(1).Top, new BelowAlpha().Top), Is.EqualTo(((long?)1, (long?)null)));
        Assert.That(new BelowAlpha(), Is.EqualTo(new BelowAlpha
        {
            Alpha = 0.05,
            Method = KsMethod.Auto,
            Adjustment = PValueAdjustment.None,
        }));
    }

    [Test]
    public void A_selection_takes_level_method_and_correction_from_another()
    {
        BelowAlpha test = new() { Alpha = 0.01, Method = KsMethod.Exact, Adjustment = PValueAdjustment.Holm };
        TopUnits top = new(3, test);
        Assert.That((top.Alpha, top.Method, top.Adjustment, top.Top), Is.EqualTo((0.01, KsMethod.Exact, PValueAdjustment.Holm, 3)));
        Assert.That(new BelowAlpha(top), Is.EqualTo(test));
    }
}
