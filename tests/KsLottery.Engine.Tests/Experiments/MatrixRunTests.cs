using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Experiments;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Scoring;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;

namespace KsLottery.Engine.Tests.Experiments;

/// <summary>A report card of a tiny base, of the same with patches, and of a checkpoint that holds what the patches put there.</summary>
public sealed class MatrixRunTests
{
    private const string Embedding = "model.embed_tokens.weight", Norm = "model.norm.weight";

    private ExperimentFixture _fixture = null!;

    [OneTimeSetUp]
    public void MakeModels()
    {
        _fixture = new();
        string tuned = _fixture.File("tuned");
        Directory.CreateDirectory(tuned);
        foreach (string file in Directory.EnumerateFiles(_fixture.File("base")))
            File.Copy(file, Path.Combine(tuned, Path.GetFileName(file)));
        string weights = Path.Combine(tuned, "model.safetensors");
        byte[] bytes = File.ReadAllBytes(weights);
        using Checkpoint before = Checkpoint.Open(_fixture.File("base"));
        Change(before.GetTensor(Embedding), 3 * ExperimentFixture.Width, ExperimentFixture.Width, bytes);
        Change(before.GetTensor(Embedding), 70 * ExperimentFixture.Width, 8 * ExperimentFixture.Width, bytes);
        Change(before.GetTensor(Norm), 0, 20, bytes);
        File.WriteAllBytes(weights, bytes);
        using Checkpoint after = Checkpoint.Open(tuned);
        long rows = before.GetTensor(Embedding).Shape[0];
        TicketPatch.Write(_fixture.File("rows.safetensors"), before, after,
            TicketMask.OfRows(Embedding, rows, ExperimentFixture.Width, [3, .. Enumerable.Range(70, 8)]), TicketPayload.Replace,
            new() { Signature = "test|" });
        TicketPatch.Write(_fixture.File("norm.safetensors"), before, after,
            TicketMask.OfRows(Norm, 1, ExperimentFixture.Width, [0]), TicketPayload.Replace,
            new() { Signature = "test|" });
    }

    [OneTimeTearDown]
    public void DeleteModels() => _fixture.Dispose();

    private MatrixPlan Plan => new()
    {
        Base = _fixture.File("base"),
        Template = PromptTemplate.From("Say {source} in {tgt_lang}:"),
        Languages = [new("English", _fixture.File("Danish.train.tsv") + ":1"), new("Danish", _fixture.File("Danish.train.tsv") + ":2"),
            new("German", _fixture.File("German.train.tsv") + ":2")],
        Models =
        [
            new("base"),
            new("patched") { Patches = [_fixture.File("rows.safetensors"), _fixture.File("norm.safetensors")],
                TrainedOn = [new("English", "Danish")] },
            new("whole") { Checkpoint = _fixture.File("tuned"), TrainedOn = [new("English", "Danish")] },
        ],
        Tests =
        [
            new("to Danish", new("English", "Danish"), _fixture.File("Danish.test.tsv")),
            new("from Danish", new("Danish", "English"), _fixture.File("Danish.test.tsv")) { Pairs = new() { SourceColumn = 2,
                TargetColumn = 1 } },
            new("to German", new("English", "German"), _fixture.File("German.test.tsv")),
        ],
        Baseline = "base",
        Form = HypothesisForm.Raw,
        MaxNewTokens = 4,
        Slots = 8,
    };

