using KsLottery.Engine.Experiments;
using KsLottery.Engine.Training;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Experiments;

[TestFixture]
public class ExperimentFileTests
{
    private const string Min = """ "base": "base", "tasks": [{ "name": "Danish", "train": "a.tsv", "test": "b.en,b.da" }] """;

    [Test]
    public void A_file_of_base_and_tasks_has_the_papers_budget_and_every_control()
    {
        using TemporaryFolder folder = new();
        ExperimentPlan plan = Read(folder, Min);
        Assert.Multiple(() =>
        {
            Assert.That(plan.Base, Is.EqualTo(folder.File("base")));
            Assert.That((plan.Tasks[0].Train, plan.Tasks[0].Test),
                Is.EqualTo((folder.File("a.tsv"), $"{folder.File("b.en")},{folder.File("b.da")}")));
            Assert.That(plan.Seeds, Has.Count.EqualTo(3));
            Assert.That((plan.Training.Epochs, plan.Training.BatchSize, plan.Rates.Embedding, plan.Rates.Rows, plan.Alpha,
                plan.Template.Name, plan.MaxNewTokens),
                Is.EqualTo((3, 128, 2e-5, 1e-2, 0.05, "alpaca", 256)));
            Assert.That(plan.Arms.Select(a => a.Method), Is.EquivalentTo(Enum.GetValues<ArmMethod>()));
        });
    }

    [Test]
    public void What_is_written_reads_back_the_same()
    {
        using TemporaryFolder folder = new();
        ExperimentPlan plan = Read(folder, """
            // Comments are allowed,
            "base": "models/base", "tokenizer": "tok", "template": "{source} ->", "source_language": "English", "target_language": "Danish",
            "tasks": [{ "name": "a", "train": "a,b", "test": "../c.tsv", "source_column": 3, "skip_incomplete": true },
                { "name": "b", "train": "d.jsonl", "test": "d.jsonl", "target_language": "German", "source_key": "en", "target_key": "de" }],
            "seeds": [0, 18446744073709551615], "alpha": 0.1, "max_length": 90, "skip_overlong": true,
            "training": { "steps": 7, "batch": 4, "schedule": "constant", "final_rate": 0.1, "warmup": 3, "weight_decay": 0.2, "clip": 0, "micro_batch": 99, "clip_per_tensor": true, "optimizer": "rmsprop" },
            "learning_rates": { "full": 1, "embedding": 2, "rows": 3, "lora": 4 },
            "evaluation": { "max_new_tokens": 5, "beams": 4, "batch": 6, "stop": ["###", "\n\n"], "stop_ids": [7, 9] },
            "arms": ["base", { "method": "ticket", "alpha": 0.2, "name": "mine", "learning_rate": 9 }, { "method": "ticket", "rows": 3, "only": "prompt" },
                { "method": "random-delta", "rows": 3, "only": "prompt" }, { "method": "token", "text": "\n" }, { "method": "transfer", "without": "word" },], // and so are commas.
            """);
        Directory.CreateDirectory(folder.File("out"));
        string copy = folder.File("out/copy.json");
        ExperimentFile.Write(copy, plan);
        Assert.That(File.ReadAllText(copy), Does.Contain("\"base\": \"../models/base\"").And.Contain("\"../../c.tsv\"").And
            .Contain("\"steps\": 7"));
        ExperimentPlan read = ExperimentFile.Read(copy);
        ExperimentFile.Write(folder.File("out/again.json"), read);
        Assert.That(File.ReadAllText(folder.File("out/again.json")), Is.EqualTo(File.ReadAllText(copy)));
        Assert.Multiple(() =>
        {
            Assert.That(read.Training, Is.EqualTo(plan.Training));
            Assert.That((read.Training.Optimizer, read.Training.ClipsPerTensor), Is.EqualTo((OptimizerKind.RmsProp, true)));
            Assert.That(read.Rates, Is.EqualTo(plan.Rates));
            Assert.That(read.StopTexts, Is.EqualTo(new[] { "###", "\n\n" }));
            Assert.That(read.StopIds, Is.EqualTo(new[] { 7, 9 }));
            Assert.That(read.Arms.Select(a => (a.Name, a.Slug, a.Alpha, a.Rows, a.Only, a.Without, a.Text, a.LearningRate)),
                Is.EqualTo(plan.Arms.Select(a => (a.Name, a.Slug, a.Alpha, a.Rows, a.Only, a.Without, a.Text, a.LearningRate))));
            Assert.That(plan.Arms.Select(a => a.Name),
                Is.EqualTo(new[] { "base", "mine", "Partial Tuning, 3 rows, only prompt", "random delta, 3 rows, only prompt",
                    "rows of \\n",
                "Partial Transfer, without word" }));
            Assert.That(read.Tasks.Select(t => (t.Name, t.SourceLanguage, t.TargetLanguage, t.Pairs)),
                Is.EqualTo(plan.Tasks.Select(t => (t.Name, t.SourceLanguage, t.TargetLanguage, t.Pairs))));
        });
    }

