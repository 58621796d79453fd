using System.Globalization;
using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Experiments;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Statistics;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Experiments;

[TestFixture]
public sealed class ExperimentRunTests : IDisposable
{
    private readonly ExperimentFixture _fixture = new();
    private ExperimentRun _whole = null!;

    /// <summary>A task of the whole plan with two seeds, and the controls of two sizes.</summary>
    private ExperimentPlan Small =>
        _fixture.Plan with
        {
            Tasks = [_fixture.Task("Danish")],
            Arms = [.. _fixture.Plan.Arms.Where(a => a.Without is null && a.Method != ArmMethod.Full)]
        };

    [OneTimeSetUp]
    public void RunOnce()
    {
        _whole = _fixture.Run(_fixture.Plan, "whole");
        _fixture.Run(Small, "small");
    }

    public void Dispose() => _fixture.Dispose();

    [Test]
    public void Every_arm_of_a_seed_takes_the_same_steps_over_the_same_data_in_the_same_order() => Assert.Multiple(() =>
    {
        ExperimentPlan plan = _fixture.Plan;
        foreach (ExperimentTask task in plan.Tasks)
            foreach (ulong seed in plan.Seeds)
                foreach (ExperimentArm arm in plan.Arms
                    .Where(a => a.Method is not (ArmMethod.Base or ArmMethod.Transfer or ArmMethod.RandomDelta)))
                {
                    JsonElement settings = Settings($"{task.Slug}-{seed}-{arm.Slug}");
                    string Of(string name) => settings.GetProperty(name).GetString()!;
                    Assert.That((Of("steps"), Of("batch"), Of("seed"), Of("samples")),
                        Is.EqualTo(("6", "8", $"{seed}", Settings($"{task.Slug}-7-full-tuning").GetProperty("samples").GetString())));
                    Assert.That(double.Parse(Of("learning-rate"), CultureInfo.InvariantCulture), Is.EqualTo(plan.Rates.Of(arm)), arm.Name);
                }
    });

    [Test]
    public void Controls_are_matched_with_the_ticket() => Assert.Multiple(() =>
    {
        Assert.That(_whole.Skipped, Is.Empty);
        Assert.That(_whole.Results, Has.Count.EqualTo(2 + (2 * 2 * 22)), "the base is scored once for a task");
        foreach (FoundTicket ticket in _whole.Tickets)
        {
            ArmResult Of(string name) => _whole.Results.Single(r => r.Task == ticket.Task && r.Seed == ticket.Seed && r.Arm.Name == name);
            int rows = ticket.Ticket.Entries.Count;
            Assert.That(rows, Is.GreaterThan(3));
            foreach (string name in (string[])["Partial Transfer", "Partial Tuning", "random delta", "random rows", "Frequency Tuning",
                "largest shift"])
                Assert.That((Of(name).Rows, Of(name).Parameters), Is.EqualTo((rows, (long)rows * ExperimentFixture.Width)), name);
            Assert.That(Of("Partial Tuning, 3 rows").Rows, Is.EqualTo(3));
            foreach (ArmResult tuned in _whole.Results.Where(r => r.Task == ticket.Task && r.Seed == ticket.Seed
                && r.Arm.Method == ArmMethod.Ticket))
            {
                ArmResult[] controls = [.. _whole.Results.Where(r => r.Task == ticket.Task && r.Seed == ticket.Seed
                    && _whole.Plan.ControlledBy(r.Arm).Contains(tuned.Arm))];
                Assert.That(controls.Select(c => c.Arm.Method),
                    Is.EquivalentTo(new[] { ArmMethod.RandomDelta, ArmMethod.Random, ArmMethod.Frequent, ArmMethod.LargestShift,
                        ArmMethod.LowRank }), tuned.Arm.Name);
                Assert.That(controls.Where(c => c.Arm.Method != ArmMethod.LowRank).Select(c => c.Rows), Is.All.EqualTo(tuned.Rows),
                    tuned.Arm.Name);
            }
            Assert.That(Of("Partial Tuning, without word").Rows, Is.InRange(1, rows - 1));
            const int OfRank = 2 * ((32 + 32) + (32 + 16)); // two layers, query and value, inputs and outputs; two of four heads have keys
            Assert.That(Of("LoRA").Parameters % OfRank, Is.Zero);
            Assert.That(Math.Abs(Of("LoRA").Parameters - (rows * 32)), Is.LessThanOrEqualTo(OfRank / 2), "no other rank is nearer");
            Assert.That(Of("LoRA, 3 rows").Parameters, Is.EqualTo(OfRank), "the least that there is");
            Assert.That(Of("Full Tuning").Share, Is.EqualTo(1));
        }
    });

