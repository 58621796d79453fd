using System.Globalization;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Evaluation;
using KsLottery.Engine.Experiments;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Reproduction;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Reproduction;

/// <summary>Grafts and report cards as steps of a recipe.</summary>
[TestFixture]
public sealed class CardRunTests : IDisposable
{
    private const int LayerElements = 2 * ((4 * 32 * 32) + (3 * 48 * 32));

    private static readonly string[] Tables =
    [
        ReproductionRun.ResultsName, ReproductionRun.TicketsName, ReproductionRun.ClaimsName, ReproductionRun.CardsName,
        ReproductionRun.OverlapsName,
    ];

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
    public void A_graft_is_a_ticket_within_its_bound_and_a_random_one_has_its_size()
    {
        Dictionary<string, MadeTicket> tickets = _run.Tickets.ToDictionary(t => t.Step);
        Assert.That(tickets["layers"].Parameters, Is.EqualTo(LayerElements));
        Assert.That(tickets["graft one"].Units, Is.InRange(1L, LayerElements / 20L));
        Assert.That(tickets["graft other"].Units, Is.InRange(1L, (long)LayerElements));
        Assert.That((tickets["random"].Units, tickets["random"].Fingerprint == tickets["graft one"].Fingerprint),
            Is.EqualTo((tickets["graft one"].Units, false)));
        Assert.That(FigureOf("size"), Is.EqualTo((double)tickets["graft one"].Units / LayerElements));
    }

    [Test]
    public void A_graft_takes_the_tuned_values_and_nothing_else()
    {
        foreach (string claim in (string[])["bits", "bits of the graft"])
            Assert.That(_run.Claims.First(c => c.Claim.Says == claim).Figures.Verdict, Is.EqualTo(Verdict.Shown), claim);
        using TicketPatch graft = TicketPatch.Open(Place("graft-one")), copy = TicketPatch.Open(Place("grafted"));
        Assert.That(copy.Mask.TakeFingerprint(), Is.EqualTo(graft.Mask.TakeFingerprint()));
        using Checkpoint tuned = Checkpoint.Open(Path.Combine(Place("one"), "applied")),
            grafted = Checkpoint.Open(Path.Combine(Place("grafted"), "applied"));
        foreach (PatchedTensor tensor in graft.Tensors)
            Assert.That(MaskedValues.Read(grafted.GetTensor(tensor.Name), tensor.Mask, ElementType.F32, default),
                Is.EqualTo(MaskedValues.Read(tuned.GetTensor(tensor.Name), tensor.Mask, ElementType.F32, default)));
    }

    [Test]
    public void What_a_graft_costs_is_search_of_the_model_that_has_it()
    {
        StepResult one = Of("one"), grafted = Of("grafted"), random = Of("random values");
        Assert.That(grafted.Search.Flops, Is.EqualTo(grafted.Cost.Flops));
        Assert.That(grafted.Cost.Flops > one.Cost.Flops, "three gradients of the mask");
        Assert.That(random.Cost.Flops, Is.EqualTo(one.Cost.Flops), "a draw costs nothing");
    }

    [Test]
    public void The_calibration_error_is_that_of_eval()
    {
        using Checkpoint base_ = Checkpoint.Open(Place("base"));
        LlamaConfig config = LlamaConfig.Load(base_);
        Tokenizer tokenizer = Tokenizer.OpenBeside(Place("base"), "");
        using LlamaWeights weights = LlamaWeights.Open(base_, config, _device.Operations);
        using LlamaModel model = new(weights, _device.Operations);
        SampleSet samples = new SampleEncoder(tokenizer, config.VocabularySize, config.MaxLength, OverlongSamples.Fail)
            .Encode(ParallelText.Read(Place("a-test.tsv")), PromptTemplate.From("{src_lang} {source}\n"), "Left", "Right");
        EvaluationResult result = Evaluator.Run(model, _device.Operations, tokenizer, samples.Samples, new() { CalibrationBins = 15 });
        Assert.That(Of("base").Outcome.CalibrationError, Is.EqualTo(result.Calibration!.ExpectedError));
        Assert.That(FigureOf("calibration"), Is.EqualTo(Of("one").Outcome.CalibrationError - Of("grafted").Outcome.CalibrationError),
            "the smaller error is the better");
    }