    private static readonly (string Json, string Message)[] Wrong =
    [
        (""" "base": "b", "tasks": [] """, "tasks is []; it must be an array with one item or more"),
        (""" "base": "b" """, "tasks is missing"),
        (""" "tasks": [{ "name": "a", "train": "b", "test": "c" }] """, "base is missing"),
        (Min + """, "sedes": [1] """, "sedes is not known here; known are base, tokenizer, template"),
        (Min + """, "seeds": [1, 1.5] """, "seeds[1] is 1.5; a seed is a whole number from 0"),
        (Min + """, "seeds": [1, 2, 1] """, "seeds holds 1 more than once. Give every run a seed of its own"),
        (Min + """, "alpha": 1 """, "alpha is 1; it must lie between 0 and 1"),
        (Min + """, "alpha": "0.1" """, "alpha is \"0.1\"; it must lie between 0 and 1"),
        (Min + """, "template": "plane" """, "template is \"plane\"; No prompt template is named 'plane'"),
        (Min + """, "training": { "batch": 0 } """, "training.batch is 0; it must be a whole number from 1"),
        (Min + """, "training": { "warmup": 2.5 } """, "training.warmup is 2.5; it must be a share below 1 or a whole number of steps"),
        (Min + """, "training": { "schedule": "linear" } """, "training.schedule is \"linear\"; it must be one of cosine, constant"),
        (Min + """, "learning_rates": { "rows": 0 } """, "learning_rates.rows is 0; it must be a number above 0"),
        (Min + """, "evaluation": 3 """, "evaluation is 3; it must be an object"),
        (Min + """, "evaluation": { "stop": [""] } """, "evaluation.stop[0] is \"\"; it must be a text of one character or more"),
        (Min + """, "evaluation": { "stop_ids": [-1] } """, "evaluation.stop_ids[0] is -1; a token is a whole number from 0"),
        (Min + """, "skip_overlong": 1 """, "skip_overlong is 1; it must be true or false"),
        (Min + """, "arms": ["ticket", "prefix"] """,
            "arms[1] is \"prefix\"; it must be one of base, full, embedding, transfer, ticket, random"),
        (Min + """, "arms": ["token"] """, "arms[0] is \"token\"; it must be one of"),
        (Min + """, "arms": [{ "method": "token" }] """, "arms[0].text is missing"),
        (Min + """, "arms": [{ "method": "ticket", "rows": 3, "alpha": 0.1 }] """, "arms[0].rows is 3; alpha and rows exclude each other"),
        (Min + """, "arms": [{ "method": "full", "alpha": 0.1 }] """,
            "arms[0].alpha is 0.1; it belongs to the methods ticket and transfer, and to controls"),
        (Min + """, "arms": [{ "method": "token", "text": "x", "only": "word" }] """,
            "arms[0].only is \"word\"; it belongs to the methods ticket and transfer, and to controls"),
        (Min + """, "arms": ["transfer", { "method": "transfer", "rows": 3 }, "random-delta"] """,
            "arms[2] (random delta) moves the rows as far as the arm of method ticket"),
        (Min + """, "arms": [{ "method": "full", "rows": 3 }] """, "arms[0].rows is 3; this method has no number of rows"),
        (Min + """, "arms": [{ "method": "transfer", "learning_rate": 3 }] """, "arms[0].learning_rate is 3; this method trains nothing"),
        (Min + """, "arms": [{ "method": "ticket", "only": "verbs" }] """,
            "arms[0].only is \"verbs\"; it must be one of special, space, digit"),
        (Min + """, "arms": [{ "method": "ticket", "name": "Ticket!" }] """, "arms[0].name is \"Ticket!\"; it names folders"),
        (Min + """, "arms": [{ "method": "ticket", "name": "a\tb" }] """, "arms[0].name is \"a\\\\tb\"; it names folders"),
        (Min + """, "arms": ["ticket", { "method": "random", "name": "partial tuning" }] """,
            "\"Partial Tuning\" and \"partial tuning\" would have one folder, partial-tuning"),
        (Min + """, "arms": ["random-delta", "ticket"] """, "arms[0] (random delta) moves the rows as far as the arm of method ticket"),
        (""" "base": "b", "tasks": [{ "name": "日本", "train": "b", "test": "c" }] """, "it must hold a letter a to z or a digit"),
        (""" "base": "\ud800", "tasks": [] """, "base is \"\\\\ud800\"; it must be a text"),
        (""" "base" """, "invalid JSON"),
    ];