    [Test]
    public void Rows_are_those_that_the_arm_names()
    {
        FoundTicket ticket = _whole.Tickets[0];
        using Checkpoint baseModel = Checkpoint.Open(_fixture.File("base")),
            tuned = Checkpoint.Open(_fixture.File("whole/danish-7-embed-tuning"));
        using TicketPatch transfer = Patch("partial-transfer"), trained = Patch("partial-tuning"), delta = Patch("random-delta"),
            best = Patch("partial-tuning-3-rows"),
            moved = Patch("largest-shift"), line = Patch("rows-of"), frequent = Patch("frequency-tuning"),
            parts = Patch("partial-tuning-without-word");
        Assert.Multiple(() =>
        {
            Assert.That(transfer.Rows!.Indices, Is.EqualTo(ticket.Ticket.Ids));
            foreach ((int i, long row) in transfer.Rows!.Indices.Index())
                Assert.That(transfer.Rows.TunedRows.GetRow<float>(i)
                    .SequenceEqual(tuned.FindInputEmbedding()!.GetRow<float>(row)), Is.True);
            Assert.That(best.Rows!.Indices, Is.EqualTo(ticket.Rows.RankTop(3).Order()));
            Assert.That(best.Signature, Does.Contain("|top:3|").And.EndWith("|k:3").And.Not.Contain("alpha"), "named by rank");
            double[] shifts = [.. ticket.Rows.Scan.Rows.Select(r => r.L2Delta)];
            Assert.That(moved.Rows!.Indices.Min(id => shifts[id]),
                Is.GreaterThanOrEqualTo(moved.Rows!.Indices.Complement().Largest(id => shifts[id])));
            Tokenizer tokenizer = Tokenizer.Open(_fixture.File("base"));
            Assert.That(line.Rows!.Indices, Is.EqualTo(tokenizer.Encode(":")));
            Assert.That(frequent.Rows!.Indices, Does.Contain(tokenizer.BosId!.Value), "every pair reads it");
            Assert.That(parts.Rows!.Indices, Is.SubsetOf(ticket.Ticket.Ids));
            Assert.That(parts.Rows!.Indices.Select(id => tokenizer.Names.Visible((int)id))
                .Where(piece => piece != "␣" && piece.Any(char.IsLetter) && !piece.StartsWith('<')
                && !piece.StartsWith('\\')), Is.Empty);
        });
        for (int i = 0; i < trained.Rows!.Indices.Count; i++)
        {
            (double length, double other, double cosine) = Compare(trained, delta, i);
            Assert.That(other, Is.EqualTo(length).Within(1e-5 * length), "moved as far");
            Assert.That(Math.Abs(cosine), Is.LessThan(0.8), "elsewhere");
        }

        TicketPatch Patch(string arm) => TicketPatch.Open(_fixture.File($"whole/danish-7-{arm}/patch.safetensors"));
    }

    [TestCase(1), TestCase(9), TestCase(17), TestCase(60), TestCase(133), TestCase(300)]
    public void A_run_that_was_stopped_anywhere_goes_on_to_the_same_bytes(int stopAt)
    {
        using CountingObserver observer = new(stopAt);
        string folder = $"stopped-{stopAt}";
        Assert.That(() => _fixture.Run(Small, folder, observer, cancel: observer.Token), Throws.InstanceOf<OperationCanceledException>());
        _fixture.Run(Small, folder);
        Assert.That(_fixture.Bytes(folder), Is.EquivalentTo(_fixture.Bytes("small")));
    }