    [Test]
    public void Patches_score_as_the_checkpoint_that_holds_them_and_gains_are_over_the_baseline()
    {
        MatrixResult result = Run(Plan, "plain");
        Assert.That(result.Cells.Select(c => (c.Model.Name, c.Test.Name)),
            Is.EqualTo(Plan.Models.SelectMany(m => Plan.Tests.Select(t => (m.Name, t.Name)))));
        MatrixCell[] @base = [.. result.Cells.Take(3)], patched = [.. result.Cells.Skip(3).Take(3)], whole = [.. result.Cells.Skip(6)];
        Assert.That(patched.Select(c => (c.Scores.Chrf, c.Loss, c.MeanTokens)), Is.EqualTo(whole.Select(c => (c.Scores.Chrf, c.Loss,
            c.MeanTokens))));
        Assert.That(patched.Select(c => c.Loss), Is.Not.EqualTo(@base.Select(c => c.Loss)));
        Assert.That(@base.Select(c => c.Gain), Is.All.Zero);
        Assert.That(patched.Select(c => c.Gain), Is.EqualTo(patched.Zip(@base, (p, b) => p.Scores.Chrf.Score - b.Scores.Chrf.Score)));
        Assert.That(patched.Select(c => c.Exposure), Is.EqualTo((PairExposure[])[PairExposure.Seen, PairExposure.ZeroShotPair,
            PairExposure.ZeroShotLanguage]));
        Assert.That(result.Directions.Select(d => d.Model), Is.EqualTo((string[])["base", "patched", "whole"]));
        foreach (MatrixCell cell in result.Cells)
        {
            string[] outputs = File.ReadAllLines(Path.Combine(_fixture.File("plain"), cell.Model.Slug, cell.Test.Slug, "hypotheses.txt"));
            Assert.That(outputs, Has.Length.EqualTo(5));
            Assert.That(cell.Accuracy.Language, Is.EqualTo(cell.Test.Languages.Target));
        }
        string[] lines = File.ReadAllLines(Path.Combine(_fixture.File("plain"), MatrixResult.CellsName));
        Assert.That(lines, Has.Length.EqualTo(10));
        Assert.That(lines[4], Does.StartWith("patched\tto Danish\tEnglish\tDanish\tseen\t5\t"));
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(_fixture.File("plain"), MatrixResult.WholeName)));
        Assert.That(json.RootElement.GetProperty("cells")[5].GetProperty("exposure").GetString(), Is.EqualTo("zero_shot_language"));
        Assert.That(json.RootElement.GetProperty("groups").GetArrayLength(), Is.EqualTo(7));
    }

    [Test]
    public void A_run_that_was_cut_short_ends_with_the_same_files_and_writes_nothing_twice()
    {
        Run(Plan, "one");
        using CancellationTokenSource cancel = new();
        Progress heard = new(value =>
        {
            if (value.Cell == 5) cancel.Cancel();
        });
        Assert.That(() => MatrixRun.Run(Plan, _fixture.File("two"), _fixture.Device, heard, cancel.Token),
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That(Directory.GetFiles(_fixture.File("two"), MatrixOutputs.FileName, SearchOption.AllDirectories), Has.Length.EqualTo(4));
        List<int> cells = [];
        MatrixRun.Run(Plan, _fixture.File("two"), _fixture.Device, new Progress(value => cells.Add(value.Cell)));
        Assert.That(cells.Distinct(), Is.EqualTo(Enumerable.Range(5, 5)), "the first four stood there");
        Assert.That(_fixture.Bytes("two"), Is.EqualTo(_fixture.Bytes("one")));
        MatrixRun.Run(Plan, _fixture.File("two"), _fixture.Device, new Progress(_ => Assert.Fail("nothing is left to do")));
        Assert.That(_fixture.Bytes("two"), Is.EqualTo(_fixture.Bytes("one")));
    }

    [Test]
    public void Other_settings_are_refused_and_other_texts_of_a_language_are_not()
    {
        MatrixPlan plan = Plan with { Models = [Plan.Models[0]] };
        Run(plan, "settings");
        Assert.That(() => Run(plan with { MaxNewTokens = 5 }, "settings"),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("max_new_tokens = 4, now it is 5"));
        Assert.That(() => Run(plan with { Base = _fixture.File("tuned") }, "settings"),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("begun with model"));
        File.WriteAllLines(_fixture.File("other.txt"), Enumerable.Range(0, 30).Select(i => $"fünf vier {new string('a', i)} drei"));
        MatrixResult result = Run(plan with { Languages = [.. plan.Languages.SkipLast(1), new("German", _fixture.File("other.txt"))] },
            "settings");
        Assert.That(result.Accuracies[2].Lines, Is.EqualTo(27));
    }

    [Test]
    public void Further_references_count_and_must_be_as_many()
    {
        string[] references = [.. File.ReadLines(_fixture.File("Danish.test.tsv")).Select(l => l.Split('\t')[1])];
        File.WriteAllLines(_fixture.File("more.txt"), references.Reverse());
        MatrixTest test = Plan.Tests[0] with { References = [_fixture.File("more.txt")] };
        MatrixPlan plan = Plan with { Models = [Plan.Models[0]], Tests = [test], Limit = 3 };
        MatrixCell cell = Run(plan, "references").Cells.Single();
        string[] outputs = File.ReadAllLines(Path.Combine(_fixture.File("references"), "base", "to-danish", "hypotheses.txt"));
        Assert.That(cell.Scores.Chrf, Is.EqualTo(Chrf.Corpus(outputs, [references[..3], [.. references.Reverse().Take(3)]])));
        File.AppendAllText(_fixture.File("more.txt"), "one\n");
        Assert.That(() => Run(plan, "x"), Throws.TypeOf<InvalidDataException>().With.Message.Contains("more.txt: 6 references, and"));
    }

    [Test]
    public void Two_patches_of_one_tensor_are_refused() => Assert.That(
        () => Run(Plan with
        {
            Models = [new("m") { Patches = [_fixture.File("rows.safetensors"), _fixture.File("rows.safetensors")] }],
            Baseline = null
        }, "twice"),
        Throws.TypeOf<NotSupportedException>().With.Message.Contains("m: two of its patches change").And.Message.Contains(Embedding));

    private MatrixResult Run(MatrixPlan plan, string folder) => MatrixRun.Run(plan, _fixture.File(folder), _fixture.Device);

    private static void Change(Tensor tensor, int first, int count, byte[] file)
    {
        for (int i = first; i < first + count; i++)
        {
            int offset = (int)tensor.FileOffset + (i * sizeof(float));
            BitConverter.GetBytes(BitConverter.ToSingle(file, offset) + (i % 3) - 0.7f).CopyTo(file, offset);
        }
    }

    private sealed class Progress(Action<MatrixProgress> hear) : IProgress<MatrixProgress>
    {
        public void Report(MatrixProgress value) => hear(value);
    }
}