    [Test]
    public void A_card_has_every_model_on_every_task_with_what_it_was_trained_on()
    {
        MadeCard card = _run.Cards.Single();
        Assert.That(card.Result.Cells.Select(c => (c.Model.Name, c.Test.Name, c.Exposure)), Is.EqualTo(new[]
        {
            ("base", "Left-Right", PairExposure.Untrained), ("base", "Right-Left", PairExposure.Untrained),
            ("one", "Left-Right", PairExposure.Seen), ("one", "Right-Left", PairExposure.ZeroShotPair),
            ("grafted", "Left-Right", PairExposure.Seen), ("grafted", "Right-Left", PairExposure.ZeroShotPair),
        }));
        string[][] lines = [.. File.ReadLines(_folder.File($"whole/{ReproductionRun.CardsName}")).Select(l => l.Split('\t'))];
        Assert.That(lines, Has.Length.EqualTo(7));
        int error = Array.IndexOf(lines[0], "identifier_error"), chrf = Array.IndexOf(lines[0], "chrf");
        foreach ((string[] line, MatrixCell cell) in lines.Skip(1).Zip(card.Result.Cells))
            Assert.That((Real(line[chrf]), Real(line[error])), Is.EqualTo((cell.Scores.Chrf.Score, cell.Accuracy.ErrorRate)));

        static double Real(string text) => double.Parse(text, CultureInfo.InvariantCulture);
    }

    [Test]
    public void Claims_take_the_numbers_of_a_card()
    {
        MatrixCell seen = _run.Cards.Single().Find("one", "Left-Right")!, reverse = _run.Cards.Single().Find("one", "Right-Left")!;
        Assert.That(FigureOf("directions"), Is.EqualTo(seen.Gain!.Value - reverse.Gain!.Value));
        Assert.That(FigureOf("identifier"), Is.EqualTo(seen.Accuracy.ErrorRate));
        Assert.That(_run.Claims.First(c => c.Claim.Says == "flagged").Figures.Verdict, Is.EqualTo(Verdict.ShownTheOtherWay),
            "it is 0 or 1 and never 2");
        Assert.That(_run.Claims.First(c => c.Claim.Says == "share").Figures.Verdict, Is.EqualTo(Verdict.Void), "of one seed");
    }

    [Test]
    public void An_overlap_is_held_against_chance_in_each_tensor()
    {
        TicketOverlap overlap = _run.Overlaps.Single();
        using TicketPatch one = TicketPatch.Open(Place("graft-one")), other = TicketPatch.Open(Place("graft-other"));
        Assert.That(overlap.Found.Shared, Is.EqualTo(one.Mask.Intersect(other.Mask).Count));
        double expected = one.Mask.Tensors.Sum(t =>
            (double)t.Units.Count * (other.Mask.Find(t.Name)?.Units.Count ?? 0) / t.Grid.ElementCount);
        Assert.That(overlap.ByChance.Shared, Is.EqualTo(expected).Within(1e-12));
        Assert.That(FigureOf("overlap"), Is.EqualTo(overlap.Found.Jaccard / overlap.ByChance.Jaccard));
    }

    [Test]
    public void A_run_that_was_stopped_goes_on_to_the_same_tables_and_learns_no_graft_twice()
    {
        foreach (string stop in (string[])["graft one", "random", "card"])
        {
            using CancellationTokenSource cancel = new();
            Assert.Throws<OperationCanceledException>(() => Run("stopped", (_, step) =>
            {
                if (step == stop) cancel.Cancel();
            }, cancel.Token));
        }
        string graft = _folder.File("stopped/seed-7/graft-one/training.json");
        DateTime learned = File.GetLastWriteTimeUtc(graft);
        Run("stopped");
        Assert.That(File.GetLastWriteTimeUtc(graft), Is.EqualTo(learned));
        foreach (string name in Tables)
            Assert.That(Read("stopped", name), Is.EqualTo(Read("whole", name)), name);

        string Read(string folder, string name) => File.ReadAllText(_folder.File($"{folder}/{name}"));
    }

