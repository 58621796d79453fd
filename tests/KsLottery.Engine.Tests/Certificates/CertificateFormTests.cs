using KsLottery.Engine.Certificates;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Tests.Tickets;
using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Engine.Tests.Certificates;

internal sealed class CertificateFormTests
{
    private const int Width = 8;

    [TestCase(4096, .1, .027044), TestCase(4096, .05, .030010), TestCase(4096, .01, .035966), TestCase(4096, .001, .043078)]
    [TestCase(4096, .2, .02371), TestCase(4096, .5, .01840), TestCase(4096, .9, .01396), TestCase(768, .05, .0693), TestCase(64, .05, .240)]
    public void The_threshold_is_the_textbook_critical_distance(int width, double alpha, double expected) =>
        Assert.That(Certificate.ThresholdOf(alpha, width), Is.EqualTo(expected).Within(expected * 1e-3));

    [TestCase(0), TestCase(1), TestCase(-.5), TestCase(double.NaN)]
    public void An_alpha_outside_its_range_is_refused(double alpha)
    {
        Assert.That(() => Certificate.ThresholdOf(alpha, 8), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("0.05"));
        Assert.That(() => new CertificateOptions { Alphas = [.1, alpha] },
            Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("between 0 and 1"));
    }

    // Margin .5, so that bounds must lie below .25 = 2/8.
    [TestCase(1, 1, .1, true, true, true)]
    [TestCase(1, 2, .1, true, true, false)] // the sum, 2/8, is not below
    [TestCase(2, 2, .1, true, false, false)] // neither is the largest
    [TestCase(0, 0, .25, false, false, true)] // nor tau
    [TestCase(0, 0, .3, false, false, true)]
    public void Each_form_compares_its_own_bound_with_half_the_margin(int largest, long sum, double tau, bool dataset, bool max,
        bool byPart)
    {
        CertifiedPosition position = Position(.7, .2, largest, sum, ticket: 3);
        Assert.That(position.Margin, Is.EqualTo(.5).Within(1e-15));
        CertifiedPosition exact = position with { Tuned = new(3, .75, 5, .25) };
        Assert.That(Certified(exact, tau), Is.EqualTo((dataset, max, byPart)));
        Assert.That(exact.Bound(CertificateForm.Dataset, tau, Width), Is.EqualTo(tau));
        Assert.That(exact.Bound(CertificateForm.Max, tau, Width), Is.EqualTo(Math.Max(tau, largest / 8.0)));
        Assert.That(exact.Bound(CertificateForm.Sum, tau, Width), Is.EqualTo(sum / 8.0));
    }

    [Test]
    public void A_margin_of_zero_is_certified_by_no_form() =>
        Assert.That(Certified(Position(.5, .5, 0, 0, ticket: 3), 1e-9), Is.EqualTo((false, false, false)));

    [Test]
    public void Violations_are_those_certified_that_the_ticket_model_predicts_otherwise()
    {
        CertifiedPosition[] positions =
        [
            Position(.9, .05, 1, 3, ticket: 3, label: 3), // certified by all, agrees, right
            Position(.9, .05, 1, 1, ticket: 3, label: 4), // certified by all, agrees, wrong
            Position(.9, .05, 1, 1, ticket: 6, label: 3), // certified by all, violated
            Position(.4, .35, 1, 1, ticket: 6, label: 3), // certified by none
        ];
        IReadOnlyList<FormResult> forms = FormResult.Of(positions, .2, Width);
        Assert.That(forms, Is.EqualTo(new FormResult[]
        {
            new(CertificateForm.Dataset, 3, 2, 1), new(CertificateForm.Max, 3, 2, 1), new(CertificateForm.Sum, 3, 2, 1),
        }));
        Assert.That(FormResult.Of(positions, .2, 4)[2], Is.EqualTo(new FormResult(CertificateForm.Sum, 2, 1, 1)),
            "3/4 is more than half of any margin");
        Assert.That(positions.Select(p => p.IsViolation(CertificateForm.Sum, .2, Width)), Is.EqualTo((bool[])[false, false, true, false]));
    }

    [Test]
    public void A_prediction_reads_each_row_before_it_once_and_the_ticket_counts_for_nothing()
    {
        // h of rows 0 to 4.
        RowScanResult scan = SmallMatrices.Scan(SmallMatrices.Steps, SmallMatrices.Lifted(1), SmallMatrices.Lifted(5),
            SmallMatrices.Lifted(2), SmallMatrices.Lifted(3));
        Assert.That(scan.Rows.Select(row => row.Count), Is.EqualTo((int[])[0, 1, 5, 2, 3]), "counted by hand");
        IndexSet ticket = IndexSet.Of(5, (int[])[2]);
        TokenBatch batch = new([0, 1, 1, 3, 4, 2, 1, 2], [TokenBatch.NoTarget, 1, 3, 4, 2, 2, TokenBatch.NoTarget, 1], [0, 6, 8]);
        Assert.That(new ReadRows(scan, ticket, readsAll: false).Of(batch), Is.EqualTo(new[]
        {
            (1, 1L), (1, 1L), (2, 3L), (3, 6L), (3, 6L), // row 2 is the ticket
            (1, 1L), // a new sequence has read nothing
        }));
        Assert.That(new ReadRows(scan, IndexSet.Empty(5), readsAll: false).Of(batch).Last(), Is.EqualTo((5, 6L)));
        Assert.That(new ReadRows(scan, ticket, readsAll: true).Of(batch), Is.All.EqualTo((3, 6L)), "a tied head reads every row");
        Assert.That(new ReadRows(scan, ticket, readsAll: false).CountAbove(1.5), Is.EqualTo(2));
    }

    [Test]
    public void Of_a_row_with_NaN_nothing_is_known()
    {
        float[] damaged = [.. SmallMatrices.Steps];
        damaged[3] = float.NaN;
        RowScanResult scan = SmallMatrices.Scan(SmallMatrices.Steps, damaged);
        Assert.That(new ReadRows(scan, IndexSet.Empty(2), readsAll: false).Of(TokenBatch([1, 1])).Single(),
            Is.EqualTo((Width, (long)Width)));

        static TokenBatch TokenBatch(int[] tokens) => new(tokens[..^1], tokens[1..], [0, tokens.Length - 1]);
    }

    private static (bool Dataset, bool Max, bool Sum) Certified(CertifiedPosition position, double tau) => (
        position.IsCertified(CertificateForm.Dataset, tau, Width), position.IsCertified(CertificateForm.Max, tau, Width),
        position.IsCertified(CertificateForm.Sum, tau, Width));

    private static CertifiedPosition Position(double p1, double p2, int largest, long sum, int ticket, int label = 3) =>
        new(0, 0, label, new(3, p1, 5, p2), ticket, 0, largest, sum);
}
