using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Evaluation;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Reproduction;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Reproduction;

/// <summary>What recipes measure of models: what lies between two, and what sparsity costs; and claims on such numbers.</summary>
[TestFixture]
public sealed class MeasureRecipeTests : IDisposable
{
    private const string Steps = """
        [
          { "do": "train", "name": "dense", "part": "full", "task": "A" },
          { "do": "prune", "name": "half", "of": "dense", "sparsity": "50%" },
          { "do": "prune", "name": "fifth", "of": "base", "sparsity": "20%" },
          { "do": "train", "name": "sparse", "part": "full", "task": "A", "ticket": "half", "outside": "zero", "rewind": "dense",
            "at": "1" },
          { "do": "train", "name": "again", "part": "full", "task": "A", "ticket": "half", "outside": "zero", "rewind": "dense",
            "at": "1" },
          { "do": "train", "name": "other", "part": "full", "task": "A", "ticket": "half", "outside": "zero", "rewind": "dense",
            "at": "1", "order": 2 },
          { "do": "between", "name": "twins", "of": ["sparse", "again"], "task": "A", "points": 3 },
          { "do": "between", "name": "orders", "of": ["sparse", "other"], "task": "A" },
          { "do": "train", "name": "less", "part": "full", "task": "A", "ticket": "fifth", "outside": "zero", "scored": false },
          { "do": "sweep", "name": "trained", "models": ["dense", "less", "sparse"], "task": "A" },
          { "do": "sweep", "name": "pruned", "of": "dense", "task": "B", "sparsities": ["50%", "90%"], "per_tensor": true },
          { "do": "train", "name": "still", "part": "full", "task": "A", "learning_rate": 1e-38, "scored": false },
          { "do": "graft", "name": "nothing", "tuned": "still", "task": "A", "share": "1%" }
        ]
        """;

    private const string Claims = """
        [
          { "says": "rises", "rises": ["base", "dense", "sparse"], "task": "A", "measure": "loss" },
          { "says": "falls", "falls": ["base", "dense", "sparse"], "task": "A", "measure": "loss", "is_at_least": 0.5 },
          { "says": "barriers", "falls": ["twins", "orders", "twins"], "measure": "barrier" },
          { "says": "correlation", "rank_correlation": { "loss": ["base", "dense", "sparse"], "exact_match_rate":
            ["base", "dense", "sparse"] }, "task": "A", "is_at_most": -0.1 },
          { "says": "connected", "arm": "orders", "measure": "barrier", "is_at_most": 0.5 },
          { "says": "knee", "arm": "trained", "than": "pruned", "measure": "knee_of_loss" },
          { "says": "cosine", "overlap": ["half", "fifth"], "measure": "cosine", "is_at_least": 0.5 },
          { "says": "pruned", "overlap": ["half", "fifth"], "measure": "pruned_jaccard", "min_times_chance": 1.5 }
        ]
        """;

    private static readonly string[] Tables = [ReproductionRun.ResultsName, ReproductionRun.MeasuresName, ReproductionRun.OverlapsName,
        ReproductionRun.ClaimsName];

    private readonly TemporaryFolder _folder = new();
    private readonly ComputeDevice _device = ComputeDevice.Open("cpu", DeviceWork.Model, threads: 1);
    private ReproductionRun _run = null!;

    [OneTimeSetUp]
    public void Run() => _run = Run("measured");

    public void Dispose()
    {
        _device.Dispose();
        _folder.Dispose();
    }

    [Test]
    public void Between_one_model_and_itself_lies_no_barrier_and_orders_of_the_data_part()
    {
        Assert.That(Model("again"), Is.EqualTo(Model("sparse")));
        Assert.That(Model("other"), Is.Not.EqualTo(Model("sparse")));
        Assert.That((Number("twins", "barrier"), Number("twins", "barrier_above_line")), Is.EqualTo((0.0, 0.0)));
        string[] lines = File.ReadAllLines(_folder.File("measured/seed-7/orders/linear-path.tsv"));
        Assert.That(lines, Has.Length.EqualTo(1 + BetweenStep.DefaultPoints));
        double[] losses = [.. lines.Skip(1).Select(l => double.Parse(l.Split('\t')[1], CultureInfo.InvariantCulture))];
        Assert.That((losses[0], losses[^1]), Is.EqualTo((Loss("sparse"), Loss("other"))).Within(1e-6));
        Assert.That(Number("orders", "barrier"), Is.EqualTo(losses.Order().Last() - ((losses[0] + losses[^1]) / 2)).Within(1e-15));
    }

