using System.Globalization;
using System.Text;
using KsLottery.Engine.Text.Scoring;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Text.Scoring;

/// <summary>Five systems of WMT17 English-German against sacreBLEU's scores to four decimals.</summary>
internal sealed class Wmt17Tests
{
    private const double FourDecimals = 5.1e-5;

    [TestCase("newstest2017.C-3MA.4959.en-de")]
    [TestCase("newstest2017.FBK.4870.en-de")]
    [TestCase("newstest2017.PROMT-Rule-based.4735.en-de")]
    [TestCase("newstest2017.online-A.0.en-de", Description = "begins with a byte order mark")]
    [TestCase("newstest2017.uedin-nmt.4722.en-de")]
    public void A_system_scores_as_published(string system)
    {
        string[] columns = File.ReadAllLines(SharedData.Path("bleu", "wmt17_en_de.tsv"))
            .Select(line => line.Split('\t')).Single(line => line[0] == system);
        string[] hypotheses = Lines(system + ".txt"), reference = Lines("reference.0.txt");
        Assert.That(hypotheses, Has.Length.EqualTo(3004));

        TimeSpan start = TimeSpan.FromMilliseconds(Environment.TickCount64);
        double bleu = Bleu.Corpus(hypotheses, [reference]).Score;
        double chrf = Chrf.Corpus(hypotheses, [reference], new ChrfOptions { EpsilonSmoothing = true }).Score;
        double chrfPlusPlus = Chrf.Corpus(hypotheses, [reference], ChrfOptions.ChrfPlusPlus with { EpsilonSmoothing = true }).Score;
        TimeSpan took = TimeSpan.FromMilliseconds(Environment.TickCount64) - start;
        TestContext.Out.WriteLine($"{system}: BLEU {bleu:F4} chrF {chrf:F4} chrF++ {chrfPlusPlus:F4} in {took.TotalMilliseconds} ms");

        Assert.That(bleu, Is.EqualTo(Number(columns[2])).Within(FourDecimals), "BLEU");
        Assert.That(chrf, Is.EqualTo(Number(columns[4])).Within(FourDecimals), "chrF");
        Assert.That(chrfPlusPlus, Is.EqualTo(Number(columns[6])).Within(FourDecimals), "chrF++");
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    /// <summary>The lines of a file with its byte order mark left in, as sacreBLEU reads them.</summary>
    private static string[] Lines(string name)
    {
        string text = Encoding.UTF8.GetString(File.ReadAllBytes(SharedData.Path("bleu", "wmt17_en_de", name)));
        return text.TrimEnd('\n').Split('\n');
    }
}
