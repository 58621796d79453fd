using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Checkpoints;

/// <summary>The scale stored beside a tensor of codes (F8, I8, U8): a value is its code times the scale, multiplied in F32.</summary>
/// <remarks>
/// <para>
/// Of a tensor NAME, which is <c>….weight</c> as a rule, it is <c>NAME_scale_inv</c>, as DeepSeek-V3 and Transformers' fine-grained FP8
/// write it, or <c>NAME_scale</c>, as compressed-tensors does; both are multiplied with, whatever the first is called.
/// </para>
/// <para>
/// Of R rows of C codes the shape says what each stands for: one value, the tensor; [R] or [R,1], a row; [R,G] with C = G·w, w columns of
/// a row; any other [a,b] blocks of the size that <c>config.json</c> names (<see cref="WeightBlock"/>), or else of 128 × 128, where the
/// last block of either direction may be smaller. Codes with a zero point or in another order
/// (<c>NAME_zero_point</c>, <c>NAME_g_idx</c>) are refused.
/// </para>
/// </remarks>
internal sealed class TensorScale
{
    /// <summary>What a scale's name has behind that of its tensor.</summary>
    public const string Suffix = "_scale", InverseSuffix = "_scale_inv";

    private const int DefaultBlock = 128;

    private readonly Lazy<float[]> _numbers;
    private readonly long _blockRows;
    private readonly int _blockColumns, _perRow;

    private TensorScale(Tensor codes, Tensor stored, (int Rows, int Columns)? block, string? obstacle)
    {
        (Stored, _numbers) = (stored, new(() => Read(stored)));
        (long rows, long columns) = codes.RowShape;
        bool fits = TryFit(codes, stored, block ?? (DefaultBlock, DefaultBlock), out _blockRows, out long blockColumns);
        _blockColumns = (int)Math.Min(blockColumns, int.MaxValue);
        _perRow = (int)((columns + _blockColumns - 1) / _blockColumns);
        Obstacle = obstacle ?? (ElementCodec.Find(stored.ElementType) is not { IsCoded: false }
            ? $"a scale is F32, F16, BF16 or F64, this one is {stored.DtypeName}"
            : fits ? null : $"a scale [{string.Join(',', stored.Shape)}] fits no tensor, rows, columns or blocks of "
                + $"{CheckpointFormatException.Quote(codes.Name)} [{string.Join(',', codes.Shape)}]");
        Unit = _blockRows >= rows && _blockColumns >= columns ? "one for all"
            : _blockRows > 1 ? $"one for a block of {_blockRows} × {_blockColumns}"
            : _blockColumns >= columns ? "one a row" : $"one for {_blockColumns} columns of a row";
    }

    /// <summary>The scale as it is stored.</summary>
    public Tensor Stored { get; }

    /// <summary>Why it is not one that is read, without a final full stop; null where it is.</summary>
    public string? Obstacle { get; }

    /// <summary>What one of its values stands for, in words.</summary>
    public string Unit { get; }

    /// <summary>The scale of a tensor, or null where there is none.</summary>
    /// <param name="codes">A tensor.</param>
    /// <param name="find">Finds a tensor beside it by its name.</param>
    /// <param name="block">Rows and columns of a block, where the configuration names them.</param>
    public static TensorScale? Find(Tensor codes, Func<string, Tensor?> find, (int Rows, int Columns)? block)
    {
        if (ElementCodec.Find(codes.ElementType) is not { IsCoded: true }) return null;
        Tensor? inverse = find(codes.Name + InverseSuffix), plain = find(codes.Name + Suffix);
        if ((inverse ?? plain) is not { } stored) return null;
        Tensor? odd = inverse is not null && plain is not null ? plain : find(codes.Name + "_zero_point") ?? find(codes.Name + "_g_idx");
        return new(codes, stored, block, odd is null ? null
            : $"beside it lies {CheckpointFormatException.Quote(odd.Name)}, with which a value is more than code times scale");
    }

    /// <summary>Demands that the scale is one that is read.</summary>
    /// <exception cref="CheckpointFormatException">It fits no rows or blocks of its tensor, or is of another kind.</exception>
    public void ThrowIfUnfit()
    {
        if (Obstacle is not null)
            throw new CheckpointFormatException(CheckpointDefect.InvalidScale, Stored.File.Path, Obstacle,
                "Convert the tensor to F32, F16 or BF16 with the library that wrote it", Stored.Name);
    }

    /// <summary>Makes values of the codes of a row.</summary>
    public void Multiply(long row, Span<float> values)
    {
        ReadOnlySpan<float> scales = Of(row);
        for (int block = 0; block < scales.Length; block++)
        {
            int start = block * _blockColumns;
            foreach (ref float value in values.Slice(start, Math.Min(_blockColumns, values.Length - start))) value *= scales[block];
        }
    }

    /// <summary>Whether a row has the same scale here as a row there.</summary>
    public bool IsSame(long row, TensorScale other, long otherRow) =>
        _blockColumns == other._blockColumns && Of(row).SequenceEqual(other.Of(otherRow));

    private ReadOnlySpan<float> Of(long row) => _numbers.Value.AsSpan(checked((int)(row / _blockRows * _perRow)), _perRow);

    private static bool TryFit(Tensor codes, Tensor stored, (int Rows, int Columns) block, out long blockRows, out long blockColumns)
    {
        (long rows, long columns) = codes.RowShape;
        (blockRows, blockColumns) = (Math.Max(rows, 1), Math.Max(columns, 1));
        if (stored.ElementCount == 1) return true;
        blockRows = 1;
        if (stored.Shape is [var r] && r == rows) return true;
        if (stored.Shape is not [var a, var b] || codes.Shape.Count != 2) return false;
        if (a == rows && b > 0 && columns % b == 0)
        {
            blockColumns = columns / b;
            return true;
        }
        (blockRows, blockColumns) = block;
        return a == (rows + blockRows - 1) / blockRows && b == (columns + blockColumns - 1) / blockColumns;
    }

    private static float[] Read(Tensor stored)
    {
        float[] numbers = new float[stored.ElementCount];
        byte[] bytes = new byte[stored.ByteLength];
        ElementCodec.Of(stored.ElementType).Widen(stored.GetBytes(0, bytes.Length, bytes), numbers);
        return numbers;
    }
}