    [TestCase("\"share\": \"1%\", \"max_share\": \"5%\"", "\"max_share\": \"5%\"", "steps[3].share is missing. Say how large")]
    [TestCase("\"share\": \"1%\", \"max_share\": \"5%\"", "\"share\": \"10\", \"max_share\": \"5%\"", "'10' may be percent or not")]
    [TestCase("\"max_share\": \"5%\"", "\"max_share\": \"0.5%\"", "steps[3].max_share is \"0.5%\"; it must hold the base patch, 1%")]
    [TestCase("\"candidates\": \"50%\"", "\"candidates\": \"0.1%\"", "steps[3].candidates is \"0.1%\"; it must hold the base patch")]
    [TestCase("\"tuned\": \"other\", \"task\": \"Right-Left\"", "\"tuned\": \"other\", \"task\": \"Right\"",
        "the step graft other names the task \"Right\"")]
    [TestCase("\"models\": [\"base\"", "\"models\": [\"layers\"", "the step card names the model \"layers\"")]
    [TestCase("\"tests\": [\"Left-Right\"", "\"tests\": [\"Up\"", "the step card names the task \"Up\"")]
    [TestCase("\"Right\": \"a.tsv:2\"", "\"Down\": \"a.tsv:2\"", "the step card, by the task Left-Right, names the language \"Right\"")]
    [TestCase(", \"Right\": \"a.tsv:2\"", "", "steps[8].languages is")]
    [TestCase("\"baseline\": \"base\"", "\"baseline\": \"other\"", "names the baseline \"other\"")]
    [TestCase("\"card\": \"card\", \"arm\": \"one\", \"task\": \"Left-Right\", \"measure\": \"id",
        "\"card\": \"cart\", \"arm\": \"one\", \"task\": \"Left-Right\", \"measure\": \"id",
        "the claim \"identifier\" names the report card \"cart\", which is not there before it; there is card")]
    [TestCase("\"arm\": \"one\", \"task\": \"Left-Right\", \"measure\": \"identifier_error\"",
        "\"arm\": \"other\", \"task\": \"Left-Right\", \"measure\": \"identifier_error\"", "names the model of card \"other\"")]
    [TestCase("\"measure\": \"identifier_error\"", "\"measure\": \"bleu\"", "claims[6].measure is \"bleu\"")]
    [TestCase("\"than_task\": \"Right-Left\"", "\"than_task\": \"Right\"", "names the test of card \"Right\"")]
    [TestCase("\"is_at_most\": 0", "\"is_at_most\": 0, \"below\": 1", "is_at_least or is_at_most, one of the four")]
    [TestCase("\"arm\": \"grafted\", \"than\"", "\"arm\": \"card\", \"than\"", "names the scored model \"card\"")]
    [TestCase("\"ticket\": \"graft one\", \"max_share\": \"5%\" }", "\"ticket\": \"graft one\" }", "claims[0].max_share is missing")]
    [TestCase("[\"graft one\", \"graft other\"]", "[\"graft one\"]", "claims[1].overlap is")]
    [TestCase("\"max_times_chance\": 1e9", "\"max_times_chance\": 0", "claims[1].max_times_chance is 0; it must be a number above 0")]
    public void What_is_wrong_with_a_graft_or_a_card_is_named_with_its_place(string sound, string broken, string message)
    {
        string text = CardRecipe.Text.Replace(sound, broken, StringComparison.Ordinal);
        Assert.That(text, Is.Not.EqualTo(CardRecipe.Text), "the recipe has nothing of this");
        Assert.That(() => RecipeFile.Parse("card.json", System.Text.Encoding.UTF8.GetBytes(text)),
            Throws.TypeOf<InvalidDataException>().With.Message.StartsWith("card.json: ").And.Message.Contains(message));
    }

    private StepResult Of(string step) => _run.Results.First(r => (r.Step, r.Task) == (step, "Left-Right"));

    private double FigureOf(string claim) => _run.Claims.First(c => c.Claim.Says == claim).Figures.Seeds.Single();

    private string Place(string name) => _folder.File($"whole/seed-7/{name}");

    private ReproductionRun Run(string folder, Action<ulong, string>? began = null, CancellationToken cancel = default)
    {
        ReproductionRun run = new(CardRecipe.Read(), CardRecipe.Bytes, new TongueCorpus(), _folder.File(folder), _device) { Began = began };
        run.Run(cancel);
        return run;
    }
}
