using System.Runtime.Intrinsics;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Tests.Operations;

/// <summary>Random sequences, what attention makes of them, and the definition of its bits: products of whole tiles of queries.</summary>
internal sealed class AttentionCase
{
    private readonly AttentionShape _shape;
    private readonly int[] _starts;
    private readonly DeviceMemory _query, _key, _value, _outputGradient, _output, _logSumExp, _queryGradient, _keyGradient, _valueGradient;

    public AttentionCase(CpuOperations operations, AttentionShape shape, int[] lengths)
    {
        _shape = shape;
        _starts = [0, .. lengths.Select((_, i) => lengths[..(i + 1)].Sum())];
        int rows = _starts[^1];
        SplitMix64 random = new(3);
        (_query, _outputGradient) = (Drawn(shape.QueryWidth), Drawn(shape.QueryWidth));
        (_key, _value) = (Drawn(shape.KeyWidth), Drawn(shape.KeyWidth));
        (_output, _logSumExp, _queryGradient) = (Drawn(shape.QueryWidth), Drawn(shape.Heads), Drawn(shape.QueryWidth));
        (_keyGradient, _valueGradient) = (Drawn(shape.KeyWidth), Drawn(shape.KeyWidth));

        DeviceMemory Drawn(int width)
        {
            DeviceMemory memory = operations.Allocate((long)rows * width);
            operations.Upload(memory, MatrixCase.Values(ref random, rows * width));
            return memory;
        }
    }

    public IReadOnlyList<(string Name, DeviceMemory Memory)> Results =>
    [
        ("output", _output), ("log Σ exp", _logSumExp), ("query gradient", _queryGradient), ("key gradient", _keyGradient),
        ("value gradient", _valueGradient),
    ];

    /// <summary>All sequences and heads by a kernel; forward from each tile on, so that every place to begin is tried.</summary>
    public AttentionCase Run(AttentionKernel kernel)
    {
        int group = _shape.Heads / _shape.KeyHeads;
        for (int s = 0; s + 1 < _starts.Length; s++)
            for (int h = 0; h < _shape.Heads; h++)
                for (int row = _starts[s]; row < _starts[s + 1]; row += Attention.TileRows)
                    kernel.Forward(_output, _logSumExp, _query, _key, _value,
                        new(_shape, _starts[s], Math.Min(row + (2 * Attention.TileRows), _starts[s + 1]), h), row);
        for (int s = 0; s + 1 < _starts.Length; s++)
            for (int g = 0; g < _shape.KeyHeads; g++)
                kernel.Backward(_queryGradient, _keyGradient, _valueGradient, _outputGradient, _output, _logSumExp, _query, _key, _value,
                    new(_shape, _starts[s], _starts[s + 1], g * group));
        return this;
    }

    /// <summary>The same by the definition.</summary>
    public AttentionCase Define()
    {
        _keyGradient.Span.Write().Clear();
        _valueGradient.Span.Write().Clear();
        for (int s = 0; s + 1 < _starts.Length; s++)
            for (int h = 0; h < _shape.Heads; h++)
                for (int row = _starts[s]; row < _starts[s + 1]; row += Attention.TileRows)
                    Define(new(_shape, _starts[s], Math.Min(row + Attention.TileRows, _starts[s + 1]), h), row);
        return this;
    }

    private void Define(AttentionHead head, int row)
    {
        int rows = head.End - row, keys = head.Keys, width = _shape.HeadWidth, wide = _shape.QueryWidth, narrow = _shape.KeyWidth;
        float[] p = new float[rows * keys], ds = new float[rows * keys];
        Multiply(rows, keys, width, head.Queries(_query, row), wide, false, head.KeysOf(_key), narrow, true, p, keys, false);
        Multiply(rows, keys, width, head.Queries(_outputGradient, row), wide, false, head.KeysOf(_value), narrow, true, ds, keys, false);
        for (int i = 0; i < rows; i++)
        {
            int seen = row - head.First + i + 1;
            float[] scores = [.. p.Skip(i * keys).Take(seen), .. Enumerable.Repeat(float.NegativeInfinity, Lanes.RoundUp(seen) - seen)];
            _logSumExp.Span.Write(head.ValueAt(row + i), 1)[0] = Attention.Softmax(scores, (float)_shape.Scale);
            p.AsSpan(i * keys, keys).Clear();
            scores.AsSpan(0, seen).CopyTo(p.AsSpan(i * keys));
        }
        Multiply(rows, width, keys, p, keys, false, head.KeysOf(_value), narrow, false, head.WriteQueries(_output, row), wide, false);
        // Probabilities of the backward pass are those of log Σ exp, which need not be the same bits.
        Multiply(rows, keys, width, head.Queries(_query, row), wide, false, head.KeysOf(_key), narrow, true, p, keys, false);
        for (int i = 0; i < rows; i++)
        {
            int seen = row - head.First + i + 1;
            float scale = (float)_shape.Scale, logSumExp = _logSumExp.Span.Read(head.ValueAt(row + i), 1)[0], delta = Lanes.Dot(
                head.Queries(_outputGradient, row).Slice(i * wide, width), head.Queries(_output, row).Slice(i * wide, width));
            for (int j = 0; j < keys; j++)
            {
                ref float score = ref p[(i * keys) + j], gradient = ref ds[(i * keys) + j];
                score = j >= seen ? 0
                    : Lanes.Exp(Vector256.Create(MathF.FusedMultiplyAdd(score, scale, -logSumExp)))[0];
                gradient = j >= seen ? 0 : score * MathF.FusedMultiplyAdd(gradient, scale, -delta * scale);
            }
        }
        Multiply(rows, width, keys, ds, keys, false, head.KeysOf(_key), narrow, false, head.WriteQueries(_queryGradient, row), wide,
            false);
        Multiply(keys, width, rows, ds, keys, true, head.Queries(_query, row), wide, false, head.WriteKeys(_keyGradient, head.First),
            narrow, true);
        Multiply(keys, width, rows, p, keys, true, head.Queries(_outputGradient, row), wide, false,
            head.WriteKeys(_valueGradient, head.First), narrow, true);
    }

    /// <summary>By a kernel whose multiply-adds are fused on every processor, since those of <see cref="Lanes"/> are.</summary>
    private static void Multiply(int m, int n, int k, ReadOnlySpan<float> a, int lda, bool aTransposed, ReadOnlySpan<float> b, int ldb,
        bool bTransposed, Span<float> c, int ldc, bool accumulate) =>
        Gemm.Multiply(GemmAlgorithms.Own[1].Algorithm, m, n, k, new(a, lda), aTransposed, new(b, ldb), bTransposed, c, ldc, accumulate);
}