    [Test]
    public void Every_ticket_has_controls_of_its_own_size()
    {
        using TemporaryFolder folder = new();
        ExperimentPlan plan =
            Read(folder, Min + """, "arms": ["base", "embedding", "ticket", { "method": "ticket", "rows": 8 }, "random-delta", "random", """
                + """ { "method": "ticket", "without": "prompt", "name": "mine" }, { "method": "lora", "name": "adapters", "learning_rate": 0.1 }, """ + """ { "method": "random", "rows": 8 }, { "method": "transfer", "rows": 8 }, "full"] """);
        ExperimentPlan all = plan.WithControls();
        Assert.Multiple(() =>
        {
            Assert.That(all.Arms.Select(a => a.Name),
                Is.EqualTo(new[] { "base", "Embed Tuning", "Partial Tuning", "Partial Tuning, 8 rows", "random delta", "random rows",
                    "mine",
                "random delta, without prompt", "random rows, without prompt", "adapters, without prompt", "adapters",
                    "random rows, 8 rows", "Partial Transfer, 8 rows",
                "random delta, 8 rows", "adapters, 8 rows", "Full Tuning" }));
            Assert.That(all.WithControls().Arms, Is.EqualTo(all.Arms), "once is enough");
            Assert.That(all.Arms.Where(a => a.Name.StartsWith("adapters", StringComparison.Ordinal)).Select(a => a.LearningRate),
                Is.All.EqualTo(0.1));
            Assert.That(Of("random rows"), Is.EqualTo(new[] { "Partial Tuning" }));
            Assert.That(Of("random rows, 8 rows"), Is.EqualTo(new[] { "Partial Tuning, 8 rows", "Partial Transfer, 8 rows" }));
            Assert.That(Of("adapters, without prompt"), Is.EqualTo(new[] { "mine" }));
            Assert.That(Of("Full Tuning"), Is.Empty);
        });
        ExperimentFile.Write(folder.File("copy.json"), all);
        Assert.That(ExperimentFile.Read(folder.File("copy.json")).WithControls().Arms.Select(a => a.Name),
            Is.EqualTo(all.Arms.Select(a => a.Name)));
        Assert.That(ExperimentFile.Says(folder.File("copy.json"), plan), Is.True, "of the same arms");

        IEnumerable<string> Of(string name) => all.ControlledBy(all.Arms.Single(a => a.Name == name)).Select(a => a.Name);
    }

    [Test]
    public void Without_an_arm_of_the_plans_own_ticket_controls_have_the_size_of_those_that_are_there()
    {
        using TemporaryFolder folder = new();
        ExperimentPlan plan = Read(folder, Min + """, "arms": [{ "method": "ticket", "rows": 8 }, "random-delta", "frequent"] """);
        Assert.That(plan.WithControls().Arms.Select(a => a.Name),
            Is.EqualTo(new[] { "Partial Tuning, 8 rows", "random delta, 8 rows", "Frequency Tuning, 8 rows" }));
        plan = Read(folder, Min + """, "arms": ["embedding", "frequent", { "method": "random", "alpha": 0.2 }] """);
        Assert.That(plan.WithControls().Arms, Is.EqualTo(plan.Arms), "there is no arm that takes a ticket");
    }

