using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Tests.Tickets;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Models;

/// <summary>SynFlow against the golden data of the shared folder, which is of chains of matrices, and by what flows through a
/// model.</summary>
/// <remarks>Weights are F32, the golden data's are doubles.</remarks>
public sealed class SynapticFlowTests
{
    [Test]
    public void Chains_score_and_are_pruned_in_rounds_as_the_golden_data_says()
    {
        int cases = 0, rounds = 0;
        foreach (JsonElement one in ScoreFixture.Golden("scores.json").GetProperty("synflow").EnumerateArray())
        {
            string? name = one.GetProperty("name").GetString();
            JsonElement expected = one.GetProperty("expected");
            float[][][] layers = [.. one.GetProperty("layers").EnumerateArray().Select(l => l.EnumerateArray()
                .Select(ScoreFixture.Singles).ToArray())];
            using ScoreFixture fixture = new([.. layers.Select((l, i) => ($"{i}", (long[])[l.Length, l[0].Length],
                l.SelectMany(r => r).ToArray(), l.SelectMany(r => r).ToArray()))]);
            IReadOnlyList<ScoreSource> sources = [.. fixture.Sources(TicketUnit.Elements).Select(s => s with { Tuned = null })];
            double[][] scores = [.. expected.GetProperty("scores").EnumerateArray()
                .Select(l => l.EnumerateArray().SelectMany(ScoreFixture.Numbers).ToArray())];
            FlowScore flow = Flow(null);
            for (int i = 0; i < layers.Length; i++)
                Assert.That(Scores(flow, sources[i]), Is.EqualTo(scores[i]).Within(1e-5).Percent, name);
            cases++;
            foreach (string key in (string[])["one_shot", "three_rounds"])
            {
                if (!expected.TryGetProperty(key, out JsonElement history)) continue;
                JsonElement last = history.EnumerateArray().Last();
                decimal sparsity = 1 - one.GetProperty("density").GetDecimal();
                FlowScore score = SynapticFlow.InRounds(sources, Flow, new(sparsity), isPerTensor: false, history.GetArrayLength());
                Assert.That(sources.SelectMany(s => Scores(score, s)), Is.EqualTo(ScoreFixture.Numbers(last.GetProperty("scores")))
                    .Within(1e-5).Percent, $"{name}, {key}");
                TicketMask kept = UnitSelector.Select(score, new TopUnits(last.GetProperty("k").GetInt64()), sources);
                long[] starts = [.. layers.Select((_, i) => layers.Take(i).Sum(l => (long)l.Length * l[0].Length))];
                Assert.That(kept.Tensors.SelectMany((t, i) => t.Units.Select(u => u + starts[i])),
                    Is.EqualTo(ScoreFixture.Longs(last.GetProperty("kept"))), $"{name}, {key}");
                rounds++;
            }

            FlowScore Flow(TicketMask? mask)
            {
                Tensor[] tensors = [.. sources.Select(s => mask is null ? s.Base : new PrunedElements(s.Base,
                    mask.Find(s.Name)!).ToTensor())];
                double[][] inputs = new double[layers.Length][];
                double[] vector = [.. layers[0][0].Select(_ => 1.0)];
                for (int i = 0; i < tensors.Length; i++) (inputs[i], vector) = (vector, AbsoluteProduct.Forward(tensors[i], vector,
                    default));
                Dictionary<string, (double[], double[])> factors = [];
                vector = [.. vector.Select(_ => 1.0)];
                for (int i = tensors.Length - 1; i >= 0; i--)
                {
                    factors[$"{i}"] = (vector, inputs[i]);
                    vector = AbsoluteProduct.Backward(tensors[i], vector, default);
                }
                return new(factors, 1, mask);
            }
        }
        Assert.That((cases, rounds), Is.EqualTo((6, 6)));
    }

