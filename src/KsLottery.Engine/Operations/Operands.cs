using System.Runtime.CompilerServices;

namespace KsLottery.Engine.Operations;

/// <summary>Checks of what operations are given, the same for every device; errors name both sizes that do not agree.</summary>
internal static class Operands
{
    /// <summary>The number of rows of a matrix with this width.</summary>
    public static int Rows(DeviceSpan matrix, int width, [CallerArgumentExpression(nameof(matrix))] string name = "")
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        (long rows, long rest) = Math.DivRem(matrix.Length, width);
        if (rest != 0 || rows > int.MaxValue)
            throw new ArgumentException($"{name} holds {matrix.Length} elements, which is not a number of rows of {width}.", name);
        return (int)rows;
    }

    /// <summary>Demands rows × width elements.</summary>
    public static void HasShape(DeviceSpan matrix, long rows, long width, [CallerArgumentExpression(nameof(matrix))] string name = "")
    {
        if (matrix.Length != rows * width)
            throw new ArgumentException($"{name} holds {matrix.Length} elements; {rows} × {width} = {rows * width} are needed.", name);
    }

    /// <summary>Demands as many elements as another range has.</summary>
    public static void HasLength(DeviceSpan span, long length, [CallerArgumentExpression(nameof(span))] string name = "",
        [CallerArgumentExpression(nameof(length))] string other = "")
    {
        if (span.Length != length) throw new ArgumentException($"{name} holds {span.Length} elements; {other} says {length}.", name);
    }

    /// <summary>Demands numbers from <paramref name="least"/> to below a bound; -1 often stands for none.</summary>
    public static void AreBelow(ReadOnlyMemory<int> numbers, long bound, int least,
        [CallerArgumentExpression(nameof(numbers))] string name = "")
    {
        ReadOnlySpan<int> span = numbers.Span;
        for (int i = 0; i < span.Length; i++)
            if (span[i] < least || span[i] >= bound)
                throw new ArgumentOutOfRangeException(name, span[i],
                    $"{name}[{i}] must be {(least < 0 ? "negative or " : "")}from {Math.Max(least, 0)} to {bound - 1}.");
    }

    /// <summary>Checks a table (V, C) and rows of it (N, C).</summary>
    public static void Table(DeviceSpan values, DeviceSpan table, ReadOnlyMemory<int> rows, int width)
    {
        HasShape(values, rows.Length, width);
        AreBelow(rows, Rows(table, width), int.MinValue);
    }

    /// <summary>Checks a matrix (N, C) and chosen columns of it (N, J).</summary>
    public static void ChosenColumns(DeviceSpan matrix, DeviceSpan chosen, ReadOnlyMemory<int> columns, int width)
    {
        HasShape(chosen, Rows(matrix, width), columns.Length);
        AreBelow(columns, width, 0);
    }

    /// <summary>Checks y (M, N), x (M, K) and W (N, K).</summary>
    public static void Product(DeviceSpan output, DeviceSpan input, DeviceSpan weight, int outputs, int inputs)
    {
        HasShape(output, Rows(input, inputs), outputs);
        HasShape(weight, outputs, inputs);
    }

    /// <summary>Checks y (M, N), x (M, K) and some runs of W (N, K).</summary>
    public static void SampledProduct(DeviceSpan gradient, DeviceSpan output, DeviceSpan input, ReadOnlyMemory<int> runs, int width,
        int outputs, int inputs)
    {
        HasShape(output, Rows(input, inputs), outputs);
        if (width <= 0 || inputs % width != 0)
            throw new ArgumentOutOfRangeException(nameof(width), width, $"the width of a run must be a divisor of the {inputs} columns.");
        HasShape(gradient, runs.Length, width);
        long count = (long)outputs * (inputs / width), before = -1;
        foreach (int run in runs.Span)
        {
            if (run <= before || run >= count)
                throw new ArgumentOutOfRangeException(nameof(runs), run,
                    $"runs must ascend from 0 to {count - 1}; {run} comes after {before}.");
            before = run;
        }
    }

    /// <summary>Checks x and y (N, C), the roots (N) and the weight (C).</summary>
    public static void Norm(DeviceSpan output, DeviceSpan inverseRms, DeviceSpan input, DeviceSpan weight, int width)
    {
        HasShape(input, Rows(output, width), width);
        HasLength(inverseRms, Rows(output, width));
        HasLength(weight, width);
    }

    /// <summary>Checks values (N, heads·D), two tables (positions, D/2) and N positions.</summary>
    public static void Rotation(DeviceSpan values, DeviceSpan cosines, DeviceSpan sines, ReadOnlyMemory<int> positions, int headWidth)
    {
        if (headWidth <= 0 || headWidth % 2 != 0)
            throw new ArgumentOutOfRangeException(nameof(headWidth), headWidth,
                "a head's width must be even and positive, since halves are paired.");
        HasLength(sines, cosines.Length);
        AreBelow(positions, Rows(cosines, headWidth / 2), 0);
        if (positions.Length == 0 ? values.Length != 0 : Rows(values, headWidth) % positions.Length != 0)
            throw new ArgumentException(
                $"values holds {values.Length} elements, which is not {positions.Length} rows of heads of {headWidth}.", nameof(values));
    }

    /// <summary>Checks query and output (N, H·D), key and value (N, G·D), logSumExp (N, H) and the sequences' starts.</summary>
    public static void Attention(DeviceSpan output, DeviceSpan logSumExp, DeviceSpan query, DeviceSpan key, DeviceSpan value,
        AttentionShape shape, ReadOnlyMemory<int> starts)
    {
        Heads(shape);
        int rows = Rows(query, shape.QueryWidth);
        HasShape(output, rows, shape.QueryWidth);
        HasShape(key, rows, shape.KeyWidth);
        HasShape(value, rows, shape.KeyWidth);
        HasShape(logSumExp, rows, shape.Heads);
        ReadOnlySpan<int> span = starts.Span;
        if (span.Length == 0 || span[0] != 0 || span[^1] != rows)
            throw new ArgumentException($"starts must go from 0 to the number of rows, {rows}.", nameof(starts));
        for (int s = 1; s < span.Length; s++)
            if (span[s] < span[s - 1])
                throw new ArgumentException($"starts[{s}] = {span[s]} lies before starts[{s - 1}] = {span[s - 1]}.", nameof(starts));
    }

    /// <summary>Checks query and output (N, H·D), two caches (slots, capacity, G·D), N slots and N lengths.</summary>
    public static void CachedAttention(DeviceSpan output, DeviceSpan query, DeviceSpan keyCache, DeviceSpan valueCache,
        AttentionShape shape, int capacity, ReadOnlyMemory<int> slots, ReadOnlyMemory<int> lengths)
    {
        Heads(shape);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        HasShape(query, slots.Length, shape.QueryWidth);
        HasShape(output, slots.Length, shape.QueryWidth);
        HasLength(valueCache, keyCache.Length);
        AreBelow(slots, Rows(keyCache, checked(capacity * shape.KeyWidth)), 0);
        AreBelow(lengths, capacity + 1L, 1);
        if (lengths.Length != slots.Length) throw new ArgumentException($"{slots.Length} slots have {lengths.Length} lengths.",
            nameof(lengths));
    }

    /// <summary>Checks logits (N, V), their sums (N) and N targets.</summary>
    public static void Targets(DeviceSpan logits, DeviceSpan logSumExp, ReadOnlyMemory<int> targets, int vocabulary)
    {
        HasShape(logits, targets.Length, vocabulary);
        HasLength(logSumExp, targets.Length);
        AreBelow(targets, vocabulary, int.MinValue);
    }

    /// <summary>Checks a teacher's logits and a student's (N, V) and a temperature.</summary>
    public static void Distillation(DeviceSpan teacher, DeviceSpan logits, int vocabulary, double temperature)
    {
        HasShape(logits, Rows(logits, vocabulary), vocabulary);
        HasLength(teacher, logits.Length);
        if (!(temperature > 0 && double.IsFinite(temperature)))
            throw new ArgumentOutOfRangeException(nameof(temperature), temperature, "a temperature is finite and above 0.");
    }

    /// <summary>Checks three ranges of one length.</summary>
    public static void Distance(DeviceSpan gradient, DeviceSpan values, DeviceSpan reference)
    {
        HasLength(values, gradient.Length);
        HasLength(reference, gradient.Length);
    }

    /// <summary>Checks the ranges and the number of a step.</summary>
    public static void Step(DeviceSpan weights, DeviceSpan gradient, DeviceSpan firstMoment, DeviceSpan secondMoment, in AdamWStep update)
    {
        HasLength(gradient, weights.Length);
        HasLength(firstMoment, weights.Length);
        HasLength(secondMoment, weights.Length);
        ArgumentOutOfRangeException.ThrowIfLessThan(update.Step, 1);
    }

    private static void Heads(AttentionShape shape)
    {
        if (shape.Heads <= 0 || shape.KeyHeads <= 0 || shape.HeadWidth <= 0 || shape.Heads % shape.KeyHeads != 0)
            throw new ArgumentOutOfRangeException(nameof(shape), shape,
                "query heads must be a multiple of the key heads, all numbers positive.");
    }
}
