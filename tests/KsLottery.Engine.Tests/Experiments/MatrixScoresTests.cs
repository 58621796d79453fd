using KsLottery.Engine.Experiments;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Scoring;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Experiments;

/// <summary>Outputs that were made by hand, of systems whose faults are known.</summary>
public sealed class MatrixScoresTests
{
    private const int Count = 400;

    private static readonly ITextTokenizer Pieces = TextTokenizers.FromPieces("three", text => text.Chunk(3).Select(c => new string(c)));

    private static readonly LanguagePair ToDanish = new("English", "Danish");

    private static string[] English => Column(0, 0);

    private static string[] Danish => Column(1, 0);

    private static LanguageIdentifier Identifier => LanguageIdentifier.Train([("English", Column(0, 1)), ("Danish", Column(1, 1))]);

    [Test]
    public void Scores_are_those_of_the_scorers()
    {
        string[] danish = Danish, english = English;
        GeneratedText[] outputs = [.. danish.Select((line, i) => new GeneratedText(i % 2 == 0 ? $"{line}\nmore" : english[i], i % 4 != 0))];
        string[] scored = [.. outputs.Select(o => Hypothesis.FirstLine(o.Text))], other = [.. danish.Reverse()];
        MatrixScores scores = MatrixScores.Of(outputs, [danish, other], Pieces, Identifier, "Danish", HypothesisForm.FirstLine);
        Assert.That(scores.Chrf, Is.EqualTo(Chrf.Corpus(scored, [danish, other])));
        BleuScore bleu = Bleu.Corpus(scored, [danish, other], new() { Tokenizer = Pieces });
        Assert.That((scores.PieceBleu.Score, scores.PieceBleu.Signature), Is.EqualTo((bleu.Score, bleu.Signature)));
        Assert.That(bleu.Signature, Does.Contain("nrefs:2").And.Contain("tok:three"));
        Assert.That(scores.Summary, Is.EqualTo(GenerationSummary.Of(outputs)));
        Assert.That(() => MatrixScores.Of(outputs, [danish], Pieces, Identifier, "Dutch", HypothesisForm.Raw),
            Throws.ArgumentException.With.Message.Contains("Dutch is none of the languages"));
    }

    /// <summary>One system answers in English where another gives wrong Danish sentences: as many are right, and BLEU takes them for
    /// equals.</summary>
    [Test]
    public void An_answer_in_the_wrong_language_is_flagged_where_BLEU_hides_it()
    {
        string[] danish = Danish, english = English;
        MatrixCell wrong = Cell("wrong sentences", ToDanish, danish,
            [.. danish.Select((l, i) => i % 4 == 0 ? danish[(i + 200) % Count] : l)]);
        MatrixCell offTarget = Cell("copies", ToDanish, danish, [.. danish.Select((l, i) => i % 4 == 0 ? english[i] : l)]);
        Assert.That(Math.Abs(wrong.Scores.PieceBleu.Score - offTarget.Scores.PieceBleu.Score) < 5, Is.True,
            $"BLEU over pieces {wrong.Scores.PieceBleu.Score} and {offTarget.Scores.PieceBleu.Score}");
        Assert.That((wrong.IsOffTarget, offTarget.IsOffTarget), Is.EqualTo((false, true)));
        Assert.That(offTarget.Scores.OffTargetRate, Is.InRange(0.2, 0.3));
        Assert.That((offTarget.Scores.Languages.MostlyIn("Danish"), offTarget.Scores.OffTarget),
            Is.EqualTo(("English", offTarget.Scores.Languages.OffTarget("Danish"))));
        Assert.That(offTarget.ReferenceLanguages.OffTargetRate("Danish") < 0.1, Is.True, "of faultless outputs");
    }

