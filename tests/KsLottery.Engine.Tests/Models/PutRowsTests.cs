using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Engine.Tests.Models;

internal sealed class PutRowsTests
{
    private static readonly int[] Rows = [0, 4, 7];

    private static IndexSet Of(params IEnumerable<int> rows) => IndexSet.Of(11, rows);

    [Test]
    public void A_model_with_rows_put_in_place_is_the_model_whose_embedding_holds_them(
        [ValueSource(typeof(TestDevices), nameof(TestDevices.Names))] string device,
        [Values] bool isTied)
    {
        using IOperations operations = TestDevices.Open(device);
        LlamaConfig config = TinyModels.Config(isTied);
        float[] values = [.. Enumerable.Range(0, Rows.Length * config.Width).Select(i => MathF.Sin(i))];
        using LlamaWeights overlaid = TinyModels.Weights(config, operations, null), written = TinyModels.Weights(config, operations, null);
        overlaid.PutRows(Of(Rows), values);
        for (int i = 0; i < Rows.Length; i++)
            operations.Upload(written.TokenEmbedding.Value.Slice((long)Rows[i] * config.Width, config.Width),
                values.AsSpan(i * config.Width, config.Width));
        using LlamaModel model = new(overlaid, operations), expected = new(written, operations);
        // Our own products give an element the same bits in any product; OpenBLAS, where it must stand in, does not.
        float tolerance = device == "cpu" && GemmAlgorithms.Default is OpenBlasGemm ? 1e-5f : 0;
        Assert.That(model.Logits(TinyModels.Batch()), Is.EqualTo(expected.Logits(TinyModels.Batch())).Within(tolerance));
        Assert.That(model.Losses(TinyModels.Batch()), Is.EqualTo(expected.Losses(TinyModels.Batch())).Within(tolerance));
        Assert.That(overlaid.Trainable, Is.Empty);
    }

    [Test]
    public void Losses_of_rows_add_up_to_the_loss([ValueSource(typeof(TestDevices), nameof(TestDevices.Names))] string device)
    {
        using IOperations operations = TestDevices.Open(device);
        using LlamaWeights weights = TinyModels.Weights(TinyModels.Config(), operations, null);
        using LlamaModel model = new(weights, operations);
        TokenBatch batch = TinyModels.Batch();
        float[] losses = model.Losses(batch);
        Assert.That(losses.Sum(loss => (double)loss), Is.EqualTo(model.Loss(batch)).Within(1e-5));
        Assert.That(losses.Index().Where(loss => batch.Targets[loss.Index] == TokenBatch.NoTarget).Select(loss => loss.Item), Is.All.Zero);
    }

    [Test]
    public void Rows_that_cannot_be_put_in_place_are_refused()
    {
        using ReferenceOperations operations = new();
        LlamaConfig config = TinyModels.Config();
        using LlamaWeights weights = TinyModels.Weights(config, operations, null),
            learning = TinyModels.Weights(config, operations, TrainingScope.Full);
        float[] values = new float[2 * config.Width];
        Assert.Multiple(() =>
        {
            Assert.That(() => weights.PutRows(Of(), values), Throws.ArgumentException.With.Message.Contains("0 of 11 rows"));
            Assert.That(() => weights.PutRows(Of(3), values), Throws.ArgumentException.With.Message.Contains($"{values.Length} values"));
            Assert.That(() => weights.PutRows(IndexSet.Of(12, (int[])[3, 11]), values),
                Throws.ArgumentException.With.Message.Contains("2 of 12 rows, the embedding has 11"));
            Assert.That(() => learning.PutRows(Of(1, 3), values), Throws.InvalidOperationException.With.Message.Contains("full"));
        });
        weights.PutRows(Of(1, 3), values);
        Assert.That(() => weights.PutRows(Of(1, 3), values), Throws.InvalidOperationException.With.Message.Contains("2 rows"));
        Assert.That(() => weights.MakeTrainable(TrainingScope.Embedding), Throws.InvalidOperationException.With.Message.Contains("2 rows"));
        using LlamaModel model = new(weights, operations);
        Assert.That(() => model.LossAndGradients(TinyModels.Batch(), 1), Throws.InvalidOperationException);
    }
}