    [Test]
    public void What_is_done_is_not_done_again_and_arms_and_seeds_may_come_later()
    {
        ExperimentPlan plan = _fixture.Plan, small = plan with { Seeds = [7], Tasks = [plan.Tasks[0]], Arms = [.. plan.Arms.Take(4)] };
        using CountingObserver first = new(), again = new(), more = new(), all = new();
        _fixture.Run(small, "grown", first);
        _fixture.Run(small, "grown", again);
        Assert.That((first.Steps, again.Steps, again.Scorings), Is.EqualTo((12, 0, 0)));
        _fixture.Run(small with { Seeds = [7, 8], Arms = plan.Arms }, "grown", more);
        Assert.That(more.Steps, Is.EqualTo((6 * 17) + (6 * 15)),
            "of eighteen trainings of the second seed and sixteen of the first one each is of adapters whose rank others have");
        _fixture.Run(plan, "grown", all);
        Assert.That(_fixture.Bytes("grown"), Is.EquivalentTo(_fixture.Bytes("whole")));
    }

    [Test]
    public void Controls_of_tickets_that_happen_to_have_one_size_are_one_control()
    {
        int rows = _whole.Tickets[0].Ticket.Entries.Count;
        ExperimentPlan plan = Small with { Seeds = [7], Arms = [.. Small.Arms.Select(a => a.Rows is null ? a : a with { Rows = rows })] };
        using CountingObserver observer = new();
        ExperimentRun run = _fixture.Run(plan, "twins", observer);
        Assert.Multiple(() =>
        {
            Assert.That(observer.Steps, Is.EqualTo(6 * 8), "Embed Tuning, two of Partial Tuning, four controls, and the rows of a text");
            foreach (string name in (string[])["random delta", "random rows", "Frequency Tuning", "largest shift", "LoRA"])
            {
                ArmResult own = run.Results.Single(r => r.Arm.Name == name),
                    twin = run.Results.Single(r => r.Arm.Name == $"{name}, {rows} rows");
                Assert.That((twin.Outcome, twin.Rows, twin.Parameters), Is.EqualTo((own.Outcome, own.Rows, own.Parameters)));
                Assert.That(Directory.Exists(_fixture.File($"twins/danish-7-{own.Arm.Slug}"))
                    && !Directory.Exists(_fixture.File($"twins/danish-7-{twin.Arm.Slug}")), Is.True, name);
            }
        });
    }

    [Test]
    public void A_folder_from_before_controls_had_sizes_goes_on()
    {
        ExperimentPlan plan =
            Small with { Seeds = [7], Arms = [new(ArmMethod.Ticket), new(ArmMethod.Ticket) { Rows = 3 }, new(ArmMethod.Frequent)] };
        _fixture.Run(plan, "old");
        IReadOnlyDictionary<string, string> now = _fixture.Bytes("old");
        string table = _fixture.File("old/experiment.tsv"), file = _fixture.File("old/experiment.json");
        File.WriteAllLines(table, File.ReadAllLines(table).Where(l => !l.Contains("Frequency Tuning, 3 rows", StringComparison.Ordinal))
            .Select(l => l[..l.LastIndexOf('\t')]));
        Directory.Delete(_fixture.File("old/danish-7-frequency-tuning-3-rows"), recursive: true);
        ExperimentFile.Write(file, plan);
        byte[] declared = File.ReadAllBytes(file);
        using CountingObserver observer = new();
        _fixture.Run(ExperimentFile.Read(file), "old", observer);
        Assert.That(observer.Steps, Is.EqualTo(6), "the control that was not there");
        Assert.That(File.ReadAllBytes(file), Is.EqualTo(declared), "it says the same in fewer words");
        Assert.That(_fixture.Bytes("old").Where(f => f.Key != "experiment.json"),
            Is.EquivalentTo(now.Where(f => f.Key != "experiment.json")));
    }

    [Test]
    public void Other_settings_in_the_same_folder_are_refused()
    {
        ExperimentPlan plan = _fixture.Plan with { Seeds = [7], Arms = [new(ArmMethod.Base), new(ArmMethod.Embedding)] };
        _fixture.Run(plan, "other");
        IReadOnlyDictionary<string, string> before = _fixture.Bytes("other");
        Assert.That(() => _fixture.Run(plan with { Training = plan.Training with { BatchSize = 4 } }, "other"),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("the run was begun with batch = 8, now it is 4"));
        Assert.That(() => _fixture.Run(plan with { MaxNewTokens = 3 }, "other"),
            Throws.TypeOf<InvalidDataException>().With.Message
                .Contains("scores.json: the run was begun with max_new_tokens = 4, now it is 3"));
        Assert.That(before.Where(file => file.Key != "experiment.json").All(file => _fixture.Bytes("other")[file.Key] == file.Value),
            Is.True, "nothing is lost");
    }

