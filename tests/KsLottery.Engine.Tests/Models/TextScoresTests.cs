using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Tests.Tickets;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Models;

/// <summary>Scores that a text gives, against the golden data of the shared folder and against differences of the loss.</summary>
public sealed class TextScoresTests
{
    private static readonly TokenBatch[] Batches = [.. Enumerable.Range(0, 2).Select(b => BatchSchedule.Pack(
        [.. Enumerable.Range(0, 2).Select(s => new TokenSequence(
            Enumerable.Range(0, 12).Select(i => (1 + (i * (s + 3)) + (b * 7)) % 260).ToArray(), 1))], 1024)[0])];

    /// <summary>Each row by itself, ties by place.</summary>
    [Test]
    public void Wanda_keeps_of_every_row_what_the_golden_data_keeps()
    {
        int cases = 0;
        foreach (JsonElement one in ScoreFixture.Golden("scores.json").GetProperty("wanda").EnumerateArray())
        {
            float[][] weights = Rows(one.GetProperty("W"));
            JsonElement expected = one.GetProperty("expected");
            Assert.That(Kept(weights, ScoreFixture.Singles(expected.GetProperty("column_norms")), new RowShare(new(0.5m))),
                Is.EqualTo(expected.GetProperty("kept_columns_per_row_at_half").EnumerateArray().SelectMany((row, r) =>
                    ScoreFixture.Longs(row).Select(c => (r * weights[0].Length) + c))), one.GetProperty("name").GetString());
            cases++;
        }
        Assert.That(cases, Is.EqualTo(5));
    }

    /// <summary>One after another goes, in the order of the golden data.</summary>
    [TestCase("quadratic", 5)]
    public void Snip_prunes_in_the_order_of_the_golden_data(string key, int count)
    {
        JsonElement[] cases = [.. ScoreFixture.Golden("scores.json").GetProperty(key).EnumerateArray()];
        Assert.That(cases, Has.Length.EqualTo(count));
        foreach (JsonElement one in cases)
        {
            float[] weights = ScoreFixture.Singles(one.GetProperty("w"));
            float[] gradient = ScoreFixture.Singles(one.GetProperty("expected").GetProperty("g"));
            double[] scores = ScoreFixture.Numbers(one.GetProperty("expected").GetProperty("snip"));
            for (int kept = 1; kept < weights.Length; kept++)
                Assert.That(Kept([weights], gradient, new TopUnits(kept)), Is.EqualTo(Enumerable.Range(0, scores.Length)
                    .OrderByDescending(i => scores[i]).ThenBy(i => i).Take(kept).Order().Select(i => (long)i)));
        }
    }

    /// <summary>The largest -w·(Hg) goes first, the lower place of equal ones last.</summary>
    [TestCase("quadratic", 5), TestCase("tanh_net", 4)]
    public void Grasp_prunes_in_the_order_of_the_golden_data(string key, int count)
    {
        JsonElement[] cases = [.. ScoreFixture.Golden("scores.json").GetProperty(key).EnumerateArray()];
        Assert.That(cases, Has.Length.EqualTo(count));
        foreach (JsonElement one in cases)
        {
            JsonElement expected = one.GetProperty("expected");
            float[] weights = one.TryGetProperty("w", out JsonElement all) ? ScoreFixture.Singles(all)
                : [.. Rows(one.GetProperty("W")).Concat(Rows(one.GetProperty("V"))).SelectMany(r => r)];
            double[] scores = ScoreFixture.Numbers(expected.GetProperty("grasp"));
            for (int kept = 1; kept < weights.Length; kept++)
                Assert.That(Kept([weights], ScoreFixture.Singles(expected.GetProperty("Hg")), new TopUnits(kept), isSigned: true),
                    Is.EqualTo(Enumerable.Range(0, scores.Length).OrderBy(i => scores[i]).ThenBy(i => i).Take(kept).Order()
                        .Select(i => (long)i)));
        }
    }

