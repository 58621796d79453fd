using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Reproduction;
using KsLottery.Engine.Training;
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
        StepResult ticket = Result("rows"), random = Result("rows: random units"), equal = Result("rows: random units, equal FLOPs");
        Assert.That(random.Cost.Tokens, Is.EqualTo(ticket.Cost.Tokens - Result("all").Cost.Tokens), "a draw costs nothing");
        Assert.That((random.Search.Flops, ticket.Search.Flops), Is.EqualTo((0.0, Result("all").Cost.Flops)));
        double step = random.Cost.Flops / 4;
        Assert.That(Math.Abs(equal.Cost.Flops - ticket.Cost.Flops) <= step, $"{equal.Cost} {ticket.Cost}");
        Assert.That(Result("two").Search.Flops > Result("one").Search.Flops, "both calibrations count");
    }

    [Test]
    public void A_sum_has_what_its_parts_changed_over_what_they_went_on_from()
    {
        using Checkpoint base_ = Model("base"), sum = Model("sum"), trained = Model("spoken-task/applied"), whole = Model("whole-sum"),
            said = Model("said"), full = Model("full");
        bool isChanged = false;
        foreach (Tensor tensor in base_.Tensors)
        {
            float[] before = Values(tensor), added = Of(sum), learned = Of(trained), one = Of(said), other = Of(full), both = Of(whole);
            for (int i = 0; i < before.Length; i++)
            {
                isChanged |= added[i] != before[i];
                Assert.That(Math.Abs(added[i] - learned[i]) <= 1e-6, $"{tensor.Name}[{i}]: {added[i]} {learned[i]}");
                Assert.That(Math.Abs(both[i] - (before[i] + (one[i] - before[i]) + (other[i] - before[i]))) <= 1e-6, $"{tensor.Name}[{i}]");
            }

            float[] Of(Checkpoint model) => Values(model.GetTensor(tensor.Name));
        }
        Assert.That(isChanged);
        foreach (string claim in (string[])["sum bits", "task bits"])
            Assert.That(_run.Claims.First(c => c.Claim.Says == claim).Figures.Verdict, Is.EqualTo(Verdict.Shown), claim);
        Assert.That(Result("whole sum").Parameters, Is.EqualTo(Result("full").Parameters));
        Assert.That(Result("task alone").Parameters, Is.EqualTo(Result("one").Parameters));
        Assert.That(Result("sum").Search.Flops, Is.EqualTo(Result("spoken").Search.Flops + Result("one").Search.Flops),
            "both calibrations");

        Checkpoint Model(string name) => Checkpoint.Open(_folder.File($"whole/seed-7/{name}"));

        static float[] Values(Tensor tensor)
        {
            byte[] bytes = new byte[tensor.ElementCount * sizeof(float)];
            return MemoryMarshal.Cast<byte, float>(tensor.GetBytes(0, bytes.Length, bytes)).ToArray();
        }
    }

    [Test]
    public void Values_that_move_stay_as_many_and_take_less_memory_than_a_full_tuning()
    {
        using TicketPatch still = Open("one"), moved = Open("moving");
        Assert.That(moved.Mask.Parameters, Is.EqualTo(still.Mask.Parameters));
        Assert.That(moved.Tensors.Select(t => t.Name), Is.SubsetOf(still.Tensors.Select(t => t.Name)));
        Assert.That(moved.Mask.TakeFingerprint(), Is.Not.EqualTo(still.Mask.TakeFingerprint()));
        StepResult moving = Result("moving"), full = Result("full");
        Assert.That((moving.Search.Flops, Result("base").PeakBytes), Is.EqualTo((0.0, 0L)));
        Assert.That(Result("one").PeakBytes, Is.EqualTo(full.PeakBytes), "its ticket was searched for by a full tuning");
        Assert.That(full.PeakBytes > 16 * full.Parameters, "values, gradients and two moments, and activations");
        Assert.That(moving.PeakBytes > 24 * moving.Parameters, "places and the base's values too");
        ClaimFigures memory = _run.Claims.First(c => c.Claim.Says == "memory").Figures;
        Assert.That(memory.Mean, Is.EqualTo((double)moving.PeakBytes / full.PeakBytes));
        Assert.That(memory.Mean is > 0 and < 1, $"{memory.Mean}");
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
        // Within trainings as well, from whose states they go on.
        foreach (string stop in (string[])["said", "moving"])
        {
            using CancellationTokenSource cancel = new();
            string now = "";
            ReproductionRun run = new(TinyRecipe.Read(), TinyRecipe.Bytes, new WordCorpus(), _folder.File("stopped"), _device)
            {
                Began = (_, step) => now = step,
                Training = new Heard(progress =>
                {
                    if (now == stop && progress.Step.Step == 3) cancel.Cancel();
                }),
            };
            Assert.Throws<OperationCanceledException>(() => run.Run(cancel.Token));
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

    private StepResult Result(string step) => _run.Results.First(r => r.Step == step);

    private double Loss(string step) => _run.Results.First(r => (r.Step, r.Task) == (step, "A")).Outcome.Loss;

    private TicketPatch Open(string step) => TicketPatch.Open(_folder.File($"whole/seed-7/{step}"));

    private ReproductionRun Run(string folder, Action<ulong, string>? began = null, CancellationToken cancel = default)
    {
        ReproductionRun run = new(TinyRecipe.Read(), TinyRecipe.Bytes, new WordCorpus(), _folder.File(folder), _device) { Began = began };
        run.Run(cancel);
        return run;
    }

    private sealed class Heard(Action<TrainingProgress> hear) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => hear(value);
    }
}
