using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Reproduction;
using KsLottery.Engine.Statistics;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Reproduction;

/// <summary>Rounds of pruning as one step, by a fixed part and by the PQ index.</summary>
[TestFixture]
public sealed class RoundsRecipeTests
{
    private const string Steps = """
        [
          { "do": "reinitialize", "name": "fresh", "scored": false },
          { "do": "reinitialize", "name": "normal", "normal": true, "scored": false },
          { "do": "sparsity", "name": "index of normal", "of": "normal" },
          { "do": "train", "name": "dense", "part": "full", "task": "A", "from": "fresh" },
          { "do": "sparsity", "name": "index of dense", "of": "dense" },
          { "do": "scale", "name": "scaled", "of": "dense", "by": -1000, "scored": false },
          { "do": "sparsity", "name": "index of scaled", "of": "scaled" },
          { "do": "rounds", "name": "fixed", "of": "dense", "rounds": 3, "sparsity": "50%", "per_tensor": true },
          { "do": "turn", "name": "turn", "of": "fixed", "task": "A", "measure": "loss" },
          { "do": "rounds", "name": "SAP", "of": "dense", "rounds": 2, "sparsity": "adaptive", "p": 1, "q": 2, "patience": 9 },
          { "do": "turn", "name": "end", "of": "SAP", "knee_of": "fixed", "task": "A", "measure": "loss" },
          { "do": "draw", "name": "shuffled", "draw": "shuffled", "like": "SAP" }
        ]
        """;

    private const string Claims = """
        [
          { "says": "scale", "arm": "index of scaled", "than": "index of dense", "measure": "pq_index", "within": 1e-6 },
          { "says": "other", "arm": "index of normal", "than": "index of dense", "measure": "pq_index", "within": 1e-6 },
          { "says": "ends", "arm": "end", "measure": "ended", "is_at_least": 1 }
        ]
        """;

    [Test]
    public void Rounds_are_steps_with_lines_of_their_own_and_go_on_to_the_same_tables()
    {
        using TemporaryFolder folder = new();
        ReproductionRun run = Run(folder);
        Assert.That(run.Skipped, Is.Empty);
        Dictionary<string, long> kept = run.Tickets.ToDictionary(t => t.Step, t => t.Units);
        const int Matrices = (2 * 3 * 48 * 32) + (2 * 4 * 32 * 32);
        Assert.That((kept["fixed, mask 1"], kept["fixed, mask 2"], kept["fixed, mask 3"]),
            Is.EqualTo((Matrices / 2L, Matrices / 4L, Matrices / 8L)));
        // By the definition, over the weights that were trained.
        foreach ((string mask, string of) in ((string, string)[])[("SAP, mask 1", "dense"), ("SAP, mask 2", "sap-round-1")])
        {
            double[] left = [.. ValuesOf(folder, of).Where(v => v != 0)];
            double index = new PqIndex(1, 2).Of(left);
            Assert.That(kept[mask], Is.EqualTo(left.Length - (long)Math.Floor(left.Length * (1 - Math.Pow(1 - index, 2)))), mask);
        }
        Assert.That(kept["shuffled"], Is.EqualTo(kept["SAP, mask 2"]));
        Assert.That(ValuesOf(folder, "sap-round-2").LongCount(v => v != 0), Is.EqualTo(kept["SAP, mask 2"]));
        Assert.That(Measure("fixed, round 3", "sparsity"), Is.EqualTo(0.875).Within(1e-12));
        double[] narrow = [.. ((string[])["index of dense", "fixed, round 1", "fixed, round 2", "fixed, round 3"])
            .Select(s => Measure(s, "pq_index"))];
        int turn = Array.FindIndex([.. narrow.Zip(narrow.Skip(1), (a, b) => b > a)], b => b) + 1;
        Assert.That(Measure("turn", "turn"), turn == 0 ? Is.NaN : Is.EqualTo(1 - Math.Pow(0.5, turn)).Within(1e-12));
        Assert.That(run.Results.Where(r => r.Task == "A").Select(r => r.Step), Is.EqualTo(new[]
        {
            "base", "dense", "fixed, round 1", "fixed, round 2", "fixed, round 3", "fixed", "SAP, round 1", "SAP, round 2", "SAP",
        }));
        double one = run.Results.First(r => r.Step == "dense").Cost.Flops;
        Assert.That(run.Results.First(r => r is { Step: "fixed", Task: "A" }).Cost.Flops / one, Is.EqualTo(4).Within(1e-9));
        Assert.That(run.Claims.Select(c => c.Figures.Verdict),
            Is.EqualTo(new[] { Verdict.Shown, Verdict.ShownTheOtherWay, Verdict.ShownTheOtherWay }));

        string table = File.ReadAllText(folder.File("out/measures.tsv"));
        Directory.Delete(folder.File("out/seed-7/sap-round-1"), recursive: true);
        Run(folder);
        Assert.That(File.ReadAllText(folder.File("out/measures.tsv")), Is.EqualTo(table));

        double Measure(string step, string measure) => run.MadeMeasures.First(m => m.Step == step && m.Measure == measure).Value;
    }

