using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tests;

internal sealed class PlainNumberTests
{
    [TestCase("0.001", 0.001), TestCase("-1e-3", -0.001), TestCase(" 5 ", 5), TestCase("1.", 1), TestCase(".5", .5)]
    public void A_number_is_read_with_its_point(string text, double value)
    {
        Assert.That(PlainNumber.TryReal(text, out double read), Is.True);
        Assert.That(read, Is.EqualTo(value));
    }

    [TestCase("0,001"), TestCase("1,000"), TestCase("1.000,5"), TestCase("NaN"), TestCase("Infinity"), TestCase("-\u221e"),
        TestCase("1e999"), TestCase("$1"), TestCase("(1)")]
    [TestCase("1 000"), TestCase("0x1"), TestCase("")]
    public void No_other_text_is_a_number(string text)
    {
        Assert.That(PlainNumber.TryReal(text, out _), Is.False);
        Assert.That(PlainNumber.TryWhole(text, out int _), Is.False);
        Assert.That(PlainNumber.TryDigits(text, out int _), Is.False);
    }

    [TestCase("5", true), TestCase("-5", true), TestCase("0,5", true), TestCase("1.5e-3", true), TestCase("token_id", false),
        TestCase("5x", false), TestCase("", false)]
    public void What_was_meant_as_a_number_is_told_from_words(string text, bool isMeant) =>
    Assert.That(PlainNumber.IsMeant(text), Is.EqualTo(isMeant));

    [TestCase(-0.04, 1, "0.0"), TestCase(-0.0, 2, "0.00"), TestCase(-0.06, 1, "-0.1"), TestCase(-0.4, 0, "0"), TestCase(-10.01, 1, "-10.0"),
        TestCase(0.04, 1, "0.0")]
    public void What_rounds_to_nothing_has_no_sign(double value, int digits, string text) =>
    Assert.That(PlainNumber.Fixed(value, digits), Is.EqualTo(text));
}