    /// <summary>A model that gained in one direction alone.</summary>
    [Test]
    public void A_planted_asymmetry_comes_first()
    {
        string[] danish = Danish, english = English;
        LanguagePair toEnglish = ToDanish.Reverse, toDutch = new("English", "Dutch"), back = toDutch.Reverse;
        string[] Half(string[] lines) => [.. lines.Select((l, i) => i % 2 == 0 ? l : lines[(i + 1) % Count])];
        MatrixCell[] cells =
        [
            Cell("m", ToDanish, danish, danish) with { Gain = 50 }, Cell("m", toEnglish, english, Half(english)) with { Gain = 10 },
            Cell("m", toDutch, danish, danish) with { Gain = 3 }, Cell("m", back, danish, danish) with { Gain = 5 },
            Cell("m", new("Dutch", "Danish"), danish, danish) with { Gain = 90 },
        ];
        MatrixResult result = new(new() { Languages = [], Models = [], Tests = [], Baseline = "base" }, [], cells, []);
        Assert.That(result.Directions, Is.EqualTo((MatrixDirections[])[new("m", ToDanish, 50, 10), new("m", back, 5, 3)]));
        Assert.That(result.Directions[0].Difference, Is.EqualTo(40));
        MatrixCell[] plain = [.. cells.Select(c => c with { Gain = null })];
        MatrixDirections found = (result with { Cells = plain }).Directions[0];
        Assert.That((found.Better, found.Value, found.Reverse), Is.EqualTo((ToDanish, 100.0, plain[1].Scores.Chrf.Score)));
    }

    [Test]
    public void Pairs_are_seen_or_new_to_a_model()
    {
        MatrixModel model = new("m") { TrainedOn = [ToDanish, new("German", "English")] };
        Assert.That(((LanguagePair[])[ToDanish, ToDanish.Reverse, new("German", "Danish"), new("Danish", "Dutch"), new("Dutch", "Dutch")])
            .Select(model.ExposureTo), Is.EqualTo((PairExposure[])[PairExposure.Seen, PairExposure.ZeroShotPair, PairExposure.ZeroShotPair,
                PairExposure.ZeroShotLanguage, PairExposure.ZeroShotLanguage]));
        Assert.That(new MatrixModel("base").ExposureTo(ToDanish), Is.EqualTo(PairExposure.Untrained));
    }

    [Test]
    public void Groups_have_mean_and_spread()
    {
        string[] danish = Danish;
        string[] none = [.. danish.Select(_ => "x")];
        MatrixCell right = Cell("m", ToDanish, danish, danish) with { Gain = 4 },
            empty = Cell("m", ToDanish, danish, none) with { Gain = -2 };
        MatrixGroup group = MatrixGroup.Of([right, empty]).Single();
        double low = empty.Scores.Chrf.Score;
        Assert.That((group.Model, group.Exposure, group.Cells, group.MeanGain), Is.EqualTo(("m", PairExposure.Untrained, 2, 1.0)));
        Assert.That(group.MeanChrf, Is.EqualTo((100 + low) / 2).Within(1e-12));
        Assert.That(group.SpreadOfChrf, Is.EqualTo((100 - low) / Math.Sqrt(2)).Within(1e-12));
        Assert.That(MatrixGroup.Of([right]).Single().SpreadOfChrf, Is.NaN);
    }

    private static MatrixCell Cell(string model, LanguagePair pair, string[] references, string[] outputs)
    {
        LanguageIdentifier identifier = Identifier;
        string target = identifier.Languages.Contains(pair.Target) ? pair.Target : "Danish";
        return new()
        {
            Model = new(model),
            Test = new(pair.ToString(), pair, "data"),
            Pairs = outputs.Length,
            Skipped = 0,
            Loss = 1,
            MeanTokens = 1,
            Scores = MatrixScores.Of([.. outputs.Select(o => new GeneratedText(o, true))], [references], Pieces, identifier, target,
                HypothesisForm.Raw),
            ReferenceLanguages = identifier.Count(references),
            Accuracy = identifier.Accuracies.First(a => a.Language == target),
        };
    }

    /// <summary>Sentences of one side; part 0 is translated, part 1 learned from.</summary>
    private static string[] Column(int column, int part) =>
        [.. ParallelText.Read(SharedData.Path("corpora", "tatoeba", "eng-dan.attributed.tsv")).Skip(5000).Take(5 * Count)
            .Skip(part * Count).Take(part == 0 ? Count : 4 * Count).Select(p => column == 0 ? p.Source : p.Target)];
}
