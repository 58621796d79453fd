using KsLottery.Engine.Devices;
using KsLottery.Engine.Evaluation;
using KsLottery.Engine.Experiments;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Tests.Ranks;
using KsLottery.Engine.Training;

namespace KsLottery.Engine.Tests.Experiments;

/// <summary>An experiment of several processes: in one folder, and in parts.</summary>
[TestFixture]
public sealed class SharedExperimentTests : IDisposable
{
    private readonly ExperimentFixture _fixture = new();

    private ExperimentPlan Plan => _fixture.Plan with
    {
        Arms = [new(ArmMethod.Base), new(ArmMethod.Embedding), new(ArmMethod.Transfer), new(ArmMethod.Ticket), new(ArmMethod.RandomDelta),
            new(ArmMethod.Frequent)],
    };

    [OneTimeSetUp]
    public void RunOnce() => _fixture.Run(Plan, "whole");

    public void Dispose() => _fixture.Dispose();

    [Test]
    public void What_another_holds_is_left_to_it_and_told()
    {
        ExperimentPlan plan = Plan with { Seeds = [7] };
        ArmLocks locks = new(Directory.CreateDirectory(_fixture.File("held")).FullName);
        using (locks.TryTake("danish-7-frequency-tuning", out _, out _))
        using (locks.TryTake("german-base", out _, out _))
        {
            ExperimentRun run = _fixture.Run(plan, "held");
            Assert.That(run.Held.Select(h => (h.Task, h.Seed, h.Arm.Name, h.ProcessId, h.Host)), Is.EqualTo(new[]
            {
                ("Danish", (ulong?)7, "Frequency Tuning", Environment.ProcessId, Environment.MachineName),
                ("German", null, "base", Environment.ProcessId, Environment.MachineName),
            }));
            Assert.That(run.Results, Has.Count.EqualTo((2 * 6) - 2));
            Assert.That(File.Exists(_fixture.File("held/ticket_overlap.tsv")), Is.False, "that is for who has all");
            Assert.That(() => _fixture.Run(plan with { Seeds = [7, 8] }, "held"),
                Throws.TypeOf<IOException>().With.Message.Contains("runs another experiment in this folder"));
        }
        Assert.That(_fixture.Run(plan, "held").Held, Is.Empty);
        _fixture.Run(plan, "alone");
        Assert.That(_fixture.Bytes("held"), Is.EquivalentTo(_fixture.Bytes("alone")));
    }

    [Test]
    public void Ranks_share_the_arms_and_end_with_the_bytes_of_one()
    {
        int[] results = ThreadRanks.Run(3, ranks =>
        {
            using ComputeDevice device = ComputeDevice.Open("cpu", DeviceWork.Model, threads: 1);
            using ExperimentRun run = new(Plan, _fixture.File("ranks"), device) { Ranks = ranks };
            run.Run();
            return run.Results.Count;
        });
        Assert.That(results, Is.All.EqualTo(2 + (4 * 5)), "each knows all");
        Assert.That(_fixture.Bytes("ranks"), Is.EquivalentTo(_fixture.Bytes("whole")));
    }

    [Test]
    public void What_others_need_is_waited_for_after_all_else()
    {
        ExperimentPlan plan = Plan with { Seeds = [7], Tasks = [_fixture.Task("Danish")] };
        using ArmLock held = new ArmLocks(Directory.CreateDirectory(_fixture.File("waited")).FullName).TryTake("danish-7-embed-tuning",
            out _, out _)!;
        using WaitingObserver observer = new(held.Dispose);
        ExperimentRun run = _fixture.Run(plan, "waited", observer);
        Assert.That(observer.Waited.Single().Select(h => h.Arm.Name), Is.EqualTo(new[] { "Embed Tuning" }));
        Assert.That((observer.ScoredBefore, run.Results.Count, run.Held.Count), Is.EqualTo((1, 6, 0)), "the base needs no ticket");
    }

