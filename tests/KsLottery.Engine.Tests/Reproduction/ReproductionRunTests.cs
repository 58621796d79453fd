using KsLottery.Engine.Devices;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Reproduction;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Reproduction;

[TestFixture]
public sealed class ReproductionRunTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly ComputeDevice _device = ComputeDevice.Open("cpu", DeviceWork.Model, threads: 1);
    private ReproductionRun _run = null!;

    [OneTimeSetUp]
    public void Run() => _run = Run("whole");

    public void Dispose()
    {
        _device.Dispose();
        _folder.Dispose();
    }

    [Test]
    public void Every_scored_step_has_a_line_for_each_task_and_the_base_comes_first()
    {
        string[] scored = ["base", .. TinyRecipe.Read().Steps.Where(s => !s.IsTicket && s.IsScored).Select(s => s.Name)];
        Assert.That(_run.Results.Select(r => r.Step).Distinct(), Is.EqualTo(scored.Where(s => s != "nothing")));
        Assert.That(_run.Results.GroupBy(r => r.Step).Select(g => g.Select(r => r.Task)), Is.All.EqualTo(new[] { "A", "B" }));
        Assert.That(_run.Skipped.Select(s => s.Step), Is.EqualTo(new[] { "nothing" }), "its rate leaves no number");
    }

    [Test]
    public void Tickets_have_their_sizes_and_controls_the_same()
    {
        Dictionary<string, MadeTicket> tickets = _run.Tickets.ToDictionary(t => t.Step);
        Assert.That(tickets["rows: random ticket"].Units, Is.EqualTo(tickets["ticket"].Units));
        Assert.That(tickets["ticket"].Units, Is.InRange(1L, long.MaxValue));
        const int Elements = 2 * 3 * 48 * 32;
        Assert.That(tickets["A"].Units, Is.EqualTo(Elements / 10));
        Assert.That(tickets["B"].Units, Is.EqualTo((Elements - (Elements / 10)) / 10), "a tenth of what the first leaves");
        Assert.That(tickets["others"].Units, Is.EqualTo(Elements - (Elements / 10)));
        Assert.That(tickets["shuffled"].Units, Is.EqualTo(tickets["B"].Units));
        Assert.That(tickets["shuffled"].Fingerprint, Is.Not.EqualTo(tickets["B"].Fingerprint));
    }

    [Test]
    public void A_ticket_that_excludes_another_shares_nothing_with_it()
    {
        using TicketPatch one = Open("one"), two = Open("two");
        Assert.That(one.Mask.Intersect(two.Mask).Parameters, Is.Zero);
        Assert.That(_run.Claims.First(c => c.Claim.Says == "bits").Figures.Verdict, Is.EqualTo(Verdict.Shown));
        ClaimFigures others = _run.Claims.First(c => c.Claim.Says == "other bits").Figures;
        Assert.That(others.Verdict, Is.EqualTo(Verdict.ShownTheOtherWay), "the second ticket's values differ");
        Assert.That(others.Mean > 0 && others.Mean <= two.Mask.Parameters);
    }

    [Test]
    public void A_random_delta_is_as_long_in_every_row_and_points_elsewhere()
    {
        using TicketPatch tuned = Open("rows"), moved = Open("rows-random-delta");
        Assert.That(moved.Mask.TakeFingerprint(), Is.EqualTo(tuned.Mask.TakeFingerprint()));
        PatchRows one = tuned.GetRows("test"), other = moved.GetRows("test");
        double cosine = 0;
        for (int i = 0; i < one.Indices.Count; i++)
        {
            double[] a = Delta(one, i), b = Delta(other, i);
            Assert.That(Length(b), Is.EqualTo(Length(a)).Within(1e-4 * Length(a)));
            cosine += a.Zip(b, (x, y) => x * y).Sum() / (Length(a) * Length(b)) / one.Indices.Count;
        }
        Assert.That(Math.Abs(cosine) < 0.5, $"{cosine}");

        static double Length(double[] values) => Math.Sqrt(values.Sum(v => v * v));

        static double[] Delta(PatchRows rows, int i)
        {
            float[] before = WideRows.Read(rows.BaseRows, [i]), after = WideRows.Read(rows.TunedRows, [i]);
            return [.. before.Zip(after, (a, b) => (double)b - a)];
        }
    }

    [Test]
    public void Arms_of_equal_tokens_and_of_equal_FLOPs_spend_what_they_say()
    {
        StepResult ticket = Of("rows"), random = Of("rows: random units"), equal = Of("rows: random units, equal FLOPs");
        Assert.That(random.Cost.Tokens, Is.EqualTo(ticket.Cost.Tokens - Of("all").Cost.Tokens), "a draw costs nothing");
        Assert.That((random.Search.Flops, ticket.Search.Flops), Is.EqualTo((0.0, Of("all").Cost.Flops)));
        double step = random.Cost.Flops / 4;
        Assert.That(Math.Abs(equal.Cost.Flops - ticket.Cost.Flops) <= step, $"{equal.Cost} {ticket.Cost}");
        Assert.That(Of("two").Search.Flops > Of("one").Search.Flops, "both calibrations count");

        StepResult Of(string step) => _run.Results.First(r => r.Step == step);
    }

    [Test]
    public void A_claim_on_one_seed_is_void_and_what_is_not_run_says_so()
    {
        // Of losses the smaller is the better.
        Verdict better = Loss("all") < Loss("base") ? Verdict.Shown : Verdict.ShownTheOtherWay;
        Assert.That(_run.Claims.Select(c => (c.Claim.Says, c.Figures.Verdict)).Where(c => c.Says is "share" or "difference" or "open"),
            Is.EqualTo(new[] { ("share", Verdict.Void), ("difference", better), ("open", Verdict.NotRun) }));
        Assert.That(_run.Verdict, Is.EqualTo(Verdict.NotShown));
    }

    [Test]
    public void A_run_that_was_stopped_goes_on_to_the_same_tables()
    {
        foreach (string stop in (string[])["base", "rows", "B", "nothing"])
        {
            using CancellationTokenSource cancel = new();
            Assert.Throws<OperationCanceledException>(() => Run("stopped", (_, step) =>
            {
                if (step == stop) cancel.Cancel();
            }, cancel.Token));
        }
        Run("stopped");
        foreach (string name in (string[])[ReproductionRun.ResultsName, ReproductionRun.TicketsName, ReproductionRun.ClaimsName])
            Assert.That(Read("stopped", name), Is.EqualTo(Read("whole", name)), name);

        string Read(string folder, string name) => File.ReadAllText(_folder.File($"{folder}/{name}"));
    }

    [Test]
    public void A_folder_keeps_its_recipe_and_takes_one_process()
    {
        byte[] other = [.. TinyRecipe.Bytes, (byte)'\n'];
        ReproductionRun second = new(TinyRecipe.Read(), other, new WordCorpus(), _folder.File("whole"), _device);
        Assert.That(Assert.Throws<InvalidDataException>(() => second.Run())!.Message, Does.Contain("another recipe"));
        Assert.That(Assert.Throws<IOException>(() => Run("busy", (_, _) => Run("busy")))!.Message, Does.Contain("works in it"));
    }

    private double Loss(string step) => _run.Results.First(r => (r.Step, r.Task) == (step, "A")).Outcome.Loss;

    private TicketPatch Open(string step) => TicketPatch.Open(_folder.File($"whole/seed-7/{step}"));

    private ReproductionRun Run(string folder, Action<ulong, string>? began = null, CancellationToken cancel = default)
    {
        ReproductionRun run = new(TinyRecipe.Read(), TinyRecipe.Bytes, new WordCorpus(), _folder.File(folder), _device) { Began = began };
        run.Run(cancel);
        return run;
    }
}
