using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Generation;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Training;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Models;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class NonFiniteWeightsTests : IDisposable
{
    private static readonly float[] Bad = [float.NaN, float.PositiveInfinity, float.NegativeInfinity];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public void A_row_of_embedding_or_head_is_named_before_anything_runs([ValueSource(nameof(Bad))] float bad,
        [Values(TinyLlama.Embedding, TinyLlama.Head)] string name)
    {
        TinyLlama llama = new(isTied: false);
        llama.Tensors[name].Values[(10 * TinyLlama.Width) + 3] = bad;
        CheckpointFormatException e = Assert.Throws<CheckpointFormatException>(() => Run(llama, (_, _) => { }))!;
        Assert.That((e.Kind, e.Tensor), Is.EqualTo((CheckpointDefect.NonFiniteWeights, name)));
        Assert.That(e.Message, Does.Contain("row 10, column 3"));
    }

    /// <summary>Every value of a layer takes part in every pass, so that no such value stays unseen.</summary>
    [Test]
    public void A_value_of_any_other_tensor_is_named_by_generation_prediction_and_training([ValueSource(nameof(Bad))] float bad)
    {
        foreach (string name in new TinyLlama().Tensors.Keys.Where(n => n != TinyLlama.Embedding))
        {
            TinyLlama llama = new();
            (int[] shape, float[] values) = llama.Tensors[name];
            values[^2] = bad;
            string place = shape.Length == 1 ? $"element {values.Length - 2}" : $"row {shape[0] - 1}, column {shape[1] - 2}";
            foreach (Action<LlamaModel, IOperations> use in (Action<LlamaModel, IOperations>[])[Generate, Predict, Train])
            {
                CheckpointFormatException e = Assert.Throws<CheckpointFormatException>(() => Run(llama, use), $"{name} {use.Method.Name}")!;
                Assert.That((e.Kind, e.Tensor), Is.EqualTo((CheckpointDefect.NonFiniteWeights, name)));
                Assert.That(e.Message, Does.Contain(place));
            }
        }
    }

    [Test]
    public void Finite_weights_whose_activations_overflow_are_not_blamed()
    {
        TinyLlama llama = new();
        llama.Tensors["model.layers.1.mlp.gate_proj.weight"].Values.AsSpan().Fill(3e38f);
        llama.Tensors["model.layers.1.mlp.up_proj.weight"].Values.AsSpan().Fill(-3e38f);
        foreach (Action<LlamaModel, IOperations> use in (Action<LlamaModel, IOperations>[])[Generate, Predict])
            Assert.That(() => Run(llama, use), Throws.TypeOf<NotFiniteNumberException>().With.Message
                .Contains("every weight of the checkpoint is finite"));
        Assert.That(() => Run(llama, Train), Throws.TypeOf<InvalidDataException>().With.Message.Contains("before anything was learned"));
    }

    private void Run(TinyLlama llama, Action<LlamaModel, IOperations> use)
    {
        using Checkpoint checkpoint = Checkpoint.Open(llama.Write(_folder.Path));
        using CpuOperations operations = new(1);
        using LlamaWeights weights = LlamaWeights.Open(checkpoint, LlamaConfig.Load(_folder.Path), operations);
        if (use == Train) weights.MakeTrainable(TrainingScope.Embedding);
        using LlamaModel model = new(weights, operations);
        use(model, operations);
    }

    private static void Generate(LlamaModel model, IOperations operations)
    {
        using LlamaDecoder decoder = new(model, operations, 1, 8);
        Generator.Generate(decoder, [[1, 40, 50]], new() { MaxNewTokens = 2 });
    }

    private static void Predict(LlamaModel model, IOperations operations) => model.TopTwo(Batch);

    private static void Train(LlamaModel model, IOperations operations)
    {
        using Trainer trainer = new(model, operations, new([new((int[])[1, 40, 50, 2], 1)], 1, 64, seed: 1),
            new() { Schedule = LearningRateSchedule.Constant(1e-3, 1) });
        trainer.Next();
    }

    private static TokenBatch Batch => new([1, 40, 50], [40, 50, 2], [0, 3]);
}