    [Test]
    public void An_index_that_rose_long_enough_ends_the_rounds_before_it_did()
    {
        using TemporaryFolder folder = new();
        // At a rate that moves weights far the index jumps about, so that it rises soon.
        ReproductionRun run = Run(folder, Steps.Replace("\"rounds\": 3, \"sparsity\": \"50%\"",
            "\"rounds\": 9, \"sparsity\": \"40%\", \"patience\": 1", StringComparison.Ordinal)
            .Replace("\"from\": \"fresh\"", "\"from\": \"fresh\", \"learning_rate\": 0.1", StringComparison.Ordinal));
        string[] rounds = [.. run.Results.Where(r => r.Task == "A" && r.Step.StartsWith("fixed, round", StringComparison.Ordinal))
            .Select(r => r.Step)];
        double[] index = [.. rounds.Prepend("index of dense")
            .Select(s => run.MadeMeasures.First(m => m.Step == s && m.Measure == "pq_index").Value)];
        bool[] rises = [.. index.Zip(index.Skip(1), (a, b) => b > a)];
        Assert.That(rises[..^1], Has.None.True);
        Assert.That(rises[^1], Is.True);
        string taken = rounds.Length == 1 ? rounds[0] : rounds[^2];
        Assert.That(run.Results.First(r => r is { Step: "fixed", Task: "A" }).Outcome,
            Is.EqualTo(run.Results.First(r => r.Step == taken && r.Task == "A").Outcome));
        Assert.That(run.MadeMeasures.First(m => m is { Step: "turn", Measure: "ended" }).Value, Is.EqualTo(1));
    }

    [TestCase("\"sparsity\": \"50%\", ", "", "or adaptive")]
    [TestCase("\"sparsity\": \"50%\"", "\"sparsity\": \"100%\"", "it must be below 100%")]
    [TestCase("\"sparsity\": \"50%\"", "\"sparsity\": \"50%\", \"p\": 1", "nothing here reads it")]
    [TestCase("\"rounds\": 3, ", "", "how many rounds there are at most")]
    [TestCase("\"q\": 2", "\"q\": 1", "it must be a number from 1, and above p")]
    [TestCase("\"by\": -1000", "\"by\": 0", "a number other than 0")]
    [TestCase("\"name\": \"fixed\", \"of\": \"dense\"", "\"name\": \"fixed\", \"of\": \"fresh\"", "training of a whole model \"fresh\"")]
    [TestCase("\"name\": \"turn\", \"of\": \"fixed\"", "\"name\": \"turn\", \"of\": \"dense\"", "rounds of pruning \"dense\"")]
    [TestCase("\"name\": \"shuffled\"", "\"name\": \"SAP round 2\"", "has the folder of an earlier one")]
    [TestCase("\"measure\": \"loss\" },", "\"measure\": \"lost\" },", "it must be one of loss, bleu")]
    public void What_a_recipe_says_of_rounds_is_checked(string part, string instead, string message)
    {
        string changed = Steps.Replace(part, instead, StringComparison.Ordinal);
        Assert.That(changed, Is.Not.EqualTo(Steps));
        Assert.That(() => RecipeFile.Parse("rounds.json", Bytes(changed)), Throws.TypeOf<InvalidDataException>().With.Message
            .Contains(message));
    }

    private static ReproductionRun Run(TemporaryFolder folder, string steps = Steps)
    {
        using ComputeDevice device = ComputeDevice.Open("cpu", DeviceWork.Model, threads: 1);
        byte[] bytes = Bytes(steps);
        ReproductionRun run = new(RecipeFile.Parse("rounds.json", bytes), bytes, new WordCorpus(), folder.File("out"), device);
        run.Run();
        return run;
    }

    private static double[] ValuesOf(TemporaryFolder folder, string step)
    {
        using Checkpoint model = Checkpoint.Open(folder.File(string.Create(CultureInfo.InvariantCulture, $"out/seed-7/{step}")));
        return [.. model.Tensors.Where(t => t.Name.EndsWith("_proj.weight", StringComparison.Ordinal)).SelectMany(t =>
            Enumerable.Range(0, (int)t.RowShape.Rows).SelectMany(row => t.GetRow<float>(row).ToArray())).Select(v => (double)v)];
    }

    private static byte[] Bytes(string steps)
    {
        JsonObject recipe = JsonNode.Parse(TinyRecipe.Text)!.AsObject();
        recipe["steps"] = JsonNode.Parse(steps);
        recipe.Remove("controls");
        recipe["claims"] = JsonNode.Parse(Claims);
        return Encoding.UTF8.GetBytes(recipe.ToJsonString());
    }
}
