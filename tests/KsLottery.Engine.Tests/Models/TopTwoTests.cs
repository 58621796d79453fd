using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Engine.Tests.Models;

[Category("instructions")]
internal sealed class TopTwoTests
{
    [Test]
    public void Each_target_row_has_the_two_largest_of_its_softmax(
        [ValueSource(typeof(TestDevices), nameof(TestDevices.Names))] string device, [Values] bool isTied)
    {
        using IOperations operations = TestDevices.Open(device);
        LlamaConfig config = TinyModels.Config(isTied);
        using LlamaWeights weights = TinyModels.Weights(config, operations, null);
        using LlamaModel model = new(weights, operations);
        TokenBatch batch = TinyModels.Batch();
        float[] logits = model.Logits(batch);
        TopTwo[] found = model.TopTwo(batch);
        int[] rows = [.. Enumerable.Range(0, batch.RowCount).Where(row => batch.Targets[row] != TokenBatch.NoTarget)];
        Assert.That(found, Has.Length.EqualTo(rows.Length));
        foreach ((int row, TopTwo top) in rows.Zip(found))
        {
            double[] values = [.. logits.Skip(row * config.VocabularySize).Take(config.VocabularySize).Select(x => (double)x)];
            double sum = values.Sum(Math.Exp);
            int[] order = [.. Enumerable.Range(0, values.Length).OrderByDescending(i => values[i]).ThenBy(i => i)];
            Assert.That((top.First, top.Second), Is.EqualTo((order[0], order[1])), $"row {row}");
            // Rows with a target are gathered, so that products may round otherwise than those of all rows.
            Assert.That(top.FirstProbability, Is.EqualTo(Math.Exp(values[order[0]]) / sum).Within(1e-5));
            Assert.That(top.SecondProbability, Is.EqualTo(Math.Exp(values[order[1]]) / sum).Within(1e-5));
            Assert.That(top.Margin, Is.EqualTo(top.FirstProbability - top.SecondProbability));
        }
    }

    [Test]
    public void Of_equal_logits_the_lowest_ids_come_first_and_the_margin_is_zero()
    {
        TopTwo top = LlamaModel.TopTwoOf([1, 3, 2, 3, 3])!.Value;
        Assert.That((top.First, top.Second, top.Margin), Is.EqualTo((1, 3, 0.0)));
        TopTwo last = LlamaModel.TopTwoOf([.. Enumerable.Range(0, 40).Select(i => i == 39 ? 5f : i == 2 ? 4f : 0f)])!.Value;
        Assert.That((last.First, last.Second), Is.EqualTo((39, 2)));
        Assert.That(last.FirstProbability, Is.EqualTo(Math.Exp(5) / (Math.Exp(5) + Math.Exp(4) + 38)).Within(1e-14));
    }

    [Test]
    public void A_vocabulary_of_one_token_has_no_second() =>
        Assert.That(LlamaModel.TopTwoOf([-7f]), Is.EqualTo(new TopTwo(0, 1, -1, 0)));

    [Test]
    public void Logits_that_are_no_distribution_have_none()
    {
        foreach (float bad in (float[])[float.NaN, float.PositiveInfinity]) Assert.That(LlamaModel.TopTwoOf([1, bad, 2]), Is.Null);
    }
}
