using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Tests.Operations;

/// <summary>A product of random matrices within larger rows, with guards all around C.</summary>
internal sealed class MatrixCase
{
    private const float Guard = 12345.5f;

    private readonly int _m, _n, _k, _lda, _ldb, _ldc;
    private readonly bool _aTransposed, _bTransposed, _accumulate;
    private readonly float[] _a, _b, _before;

    public MatrixCase(ulong seed, int m, int n, int k, bool aTransposed, bool bTransposed, bool accumulate, int gap)
    {
        SplitMix64 random = new(seed);
        (_m, _n, _k, _aTransposed, _bTransposed, _accumulate) = (m, n, k, aTransposed, bTransposed, accumulate);
        (_lda, _ldb, _ldc) = ((aTransposed ? m : k) + gap, (bTransposed ? k : n) + gap, n + gap);
        _a = Values(ref random, (aTransposed ? k : m) * _lda);
        _b = Values(ref random, (bTransposed ? n : k) * _ldb);
        _before = new float[((m + 2) * _ldc) + 64];
        Array.Fill(_before, Guard);
        for (int i = 0; i < m; i++) Values(ref random, n).CopyTo(_before, 32 + (i * _ldc));
    }

    public static float[] Values(ref SplitMix64 random, int count)
    {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) values[i] = (float)((random.NextDouble() - 0.5) * 2);
        return values;
    }

    /// <summary>C with what lies around it.</summary>
    public float[] Multiply(GemmAlgorithm algorithm)
    {
        float[] c = [.. _before];
        Gemm.Multiply(algorithm, _m, _n, _k, new(_a, _lda), _aTransposed, new(_b, _ldb), _bTransposed, c.AsSpan(32), _ldc, _accumulate);
        return c;
    }

    /// <summary>Checks every element against a sum in double precision, and that nothing else was written.</summary>
    public void AssertCorrect(float[] c, string name)
    {
        for (int at = 0; at < c.Length; at++)
        {
            int i = (at - 32) / _ldc, j = (at - 32) % _ldc;
            if (at < 32 || i >= _m || j >= _n)
            {
                Assert.That(c[at], Is.EqualTo(Guard), $"{name}: element {at} outside C was written");
                continue;
            }
            double sum = _accumulate ? _before[at] : 0, magnitude = Math.Abs(sum);
            for (int p = 0; p < _k; p++)
            {
                double product = (double)_a[_aTransposed ? (p * _lda) + i : (i * _lda) + p] * _b[_bTransposed ? (j * _ldb) + p
                    : (p * _ldb) + j];
                (sum, magnitude) = (sum + product, magnitude + Math.Abs(product));
            }
            // Higham, Accuracy and Stability of Numerical Algorithms, 2002, 3.5: |error| ≤ n·u/(1 - n·u) · Σ|terms| in any order.
            double bound = (_k + 2) * Math.Pow(2, -24) * 1.01 * magnitude;
            Assert.That(c[at], Is.EqualTo(sum).Within(bound), $"{name}: row {i}, column {j} of {_m}×{_n}×{_k}");
        }
    }

    public override string ToString() =>
        $"{_m}×{_n}×{_k}{(_aTransposed ? " Aᵀ" : "")}{(_bTransposed ? " Bᵀ" : "")}{(_accumulate ? " +=" : "")} ldc {_ldc}";
}
