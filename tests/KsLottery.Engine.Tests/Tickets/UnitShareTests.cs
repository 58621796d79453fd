using System.Text.Json;
using KsLottery.Engine.Tickets;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Tickets;

public sealed class UnitShareTests
{
    [Test]
    public void A_share_comes_to_the_floor_of_its_exact_decimal()
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(SharedData.Path("systems", "select_counts.json")));
        int cases = 0;
        foreach (JsonElement one in golden.RootElement.GetProperty("cases").EnumerateArray())
        {
            decimal share = decimal.Parse(one.GetProperty("share").GetString()!, System.Globalization.CultureInfo.InvariantCulture);
            long units = one.GetProperty("n").GetInt64();
            Assert.That((new UnitShare(share).CountOf(units), new UnitShare(1 - share).CountOf(units)),
                Is.EqualTo((one.GetProperty("share_times_n").GetProperty("exact_floor").GetInt64(),
                    one.GetProperty("one_minus_share_times_n").GetProperty("exact_floor").GetInt64())), $"{share} of {units}");
            cases++;
        }
        Assert.That(cases, Is.EqualTo(24));
        Assert.That(new UnitShare(0.0000000000000000000000000001m).CountOf(long.MaxValue), Is.EqualTo(0));
        Assert.That(new UnitShare(0.9999999999999999999999999999m).CountOf(long.MaxValue), Is.EqualTo(long.MaxValue - 1));
    }

    [TestCase("10%", "10%", 100), TestCase("0.1", "10%", 100), TestCase("0.10", "10%", 100), TestCase("1e-2", "1%", 10)]
    [TestCase("100%", "100%", 1000), TestCase("0.5%", "0.5%", 5), TestCase("1%", "1%", 10), TestCase("99.95%", "99.95%", 999)]
    public void A_percentage_and_a_decimal_are_read(string text, string shown, long ofThousand)
    {
        UnitShare share = UnitShare.Parse(text);
        Assert.That((share.ToString(), share.CountOf(1000)), Is.EqualTo((shown, ofThousand)));
    }

    [TestCase("10", "'10' may be percent or not. Write 10% or 0.1."), TestCase("1", "Write 1% or 0.01.")]
    [TestCase("2.5", "Write 2.5% or 0.025."), TestCase("100", "at most 100%")]
    [TestCase("250", "not above 0% and at most 100%. Write, for instance, 10% or 0.1."), TestCase("101%", "at most 100%")]
    [TestCase("0", "not above 0%"), TestCase("0%", "not above 0%")]
    [TestCase("-5%", "'-5%' is no share. Write a percentage or a decimal, for instance 10% or 0.1."), TestCase("ten", "is no share")]
    [TestCase("", "is no share"), TestCase("%", "is no share"), TestCase("0,1", "is no share"), TestCase("NaN", "is no share")]
    public void Anything_else_is_refused_with_what_may_be_written(string text, string message) =>
        Assert.That(() => UnitShare.Parse(text), Throws.TypeOf<FormatException>().With.Message.Contains(message));

    [TestCase(-0.1), TestCase(1.1)]
    public void A_share_lies_between_0_and_1(double value) =>
        Assert.That(() => new UnitShare((decimal)value),
            Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("between 0 and 1"));
}