    [Test]
    public void Without_a_ticket_the_arms_that_need_one_are_left_out_with_the_reason()
    {
        ExperimentRun run = _fixture.Run(_fixture.Plan with { Alpha = 1e-9, Seeds = [7], Tasks = [_fixture.Task("Danish")] }, "none");
        Assert.That(run.Results.Select(r => r.Arm.Name),
            Is.EqualTo(new[] { "base", "Embed Tuning", "rows of :", "Full Tuning", "Partial Tuning, 3 rows",
            "random delta, 3 rows", "random rows, 3 rows", "Frequency Tuning, 3 rows", "largest shift, 3 rows", "LoRA, 3 rows" }));
        Assert.That(run.Skipped.Select(s => s.Reason).Distinct(), Is.EqualTo(new[] { "no row is below alpha 1E-09: there is no ticket." }));
        Assert.That(run.Skipped, Has.Count.EqualTo(13));
    }

    [Test]
    public void The_file_that_the_plan_was_read_from_is_never_written_over()
    {
        ExperimentPlan plan = _fixture.Plan with { Seeds = [7], Tasks = [_fixture.Task("Danish")], Arms = [new(ArmMethod.Base)] };
        string file = _fixture.File("inplace/experiment.json");
        Directory.CreateDirectory(_fixture.File("inplace"));
        ExperimentFile.Write(file, plan);
        string commented = $"// Mine.\n{File.ReadAllText(file)}";
        File.WriteAllText(file, commented);
        _fixture.Run(ExperimentFile.Read(file), "inplace");
        Assert.That(File.ReadAllText(file), Is.EqualTo(commented));
        File.WriteAllText(file, "{}");
        Assert.That(() => _fixture.Run(plan, "inplace"), Throws.TypeOf<InvalidDataException>().With.Message.Contains("base is missing"));
        Assert.That(File.ReadAllText(file), Is.EqualTo("{}"), "another's file");
    }

    [Test]
    public void Rows_that_the_data_never_read_are_no_arm()
    {
        ExperimentPlan plan = _fixture.Plan with
        {
            Seeds = [7],
            Tasks = [_fixture.Task("Danish")],
            Arms = [new(ArmMethod.Base), new(ArmMethod.Token) { Text = "\n" }]
        };
        ExperimentRun run = _fixture.Run(plan, "unread");
        Assert.That((run.Results.Count, run.Skipped.Single().Reason),
            Is.EqualTo((1, "the training data read none of these rows, so that they would learn nothing.")));
    }

    [Test]
    public void Test_pairs_that_are_trained_on_are_counted()
    {
        Assert.That(_whole.TestPairs["German"], Is.EqualTo((5, 0)));
        string[] lines = File.ReadAllLines(_fixture.File("Danish.train.tsv"));
        File.WriteAllLines(_fixture.File("leaking.tsv"), [lines[3], .. File.ReadAllLines(_fixture.File("Danish.test.tsv"))]);
        using ExperimentRun run = new(_fixture.Plan with { Tasks = [_fixture.Task("Danish") with { Test = _fixture.File("leaking.tsv") }] },
            "none", _fixture.Device);
        Assert.That(run.TestPairs["Danish"], Is.EqualTo((6, 1)));
    }

