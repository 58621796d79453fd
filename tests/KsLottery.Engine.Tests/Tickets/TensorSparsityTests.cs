using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Statistics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Tests.Tickets;

/// <summary>A tensor that streams by has the indices of its values.</summary>
public sealed class TensorSparsityTests
{
    // A chunk and a part of one.
    private const int Rows = 600, Columns = 500;

    [Test]
    public void A_tensor_has_the_indices_of_its_values(
        [Values(ElementType.F32, ElementType.F16, ElementType.BF16)] ElementType type, [Values] bool isMapped)
    {
        SplitMix64 random = new(3);
        float[] values = [.. Enumerable.Range(0, Rows * Columns).Select(i => i % 5 == 0 ? 0 : (float)random.NextNormal() * 0.02f)];
        (values[7], values[^1]) = (float.NaN, float.NegativeInfinity);
        using ScoreFixture fixture = new([("t", [Rows, Columns], values, values)], type, isMapped);
        Tensor tensor = fixture.Checkpoints.Base.GetTensor("t");
        float[] stored = new float[values.Length];
        byte[] bytes = new byte[tensor.ByteLength];
        ElementCodec.Of(type).Widen(tensor.GetBytes(0, bytes.Length, bytes), stored);
        double[] finite = [.. stored.Where(float.IsFinite).Select(v => (double)v)], surviving = [.. finite.Where(v => v != 0)];

        TensorSparsity found = TensorSparsity.Of(tensor);
        Assert.That((found.Name, found.Count, found.Zero, found.NonFinite),
            Is.EqualTo(("t", values.LongLength, finite.LongCount(v => v == 0), 2L)));
        Assert.That(found.Index, Is.EqualTo(new PqIndex().Of(finite)).Within(1e-11));
        Assert.That(found.SurvivingIndex, Is.EqualTo(new PqIndex().Of(surviving)).Within(1e-11));
        Assert.That(found.WideIndex, Is.EqualTo(new PqIndex(1, 2).Of(finite)).Within(1e-11));
        Assert.That(found.Gini, Is.EqualTo(GiniIndex.Of(finite)).Within(type == ElementType.F32 ? 1e-7 : 1e-11));
        Assert.That(found.Prunable, Is.EqualTo(new SapRule().CountOf(new(), found.SurvivingIndex, surviving.Length)));
        Assert.That(TensorSparsity.Of([tensor]), Is.EqualTo((TensorSparsity[])[found]));
    }

    [Test]
    public void Zeros_alone_have_no_index()
    {
        using ScoreFixture fixture = new([2, 3], new float[6], new float[6]);
        TensorSparsity found = TensorSparsity.Of(fixture.Checkpoints.Base.GetTensor("t"));
        Assert.That((found.ZeroShare, found.Prunable), Is.EqualTo((1.0, 0L)));
        Assert.That((double[])[found.Index, found.SurvivingIndex, found.WideIndex, found.Gini], Has.All.NaN);
    }

    [Test]
    public void Vectors_and_indices_are_not_measured()
    {
        using ScoreFixture fixture = new([3], new float[3], new float[3]);
        Assert.That(TensorSparsity.Of(fixture.Checkpoints.Base.Tensors), Is.Empty);
    }
}