    [Test]
    public void A_curve_takes_the_losses_of_trained_models_and_a_sweep_prunes_without_training()
    {
        IReadOnlyList<SweepPoint> curve = Points("trained"), pruned = Points("pruned");
        Assert.That(curve.Select(p => p.Sparsity), Is.EqualTo(new[] { 0, 0.2m, 0.5m }));
        Assert.That((curve[0].Loss, curve[2].Loss), Is.EqualTo((Loss("dense"), Loss("sparse"))));
        Assert.That(pruned.Select(p => p.Sparsity), Is.EqualTo(new[] { 0, 0.5m, 0.9m }));
        Assert.That(pruned[0].Loss, Is.EqualTo(_run.Results.First(r => (r.Step, r.Task) == ("dense", "B")).Outcome.Loss).Within(1e-6));
        SweepKnee knee = SweepKnee.OfLoss(pruned)!;
        Assert.That((Number("pruned", "knee_of_loss"), Number("pruned", "knee_of_loss_reached")),
            Is.EqualTo(((double)knee.Sparsity, knee.IsReached ? 1.0 : 0.0)));
        Assert.That(Number("pruned", "largest_fall"), Is.EqualTo(pruned.Zip(pruned.Skip(1), (a, b) => Math.Max(0, 1 - (b.Loss / a.Loss)))
            .Order().Last()));
        Assert.That(_run.MadeMeasures.Where(m => m.Step == "pruned").Select(m => m.Measure), Has.None.EqualTo("knee_of_chrf"));
    }

    [Test]
    public void Claims_rank_steps_and_hold_masks_against_chance()
    {
        double[] losses = [Loss("base"), Loss("dense"), Loss("sparse")];
        Assert.That(losses[0] > losses[1] && losses[0] > losses[2], "the untrained is worst");
        Assert.That(Figures("rises").Mean, Is.EqualTo(losses[1] > losses[2] ? -1 : -0.5).Within(1e-15));
        Assert.That(Figures("falls").Verdict, Is.EqualTo(Verdict.Shown));
        Assert.That(Figures("barriers").Mean, Is.EqualTo(0).Within(1e-15), "two are equal, and one has a barrier");
        Assert.That(Figures("connected").Mean, Is.EqualTo(Number("orders", "barrier")));
        Assert.That(Figures("knee").Mean, Is.EqualTo(Number("trained", "knee_of_loss") - Number("pruned", "knee_of_loss")));
        TicketOverlap overlap = _run.Overlaps.Single();
        Assert.That(Figures("cosine").Mean, Is.EqualTo(overlap.Found.Cosine));
        Assert.That(Figures("pruned").Mean, Is.EqualTo(overlap.Found.PrunedJaccard / overlap.ByChance.PrunedJaccard));
        Assert.That(overlap.ByChance.Cosine, Is.EqualTo(Math.Sqrt(0.5 * 0.8)).Within(0.02));
    }

    [Test]
    public void What_nothing_moved_in_is_not_grafted_and_the_others_go_on() => Assert.That(_run.Skipped.Select(s => (s.Step, s.Reason)),
        Is.EqualTo(new[] { ("nothing", "\"still\" moved no value of \"base\", so that there is none to graft") }));

    [Test]
    public void A_run_that_was_stopped_goes_on_to_the_same_tables()
    {
        foreach (string stop in (string[])["orders", "pruned"])
        {
            using CancellationTokenSource cancel = new();
            Assert.Throws<OperationCanceledException>(() => Run("stopped", (_, step) =>
            {
                if (step == stop) cancel.Cancel();
            }, cancel: cancel.Token));
        }
        Run("stopped");
        foreach (string name in Tables)
            Assert.That(File.ReadAllText(_folder.File($"stopped/{name}")), Is.EqualTo(File.ReadAllText(_folder.File($"measured/{name}"))));
    }

    [TestCase("\"at\": \"1\", \"order\"", "\"at\": \"4\", \"order\"",
        "the step other rewinds \"dense\" to 4 (at), and that training has 4 steps")]
    [TestCase("\"share\": \"1%\"", "\"share\": \"1e-20%\", \"from\": \"dense\"", "the step nothing: 0.00000000000000000001% of")]
    [TestCase("[\"dense\", \"less\", \"sparse\"]", "[\"dense\", \"sparse\", \"less\"]", "the step trained: \"less\" is pruned by 20%")]
    [TestCase("\"full\", \"task\": \"A\", \"learning_rate\": 1e-38, \"scored\": false },\n  { \"do\": \"graft\", ",
        "\"embedding\", \"task\": \"A\", \"scored\": false },\n  { \"do\": \"graft\", \"tensors\": \"*.mlp.*\", ",
        "the step nothing: none of the 9216 elements that are chosen from moved")]
    public void What_only_a_run_can_tell_names_the_step(string part, string instead, string message)
    {
        string folder = $"refused-{instead.Length}";
        Assert.That(() => Run(folder, steps: Changed(Steps, part, instead)), Throws.Exception.With.Message.Contains(message));
    }