    [Test]
    public void Parts_take_pairs_of_task_and_seed_in_turn()
    {
        ExperimentPlan plan = new() { Base = "b", Seeds = [1, 2, 3], Tasks = [new("x", "", ""), new("y", "", "")] };
        string Of(int index, int count) =>
            string.Join(' ', new ExperimentPart(index, count).Of(plan).Select(p => $"{p.Task.Name}{p.Seed}"));
        Assert.That((Of(1, 1), Of(1, 4), Of(2, 4), Of(4, 4), Of(6, 6)), Is.EqualTo(("x1 y1 x2 y2 x3 y3", "x1 x3", "y1 y3", "y2", "y3")));
        foreach ((int index, int count) in ((int, int)[])[(0, 0), (0, 1), (3, 2)]) Assert.That(() => Of(index, count),
            Throws.ArgumentException.With.Message.Contains("there is no part"));
        Assert.That(() => Of(1, 7), Throws.ArgumentException.With.Message.Contains("there can be 1 to 6 parts"));
        Assert.That(ExperimentPart.TryParse("2/8", out ExperimentPart part) && part == new ExperimentPart(2, 8), Is.True);
        foreach (string bad in (string[])["", "1", "0/3", "4/3", "1/3/3", "-1/3", "1/ 3", "a/b"])
            Assert.That(ExperimentPart.TryParse(bad, out _), Is.False, bad);
    }

    /// <summary>As sbatch numbers tasks: from any number on, in steps; a list with gaps does not say which part a task is.</summary>
    [TestCase("1", "1", "4", "1", "1/4")]
    [TestCase("0", "0", "4", "1", "1/4")]
    [TestCase("3", "0", "4", "1", "4/4")]
    [TestCase("16", "4", "4", "4", "4/4")]
    [TestCase("7", "7", "1", "1", "1/1")]
    [TestCase("7", "1", "3", "1", null)]
    [TestCase("3", "0", "3", "2", null)]
    [TestCase("3", "0", "3", "0", null)]
    [TestCase("0", "1", "3", "1", null)]
    [TestCase("two", "1", "3", "1", null)]
    public void A_task_of_a_job_array_has_its_part(string task, string first, string count, string step, string? part)
    {
        string? Variable(string name) =>
            name switch
            {
                "SLURM_ARRAY_TASK_ID" => task,
                "SLURM_ARRAY_TASK_MIN" => first,
                "SLURM_ARRAY_TASK_COUNT" => count,
                "SLURM_ARRAY_TASK_STEP" => step,
                _ => null,
            };

        Assert.That(ExperimentPart.OfJobArray(_ => null), Is.Null);
        if (part is not null) Assert.That(ExperimentPart.OfJobArray(Variable)?.ToString(), Is.EqualTo(part));
        else Assert.That(() => ExperimentPart.OfJobArray(Variable),
            Throws.ArgumentException.With.Message.Contains("SLURM_ARRAY_TASK_ID").And.Message.Contains("Name the part"));
    }

    [TestCaseSource(nameof(Wrong))]
    public void What_cannot_be_is_refused_at_its_place((string Json, string Message) wrong)
    {
        using TemporaryFolder folder = new();
        Assert.That(() => Read(folder, wrong.Json), Throws.TypeOf<InvalidDataException>().With.Message.Contains(wrong.Message).And.Message
            .StartsWith(folder.File("e.json")));
    }

    [Test]
    public void Names_of_any_script_give_folders_that_every_system_takes()
    {
        Assert.That(new ExperimentArm(ArmMethod.Token) { Text = "../x" }.Slug, Is.EqualTo("rows-of-x"));
        Assert.That(new ExperimentTask("Català – 2", "", "").Slug, Is.EqualTo("catal-2"));
    }

    private static ExperimentPlan Read(TemporaryFolder folder, string json)
    {
        File.WriteAllText(folder.File("e.json"), $"{{ {json}\n}}");
        return ExperimentFile.Read(folder.File("e.json"));
    }
}