    /// <summary>The exact product comes from mixed differences of the loss in double: along the gradient, and along one weight.</summary>
    [Test]
    public void The_Hessian_times_the_gradient_is_that_of_differences_of_the_loss_in_double()
    {
        const double Along = 1e-3, Step = 1e-4;
        using TemporaryFolder folder = new();
        using Checkpoint checkpoint = Checkpoint.Open(new TinyLlama().Write(folder.File("model")));
        IReadOnlyDictionary<string, float[]> products = Factors(checkpoint, TextScores.Grasp), gradient = Factors(checkpoint,
            TextScores.Snip);
        Assert.That(products.Keys, Is.EquivalentTo(checkpoint.Tensors.Select(t => t.Name).Where(ModelPruning.LayerMatrices.Contains)));
        using ReferenceOperations operations = new();
        using LlamaWeights weights = LlamaWeights.Open(checkpoint, LlamaConfig.Load(checkpoint), operations);
        using LlamaModel model = new(weights, operations);
        Weight[] matrices = [.. weights.All.Where(w => products.ContainsKey(w.Name))];
        double targets = Batches.Sum(b => b.TargetCount), largest = products.Values.SelectMany(v => v).Largest(v => Math.Abs(v));
        foreach ((string name, int element) in ((string, int)[])[("model.layers.0.self_attn.q_proj.weight", 5),
            ("model.layers.0.self_attn.o_proj.weight", 17), ("model.layers.1.mlp.down_proj.weight", 101),
            ("model.layers.1.mlp.up_proj.weight", 40)])
        {
            double[] slopes = [.. ((double[])[Along, -Along]).Select(along =>
            {
                Move(along);
                ref double one = ref ReferenceOperations.Values(matrices.Single(w => w.Name == name).Value)[element];
                double before = one;
                one = before + Step;
                double up = Batches.Sum(model.Loss);
                one = before - Step;
                double down = Batches.Sum(model.Loss);
                one = before;
                Move(-along);
                return (up - down) / (2 * Step * targets);
            })];
            Assert.That(products[name][element], Is.EqualTo((slopes[0] - slopes[1]) / (2 * Along)).Within(1e-3 * largest), name);
        }

        void Move(double along)
        {
            foreach (Weight weight in matrices)
            {
                Span<double> values = ReferenceOperations.Values(weight.Value);
                for (int i = 0; i < values.Length; i++) values[i] += along * gradient[weight.Name][i];
            }
        }
    }

    [Test]
    public void The_weights_are_as_they_were_once_grasp_is_done()
    {
        using TemporaryFolder folder = new();
        using Checkpoint checkpoint = Checkpoint.Open(new TinyLlama().Write(folder.File("model")));
        using IOperations operations = new CpuOperations(2);
        using LlamaWeights weights = LlamaWeights.Open(checkpoint, LlamaConfig.Load(checkpoint), operations);
        using LlamaModel model = new(weights, operations);
        double before = model.Loss(Batches[0]);
        List<int> done = [];
        TextScores.Of(TextScores.Grasp, model, operations, Batches, "text", new Heard(done.Add));
        Assert.That(model.Loss(Batches[0]), Is.EqualTo(before));
        Assert.That(done, Is.EqualTo(Enumerable.Range(1, TextScores.PassCount(TextScores.Grasp) * Batches.Length)));
    }

    [Test]
    public void Norms_are_those_of_the_inputs_and_gradients_those_of_the_loss()
    {
        using TemporaryFolder folder = new();
        using Checkpoint checkpoint = Checkpoint.Open(new TinyLlama().Write(folder.File("model")));
        IReadOnlyDictionary<string, float[]> norms = Factors(checkpoint, TextScores.Wanda),
            gradients = Factors(checkpoint, TextScores.Snip), squares = Factors(checkpoint, TextScores.Taylor);
        Assert.That(norms.Keys, Is.EquivalentTo(checkpoint.Tensors.Select(t => t.Name).Where(ModelPruning.LayerMatrices.Contains)));
        foreach ((string name, float[] values) in norms) Assert.That(values, Has.Length.EqualTo(checkpoint.GetTensor(name).Shape[1]));
        Assert.That(norms["model.layers.0.self_attn.q_proj.weight"], Is.EqualTo(FirstNorms(checkpoint)).Within(1e-4).Percent);
        Assert.That(norms["model.layers.0.self_attn.k_proj.weight"], Is.EqualTo(norms["model.layers.0.self_attn.v_proj.weight"]));
        Assert.That(norms["model.layers.0.mlp.gate_proj.weight"], Is.Not.EqualTo(norms["model.layers.1.mlp.gate_proj.weight"]));

        // A few weights of several matrices, by the difference of the loss when each is moved.
        foreach (string name in (string[])["model.layers.0.self_attn.o_proj.weight", "model.layers.1.mlp.down_proj.weight"])
            foreach (int element in (int[])[0, 17, 101])
            {
                (double[] all, int[] targets) = Differences(folder, name, element);
                double sum = all.Sum() / targets.Sum(), mean = Math.Sqrt(all.Select((d, b) => Math.Pow(d / targets[b], 2)).Average());
                Assert.That(gradients[name][element], Is.EqualTo(sum).Within(2e-4), name);
                Assert.That(squares[name][element], Is.EqualTo(mean).Within(2e-4), name);
            }
    }

