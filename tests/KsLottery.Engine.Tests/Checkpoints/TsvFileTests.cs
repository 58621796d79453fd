using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Reports;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Checkpoints;

internal sealed class TsvFileTests
{
    [Test]
    public void Numbers_have_a_point_and_a_comma_is_refused_by_name()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("alpha-sweep.tsv");
        File.WriteAllText(path, "alpha\trows\tagreement\tnote\n0.05\t3\t0.5\t1,5 x\n");
        AlphaStep step = AlphaStep.Read(path).Single();
        Assert.That((step.Alpha, step.Rows, step.Shares["agreement"], step.Shares.Count), Is.EqualTo((0.05, 3, 0.5, 1)));
        foreach ((string line, string column) in ((string, string)[])[("0,05\t3\t0.5\tx", "alpha"), ("0.05\t1,000\t0.5\tx", "rows"),
            ("0.05\t3\t0,5\tx", "agreement")])
        {
            File.WriteAllText(path, $"alpha\trows\tagreement\tnote\n{line}\n");
            Assert.That(() => AlphaStep.Read(path), Throws.TypeOf<InvalidDataException>().With.Message.Contains($"line 2, {column} is \""));
        }
    }

    [Test]
    public void Blank_lines_stand_at_the_end_alone()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("a.tsv");
        File.WriteAllText(path, "\uFEFFa\tb\n1\t2\n\n\n");
        Assert.That(TsvFile.Read(path, "a", "b").Select(line => line.Integer("b", 0, 9)), Is.EqualTo(new[] { 2L }));
        File.WriteAllText(path, "a\tb\n\n1\t2\n");
        Assert.That(() => TsvFile.Read(path, "a").Count(), Throws.TypeOf<InvalidDataException>().With.Message.Contains("line 2 is blank"));
    }
}