    [TestCase("[\"sparse\", \"again\"]", "[\"sparse\"]", "name the two steps whose models are the ends")]
    [TestCase("[\"sparse\", \"again\"]", "[\"sparse\", \"half\"]", "the step twins names the model \"half\"")]
    [TestCase("\"points\": 3", "\"points\": 2", "points is 2; it must be a whole number from 3")]
    [TestCase("[\"50%\", \"90%\"]", "[\"90%\", \"50%\"]", "Give the parts that are pruned, ascending")]
    [TestCase("[\"50%\", \"90%\"]", "[\"50%\", \"100%\"]", "steps[10].sparsities[1] is \"100%\"; something must be left")]
    [TestCase("\"models\": [\"dense\", \"less\", \"sparse\"]", "\"sparsities\": [\"50%\"]", "give it with sparsities, or models")]
    [TestCase("[\"dense\", \"less\", \"sparse\"]", "[\"sparse\", \"less\"]", "Name the dense model first")]
    [TestCase("[\"dense\", \"less\", \"sparse\"]", "[\"dense\", \"dense\"]", "names the training with zero outside of a ticket \"dense\"")]
    [TestCase("\"order\": 2", "\"order\": 0", "order is 0; it must be a whole number from 1")]
    public void What_a_recipe_says_of_measuring_is_checked(string part, string instead, string message) => Assert.That(
        () => RecipeFile.Parse("m.json", Bytes(Changed(Steps, part, instead), Claims)),
        Throws.TypeOf<InvalidDataException>().With.Message.Contains(message));

    [TestCase("[\"twins\", \"orders\", \"twins\"]", "[\"twins\", \"orders\"]", "name three steps or more")]
    [TestCase("[\"twins\", \"orders\", \"twins\"]", "[\"twins\", \"orders\", \"pruned\"]", "names the step that makes barrier \"pruned\"")]
    [TestCase("\"arm\": \"orders\", ", "\"arm\": \"orders\", \"task\": \"A\", ", "the step that makes barrier says it: leave it out")]
    [TestCase("\"is_at_most\": 0.5", "\"below\": 0.5", "the base has no barrier")]
    [TestCase("\"is_at_most\": -0.1", "\"is_at_most\": 0.1", "it must be a number below 0")]
    [TestCase("\"is_at_most\": -0.1", "\"is_at_most\": -0.1, \"is_at_least\": 1", "give it or is_at_most, one of the two")]
    [TestCase("{ \"loss\": [\"base\", \"dense\", \"sparse\"], ", "{ \"loss\": [\"base\", \"dense\"], ",
        "give two measures, each with the steps")]
    [TestCase("{ \"loss\": [", "{ \"lost\": [", "a measure must be one of peak_bytes, loss")]
    [TestCase("\"measure\": \"cosine\"", "\"measure\": \"sine\"", "it must be one of jaccard, pruned_jaccard, cosine")]
    [TestCase("\"min_times_chance\": 1.5", "\"by\": 1.5", "give it or min_times_chance, is_at_least or is_at_most, one of the four")]
    [TestCase("\"is_at_least\": 0.5 },\n  {", "\"is_at_least\": 1.5 },\n  {", "it must be a number above 0, at most 1")]
    public void What_claims_say_of_measures_is_checked(string part, string instead, string message) => Assert.That(
        () => RecipeFile.Parse("m.json", Bytes(Steps, Changed(Claims, part, instead))),
        Throws.TypeOf<InvalidDataException>().With.Message.Contains(message));

    private static string Changed(string text, string part, string instead)
    {
        string changed = text.Replace(part, instead, StringComparison.Ordinal);
        Assert.That(changed, Is.Not.EqualTo(text), "there is nothing of this");
        return changed;
    }

    private static byte[] Bytes(string steps, string claims)
    {
        JsonObject recipe = JsonNode.Parse(TinyRecipe.Text)!.AsObject();
        recipe["steps"] = JsonNode.Parse(steps);
        recipe["claims"] = JsonNode.Parse(claims);
        recipe.Remove("controls");
        return Encoding.UTF8.GetBytes(recipe.ToJsonString());
    }

    private ReproductionRun Run(string folder, Action<ulong, string>? began = null, string steps = Steps,
        CancellationToken cancel = default)
    {
        byte[] bytes = Bytes(steps, Claims);
        ReproductionRun run = new(RecipeFile.Parse("m.json", bytes), bytes, new WordCorpus(), _folder.File(folder), _device)
        {
            Began = began,
        };
        run.Run(cancel);
        return run;
    }

    private byte[] Model(string step) => File.ReadAllBytes(_folder.File($"measured/seed-7/{step}/model.safetensors"));

    private IReadOnlyList<SweepPoint> Points(string step) =>
        SweepFolder.Read(_folder.File($"measured/seed-7/{step}/{SweepFolder.FileName}"));

    private double Loss(string step) => _run.Results.First(r => (r.Step, r.Task) == (step, "A")).Outcome.Loss;

    private double Number(string step, string measure) => _run.MadeMeasures.First(m => (m.Step, m.Measure) == (step, measure)).Value;

    private ClaimFigures Figures(string says) => _run.Claims.First(c => c.Claim.Says == says).Figures;
}
