using System.Globalization;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Tickets;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Tickets;

public sealed class RowsFileTests
{
    [Test]
    public void Every_number_reads_back_the_same()
    {
        using TemporaryFolder folder = new();
        float[] third = [.. SmallMatrices.Steps.Select(x => x / 3)];
        ScoredRows rows = new(SmallMatrices.Scan(SmallMatrices.Lifted(0), SmallMatrices.Lifted(5), third));
        string[][] lines = Write(folder, rows);
        Assert.That(string.Join('\t', lines[0]), Is.EqualTo(RowsFile.Header));
        for (int id = 0; id < 3; id++)
        {
            ScoredRow row = rows[id];
            double[] numbers = [.. lines[id + 1].Where((_, column) => column is not (1 or 2 or 9)).Select(Parse)];
            Assert.That(numbers, Is.EqualTo(new[]
            {
                id, row.Row.Count, row.Statistic, row.PValue, row.Log10PValue, row.AdjustedPValue, row.Row.Sign,
                row.Row.L2Delta, row.Row.RelativeDelta, row.Row.Cosine,
            }), $"row {id}");
            Assert.That(float.Parse(lines[id + 1][9], CultureInfo.InvariantCulture), Is.EqualTo(row.Row.Location));
        }
        Assert.That(lines[3][9], Has.Length.Matches(Is.LessThan(12)), "the shortest digits of a float, not of a double");
    }

    [Test]
    public void What_a_row_does_not_have_is_nan_and_an_infinity_is_inf()
    {
        using TemporaryFolder folder = new();
        float[] broken = SmallMatrices.Steps, infinite = SmallMatrices.Steps;
        (broken[0], infinite[7]) = (float.NaN, float.PositiveInfinity);
        string[][] lines = Write(folder, new(SmallMatrices.Scan(
            before: [SmallMatrices.Steps, new float[8], SmallMatrices.Steps], tuned: [broken, SmallMatrices.Steps, infinite])));
        Assert.That(lines[1],
            Is.EqualTo(new[] { "0", "", "non-finite", "nan", "nan", "nan", "nan", "nan", "0", "nan", "nan", "nan", "nan" }));
        Assert.That((lines[2][2], lines[2][11]), Is.EqualTo(("degenerate", "inf")));
        Assert.That((lines[3][2], lines[3][3]), Is.EqualTo(("non-finite", "1")), "an infinity has a rank");
        Assert.That(lines[3][5..8], Is.EqualTo(new[] { "nan", "nan", "nan" }), "and is no test");
        Assert.That(lines[3][10], Is.EqualTo("inf"));
    }

    [Test]
    public void Hostile_tokens_stay_in_their_field()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("tokenizer.json"), """
            {"model":{"vocab":{"a\tb\nc\r":0,"\u001b[31mred\u0007":1,"x\u202ey\u200b\u2028":2}}}
            """);
        float[][] rows = [SmallMatrices.Steps, SmallMatrices.Steps, SmallMatrices.Steps];
        string[][] lines = Write(folder, new(SmallMatrices.Scan(rows)), new(TokenTable.FindBeside(folder.Path), null));
        Assert.That(lines, Has.Length.EqualTo(4).And.All.Length.EqualTo(13));
        Assert.That(lines.Skip(1).Select(l => l[1]),
            Is.EqualTo(new[] { @"a\tb\nc\x0d", @"\x1b[31mred\x07", @"x\u{202E}y\u{200B}\u{2028}" }));
    }

    [Test]
    public void A_location_below_all_numbers_is_minus_inf()
    {
        using TemporaryFolder folder = new();
        float[] infinite = SmallMatrices.Steps;
        infinite[0] = float.NegativeInfinity;
        string[] line = Write(folder, new(SmallMatrices.Scan(infinite)))[1];
        Assert.That((line[3], line[8], line[9]), Is.EqualTo(("1", "-1", "-inf")));
        Assert.That(() => RowsFile.Write(folder.File("r"), null!), Throws.ArgumentNullException);
    }

    [Test]
    public void A_cancelled_write_leaves_nothing()
    {
        using TemporaryFolder folder = new();
        Assert.That(() =>
            RowsFile.Write(folder.File("r"), new(SmallMatrices.Scan(SmallMatrices.Steps)), null, new CancellationToken(canceled: true)),
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That(Directory.GetFileSystemEntries(folder.Path), Is.Empty);
    }

    private static string[][] Write(TemporaryFolder folder, ScoredRows rows, RowTokens? tokens = null)
    {
        RowsFile.Write(folder.File("rows.tsv"), rows, tokens);
        Assert.That(File.ReadAllBytes(folder.File("rows.tsv"))[0], Is.EqualTo((byte)'t'), "no byte order mark");
        string text = File.ReadAllText(folder.File("rows.tsv"));
        Assert.That(text, Does.EndWith("\n").And.Not.Contain("\r"));
        return [.. text[..^1].Split('\n').Select(l => l.Split('\t'))];
    }

    private static double Parse(string field) =>
        double.Parse(field.Replace("inf", "Infinity", StringComparison.Ordinal), CultureInfo.InvariantCulture);
}
