using KsLottery.Engine.Text.Scoring;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Text.Scoring;

internal sealed class PairedBootstrapTests
{
    private static readonly string[] Reference = Lines("reference.0.txt");

    /// <summary>The README of sacreBLEU 2.0 shows these intervals, of 2,000 resamples of numpy's generator.</summary>
    [TestCase("newstest2017.FBK.4870.en-de", 0.65)]
    [TestCase("newstest2017.online-A.0.en-de", 0.59)]
    [TestCase("newstest2017.PROMT-Rule-based.4735.en-de", 0.51)]
    public void An_interval_is_as_wide_as_sacreBLEU_shows(string system, double half)
    {
        SegmentedBleu bleu = Bleu.Segments(Lines(system + ".txt"), [Reference]);
        ScoreInterval interval = new PairedBootstrap(bleu.Count, resamples: 2000).Interval(bleu);
        Assert.That(interval.Value, Is.EqualTo(bleu.Whole().Score));
        Assert.That((interval.High - interval.Low) / 2, Is.EqualTo(half).Within(0.035));
    }

    [Test]
    public void Systems_far_apart_are_told_apart_and_a_system_is_not_from_itself()
    {
        SegmentedBleu strong = Bleu.Segments(Lines("newstest2017.uedin-nmt.4722.en-de.txt"), [Reference]),
            weak = Bleu.Segments(Lines("newstest2017.FBK.4870.en-de.txt"), [Reference]);
        PairedBootstrap bootstrap = new(strong.Count);
        ScoreInterval gain = bootstrap.Compare([strong], [weak]), none = bootstrap.Compare([weak], [weak]);
        Assert.That(gain.Value, Is.EqualTo(strong.Whole().Score - weak.Whole().Score));
        Assert.That(gain.Low > 0 && gain.Low < gain.Value && gain.Value < gain.High, Is.True, $"{gain}");
        Assert.That(none, Is.EqualTo(new ScoreInterval(0, 0, 0)));
    }

    [Test]
    public void Segments_that_are_drawn_score_as_a_corpus_of_them()
    {
        string[] lines = Lines("newstest2017.C-3MA.4959.en-de.txt");
        int[] drawn = [5, 5, 17, 2000, 3, 5, 999];
        double score = Bleu.Segments(lines, [Reference]).ScoreOf(drawn);
        Assert.That(score, Is.EqualTo(Bleu.Corpus([.. drawn.Select(i => lines[i])], [[.. drawn.Select(i => Reference[i])]]).Score));
    }

    /// <summary>Where a difference is a seed's part and a segment's, the variance of a resample is the sum of both parts' over their
    /// numbers.</summary>
    [TestCase(0.0, 1.0), TestCase(1.0, 0.0), TestCase(0.5, 2.0)]
    public void Seeds_and_segments_are_both_drawn(double ofSeed, double ofSegment)
    {
        const int Seeds = 6, Segments = 200;
        double[] weights = [.. Enumerable.Repeat(1.0, Segments)];
        ISegmentedScore zero = new SegmentedMean(weights.Select(w => 0.0), weights);
        ISegmentedScore[] ones = [.. Enumerable.Range(0, Seeds).Select(seed => new SegmentedMean(
            Enumerable.Range(0, Segments).Select(i => (ofSeed * (seed % 2)) + (ofSegment * (i % 2))), weights))];
        ScoreInterval difference = new PairedBootstrap(Segments, resamples: 4000).Compare(ones, [.. ones.Select(o => zero)]);
        double deviation = Math.Sqrt((ofSeed * ofSeed / 4 / Seeds) + (ofSegment * ofSegment / 4 / Segments));
        Assert.That(difference.Value, Is.EqualTo((ofSeed + ofSegment) / 2).Within(1e-12));
        // Six draws of two values make steps of a sixth.
        Assert.That((difference.High - difference.Low) / 2 / deviation, Is.EqualTo(1.96).Within(ofSeed > 0 ? 0.4 : 0.12));
    }

    [Test]
    public void A_loss_that_is_no_number_has_no_interval()
    {
        SegmentedMean bad = new([1, double.NaN], [1, 1]), good = new([1, 1], [1, 1]);
        ScoreInterval difference = new PairedBootstrap(2).Compare([bad], [good]);
        Assert.That(double.IsNaN(difference.Low) && double.IsNaN(difference.High), Is.True);
    }

    [Test]
    public void Uneven_seeds_and_segments_are_refused()
    {
        SegmentedMean two = new([1, 2], [1, 1]), three = new([1, 2, 3], [1, 1, 1]);
        Assert.That(() => new PairedBootstrap(2).Compare([two], [three]), Throws.ArgumentException.With.Message.Contains("3 segments"));
        Assert.That(() => new PairedBootstrap(2).Compare([two, two], [two]), Throws.ArgumentException.With.Message.Contains("2 seeds"));
        Assert.That(() => new PairedBootstrap(2).Compare([], []), Throws.ArgumentException);
        Assert.That(() => new SegmentedMean([1], []), Throws.ArgumentException);
        Assert.That(() => new PairedBootstrap(0), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    private static string[] Lines(string name) =>
        File.ReadAllText(SharedData.Path("bleu", "wmt17_en_de", name)).TrimEnd('\n').Split('\n');
}