    [Test]
    public void Findings_are_what_the_tickets_and_the_data_say()
    {
        Dictionary<(string Task, string Seed), HashSet<long>> ids = _whole.Tickets
            .ToDictionary(t => (t.Task, $"{t.Seed}"), t => t.Ticket.Ids.ToHashSet());
        string[][] overlap = Lines("ticket_overlap.tsv");
        Assert.That(overlap, Has.Length.EqualTo(6));
        Tokenizer tokenizer = Tokenizer.Open(_fixture.File("base"));
        Assert.Multiple(() =>
        {
            foreach (string[] line in overlap)
            {
                (HashSet<long> a, HashSet<long> b) = (ids[(line[0], line[1])], ids[(line[2], line[3])]);
                Assert.That(line[4..7], Is.EqualTo(new[] { $"{a.Count}", $"{b.Count}", $"{a.Count(b.Contains)}" }));
                Assert.That(Real(line[7]), Is.EqualTo((double)a.Count(b.Contains) / a.Union(b).Count()));
                Assert.That(Real(line[8]), Is.EqualTo((double)a.Count * b.Count / tokenizer.Count));
            }

            foreach (string[] line in Lines("shift_frequency.tsv"))
            {
                Dictionary<int, double> counts = [];
                SampleEncoder encoder = new(tokenizer, tokenizer.Count);
                foreach (TrainingSample sample in encoder.Encode(ParallelText.Read(_fixture.File($"{line[0]}.train.tsv")),
                    _fixture.Plan.Template, "English", line[0]).Samples)
                    foreach (int token in sample.Tokens[..^1])
                        counts[token] = counts.GetValueOrDefault(token) + 1;
                string[][] rows = [.. File.ReadLines(_fixture.File($"whole/{line[0].ToLowerInvariant()}-{line[1]}-ticket/rows.tsv"))
                    .Select(l => l.Split('\t'))];
                int shift = Array.IndexOf(rows[0], "l2_delta");
                Dictionary<int, double> shifts = rows.Skip(1)
                    .ToDictionary(r => int.Parse(r[Array.IndexOf(rows[0], "token_id")], CultureInfo.InvariantCulture), r => Real(r[shift]));
                int[] read = [.. counts.Keys];
                Assert.That(line[2], Is.EqualTo($"{read.Length}"));
                Assert.That(Real(line[3]),
                    Is.EqualTo(RankCorrelation.Spearman([.. read.Select(id => shifts[id])], [.. read.Select(id => counts[id])]))
                        .Within(1e-6));
            }

            foreach (IGrouping<(string, string), string[]> groups in Lines("ticket_groups.tsv").GroupBy(l => (l[0], l[1])))
            {
                Assert.That(groups.Where(l => l[2] != "prompt").Sum(l => int.Parse(l[3], CultureInfo.InvariantCulture)),
                    Is.EqualTo(ids[groups.Key].Count));
                Assert.That(groups.Where(l => l[2] != "prompt").Sum(l => int.Parse(l[4], CultureInfo.InvariantCulture)),
                    Is.EqualTo(tokenizer.Count));
                HashSet<int> prompt = [tokenizer.BosId!.Value, .. tokenizer.Encode($"Say  in {groups.Key.Item1}:")];
                Assert.That(groups.Single(l => l[2] == "prompt")[4], Is.EqualTo($"{prompt.Count}"));
            }
        });
    }

    [Test]
    public void The_table_holds_every_result()
    {
        string[][] lines = Lines("experiment.tsv");
        Assert.That(lines, Has.Length.EqualTo(_whole.Results.Count));
        Assert.Multiple(() =>
        {
            foreach (ArmResult result in _whole.Results)
            {
                string[] line = lines.Single(l => l[0] == result.Task && l[1] == $"{result.Seed}" && l[2] == result.Arm.Name);
                Assert.That(line[^1], Is.EqualTo(result.HasDiverged ? "yes" : ""));
                Assert.That(line[^2], Is.EqualTo(string.Join("; ", _whole.Plan.ControlledBy(result.Arm).Select(a => a.Name))));
                Assert.That(line[6..^2].Select(Real), Is.EqualTo(ArmOutcome.Columns.Select(c => c.Get(result.Outcome))));
                Assert.That((line[3], line[4], Real(line[5])), Is.EqualTo(($"{result.Rows}", $"{result.Parameters}", result.Share)));
            }
        });
    }

    [Test]
    public void Every_column_of_every_table_is_on_the_page_of_formats()
    {
        string page = File.ReadAllText(Path.Combine(SharedData.Root, "docs", "formats.md"));
        string[] tables = [.. Directory.EnumerateFiles(_fixture.File("whole"), "*.tsv", SearchOption.AllDirectories)];
        Assert.That(tables.Select(Path.GetFileName), Is.SupersetOf(new[] { "experiment.tsv", "segments.tsv", "rows.tsv" }));
        string[] columns = [.. tables.SelectMany(table => File.ReadLines(table).First().Split('\t')).Distinct()
            .Where(c => !(c.StartsWith("loss_", StringComparison.Ordinal) || c is [.., '_', '2' or '3']))];
        Assert.That(columns.Where(column => !page.Contains($"`{column}`", StringComparison.Ordinal)), Is.Empty);
    }