    [Test]
    public void Parts_that_are_collected_are_the_whole()
    {
        for (int i = 1; i <= 3; i++) _fixture.Run(Plan, $"part-{i}", part: new(i, 3));
        Assert.That(Directory.GetDirectories(_fixture.File("part-2")).Select(Path.GetFileName),
            Does.Contain("german-7-embed-tuning").And.None.StartsWith("danish"));
        string[] parts = [_fixture.File("part-1"), _fixture.File("part-2"), _fixture.File("part-3")];
        using (ExperimentRun run = New(Plan, "collected"))
        {
            run.Collect(parts);
            Assert.That(run.Results, Has.Count.EqualTo(2 + (4 * 5)));
        }
        Assert.That(_fixture.Bytes("collected"), Is.EquivalentTo(_fixture.Bytes("whole")));
        _fixture.Run(Plan, "collected");
        Assert.That(_fixture.Bytes("collected"), Is.EquivalentTo(_fixture.Bytes("whole")), "it can be gone on with");

        Refuse<InvalidDataException>(Plan, parts[..2], "5 arms are done in none of the parts: Danish, seed 8", "Name all parts");
        Refuse<InvalidDataException>(Plan with { Training = Plan.Training with { BatchSize = 4 } }, parts, "part-1",
            "training.batch is 8, in the experiment that collects it 4");
        Refuse<InvalidDataException>(Plan with { Seeds = [7, 8, 9] }, parts, "seeds is [7,8], in the experiment that collects it [7,8,9]");
        Refuse<FileNotFoundException>(Plan, [_fixture.File("base")], "no experiment.json in it");
        string scores = _fixture.File("part-3/danish-8-embed-tuning/scores.json");
        Directory.CreateDirectory(_fixture.File("odd/danish-8-embed-tuning"));
        File.Copy(_fixture.File("part-3/experiment.json"), _fixture.File("odd/experiment.json"));
        File.WriteAllText(_fixture.File("odd/danish-8-embed-tuning/scores.json"),
            File.ReadAllText(scores).Replace("\"loss\": ", "\"loss\": 1", StringComparison.Ordinal));
        Refuse<InvalidDataException>(Plan, [.. parts, _fixture.File("odd")], "are results of one arm and differ");
        File.WriteAllText(scores, File.ReadAllText(scores).Replace("\"base\": \"", "\"base\": \"0", StringComparison.Ordinal));
        Refuse<InvalidDataException>(Plan, parts, "part-3", "the run was begun with base = 0");

        void Refuse<T>(ExperimentPlan plan, string[] from, params string[] words) where T : Exception
        {
            using ExperimentRun run = New(plan, "refused");
            T? fault = Assert.Throws<T>(() => run.Collect(from));
            foreach (string word in words) Assert.That(fault!.Message, Does.Contain(word));
            Assert.That(Directory.Exists(_fixture.File("refused")), Is.False);
        }
    }

    [Test]
    public void Parts_that_left_out_arms_without_rows_are_the_whole()
    {
        ExperimentPlan plan = Plan with
        {
            Tasks = [_fixture.Task("Danish")],
            Alpha = 1e-9,
            Arms = [.. Plan.Arms, new(ArmMethod.Token) { Text = "\n" }, new(ArmMethod.Ticket) { Rows = 3 }],
        };
        ExperimentRun whole = _fixture.Run(plan, "whole-without-ticket");
        for (int i = 1; i <= 2; i++) _fixture.Run(plan, $"without-ticket-{i}", part: new(i, 2));
        string[] parts = [_fixture.File("without-ticket-1"), _fixture.File("without-ticket-2")];
        using ExperimentRun run = New(plan, "collected-without-ticket");
        run.Collect(parts);
        Assert.That(run.Skipped, Is.EqualTo(whole.Skipped));
        Assert.That(run.Skipped.Select(s => s.Arm.Method).Distinct(),
            Is.EquivalentTo(new[] { ArmMethod.Transfer, ArmMethod.Ticket, ArmMethod.RandomDelta, ArmMethod.Frequent, ArmMethod.Token }));
        Assert.That(_fixture.Bytes("collected-without-ticket"), Is.EquivalentTo(_fixture.Bytes("whole-without-ticket")));

        Directory.Delete(_fixture.File("without-ticket-2/danish-8-partial-tuning-3-rows"), recursive: true);
        using ExperimentRun less = New(plan, "less-without-ticket");
        InvalidDataException? fault = Assert.Throws<InvalidDataException>(() => less.Collect(parts));
        Assert.That(fault!.Message, Does.Contain("1 arm is done in none of the parts: Danish, seed 8, Partial Tuning, 3 rows."));
    }

    private ExperimentRun New(ExperimentPlan plan, string folder) => new(plan, _fixture.File(folder), _fixture.Device);

    private sealed class WaitingObserver(Action onWaiting) : IExperimentObserver, IDisposable
    {
        private int _scored;

        public List<IReadOnlyList<HeldArm>> Waited { get; } = [];

        public int ScoredBefore { get; private set; }

        public void OnWaiting(IReadOnlyList<HeldArm> held)
        {
            ScoredBefore = _scored;
            Waited.Add(held);
            onWaiting();
        }

        public void OnScored(ArmResult result) => _scored++;

        public void OnArm(string task, ulong? seed, ExperimentArm arm)
        {
        }

        public void OnTraining(TrainingProgress progress)
        {
        }

        public void OnTicket(FoundTicket ticket)
        {
        }

        public void OnScoring(EvaluationProgress progress)
        {
        }

        public void OnSkipped(SkippedArm skipped)
        {
        }

        public void Dispose()
        {
        }
    }
}
