using System.Runtime.InteropServices;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;

namespace KsLottery.Engine.Tests.Rows;

/// <summary>Sums over row pairs against the same sums one element after another, each of sixteen by turns: the last bit counts.</summary>
public sealed class RowMomentsTests
{
    private const int Lanes = 16, Block = 32;

    private static readonly float[] Specials = [float.NaN, float.PositiveInfinity, float.NegativeInfinity, 0, -0f];

    /// <summary>What rows are made of.</summary>
    public enum Values
    {
        Embedding, Wide, Large, Special, AnyBits, Same,
    }

    [Test]
    public void Sums_are_those_of_sixteen_lanes([Values(ElementType.F32, ElementType.F16, ElementType.BF16)] ElementType type,
        [Values] Values values)
    {
        Random random = new(1 + (int)values);
        foreach (int width in Enumerable.Range(1, 100).Concat([288, 1000, 4096]))
        {
            (byte[] before, byte[] after) = Make(random, type, values, width);
            double[] expected = Each(before, after, type);
            RowMoments moments = RowMoments.Of(before, after, type);
            Assert.That(Bits(moments.Base, moments.Tuned, moments.Delta, moments.Product), Is.EqualTo(Bits(expected)), $"width {width}");
            Assert.That(Bits(RowMoments.SquareOf(after, type)), Is.EqualTo(Bits(expected[1])), $"width {width}");
            bool areSame = RowMoments.AreSame(before, after, type, out double square);
            Assert.That(areSame, Is.EqualTo(before.AsSpan().SequenceEqual(after)), $"width {width}");
            if (areSame) Assert.That(Bits(square), Is.EqualTo(Bits(expected[0])), $"width {width}");
        }
    }

    [Test]
    public void A_single_bit_makes_rows_differ([Values(ElementType.F32, ElementType.F16, ElementType.BF16)] ElementType type)
    {
        (byte[] row, _) = Make(new(3), type, Values.Embedding, 75);
        for (int i = 0; i < row.Length; i++)
        {
            byte[] other = [.. row];
            other[i] ^= 1;
            Assert.That(RowMoments.AreSame(row, other, type, out _), Is.False, $"byte {i}");
        }
    }

    private static (byte[] Before, byte[] After) Make(Random random, ElementType type, Values values, int width)
    {
        float[] before = new float[width], after = new float[width];
        for (int i = 0; i < width; i++)
        {
            before[i] = MakeValue(random, values);
            after[i] = values == Values.Same ? before[i]
                : random.Next(3) == 0 ? before[i] + (1e-3f * before[i]) : MakeValue(random, values);
        }
        byte[][] rows = [new byte[width * type.ByteSize()], new byte[width * type.ByteSize()]];
        ElementCodec.Of(type).Narrow(before, rows[0]);
        ElementCodec.Of(type).Narrow(after, rows[1]);
        if (values == Values.AnyBits) foreach (byte[] row in rows) random.NextBytes(row);
        return (rows[0], rows[1]);
    }

    private static float MakeValue(Random random, Values values)
    {
        int power = values switch
        {
            Values.Wide => random.Next(-9, 4),
            Values.Large => random.Next(3, 6),
            _ => -2,
        };
        if (values == Values.Special && random.Next(40) == 0)
            return Specials[random.Next(Specials.Length)];
        return (float)((random.NextDouble() - 0.5) * Math.Pow(10, power));
    }

    private static double[] Each(byte[] before, byte[] after, ElementType type)
    {
        int width = before.Length / type.ByteSize(), whole = width / Block * Block;
        float[] x = new float[width], y = new float[width];
        ElementCodec.Of(type).Widen(before, x);
        ElementCodec.Of(type).Widen(after, y);
        return
        [
            Sum(i => (double)x[i] * x[i]), Sum(i => (double)y[i] * y[i]), Sum(i => ((double)y[i] - x[i]) * ((double)y[i] - x[i])),
            Sum(i => (double)x[i] * y[i]),
        ];

        double Sum(Func<int, double> term)
        {
            double[] lanes = new double[Lanes];
            for (int i = 0; i < whole; i++) lanes[i % Lanes] += term(i);
            double sum = 0, tail = 0;
            for (int i = 0; i < Lanes / 2; i++) sum += lanes[i] + lanes[i + (Lanes / 2)];
            for (int i = whole; i < width; i++) tail += term(i);
            return sum + tail;
        }
    }

    /// <summary>All NaN are one: which of them comes out of a sum is the processor's affair.</summary>
    private static long[] Bits(params double[] values) =>
        MemoryMarshal.Cast<double, long>(values.Select(v => double.IsNaN(v) ? double.NaN : v).ToArray()).ToArray();
}
