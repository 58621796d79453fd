using KsLottery.Benchmarks;

namespace KsLottery.Cli.Tests.Bench;

/// <summary><see cref="BenchText"/>: tokens for <c>bench model --tokens</c>.</summary>
internal sealed class BenchTextTests
{
    private string _path = "";

    [SetUp]
    public void NameFile() => _path = Path.Combine(TestContext.CurrentContext.WorkDirectory, $"bench-text-{Guid.NewGuid():N}.txt");

    [TearDown]
    public void DeleteFile() => File.Delete(_path);

    [Test]
    public void The_first_line_is_the_ticket_and_whole_batches_follow()
    {
        File.WriteAllText(_path, "7 3\n0 1 2\n3 4 5\n6 7 8\n");
        BenchText text = BenchText.Read(_path, vocabulary: 9, batch: 2, length: 2);
        Assert.That(text.TicketRows, Is.EqualTo((int[])[3, 7]));
        Assert.That(text.Sequences.SelectMany(s => s.Tokens.ToArray()), Is.EqualTo(Enumerable.Range(0, 6)));
    }

    [TestCase("3\n0 1 9\n", "line 2", "\"9\"")]
    [TestCase("3\n0 -1 2\n", "line 2", "\"-1\"")]
    [TestCase("3\n0 1\n", "line 2", "2 tokens; give 3")]
    [TestCase("\n0 1 2\n", "line 1", "no id")]
    [TestCase("3\n", "1 lines", "at least 1")]
    public void What_is_not_of_that_form_is_told_with_its_place(string content, string place, string what)
    {
        File.WriteAllText(_path, content);
        InvalidDataException error = Assert.Throws<InvalidDataException>(() => BenchText.Read(_path, vocabulary: 9, batch: 1, length: 2))!;
        Assert.That(error.Message, Does.Contain(place).And.Contain(what));
    }
}
