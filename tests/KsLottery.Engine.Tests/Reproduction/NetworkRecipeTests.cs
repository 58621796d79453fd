using System.Text;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Reproduction;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Reproduction;

/// <summary>Recipes of the small network that learns modular addition.</summary>
[TestFixture]
public sealed class NetworkRecipeTests
{
    private const string Text = """
        {
          "system": "small", "revision": 1, "title": "t", "paper": "p", "runtime": "r", "deviations": ["all"], "tuned_on": [3],
          "network": { "modulus": 7, "train": 22, "hidden": 24, "scale": 0.5, "every": 4, "right_share": 0.9 },
          "plan": {
            "base": "base", "seeds": [7], "tasks": [{ "name": "sum", "train": "sum.tsv", "test": "sum-test.tsv" }],
            "training": { "steps": 120, "weight_decay": 0.1 }, "learning_rates": { "full": 2e-2 }
          },
          "steps": [
            { "do": "train", "name": "dense", "part": "full", "task": "sum" },
            { "do": "pace", "name": "pace", "of": "dense", "task": "sum" },
            { "do": "train", "name": "early", "part": "full", "task": "sum", "until": "memorised" },
            { "do": "train", "name": "short", "part": "full", "task": "sum", "steps": 6 },
            { "do": "prune", "name": "mask", "of": "dense", "sparsity": "75%", "tensors": "*" },
            { "do": "train", "name": "ticket", "part": "full", "task": "sum", "ticket": "mask", "outside": "zero", "weight_decay": 0 },
            { "do": "train", "name": "L1", "part": "full", "task": "sum", "ticket": "mask", "outside": "match-l1", "steps": 1 },
            { "do": "train", "name": "L2", "part": "full", "task": "sum", "ticket": "mask", "outside": "match-l2", "steps": 1 },
            { "do": "pace", "name": "pace of short", "of": "short", "than": "early", "task": "sum" }
          ],
          "claims": [
            { "says": "memorises", "arm": "pace", "measure": "steps_to_memorise", "is_at_most": 120 },
            { "says": "sparse is not better", "arm": "dense", "than": "ticket", "task": "sum", "measure": "exact_match_rate" }
          ]
        }
        """;

