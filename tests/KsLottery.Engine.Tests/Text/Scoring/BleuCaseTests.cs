using System.Text.Json;
using KsLottery.Engine.Text.Scoring;

namespace KsLottery.Engine.Tests.Text.Scoring;

/// <summary>sacreBLEU's own cases for BLEU, and its results on random texts.</summary>
internal sealed class BleuCaseTests
{
    private const double Published = 1e-4, Exact = 1e-9;

    [Test]
    public void Corpus_scores_are_sacreBLEUs()
    {
        WorstDifference worst = new();
        foreach (JsonElement item in Cases.Shared("bleu", "test_corpus_bleu_cases"))
        {
            BleuOptions options = new();
            if (item[2].TryGetProperty("tokenize", out JsonElement name))
                options = options with { Tokenizer = TextTokenizers.ByName(name.GetString()!) };
            if (item[2].TryGetProperty("smooth_method", out JsonElement method))
                options = options with { Smoothing = Cases.Smoothing(method.GetString()!) };
            worst.Compare(Bleu.Corpus(item[0].Lines(), item[1].Streams(), options).Score, item[3].GetDouble(), item[2].ToString());
        }
        worst.AssertWithin(Published, 6);
    }

    [Test]
    public void Raw_scores_are_sacreBLEUs()
    {
        WorstDifference worst = new();
        foreach (string section in new[] { "test_raw_bleu_cases", "test_case_effective_order" })
            foreach (JsonElement item in Cases.Shared("bleu", section))
            {
                // One published case has two hypotheses and one line of references; sacreBLEU drops the second, we refuse it.
                string[][] references = item[1].Streams();
                string[] hypotheses = item[0].Lines()[..references[0].Length];
                worst.Compare(Bleu.Corpus(hypotheses, references, Raw(0.01)).Score / 100, item[2].GetDouble(), hypotheses[0]);
            }
        foreach (JsonElement item in Cases.Shared("bleu", "test_case_offset"))
        {
            worst.Compare(Bleu.Corpus(item[0].Lines(), item[1].Streams(), Raw(null)).Score / 100, item[2].GetDouble(), "floor 0.1");
            worst.Compare(Bleu.Corpus(item[0].Lines(), item[1].Streams(), Raw(0)).Score / 100, item[3].GetDouble(), "floor 0");
        }
        worst.AssertWithin(1e-8, 8);
    }

    [Test]
    public void Counts_are_sacreBLEUs()
    {
        foreach (JsonElement item in Cases.Shared("bleu", "test_case_statistics"))
        {
            BleuScore score = Bleu.Corpus(item[0].Lines(), item[1].Streams(), Raw(0.01));
            Assert.That(score.Matches, Is.EqualTo(item[2].GetProperty("common").Counts()));
            Assert.That(score.Totals, Is.EqualTo(item[2].GetProperty("total").Counts()));
        }
    }

    [Test]
    public void Scores_of_given_counts_are_sacreBLEUs()
    {
        WorstDifference worst = new();
        foreach (JsonElement item in Cases.Shared("bleu", "test_case_scoring"))
            worst.Compare(Score(item[0], new BleuOptions { Smoothing = BleuSmoothing.None }) / 100, item[1].GetDouble(), "scoring");
        foreach (JsonElement item in Cases.Shared("bleu", "test_case_degenerate_stats"))
        {
            BleuOptions options = new() { Smoothing = BleuSmoothing.Floor, SmoothingValue = item[1].GetDouble() };
            worst.Compare(Score(item[0], options), item[2].GetDouble(), item.ToString());
        }
        worst.AssertWithin(1e-8, 7);

        static double Score(JsonElement statistics, BleuOptions options) =>
            new BleuCounts(statistics[0].GetProperty("common").Counts(), statistics[0].GetProperty("total").Counts())
            {
                HypothesisLength = statistics[1].GetInt64(),
                ReferenceLength = statistics[2].GetInt64(),
            }.ToScore(options, "").Score;
    }