    /// <summary>What enters a block leaves it, and what runs through the model is the same at every place, in whichever direction it is
    /// followed.</summary>
    [Test]
    public void What_flows_in_flows_out([Values] bool isPruned)
    {
        using TemporaryFolder folder = new();
        using Checkpoint checkpoint = Checkpoint.Open(new TinyLlama().Write(folder.File("model")));
        LlamaConfig config = LlamaConfig.Load(checkpoint);
        FlowScore score = (FlowScore)SynapticFlow.Of(checkpoint, new(isPruned ? 0.6m : 0), rounds: isPruned ? 5 : 1);
        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            double Of(string name) => Scores(score, Source(checkpoint.GetTensor($"model.layers.{layer}.{name}.weight"), score.Kept)).Sum();
            double attention = Of("self_attn.o_proj"), inner = Of("mlp.down_proj");
            Assert.That(attention, Is.InRange(1e-6, 1.0));
            Assert.That(Of("self_attn.v_proj"), Is.EqualTo(attention).Within(1e-9).Percent);
            Assert.That(inner, Is.InRange(1e-6, 1.0));
            Assert.That(Of("mlp.gate_proj") + Of("mlp.up_proj"), Is.EqualTo(inner).Within(1e-9).Percent);
        }
    }

    /// <summary>R is linear in each weight: what is lost without one is its score.</summary>
    [Test]
    public void A_score_is_what_the_linear_model_loses_without_the_weight()
    {
        using TemporaryFolder folder = new();
        TinyLlama tiny = new();
        using Checkpoint checkpoint = Checkpoint.Open(tiny.Write(folder.File("model")));
        LlamaConfig config = LlamaConfig.Load(checkpoint);
        FlowScore score = (FlowScore)SynapticFlow.Of(checkpoint, new(0), rounds: 1);
        double whole = Linear();
        foreach ((string name, int element) in ((string, int)[])[("model.layers.0.self_attn.v_proj.weight", 7),
            ("model.layers.1.self_attn.v_proj.weight", 2), ("model.layers.0.self_attn.o_proj.weight", 33),
            ("model.layers.0.mlp.gate_proj.weight", 12), ("model.layers.1.mlp.up_proj.weight", 60),
                ("model.layers.1.mlp.down_proj.weight", 9)])
        {
            float before = tiny.Tensors[name].Values[element];
            tiny.Tensors[name].Values[element] = 0;
            double lost = (whole - Linear()) / whole;
            tiny.Tensors[name].Values[element] = before;
            Assert.That(Scores(score, Source(checkpoint.GetTensor(name), null))[element], Is.EqualTo(lost).Within(1e-12 + (1e-9 * lost)),
                name);
        }

        double Linear()
        {
            double[] x = [.. Enumerable.Repeat(1.0, config.Width)];
            int width = config.Attention.HeadWidth, shared = config.Attention.Heads / config.Attention.KeyHeads;
            for (int l = 0; l < config.LayerCount; l++)
            {
                double[] value = Times(l, "self_attn.v_proj", Norm($"model.layers.{l}.input_layernorm.weight", x));
                double[] heads = [.. Enumerable.Range(0, config.Attention.QueryWidth).Select(i =>
                    value[(i / width / shared * width) + (i % width)])];
                x = [.. x.Zip(Times(l, "self_attn.o_proj", heads), (a, b) => a + b)];
                double[] normed = Norm($"model.layers.{l}.post_attention_layernorm.weight", x);
                double[] inner = [.. Times(l, "mlp.gate_proj", normed).Zip(Times(l, "mlp.up_proj", normed), (a, b) => a + b)];
                x = [.. x.Zip(Times(l, "mlp.down_proj", inner), (a, b) => a + b)];
            }
            return Product(config.IsTied ? TinyLlama.Embedding : "lm_head.weight", Norm("model.norm.weight", x)).Sum();
        }

        double[] Times(int layer, string name, double[] x) => Product($"model.layers.{layer}.{name}.weight", x);

        double[] Norm(string name, double[] x) => [.. tiny.Tensors[name].Values.Zip(x, (w, v) => Math.Abs((double)w) * v)];

        double[] Product(string name, double[] x) =>
            [.. tiny.Tensors[name].Values.Chunk(x.Length).Select(row => row.Zip(x, (w, v) => Math.Abs((double)w) * v).Sum())];
    }

    /// <summary>Half of the weights in one go by their scores, and in rounds: other weights, as many.</summary>
    [Test]
    public void Rounds_prune_to_the_share_that_was_asked_for([Values] bool isPerTensor)
    {
        using TemporaryFolder folder = new();
        string path = new TinyLlama().Write(folder.File("model"));
        using Checkpoint checkpoint = Checkpoint.Open(path);
        TicketMask[] kept = [.. ((int[])[1, 20]).Select(rounds => ModelPruning.Prune(path, folder.File($"pruned-{rounds}"),
            ModelPruning.RecipeOf(
            SynapticFlow.Of(checkpoint, new(0.9m), isPerTensor, rounds: rounds), ModelPruning.KeptOf(new(0.9m), isPerTensor),
            SynapticFlow.Matrices)).Kept)];
        Assert.That(kept[1].Parameters, Is.EqualTo(kept[0].Parameters));
        Assert.That(kept[1], Is.Not.EqualTo(kept[0]));
        Assert.That(kept[1].Tensors.Select(t => t.Name), Has.None.Contains("q_proj").And.None.Contains("k_proj"));
        Assert.That(() => SynapticFlow.Of(checkpoint, new(0.5m), tensors: TensorChoice.Parse("*q_proj.weight")),
            Throws.ArgumentException.With.Message.Contains("nothing flows through"));
    }

    private static ScoreSource Source(Tensor tensor, TicketMask? kept) =>
        new(kept is null ? tensor : new PrunedElements(tensor, kept.Find(tensor.Name)!).ToTensor(), null, TicketUnit.Elements.Cut(tensor));

    /// <summary>|w|·r·c.</summary>
    private static double[] Scores(FlowScore flow, ScoreSource source)
    {
        (double[] rows, double[] columns) = flow.Factors[source.Name];
        float[] values = ElementValues.Read(source.Base, 0, new float[source.Grid.ElementCount]).ToArray();
        return [.. values.Select((w, i) => flow.Kept?.Find(source.Name)?.Units.Contains(i) == false ? 0
            : Math.Abs((double)w) * rows[i / columns.Length] * columns[i % columns.Length])];
    }
}
