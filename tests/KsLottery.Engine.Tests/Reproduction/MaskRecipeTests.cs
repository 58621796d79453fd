using System.Text;
using System.Text.Json.Nodes;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Reproduction;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Reproduction;

/// <summary>The lottery ticket hypothesis as a recipe: train, prune, rewind, train again, with its controls.</summary>
[TestFixture]
public sealed class MaskRecipeTests
{
    private const string Steps = """
        [
          { "do": "reinitialize", "name": "fresh", "scored": false },
          { "do": "train", "name": "dense", "part": "full", "task": "A", "from": "fresh" },
          { "do": "prune", "name": "ticket", "of": "dense", "sparsity": "60%" },
          { "do": "prune", "name": "pairs", "of": "dense", "pattern": "2:4", "tensors": "*.mlp.*", "score": "random" },
          { "do": "draw", "name": "shuffled ticket", "draw": "shuffled", "like": "ticket" },
          { "do": "train", "name": "sparse", "part": "full", "task": "A", "from": "fresh", "ticket": "ticket", "outside": "zero",
            "rewind": "dense", "at": "50%" },
          { "do": "train", "name": "drawn", "part": "full", "task": "A", "from": "fresh", "ticket": "ticket", "outside": "zero",
            "redraw": true },
          { "do": "train", "name": "shuffled", "part": "full", "task": "A", "from": "fresh", "ticket": "shuffled ticket",
            "outside": "zero" },
          { "do": "train", "name": "matched", "part": "full", "task": "A", "from": "fresh", "ticket": "ticket", "outside": "match-l2" },
          { "do": "train", "name": "twin", "part": "full", "task": "A", "from": "fresh", "rewind": "dense", "at": "1" }
        ]
        """;

    [Test]
    public void Masks_are_found_in_one_model_and_trained_from_where_another_began()
    {
        using TemporaryFolder folder = new();
        using ComputeDevice device = ComputeDevice.Open("cpu", DeviceWork.Model, threads: 1);
        byte[] bytes = Bytes(Steps);
        ReproductionRun run = new(RecipeFile.Parse("masks.json", bytes), bytes, new WordCorpus(), folder.File("out"), device);
        run.Run();
        Assert.That(run.Skipped, Is.Empty);
        Dictionary<string, MadeTicket> tickets = run.Tickets.ToDictionary(t => t.Step);
        const int Mlp = 2 * 3 * 48 * 32, Attention = 2 * 4 * 32 * 32;
        Assert.That((tickets["ticket"].Units, tickets["shuffled ticket"].Units, tickets["pairs"].Units),
            Is.EqualTo(((long)((Mlp + Attention) * 0.4m), tickets["ticket"].Units, Mlp / 2L)));
        foreach ((string step, long zeros) in ((string, long)[])[("sparse", Mlp + Attention - tickets["ticket"].Units),
            ("drawn", Mlp + Attention - tickets["ticket"].Units), ("shuffled", Mlp + Attention - tickets["ticket"].Units), ("dense", 0),
            ("matched", 0)])
            Assert.That(ZerosOf(step), Is.EqualTo(zeros), step);
        Assert.That(Model("twin"), Is.EqualTo(Model("dense")), "rewound to its first step and trained as it was");
        Assert.That(Model("drawn"), Is.Not.EqualTo(Model("sparse")));
        Assert.That(Directory.GetDirectories(folder.File("out/seed-7/dense"), "state-*").Select(p => Path.GetFileName(p)).Order(),
            Is.EqualTo(new[] { "state-1", "state-2" }));
        double one = run.Results.First(r => r.Step == "dense").Cost.Flops;
        Assert.That(run.Results.Where(r => r.Task == "A" && r.Step != "base").Select(r => (r.Step, r.Cost.Flops / one)), Is.EqualTo(
            new[] { ("dense", 1.0), ("sparse", 2.0), ("drawn", 2.0), ("shuffled", 1.0), ("matched", 2.0), ("twin", 1.0) }));

        byte[] Model(string step) => File.ReadAllBytes(folder.File($"out/seed-7/{step}/model.safetensors"));

        long ZerosOf(string step)
        {
            using Checkpoint model = Checkpoint.Open(folder.File($"out/seed-7/{step}"));
            return model.Tensors.Sum(t => Enumerable.Range(0, (int)t.RowShape.Rows)
                .Sum(row => t.GetRow<float>(row).ToArray().LongCount(value => value == 0)));
        }
    }

    [TestCase("\"sparsity\": \"60%\"", "\"alpha\": 0.5", "give it or pattern, one of the two")]
    [TestCase("\"pattern\": \"2:4\"", "\"pattern\": \"2\"", "pattern is \"2\"")]
    [TestCase("\"score\": \"random\"", "\"score\": \"ks\"", "it must be one of magnitude, random")]
    [TestCase("\"ticket\": \"ticket\", \"outside\": \"zero\",\n    \"redraw\"", "\"outside\": \"zero\", \"redraw\"",
        "it belongs to the parts full and embedding, and to a ticket")]
    [TestCase("\"outside\": \"match-l2\"", "\"outside\": \"match\"", "it must be one of zero, match-l1, match-l2")]
    [TestCase("\"rewind\": \"dense\", \"at\": \"1\"", "\"rewind\": \"fresh\"", "names the training of the same part \"fresh\"")]
    [TestCase("\"rewind\": \"dense\", \"at\": \"1\"", "\"at\": \"1\"", "name the step (rewind)")]
    [TestCase("\"at\": \"1\"", "\"at\": \"x\"", "at is \"x\"")]
    [TestCase("\"at\": \"1\"", "\"at\": \"1\", \"redraw\": true", "without rewind")]
    public void What_a_recipe_says_of_masks_is_checked(string part, string instead, string message)
    {
        string changed = Steps.Replace(part, instead, StringComparison.Ordinal);
        Assert.That(changed, Is.Not.EqualTo(Steps));
        Assert.That(() => RecipeFile.Parse("masks.json", Bytes(changed)), Throws.TypeOf<InvalidDataException>().With.Message
            .Contains(message));
    }

    private static byte[] Bytes(string steps)
    {
        JsonObject recipe = JsonNode.Parse(TinyRecipe.Text)!.AsObject();
        recipe["steps"] = JsonNode.Parse(steps);
        recipe.Remove("controls");
        recipe["claims"] = JsonNode.Parse("""[{ "says": "sparse", "arm": "sparse", "than": "drawn", "task": "A", "measure": "loss" }]""");
        return Encoding.UTF8.GetBytes(recipe.ToJsonString());
    }
}