    [Test]
    public void Trainings_end_where_they_are_told_to_keep_their_mask_and_go_on_to_the_same_tables()
    {
        using TemporaryFolder folder = new();
        ReproductionRun run = Run(folder);
        Assert.That(run.Skipped, Is.Empty);
        Assert.That((Lines("sum.tsv").Length, Lines("sum-test.tsv").Length), Is.EqualTo((22, 28 - 22)));
        Assert.That(Lines("sum.tsv").Concat(Lines("sum-test.tsv")).Distinct().Count(), Is.EqualTo(28));
        foreach (string[] pair in Lines("sum.tsv").Select(l => l.Split('\t', ' ')))
            Assert.That((Number(pair[0]) + Number(pair[1])) % 7, Is.EqualTo(Number(pair[2])));
        int memorised = (int)run.MadeMeasures.First(m => m is { Step: "pace", Measure: "steps_to_memorise" }).Value;
        Assert.That(memorised, Is.InRange(8, 120));
        Assert.That(LastStep("early"), Is.EqualTo(memorised), "the same training, cut short");
        Assert.That((LastStep("dense"), LastStep("short"), LastStep("l1")), Is.EqualTo((120, 6, 1)));
        Assert.That(run.MadeMeasures.First(m => m is { Step: "pace of short", Measure: "steps_to_memorise" }).Value,
            Is.EqualTo(double.PositiveInfinity));
        Assert.That(Values("ticket").Count(v => v != 0), Is.EqualTo(2 * 7 * 24 / 4));
        Assert.That(Values("dense").Count(v => v == 0), Is.Zero);
        Assert.That(run.Results.First(r => r.Step == "ticket").Cost.Flops,
            Is.EqualTo(2 * run.Results.First(r => r.Step == "dense").Cost.Flops));
        // A step of AdamW moves a weight by the rate, whatever its gradient.
        float[] first = Values("base"), kept = Values("ticket");
        foreach ((string step, double power) in ((string, double)[])[("l1", 1), ("l2", 2)])
            for (int start = 0; start < first.Length; start += first.Length / 2)
            {
                double all = 0, inside = 0;
                for (int i = start; i < start + (first.Length / 2); i++)
                {
                    all += Math.Pow(Math.Abs(first[i]), power);
                    if (kept[i] != 0) inside += Math.Pow(Math.Abs(first[i]), power);
                }
                double factor = Math.Pow(inside / all, 1 / power);
                float[] scaled = Values(step);
                for (int i = start; i < start + (first.Length / 2); i++)
                    Assert.That(scaled[i], Is.EqualTo(first[i] * factor).Within(0.0205), $"{step} {i}");
            }
        Assert.That(run.Claims[0].Figures.Verdict, Is.EqualTo(Verdict.Shown));

        (string, string)[] before = Tables();
        Directory.Delete(folder.File("out/seed-7/ticket"), recursive: true);
        Run(folder);
        Assert.That(Tables(), Is.EqualTo(before));

        string[] Lines(string name) => File.ReadAllLines(folder.File($"out/seed-7/{name}"));
        int LastStep(string step) => Number(File.ReadLines(folder.File($"out/seed-7/{step}/steps.tsv")).Last().Split('\t')[0]);
        (string, string)[] Tables() => [.. Directory.GetFiles(folder.File("out"), "*.tsv").Order(StringComparer.Ordinal)
            .Select(f => (f, File.ReadAllText(f)))];
        float[] Values(string step)
        {
            using Checkpoint model = Checkpoint.Open(folder.File($"out/seed-7/{step}"));
            return [.. model.Tensors.OrderBy(t => t.Name, StringComparer.Ordinal).SelectMany(t =>
                Enumerable.Range(0, (int)t.RowShape.Rows).SelectMany(row => t.GetRow<float>(row).ToArray()))];
        }
    }

    [TestCase("\"train\": 22", "\"train\": 28", "of 28 pairs one at least must be left to test")]
    [TestCase("\"modulus\": 7", "\"modulus\": 5000", "it must be at most 1000")]
    [TestCase("\"right_share\": 0.9", "\"right_share\": 2", "it must be a share above 0, at most 1")]
    [TestCase("\"steps\": 120, ", "\"epochs\": 2, ", "Give plan.tasks one task, and plan.training its steps")]
    [TestCase("\"until\": \"memorised\"", "\"until\": \"bored\"", "it must be one of memorised, generalised")]
    [TestCase("\"steps\": 6", "\"epochs\": 6", "the step short cannot be made of a small network")]
    [TestCase("\"tensors\": \"*\"", "\"tensors\": \"*\", \"score\": \"random\"", "the step mask cannot be made of a small network")]
    [TestCase("\"measure\": \"exact_match_rate\"", "\"measure\": \"bleu\"", "asks for what is not taken of a small network")]
    [TestCase("\"network\": { \"modulus\": 7, \"train\": 22, \"hidden\": 24, \"scale\": 0.5, \"every\": 4, \"right_share\": 0.9 },", "",
        "counts the steps of a small network")]
    public void What_a_recipe_asks_of_the_network_is_checked(string part, string instead, string message)
    {
        string changed = Text.Replace(part, instead, StringComparison.Ordinal);
        Assert.That(changed, Is.Not.EqualTo(Text));
        Assert.That(() => RecipeFile.Parse("small.json", Encoding.UTF8.GetBytes(changed)),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains(message));
    }

    private static ReproductionRun Run(TemporaryFolder folder)
    {
        using ComputeDevice device = ComputeDevice.Open("cpu", DeviceWork.Model, threads: 1);
        byte[] bytes = Encoding.UTF8.GetBytes(Text);
        ReproductionRun run = new(RecipeFile.Parse("small.json", bytes), bytes, null, folder.File("out"), device);
        run.Run();
        return run;
    }

    private static int Number(string cell) => int.Parse(cell, System.Globalization.CultureInfo.InvariantCulture);
}
