using KsLottery.Engine.Experiments;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Experiments;

[TestFixture]
public class ExperimentFileTests
{
    private const string Least = """ "base": "base", "tasks": [{ "name": "Danish", "train": "a.tsv", "test": "b.en,b.da" }] """;

    [Test]
    public void A_file_of_base_and_tasks_has_the_papers_budget_and_every_control()
    {
        using TemporaryFolder folder = new();
        ExperimentPlan plan = Read(folder, Least);
        Assert.Multiple(() =>
        {
            Assert.That(plan.Base, Is.EqualTo(folder.File("base")));
            Assert.That((plan.Tasks[0].Train, plan.Tasks[0].Test), Is.EqualTo((folder.File("a.tsv"), $"{folder.File("b.en")},{folder.File("b.da")}")));
            Assert.That(plan.Seeds, Has.Count.EqualTo(3));
            Assert.That((plan.Training.Epochs, plan.Training.BatchSize, plan.Rates.Embedding, plan.Rates.Rows, plan.Alpha, plan.Template.Name, plan.MaxNewTokens),
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
            "training": { "steps": 7, "batch": 4, "schedule": "constant", "final_rate": 0.1, "warmup": 3, "weight_decay": 0.2, "clip": 0, "micro_batch": 99 },
            "learning_rates": { "full": 1, "embedding": 2, "rows": 3, "lora": 4 },
            "evaluation": { "max_new_tokens": 5, "beams": 4, "batch": 6 },
            "arms": ["base", { "method": "ticket", "alpha": 0.2, "name": "mine", "learning_rate": 9 }, { "method": "ticket", "rows": 3, "only": "prompt" },
                { "method": "random-delta", "rows": 3, "only": "prompt" }, { "method": "token", "text": "\n" }, { "method": "transfer", "without": "word" },], // and so are commas.
            """);
        Directory.CreateDirectory(folder.File("out"));
        string copy = folder.File("out/copy.json");
        ExperimentFile.Write(copy, plan);
        Assert.That(File.ReadAllText(copy), Does.Contain("\"base\": \"../models/base\"").And.Contain("\"../../c.tsv\"").And.Contain("\"steps\": 7"));
        ExperimentPlan read = ExperimentFile.Read(copy);
        ExperimentFile.Write(folder.File("out/again.json"), read);
        Assert.That(File.ReadAllText(folder.File("out/again.json")), Is.EqualTo(File.ReadAllText(copy)));
        Assert.Multiple(() =>
        {
            Assert.That(read.Training, Is.EqualTo(plan.Training));
            Assert.That(read.Rates, Is.EqualTo(plan.Rates));
            Assert.That(read.Arms.Select(a => (a.Name, a.Slug, a.Alpha, a.Rows, a.Only, a.Without, a.Text, a.LearningRate)),
                Is.EqualTo(plan.Arms.Select(a => (a.Name, a.Slug, a.Alpha, a.Rows, a.Only, a.Without, a.Text, a.LearningRate))));
            Assert.That(plan.Arms.Select(a => a.Name), Is.EqualTo(new[] { "base", "mine", "Partial Tuning, 3 rows, only prompt", "random delta, 3 rows, only prompt", "rows of \\n",
                "Partial Transfer, without word" }));
            Assert.That(read.Tasks.Select(t => (t.Name, t.SourceLanguage, t.TargetLanguage, t.Pairs)), Is.EqualTo(plan.Tasks.Select(t => (t.Name, t.SourceLanguage, t.TargetLanguage, t.Pairs))));
        });
    }

    private static readonly (string Json, string Message)[] Wrong =
    [
        (""" "base": "b", "tasks": [] """, "tasks is []; it must be an array with one item or more"),
        (""" "base": "b" """, "tasks is missing"),
        (""" "tasks": [{ "name": "a", "train": "b", "test": "c" }] """, "base is missing"),
        (Least + """, "sedes": [1] """, "sedes is not known here; known are base, tokenizer, template"),
        (Least + """, "seeds": [1, 1.5] """, "seeds[1] is 1.5; a seed is a whole number from 0"),
        (Least + """, "seeds": [1, 2, 1] """, "\"1\" and \"1\" would have one folder"),
        (Least + """, "alpha": 1 """, "alpha is 1; it must lie between 0 and 1"),
        (Least + """, "alpha": "0.1" """, "alpha is \"0.1\"; it must lie between 0 and 1"),
        (Least + """, "template": "plane" """, "template is \"plane\"; No prompt template is named 'plane'"),
        (Least + """, "training": { "batch": 0 } """, "training.batch is 0; it must be a whole number from 1"),
        (Least + """, "training": { "warmup": 2.5 } """, "training.warmup is 2.5; it must be a share below 1 or a whole number of steps"),
        (Least + """, "training": { "schedule": "linear" } """, "training.schedule is \"linear\"; it must be one of cosine, constant"),
        (Least + """, "learning_rates": { "rows": 0 } """, "learning_rates.rows is 0; it must be a number above 0"),
        (Least + """, "evaluation": 3 """, "evaluation is 3; it must be an object"),
        (Least + """, "skip_overlong": 1 """, "skip_overlong is 1; it must be true or false"),
        (Least + """, "arms": ["ticket", "prefix"] """, "arms[1] is \"prefix\"; it must be one of base, full, embedding, transfer, ticket, random"),
        (Least + """, "arms": ["token"] """, "arms[0] is \"token\"; it must be one of"),
        (Least + """, "arms": [{ "method": "token" }] """, "arms[0].text is missing"),
        (Least + """, "arms": [{ "method": "ticket", "rows": 3, "alpha": 0.1 }] """, "arms[0].rows is 3; alpha and rows exclude each other"),
        (Least + """, "arms": [{ "method": "random", "alpha": 0.1 }] """, "arms[0].alpha is 0.1; it belongs to the methods ticket, transfer and random-delta"),
        (Least + """, "arms": [{ "method": "full", "rows": 3 }] """, "arms[0].rows is 3; this method has no number of rows"),
        (Least + """, "arms": [{ "method": "transfer", "learning_rate": 3 }] """, "arms[0].learning_rate is 3; this method trains nothing"),
        (Least + """, "arms": [{ "method": "ticket", "only": "verbs" }] """, "arms[0].only is \"verbs\"; it must be one of special, space, digit"),
        (Least + """, "arms": [{ "method": "ticket", "name": "Ticket!" }] """, "arms[0].name is \"Ticket!\"; it names folders"),
        (Least + """, "arms": [{ "method": "ticket", "name": "a\tb" }] """, "arms[0].name is \"a\\\\tb\"; it names folders"),
        (Least + """, "arms": ["ticket", { "method": "random", "name": "partial tuning" }] """, "\"Partial Tuning\" and \"partial tuning\" would have one folder, partial-tuning"),
        (Least + """, "arms": ["random-delta", "ticket"] """, "arms[0] (random delta) moves the rows as far as the arm of method ticket"),
        (""" "base": "b", "tasks": [{ "name": "日本", "train": "b", "test": "c" }] """, "it must hold a letter a to z or a digit"),
        (""" "base": "\ud800", "tasks": [] """, "base is \"\\\\ud800\"; it must be a text"),
        (""" "base" """, "no sound JSON"),
    ];

    [TestCaseSource(nameof(Wrong))]
    public void What_cannot_be_is_refused_at_its_place((string Json, string Message) wrong)
    {
        using TemporaryFolder folder = new();
        Assert.That(() => Read(folder, wrong.Json), Throws.TypeOf<InvalidDataException>().With.Message.Contains(wrong.Message).And.Message.StartsWith(folder.File("e.json")));
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