    [Test]
    public void Each_arm_is_held_against_each_control_of_its_size()
    {
        ExperimentPlan plan = _whole.Plan;
        string[][] lines = Lines("experiment_verdicts.tsv");
        Assert.That(lines, Has.Length.EqualTo(_whole.Comparisons.Count));
        double Mean(string task, ExperimentArm arm, Func<ArmOutcome, double> get) =>
            _whole.Results.Where(r => r.Task == task && r.Arm == arm).Average(r => get(r.Outcome));
        Assert.Multiple(() =>
        {
            foreach ((ArmComparison one, string[] line) in _whole.Comparisons.Zip(lines))
            {
                Assert.That(line[..5], Is.EqualTo((string[])[one.Task, one.Arm.Name, one.Control.Name, "2", "5"]));
                Assert.That(one.Bleu.Value, Is.EqualTo(Mean(one.Task, one.Arm, o => o.Bleu) - Mean(one.Task, one.Control, o => o.Bleu))
                    .Within(1e-9), $"{one}");
                Assert.That(one.Loss.Value, Is.EqualTo(Mean(one.Task, one.Arm, o => o.Loss) - Mean(one.Task, one.Control, o => o.Loss))
                    .Within(1e-6), $"{one}");
                Assert.That(line[^1], Is.EqualTo(one.Loss.High < 0 ? "better" : one.Loss.Low > 0 ? "worse" : "not told apart"));
            }
            foreach (ExperimentArm arm in plan.Arms.Where(a => a.Method == ArmMethod.Ticket))
                Assert.That(_whole.Comparisons.Where(c => c.Arm == arm && c.Task == "Danish").Select(c => c.Control), Is.EquivalentTo(
                    plan.Arms.Where(c => c.Method is ArmMethod.Base or ArmMethod.Token || plan.ControlledBy(c).Contains(arm))), arm.Name);
        });
    }

    [Test]
    public void Bad_data_are_refused_before_anything_is_written()
    {
        ExperimentPlan plan = _fixture.Plan;
        File.WriteAllText(_fixture.File("empty.tsv"), "one\ten\ntwo\t\n");
        Refuse(plan with { Tasks = [plan.Tasks[0], plan.Tasks[1] with { Test = _fixture.File("empty.tsv") }] }, "empty.tsv: line 2: ");
        Refuse(plan with { MaxNewTokens = 60 }, "more than the 64 that the model was made for");
        Refuse(plan with { MaxLength = 5 }, "at most 5 are allowed");
        Refuse(plan with { Tasks = [plan.Tasks[0] with { TargetLanguage = null }] }, "names the target language");
        Refuse(plan with { Base = _fixture.File("nowhere") }, "nowhere");

        void Refuse(ExperimentPlan bad, string what)
        {
            Assert.That(() => _fixture.Run(bad, "refused"), Throws.Exception.With.Message.Contains(what));
            Assert.That(Directory.Exists(_fixture.File("refused")), Is.False);
        }
    }

    private static (double Length, double Other, double Cosine) Compare(TicketPatch one, TicketPatch other, int row)
    {
        (float[] baseModel, float[] a, float[] b) = (one.Rows!.BaseRows.GetRow<float>(row).ToArray(),
            one.Rows.TunedRows.GetRow<float>(row).ToArray(), other.Rows!.TunedRows.GetRow<float>(row).ToArray());
        double aa = 0, bb = 0, ab = 0;
        for (int c = 0; c < baseModel.Length; c++)
        {
            (double x, double y) = (a[c] - baseModel[c], b[c] - baseModel[c]);
            (aa, bb, ab) = (aa + (x * x), bb + (y * y), ab + (x * y));
        }
        return (Math.Sqrt(aa), Math.Sqrt(bb), ab / Math.Sqrt(aa * bb));
    }

    private JsonElement Settings(string folder) =>
        JsonDocument.Parse(File.ReadAllBytes(_fixture.File($"whole/{folder}/training.json"))).RootElement.GetProperty("settings");

    private string[][] Lines(string name) => [.. File.ReadLines(_fixture.File($"whole/{name}")).Skip(1).Select(l => l.Split('\t'))];

    private static double Real(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}
