using KsLottery.Engine.Rows;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Tickets;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Tickets;

public sealed class VocabularyFileTests
{
    private static readonly RowScanResult Resized = SmallMatrices.Scan(
        before: [Row(3, 4), Row(5, 12), Row(float.NaN, 1), Row(float.PositiveInfinity, 1)],
        tuned: [Row(0, 7), Row(1.5f, 2), Row(6, 8)],
        RowPairing.Of([2, 0, -1, -1], 3));

    [Test]
    public void Rows_that_do_not_stand_against_their_number_are_listed_with_their_norms()
    {
        using TemporaryFolder folder = new();
        VocabularyFile.Write(folder.File("v.tsv"), Resized, Tokens(folder, "base", "abcd"), Tokens(folder, "tuned", "uvw"));
        Assert.That(File.ReadAllText(folder.File("v.tsv")), Is.EqualTo("change\tbase_id\ttuned_id\tpiece\tbase_norm\ttuned_norm\n"
            + "moved\t0\t2\ta\t5\t10\nmoved\t1\t0\tb\t13\t7\ndropped\t2\t\tc\tnan\t\ndropped\t3\t\td\tinf\t\nadded\t\t1\tv\t\t2.5\n"));
    }

    [Test]
    public void Without_tokenizers_the_pieces_are_empty()
    {
        using TemporaryFolder folder = new();
        VocabularyFile.Write(folder.File("v.tsv"), Resized);
        string[] lines = File.ReadAllLines(folder.File("v.tsv"));
        Assert.That(lines.Skip(1).Select(line => line.Split('\t')[3]), Has.All.Empty.And.Exactly(5).Items);
    }

    [Test]
    public void A_cancelled_write_leaves_nothing_and_a_scan_is_needed()
    {
        using TemporaryFolder folder = new();
        Assert.That(() => VocabularyFile.Write(folder.File("v"), Resized, cancellationToken: new(canceled: true)),
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That(Directory.GetFileSystemEntries(folder.Path), Is.Empty);
        Assert.That(() => VocabularyFile.Write(folder.File("v"), null!), Throws.ArgumentNullException);
    }

    private static float[] Row(float first, float second) => [first, second, 0, 0, 0, 0, 0, 0];

    private static RowTokens Tokens(TemporaryFolder folder, string name, string tokens)
    {
        string vocabulary = string.Join(',', tokens.Index().Select(token => $"\"{token.Item}\":{token.Index}"));
        string path = Path.Combine(Directory.CreateDirectory(folder.File(name)).FullName, "tokenizer.json");
        File.WriteAllText(path, $"{{\"model\":{{\"vocab\":{{{vocabulary}}}}}}}");
        return new(TokenTable.FindBeside(folder.File(name)), null);
    }
}
