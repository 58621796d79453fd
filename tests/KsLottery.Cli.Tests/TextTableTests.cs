using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Cli.Tests;

public sealed class TextTableTests
{
    [Test]
    public void Columns_line_up_whatever_script_the_cells_are_in()
    {
        TextTable table = new(">n", "token", "end");
        table.Add("1", "the", "x");
        table.Add("100", "日本", "x");
        table.Add("20", "e\u0301", "x");
        string[] lines = [.. table.Lines()];
        Assert.That(lines[0], Is.EqualTo("  n  token  end"));
        Assert.That(lines.Skip(1).Select(l => VisibleText.Width(l[..l.IndexOf('x', StringComparison.Ordinal)])), Is.All.EqualTo(12));
        Assert.That(lines[1], Is.EqualTo("  1  the    x"));
    }

    [Test]
    public void A_cell_that_is_too_wide_is_cut_by_columns()
    {
        TextTable table = new TextTable("a", "b").Limit(0, 5);
        table.Add("123456", "x");
        table.Add("12345", "x");
        table.Add("日本語文", "x");
        Assert.That(table.Lines().Skip(1), Is.EqualTo(new[] { "1234…  x", "12345  x", "日本…  x" }));
    }

    [Test]
    public void A_narrow_terminal_goes_without_optional_columns_and_then_cuts_text()
    {
        TextTable table = new TextTable("name", ">x", ">y").Optional("y", "x");
        table.Add("a name of twenty chars", "123", "4567");
        Assert.That(table.Within(33, mayCut: false).Lines.First(), Is.EqualTo("name                      x     y"));
        (IEnumerable<string> lines, string[] dropped) = table.Within(32, mayCut: false);
        Assert.That((lines.First(), string.Join(' ', dropped)), Is.EqualTo(("name                      x", "y")));
        Assert.That(table.Within(15, mayCut: false).Lines.Last(), Is.EqualTo("a name of twenty chars"));
        Assert.That(table.Within(15, mayCut: true).Lines.Last(), Is.EqualTo("a name of twen…"));
    }

    [Test]
    public void A_right_to_left_word_does_not_drag_the_next_column_along()
    {
        TextTable table = new("a", ">b");
        table.Add("שלום", "12");
        Assert.That(table.Lines().Last(), Is.EqualTo("שלום\u200E  12"));
    }

    [Test]
    public void A_row_has_a_cell_for_each_column() =>
        Assert.That(() => new TextTable("a", "b").Add("x"), Throws.TypeOf<ArgumentOutOfRangeException>());

    [TestCase(-83.773360, "1.69e-84"), TestCase(-2463.7, "2.00e-2464"), TestCase(-4.9999999, "1.00e-5"), TestCase(-1.3031817, "0.0498")]
    [TestCase(0, "1")]
    [TestCase(double.NegativeInfinity, "0"), TestCase(double.NaN, "-")]
    public void A_probability_shows_what_a_double_cannot_hold(double log10, string expected) =>
        Assert.That(NumberText.Probability(log10), Is.EqualTo(expected));

    [TestCase(0, "0"), TestCase(-0.0123456, "-0.01235"), TestCase(1.2e-6, "1.2e-06"), TestCase(123456, "1.235e+05"),
        TestCase(double.NaN, "-")]
    [TestCase(double.PositiveInfinity, "inf"), TestCase(double.NegativeInfinity, "-inf")]
    public void A_number_has_at_most_four_digits(double value, string expected) =>
    Assert.That(NumberText.Real(value), Is.EqualTo(expected));

    [TestCase(0, "0.00 %"), TestCase(0.183594, "18.36 %"), TestCase(3.25, "325.00 %"), TestCase(2.3e-7, "2.3e-05 %"),
        TestCase(2e19, "2.0e+21 %")]
    public void A_share_is_a_percentage(double share, string expected) => Assert.That(NumberText.Percent(share), Is.EqualTo(expected));
}
