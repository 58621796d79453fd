using System.Globalization;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Statistics;
using KsLottery.Engine.Tickets;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Tickets;

/// <summary>Real base and tuned models, whose D and p SciPy computed row by row.</summary>
public sealed class TunedPairTests
{
    private const string Hot = "en-da_input_embedding_hot_seed1";
    private const string Ordinary = "en-da_input_embedding_seed1";

    [TestCase(Hot, KsMethod.Exact, 94)]
    [TestCase(Hot, KsMethod.Asymptotic, 118)]
    [TestCase(Ordinary, KsMethod.Exact, 0)]
    public void The_ticket_has_the_rows_that_SciPy_puts_below_alpha(string pair, KsMethod method, int count)
    {
        ScoredRows rows = Score("model.safetensors", pair, new BelowAlpha { Method = method });
        Assert.That(rows.CountBelowAlpha(), Is.EqualTo(count));
        (double, double Exact, double Asymptotic)[] expected = Expected(pair);
        Assert.That(rows.RankBelowAlpha().Order(), Is.EqualTo(Enumerable.Range(0, 512).Where(id =>
            (method == KsMethod.Exact ? expected[id].Exact : expected[id].Asymptotic) < 0.05)));
    }

    [TestCase(Hot), TestCase(Ordinary)]
    public void Every_row_of_the_file_has_the_D_and_both_p_of_SciPy(string pair)
    {
        using TemporaryFolder folder = new();
        (double D, double Exact, double Asymptotic)[] expected = Expected(pair);
        foreach (KsMethod method in (KsMethod[])[KsMethod.Exact, KsMethod.Asymptotic])
        {
            RowsFile.Write(folder.File("rows.tsv"), Score("model.safetensors", pair, new BelowAlpha { Method = method }));
            string[] lines = File.ReadAllLines(folder.File("rows.tsv"));
            Assert.That(lines, Has.Length.EqualTo(513));
            for (int id = 0; id < 512; id++)
            {
                string[] fields = lines[id + 1].Split('\t');
                Assert.That(Real(fields[4]), Is.EqualTo(expected[id].D), $"D of row {id}");
                double p = method == KsMethod.Exact ? expected[id].Exact : expected[id].Asymptotic;
                Assert.That(Real(fields[5]), Is.EqualTo(p).Within(1e-12 * p), $"{method} p of row {id}");
                Assert.That(Real(fields[6]), Is.EqualTo(Math.Log10(p)).Within(1e-12), $"{method} log10 p of row {id}");
            }
        }
    }

    [TestCase("model.bf16.safetensors", ElementType.BF16, 93), TestCase("model.f16.safetensors", ElementType.F16, 94)]
    public void A_base_of_a_narrower_type_gives_nearly_the_same_h_and_says_what_was_compared(string file, ElementType type, int count)
    {
        ScoredRows wide = Score("model.safetensors", Hot, new BelowAlpha()), narrow = Score(file, Hot, new BelowAlpha());
        Assert.That((narrow.Scan.BaseType, narrow.Scan.TunedType), Is.EqualTo((type, ElementType.F32)));
        int largest = Enumerable.Range(0, 512).Max(id => Math.Abs(wide[id].Row.Count - narrow[id].Row.Count));
        Assert.That(largest, Is.LessThanOrEqualTo(3), "rounding moves few of 64 values past another");
        Assert.That(narrow.CountBelowAlpha(), Is.EqualTo(count));
    }

    private static ScoredRows Score(string baseFile, string pair, TicketSelection selection)
    {
        using Checkpoint before = Checkpoint.Open(SharedData.Path("models", "hf", "stories260K_hf", baseFile));
        using Checkpoint after = Checkpoint.Open(SharedData.Path("models", "tuned-pairs", pair));
        return new(RowScan.Run(RowMatrix.FromTensor(before.FindInputEmbedding()!), RowMatrix.FromTensor(after.FindInputEmbedding()!)),
            selection);
    }

    private static (double D, double Exact, double Asymptotic)[] Expected(string pair)
    {
        string[] lines = File.ReadAllLines(SharedData.Path("models", "tuned-pairs", pair, "ks_rows.tsv"));
        return [.. lines.Skip(1).Select(l => l.Split('\t')).Select(f => (Real(f[5]), Real(f[6]), Real(f[7])))];
    }

    private static double Real(string field) => double.Parse(field, CultureInfo.InvariantCulture);
}