    [Test]
    public void A_tensor_that_no_text_goes_through_is_refused()
    {
        using TemporaryFolder folder = new();
        string path = new TinyLlama().Write(folder.File("model"));
        using Checkpoint checkpoint = Checkpoint.Open(path);
        TicketScore score = new CalibratedScore(TextScores.Wanda, "text", Factors(checkpoint, TextScores.Wanda));
        Assert.That(() => ModelPruning.Prune(path, folder.File("out"),
            ModelPruning.RecipeOf(score, new RowShare(new(0.5m)), TensorChoice.Parse("*embed*"))),
            Throws.ArgumentException.With.Message.Contains("no matrix of a layer"));
        PruneResult result = ModelPruning.Prune(path, folder.File("pruned"), ModelPruning.RecipeOf(score, new RowShare(new(0.5m))));
        Assert.That(result.Kept.Parameters * 2, Is.EqualTo(result.Kept.ElementCount));
        Assert.That(() => ModelPruning.RecipeOf(score, new RowShare(new(0.5m))).ToString(),
            Is.EqualTo($"wanda|unit:elements|tensors:{ModelPruning.LayerMatrices}|share_per_row:50%|data:text|payload:keep"));
    }

    private static IReadOnlyDictionary<string, float[]> Factors(Checkpoint checkpoint, string name)
    {
        using IOperations operations = new CpuOperations(2);
        using LlamaWeights weights = LlamaWeights.Open(checkpoint, LlamaConfig.Load(checkpoint), operations);
        using LlamaModel model = new(weights, operations);
        return ((CalibratedScore)TextScores.Of(name, model, operations, Batches, "text")).Factors;
    }

    /// <summary>The norms of what stands behind the first layer's first norm, from the embedding alone.</summary>
    private static double[] FirstNorms(Checkpoint checkpoint)
    {
        Tensor table = checkpoint.GetTensor(TinyLlama.Embedding);
        double[] sums = new double[TinyLlama.Width];
        foreach (int token in Batches.SelectMany(b => b.Tokens))
        {
            float[] row = table.GetRow<float>(token).ToArray();
            double scale = 1 / Math.Sqrt(row.Average(v => (double)v * v) + 1e-5);
            for (int i = 0; i < row.Length; i++) sums[i] += Math.Pow(row[i] * scale, 2);
        }
        return Array.ConvertAll(sums, Math.Sqrt);
    }

    /// <summary>dLoss/dw of the sum of losses of each batch, by central differences.</summary>
    private static (double[] Differences, int[] Targets) Differences(TemporaryFolder folder, string name, int element)
    {
        const float Step = 1e-2f;
        double[] Losses(float step)
        {
            TinyLlama moved = new();
            moved.Tensors[name].Values[element] += step;
            string path = folder.File($"moved-{name}-{element}-{step}");
            using Checkpoint other = Checkpoint.Open(moved.Write(path));
            using IOperations operations = new CpuOperations(1);
            using LlamaWeights weights = LlamaWeights.Open(other, LlamaConfig.Load(other), operations);
            using LlamaModel model = new(weights, operations);
            return [.. Batches.Select(model.Loss)];
        }
        return ([.. Losses(Step).Zip(Losses(-Step), (up, down) => (up - down) / (2 * Step))], [.. Batches.Select(b => b.TargetCount)]);
    }

    private static float[][] Rows(JsonElement matrix) => [.. matrix.EnumerateArray().Select(ScoreFixture.Singles)];

    private static long[] Kept(float[][] weights, float[] factors, TicketSelection selection, bool isSigned = false)
    {
        float[] all = [.. weights.SelectMany(r => r)];
        using ScoreFixture fixture = new([weights.Length, weights[0].Length], all, all);
        CalibratedScore score = new("test", "", new Dictionary<string, float[]> { ["t"] = factors }) { IsSigned = isSigned };
        return UnitSelector.Select(score, selection, fixture.Sources(TicketUnit.Elements)).Tensors[0].Units.ToArray();
    }

    private sealed class Heard(Action<int> hear) : IProgress<int>
    {
        public void Report(int value) => hear(value);
    }
}
