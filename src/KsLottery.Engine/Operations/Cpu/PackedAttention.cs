using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Operations;

/// <summary>Attention from packed panels: keys and values are packed once for many queries, and what lies above the diagonal is left
/// out.</summary>
/// <remarks>
/// Forward, scores come with a query to each lane, so that probabilities are the panel that the product with the values reads. Backward,
/// they come with a key to each lane, for the same reason; their gradients are turned for that of the queries.
/// </remarks>
/// <typeparam name="TTile">The tile that fits the registers; its columns divide those of a tile of queries.</typeparam>
internal sealed class PackedAttention<TTile> : AttentionKernel where TTile : struct, IGemmTile
{
    private const int TileRows = Attention.TileRows;

    [ThreadStatic] private static AlignedScratch<float> _scratch;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Forward(DeviceSpan output, DeviceSpan logSumExp, DeviceSpan query, DeviceSpan key, DeviceSpan value,
        AttentionHead head, int from)
    {
        AttentionShape shape = head.Shape;
        int width = shape.HeadWidth, lines = Whole(width), keys = head.Keys, columns = TTile.Columns;
        Span<float> rest = Scratch([Whole(keys) * width, lines * keys, width * columns, (Whole(keys) + Lanes.Count) * columns,
            lines * columns, columns * Lanes.RoundUp(width), columns]);
        ref float keyPanels = ref Take(ref rest, Whole(keys) * width), valuePanels = ref Take(ref rest, lines * keys),
            queryPanel = ref Take(ref rest, width * columns), scores = ref Take(ref rest, (Whole(keys) + Lanes.Count) * columns),
            result = ref Take(ref rest, lines * columns), turned = ref Take(ref rest, columns * Lanes.RoundUp(width)),
            logs = ref Take(ref rest, columns);
        GemmPacking.FromRows(in First(head.KeysOf(key)), shape.KeyWidth, keys, width, TTile.Rows, ref keyPanels);
        GemmPacking.FromColumns(in First(head.KeysOf(value)), shape.KeyWidth, width, keys, TTile.Rows, ref valuePanels);
        for (int row = from; row < head.End; row += columns)
        {
            int place = row - head.First, tileKeys = KeysOfTile(place, keys), rows = Math.Min(columns, tileKeys - place),
                seen = place + rows;
            GemmPacking.FromRows(in First(head.Queries(query, row)), shape.QueryWidth, rows, width, columns, ref queryPanel);
            for (int i = 0; i < seen; i += TTile.Rows)
                Multiply(width, Gemm.BlockDepth(width), in Unsafe.Add(ref keyPanels, i * width), in queryPanel,
                    ref Unsafe.Add(ref scores, i * columns), seen - i, add: false);
            int whole = Lanes.RoundUp(seen);
            for (int k = place + 1; k < whole; k++)
                MemoryMarshal.CreateSpan(ref Unsafe.Add(ref scores, k * columns), Math.Min(k - place, columns))
                    .Fill(float.NegativeInfinity);
            Softmax(ref scores, whole, (float)shape.Scale, ref logs);
            Span<float> logsOfRows = logSumExp.Write(head.ValueAt(row), ((rows - 1) * shape.Heads) + 1);
            for (int q = 0; q < rows; q++) logsOfRows[q * shape.Heads] = Unsafe.Add(ref logs, q);
            for (int i = 0; i < lines; i += TTile.Rows)
                Multiply(seen, Gemm.BlockDepth(tileKeys), in Unsafe.Add(ref valuePanels, i * keys), in scores,
                    ref Unsafe.Add(ref result, i * columns), width - i, add: false);
            Turn(ref result, rows, width, head.WriteQueries(output, row), shape.QueryWidth, ref turned);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public override void Backward(DeviceSpan queryGradient, DeviceSpan keyGradient, DeviceSpan valueGradient, DeviceSpan outputGradient,
        DeviceSpan output, DeviceSpan logSumExp, DeviceSpan query, DeviceSpan key, DeviceSpan value, AttentionHead head)
    {
        AttentionShape shape = head.Shape;
        int width = shape.HeadWidth, lines = Whole(width), keys = head.Keys, columns = TTile.Columns,
            wholeKeys = ((keys - 1) / columns + 1) * columns, tile = Whole(TileRows);
        Span<float> rest = Scratch([wholeKeys * width, wholeKeys * width, lines * keys, wholeKeys * lines, wholeKeys * lines, tile * width,
            tile * width, lines * TileRows, lines * TileRows, tile * columns, tile * columns, TileRows * wholeKeys, lines * columns,
            columns * Lanes.RoundUp(width)]);
        ref float keyRows = ref Take(ref rest, wholeKeys * width), valueRows = ref Take(ref rest, wholeKeys * width),
            keyColumns = ref Take(ref rest, lines * keys), keySums = ref Take(ref rest, wholeKeys * lines),
            valueSums = ref Take(ref rest, wholeKeys * lines), queryRows = ref Take(ref rest, tile * width),
            outputRows = ref Take(ref rest, tile * width), queryColumns = ref Take(ref rest, lines * TileRows),
            outputColumns = ref Take(ref rest, lines * TileRows), scores = ref Take(ref rest, tile * columns),
            gradients = ref Take(ref rest, tile * columns), turnedGradients = ref Take(ref rest, TileRows * wholeKeys),
            result = ref Take(ref rest, lines * columns), turned = ref Take(ref rest, columns * Lanes.RoundUp(width));
        GemmPacking.FromRows(in First(head.KeysOf(key)), shape.KeyWidth, keys, width, columns, ref keyRows);
        GemmPacking.FromRows(in First(head.KeysOf(value)), shape.KeyWidth, keys, width, columns, ref valueRows);
        GemmPacking.FromColumns(in First(head.KeysOf(key)), shape.KeyWidth, width, keys, TTile.Rows, ref keyColumns);
        MemoryMarshal.CreateSpan(ref keySums, wholeKeys * lines).Clear();
        MemoryMarshal.CreateSpan(ref valueSums, wholeKeys * lines).Clear();
        Span<float> deltas = stackalloc float[TileRows];
        for (int end = head.Head + (shape.Heads / shape.KeyHeads); head.Head < end; head = head with { Head = head.Head + 1 })
            for (int row = head.First; row < head.End; row += TileRows)
            {
                int place = row - head.First, rows = Math.Min(TileRows, head.End - row), seen = place + rows;
                ReadOnlySpan<float> logs = logSumExp.Read(head.ValueAt(row), ((rows - 1) * shape.Heads) + 1);
                ReadOnlySpan<float> q = head.Queries(query, row), dy = head.Queries(outputGradient, row), y = head.Queries(output, row);
                GemmPacking.FromRows(in First(q), shape.QueryWidth, rows, width, TTile.Rows, ref queryRows);
                GemmPacking.FromRows(in First(dy), shape.QueryWidth, rows, width, TTile.Rows, ref outputRows);
                GemmPacking.FromColumns(in First(q), shape.QueryWidth, width, rows, TTile.Rows, ref queryColumns);
                GemmPacking.FromColumns(in First(dy), shape.QueryWidth, width, rows, TTile.Rows, ref outputColumns);
                for (int i = 0; i < rows; i++)
                    deltas[i] = Lanes.Dot(dy.Slice(i * shape.QueryWidth, width), y.Slice(i * shape.QueryWidth, width));
                for (int k = 0; k < seen; k += columns)
                {
                    // Queries before these keys do not attend to them.
                    int hidden = Math.Max(0, k - place);
                    for (int i = hidden / TTile.Rows * TTile.Rows; i < rows; i += TTile.Rows)
                    {
                        Multiply(width, Gemm.BlockDepth(width), in Unsafe.Add(ref queryRows, i * width),
                            in Unsafe.Add(ref keyRows, k * width),
                            ref Unsafe.Add(ref scores, i * columns), rows - i, add: false);
                        Multiply(width, Gemm.BlockDepth(width), in Unsafe.Add(ref outputRows, i * width),
                            in Unsafe.Add(ref valueRows, k * width),
                            ref Unsafe.Add(ref gradients, i * columns), rows - i, add: false);
                    }
                    for (int i = hidden; i < rows; i++)
                        ScoreGradients(ref Unsafe.Add(ref scores, i * columns), ref Unsafe.Add(ref gradients, i * columns),
                            Math.Min(columns, place + i + 1 - k), logs[i * shape.Heads], deltas[i], (float)shape.Scale);
                    for (int i = 0; i < lines; i += TTile.Rows)
                    {
                        int at = (i * rows) + (hidden * TTile.Rows), to = (k * lines) + (i * columns);
                        Multiply(rows - hidden, TileRows, in Unsafe.Add(ref outputColumns, at),
                            in Unsafe.Add(ref scores, hidden * columns), ref Unsafe.Add(ref valueSums, to), width - i, add: true);
                        Multiply(rows - hidden, TileRows, in Unsafe.Add(ref queryColumns, at),
                            in Unsafe.Add(ref gradients, hidden * columns), ref Unsafe.Add(ref keySums, to), width - i, add: true);
                    }
                    for (int i = hidden; i < rows; i += columns)
                        GemmPacking.FromRows(in Unsafe.Add(ref gradients, i * columns), columns, Math.Min(columns, rows - i), columns,
                            columns, ref Unsafe.Add(ref turnedGradients, (i * wholeKeys) + (k * columns)));
                }
                for (int i = 0; i < rows; i += columns)
                {
                    int some = Math.Min(columns, rows - i);
                    for (int j = 0; j < lines; j += TTile.Rows)
                        Multiply(place + i + some, Gemm.BlockDepth(seen), in Unsafe.Add(ref keyColumns, j * keys),
                            in Unsafe.Add(ref turnedGradients, i * wholeKeys),
                            ref Unsafe.Add(ref result, j * columns), width - j, add: false);
                    Turn(ref result, some, width, head.WriteQueries(queryGradient, row + i), shape.QueryWidth, ref turned);
                }
            }
        head = head with { Head = head.Head - 1 };
        for (int k = 0; k < keys; k += columns)
        {
            int some = Math.Min(columns, keys - k);
            Turn(ref Unsafe.Add(ref keySums, k * lines), some, width, head.WriteKeys(keyGradient, head.First + k), shape.KeyWidth,
                ref turned);
            Turn(ref Unsafe.Add(ref valueSums, k * lines), some, width, head.WriteKeys(valueGradient, head.First + k), shape.KeyWidth,
                ref turned);
        }
    }

    /// <summary>The first rows of C = Σ a·b, or C += Σ a·b, in blocks of the depth, as <see cref="Gemm"/> does.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Multiply(int depth, int block, ref readonly float a, ref readonly float b, ref float c, int rows, bool add)
    {
        for (int first = 0; first < depth; first += block)
            TTile.Multiply(Math.Min(block, depth - first), in Unsafe.Add(ref Unsafe.AsRef(in a), first * TTile.Rows),
                in Unsafe.Add(ref Unsafe.AsRef(in b), first * TTile.Columns), ref c, TTile.Columns, add || first > 0, rows);
    }

    /// <summary>The columns of a panel become rows of a matrix.</summary>
    /// <param name="panel">(width, columns).</param>
    /// <param name="rows">How many of the columns.</param>
    /// <param name="width">Elements of a row.</param>
    /// <param name="target">The first row's first element, and on.</param>
    /// <param name="stride">Elements from one row to the next.</param>
    /// <param name="turned">Room for whole lanes of so many rows.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Turn(ref float panel, int rows, int width, Span<float> target, int stride, ref float turned)
    {
        int line = Lanes.RoundUp(width);
        GemmPacking.FromRows(in panel, TTile.Columns, width, rows, line, ref turned);
        for (int i = 0; i < rows; i++)
            MemoryMarshal.CreateReadOnlySpan(ref Unsafe.Add(ref turned, i * line), width).CopyTo(target[(i * stride)..]);
    }

    /// <summary>As <see cref="Attention.Softmax"/>, of a panel's columns.</summary>
    /// <param name="scores">(keys, columns).</param>
    /// <param name="keys">Whole lanes.</param>
    /// <param name="scale">A positive factor.</param>
    /// <param name="logSumExp">(columns).</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Softmax(ref float scores, int keys, float scale, ref float logSumExp)
    {
        nint columns = TTile.Columns, end = keys * columns;
        for (nint column = 0; column < columns; column += Lanes.Count)
        {
            ref float first = ref Unsafe.Add(ref scores, column);
            Vector256<float> max = Vector256.Create(float.NegativeInfinity), factor = Vector256.Create(scale);
            for (nint i = 0; i < end; i += columns) max = Vector256.MaxNative(max, Vector256.LoadUnsafe(ref Unsafe.Add(ref first, i)));
            max *= factor;
            Vector256<float> s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default, s6 = default, s7 = default;
            for (nint i = 0; i < end;)
            {
                s0 += Exp(ref Unsafe.Add(ref first, i), factor, -max); i += columns;
                s1 += Exp(ref Unsafe.Add(ref first, i), factor, -max); i += columns;
                s2 += Exp(ref Unsafe.Add(ref first, i), factor, -max); i += columns;
                s3 += Exp(ref Unsafe.Add(ref first, i), factor, -max); i += columns;
                s4 += Exp(ref Unsafe.Add(ref first, i), factor, -max); i += columns;
                s5 += Exp(ref Unsafe.Add(ref first, i), factor, -max); i += columns;
                s6 += Exp(ref Unsafe.Add(ref first, i), factor, -max); i += columns;
                s7 += Exp(ref Unsafe.Add(ref first, i), factor, -max); i += columns;
            }
            Vector256<float> total = s0 + s4 + (s2 + s6) + (s1 + s5 + (s3 + s7)), inverse = Vector256<float>.One / total;
            for (nint i = 0; i < end; i += columns)
                (Vector256.LoadUnsafe(ref Unsafe.Add(ref first, i)) * inverse).StoreUnsafe(ref Unsafe.Add(ref first, i));
            for (int i = 0; i < Lanes.Count; i++) Unsafe.Add(ref logSumExp, column + i) = max[i] + MathF.Log(total[i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Exp(ref float score, Vector256<float> scale, Vector256<float> shift)
    {
        Vector256<float> e = Lanes.Exp(Lanes.MultiplyAdd(Vector256.LoadUnsafe(ref score), scale, shift));
        e.StoreUnsafe(ref score);
        return e;
    }

    /// <summary>Turns a query's scores into probabilities p, and their gradients dp into p·(dp - δ)·scale; both 0 where keys are
    /// hidden.</summary>
    /// <param name="scores">(columns).</param>
    /// <param name="gradients">(columns).</param>
    /// <param name="seen">How many of the keys the query attends to, at least 1.</param>
    /// <param name="logSumExp">Of all its scores.</param>
    /// <param name="delta">δ.</param>
    /// <param name="scale">A positive factor.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ScoreGradients(ref float scores, ref float gradients, int seen, float logSumExp, float delta, float scale)
    {
        Vector256<float> factor = Vector256.Create(scale);
        for (nint i = 0; i < seen; i += Lanes.Count)
        {
            ref float score = ref Unsafe.Add(ref scores, i), gradient = ref Unsafe.Add(ref gradients, i);
            Vector256<float> p = Lanes.Exp(Lanes.MultiplyAdd(Vector256.LoadUnsafe(ref score), factor, Vector256.Create(-logSumExp)));
            (p * Lanes.MultiplyAdd(Vector256.LoadUnsafe(ref gradient), factor, Vector256.Create(-delta * scale))).StoreUnsafe(ref gradient);
            p.StoreUnsafe(ref score);
        }
        if (seen == TTile.Columns) return;
        MemoryMarshal.CreateSpan(ref Unsafe.Add(ref scores, seen), TTile.Columns - seen).Clear();
        MemoryMarshal.CreateSpan(ref Unsafe.Add(ref gradients, seen), TTile.Columns - seen).Clear();
    }

    /// <summary>How many keys the tile of a query sees.</summary>
    private static int KeysOfTile(int place, int keys) => Math.Min(((place / TileRows) + 1) * TileRows, keys);

    private static int Whole(int lines) => ((lines - 1) / TTile.Rows + 1) * TTile.Rows;

    private static ref readonly float First(ReadOnlySpan<float> span) => ref MemoryMarshal.GetReference(span);

    /// <summary>Memory for some arrays, to be taken in turn.</summary>
    private static Span<float> Scratch(ReadOnlySpan<int> lengths)
    {
        int total = 0;
        foreach (int length in lengths) total = checked(total + Padded(length));
        if (_scratch.Length < total) _scratch = new((int)BitOperations.RoundUpToPowerOf2((uint)total));
        return _scratch.Span;
    }

    private static ref float Take(ref Span<float> rest, int length)
    {
        ref float first = ref MemoryMarshal.GetReference(rest);
        rest = rest[Padded(length)..];
        return ref first;
    }

    /// <summary>Whole cache lines, and one behind that packing may write to.</summary>
    private static int Padded(int length) => (length + 31) & ~15;
}