    [Test]
    public void Other_largest_orders_score_as_published()
    {
        WorstDifference worst = new();
        foreach (JsonElement item in Cases.Shared("bleu", "test_bleu_max_order"))
        {
            double score = Bleu.Corpus(item[1].Lines(), item[2].Streams(), new BleuOptions { MaxOrder = item[0].GetInt32() }).Score;
            worst.Compare(score, double.Parse(item[3].GetString()!, System.Globalization.CultureInfo.InvariantCulture), item[0].ToString());
        }
        worst.AssertWithin(0.005, 6);
    }

    [TestCase("test_cases", "SYS", "REF", 12)]
    [TestCase("test_cases_zero_bleu", "SYS_0", "REF_0", 6)]
    public void Sentence_scores_are_sacreBLEUs(string section, string hypothesis, string reference, int count)
    {
        JsonElement all = JsonDocument.Parse(File.ReadAllText(KsLottery.Tests.Support.SharedData.Path("bleu", "cases.json")))
            .RootElement.GetProperty("sentence_bleu");
        string text = all.GetProperty(hypothesis).GetString()!;
        string[] references = [all.GetProperty(reference).GetString()!];
        // Published to three or four decimals, some cut off; the next test has them all.
        CompareSentences(text, references, all.GetProperty(section).EnumerateArray()).AssertWithin(1e-3, count);
    }

    [Test]
    public void Sentence_scores_are_sacreBLEUs_in_all_decimals()
    {
        JsonElement[] section = [.. Cases.Golden("sentence")];
        CompareSentences(section[0].GetString()!, [section[1].GetString()!], section[2..]).AssertWithin(Exact, 10);
    }

    private static WorstDifference CompareSentences(string hypothesis, string[] references, IEnumerable<JsonElement> cases)
    {
        WorstDifference worst = new();
        foreach (JsonElement item in cases)
        {
            BleuOptions options = new()
            {
                Smoothing = Cases.Smoothing(item[0].GetString()!),
                SmoothingValue = item[1].NumberOrNull(),
                Lowercase = item[2].GetBoolean(),
                Tokenizer = TextTokenizers.ByName(item[3].GetString()!),
            };
            worst.Compare(Bleu.Sentence(hypothesis, references, options).Score, item[4].GetDouble(), item.ToString());
        }
        return worst;
    }

    [Test]
    public void Random_texts_score_as_with_sacreBLEU_in_every_part()
    {
        WorstDifference worst = new();
        foreach (JsonElement item in Cases.Golden("bleu"))
        {
            JsonElement chosen = item.GetProperty("options");
            BleuOptions options = new()
            {
                Tokenizer = TextTokenizers.ByName(chosen.GetProperty("tokenize").GetString()!),
                Smoothing = Cases.Smoothing(chosen.GetProperty("smooth_method").GetString()!),
                SmoothingValue = chosen.GetProperty("smooth_value").NumberOrNull(),
                Lowercase = chosen.GetProperty("lowercase").GetBoolean(),
                EffectiveOrder = chosen.GetProperty("effective_order").GetBoolean(),
                MaxOrder = chosen.GetProperty("max_ngram_order").GetInt32(),
            };
            BleuScore score = Bleu.Corpus(item.GetProperty("hypotheses").Lines(), item.GetProperty("references").Streams(), options);
            string where = item.ToString();
            Assert.That(score.Matches, Is.EqualTo(item.GetProperty("matches").Counts()), where);
            Assert.That(score.Totals, Is.EqualTo(item.GetProperty("totals").Counts()), where);
            Assert.That(new[] { score.HypothesisLength, score.ReferenceLength }, Is.EqualTo(item.GetProperty("lengths").Counts()), where);
            Assert.That(score.Precisions, Is.EqualTo(item.GetProperty("precisions").Values()).Within(Exact), where);
            Assert.That(score.BrevityPenalty, Is.EqualTo(item.GetProperty("bp").GetDouble()).Within(Exact), where);
            Assert.That(score.Signature, Does.StartWith(item.GetProperty("signature").GetString() + "|version:"));
            worst.Compare(score.Score, item.GetProperty("score").GetDouble(), where);
        }
        worst.AssertWithin(Exact, 60);
    }

    private static BleuOptions Raw(double? floor) => new()
    {
        Tokenizer = TextTokenizers.None,
        Smoothing = BleuSmoothing.Floor,
        SmoothingValue = floor,
        EffectiveOrder = true,
    };
}
