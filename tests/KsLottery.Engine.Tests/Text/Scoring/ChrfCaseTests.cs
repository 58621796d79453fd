using System.Text.Json;
using KsLottery.Engine.Text.Scoring;

namespace KsLottery.Engine.Tests.Text.Scoring;

/// <summary>sacreBLEU's own cases for chrF, and its results on random texts; its cases for TER have no counterpart here.</summary>
internal sealed class ChrfCaseTests
{
    [TestCase("test_cases", true, false, 13)]
    [TestCase("test_cases_effective_order", false, false, 7)]
    [TestCase("test_cases_keep_whitespace", false, true, 2)]
    public void Corpus_scores_are_sacreBLEUs(string section, bool epsilon, bool whitespace, int count)
    {
        WorstDifference worst = new();
        ChrfOptions options = new() { Beta = 3, EpsilonSmoothing = epsilon, KeepWhitespace = whitespace };
        foreach (JsonElement item in Cases.Shared("chrf", section))
            worst.Compare(Chrf.Corpus(item[0].Lines(), [item[1].Lines()], options).Score, item[2].GetDouble(), item.ToString());
        worst.AssertWithin(1e-4, count);
    }

    [Test]
    public void Sentence_scores_are_sacreBLEUs()
    {
        WorstDifference worst = new();
        foreach (JsonElement item in Cases.Shared("chrf", "test_sentence_level_chrf"))
        {
            double score = Chrf.Sentence(item[0].GetString()!, item[1].Lines(), new ChrfOptions { EpsilonSmoothing = true }).Score;
            worst.Compare(score, item[2].GetDouble(), item.ToString());
        }
        worst.AssertWithin(1e-4, 3);
    }

    [Test]
    public void Random_texts_score_as_with_sacreBLEU()
    {
        WorstDifference worst = new();
        foreach (JsonElement item in Cases.Golden("chrf"))
        {
            JsonElement chosen = item.GetProperty("options");
            ChrfOptions options = new()
            {
                CharacterOrder = chosen.GetProperty("char_order").GetInt32(),
                WordOrder = chosen.GetProperty("word_order").GetInt32(),
                Beta = chosen.GetProperty("beta").GetInt32(),
                Lowercase = chosen.GetProperty("lowercase").GetBoolean(),
                KeepWhitespace = chosen.GetProperty("whitespace").GetBoolean(),
                EpsilonSmoothing = chosen.GetProperty("eps_smoothing").GetBoolean(),
            };
            ChrfScore score = Chrf.Corpus(item.GetProperty("hypotheses").Lines(), item.GetProperty("references").Streams(), options);
            Assert.That(score.Signature, Does.StartWith(item.GetProperty("signature").GetString() + "|version:"));
            worst.Compare(score.Score, item.GetProperty("score").GetDouble(), item.ToString());
        }
        worst.AssertWithin(1e-9, 60);
    }
}
