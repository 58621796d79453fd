using System.Globalization;
using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Rows;

/// <summary>Reads the file of a part of a scan: every value by its type and range.</summary>
internal sealed class RowScanPartReader(SafetensorsFile file, bool ignoresChecksum)
{
    public RowScanPart Read()
    {
        if (file.Metadata.GetValueOrDefault("format") != RowScanPartFile.Format)
            throw Invalid($"this is no part of a scan, which has the format {Quote(RowScanPartFile.Format)} in its metadata");
        // Version 1 had no checksum.
        if (Metadata("format_version") is not ("1" or RowScanPartFile.FormatVersion))
            throw Invalid($"the format version is {Quote(Metadata("format_version"))}, this version reads \"1\" and "
                + Quote(RowScanPartFile.FormatVersion));
        string? doubt = ContentChecksum.Check(file, "part", ignoresChecksum);
        if (Number("block_bytes", 1, int.MaxValue) is var block && block != FingerprintBlocks.BlockLength)
            throw Invalid($"block_bytes is {block}, this version hashes {FingerprintBlocks.BlockLength}");
        int width = (int)Number("width", 1, int.MaxValue);
        (long[] baseShape, long baseRows) = Shape("base_shape", width);
        (long[] tunedShape, long tunedRows) = Shape("tuned_shape", width);
        long count = Count("h");
        RowRange range = new(Number("first_row", 0, baseRows - count), count);
        RowScanPart part = new()
        {
            Path = file.Path,
            Notes = doubt is null ? [] : [doubt],
            Version = Metadata("version"),
            BaseName = Metadata("base_tensor"),
            TunedName = Metadata("tuned_tensor"),
            BaseType = Type("base_dtype"),
            TunedType = Type("tuned_dtype"),
            BaseScaleFingerprint = file.Metadata.GetValueOrDefault(RowScanPartFile.BaseScale),
            TunedScaleFingerprint = file.Metadata.GetValueOrDefault(RowScanPartFile.TunedScale),
            BaseShape = baseShape,
            TunedShape = tunedShape,
            BaseRows = baseRows,
            TunedRows = tunedRows,
            Width = width,
            Range = range,
            Kernel = Metadata("kernel"),
            Threads = (int)Number("threads", 1, int.MaxValue),
            Elapsed = Seconds(),
            Results = Rows((int)count, width),
            TunedOf = TunedOf(count, tunedRows),
            AddedNorms = Values<double>("added_norms", ElementType.F64, Count("added_norms")),
            BaseHashes = Values<byte>("base_blocks", ElementType.U8, Count("base_blocks"), FingerprintBlocks.HashLength),
            TunedHashes = Values<byte>("tuned_blocks", ElementType.U8, Count("tuned_blocks"), FingerprintBlocks.HashLength),
        };
        ThrowIfOtherBlocks("base_blocks", part.BaseHashes, part.FirstBytes.Base, part.EndBytes.Base);
        ThrowIfOtherBlocks("tuned_blocks", part.TunedHashes, part.FirstBytes.Tuned, part.EndBytes.Tuned);
        return part;
    }

    private RowResult[] Rows(int count, int width)
    {
        int[] h = Values<int>("h", ElementType.I32, count);
        sbyte[] sign = Values<sbyte>("sign", ElementType.I8, count);
        byte[] state = Values<byte>("state", ElementType.U8, count);
        float[] location = Values<float>("location", ElementType.F32, count);
        double[] baseNorm = Doubles("base_norm"), tunedNorm = Doubles("tuned_norm");
        double[] delta = Doubles("l2_delta"), cosine = Doubles("cosine");
        RowResult[] rows = new RowResult[count];
        for (int i = 0; i < count; i++)
        {
            if (h[i] < -1 || h[i] > width) throw Invalid($"row {i} of h is {h[i]}, allowed are -1 to {width}");
            if (sign[i] is < -1 or > 1) throw Invalid($"row {i} of sign is {sign[i]}, allowed are -1 to 1");
            if (state[i] > (byte)RowState.Dropped)
                throw Invalid($"row {i} of state is {state[i]}, allowed are 0 to {(byte)RowState.Dropped}");
            rows[i] = new(h[i], sign[i], (RowState)state[i], location[i], baseNorm[i], tunedNorm[i], delta[i], cosine[i]);
        }
        return rows;

        double[] Doubles(string name) => Values<double>(name, ElementType.F64, count);
    }

    private int[]? TunedOf(long count, long tunedRows)
    {
        switch (Metadata("pairs"))
        {
            case RowScanPartFile.ById: return null;
            case RowScanPartFile.ByText: break;
            case string other: throw Invalid($"pairs is {Quote(other)}, allowed are {Quote("id")} and {Quote("text")}");
        }
        int[] rows = Values<int>("tuned_rows", ElementType.I32, count);
        return Array.FindIndex(rows, row => row < -1 || row >= tunedRows) is >= 0 and int wrong
            ? throw Invalid($"row {wrong} of tuned_rows is {rows[wrong]}, allowed are -1 to {tunedRows - 1}") : rows;
    }

    private void ThrowIfOtherBlocks(string name, byte[] hashes, long start, long end)
    {
        long blocks = FingerprintBlocks.FirstFrom(end) - FingerprintBlocks.FirstFrom(start);
        if (hashes.Length != blocks * FingerprintBlocks.HashLength)
            throw Invalid($"{name} has {hashes.Length / FingerprintBlocks.HashLength} hashes, {blocks} blocks begin in these rows");
    }

    /// <summary>The values of a tensor of a first dimension, and for hashes of their length.</summary>
    private T[] Values<T>(string name, ElementType type, long count, int each = 1) where T : unmanaged
    {
        Tensor tensor = Find(name);
        long[] shape = each == 1 ? [count] : [count, each];
        if (tensor.ElementType != type || !tensor.Shape.SequenceEqual(shape))
            throw Invalid($"{name} is {tensor.DtypeName} [{string.Join(',', tensor.Shape)}], it should be {type.ToName()} "
                + $"[{string.Join(',', shape)}]");
        T[] values = new T[tensor.ElementCount];
        const int Chunk = 1 << 20;
        for (int first = 0; first < values.Length; first += Chunk)
        {
            Span<byte> target = MemoryMarshal.AsBytes(values.AsSpan(first, Math.Min(Chunk, values.Length - first)));
            ReadOnlySpan<byte> read = tensor.GetBytes(tensor.ByteLength / values.Length * first, target.Length, target);
            if (tensor.IsMapped) read.CopyTo(target);
        }
        return values;
    }

    private long Count(string name) => Find(name).Shape is [<= int.MaxValue and var count, ..] ? count
        : throw Invalid($"{name} is no list of up to {int.MaxValue}");

    private (long[] Shape, long Rows) Shape(string key, int width)
    {
        string text = Metadata(key);
        List<long> shape = [];
        Int128 elements = 1;
        if (text is ['[', .. var inner, ']'])
            foreach (string number in inner.Split(',', StringSplitOptions.RemoveEmptyEntries))
            {
                if (!long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out long size)) throw Wrong();
                shape.Add(size);
                elements *= size;
                if (elements > (Int128)width * Array.MaxLength) throw Wrong();
            }
        else throw Wrong();
        return elements % width == 0 ? ([.. shape], (long)(elements / width)) : throw Wrong();

        InvalidDataException Wrong() =>
            Invalid($"{key} is {Quote(text)}, it should be a shape such as \"[32000,{width}]\" of rows of width {width}");
    }

    private ElementType Type(string key) => ElementTypes.TryParse(Metadata(key), out ElementType type) && type.ByteSize() > 0 ? type
        : throw Invalid($"{key} is {Quote(Metadata(key))}, which is no type of a value");

    // TimeSpan.FromSeconds cuts the digits off that a double may lie below its tick.
    private TimeSpan Seconds() =>
        double.TryParse(Metadata("seconds"), NumberStyles.Float, CultureInfo.InvariantCulture, out double seconds)
            && seconds >= 0 && seconds <= TimeSpan.MaxValue.TotalSeconds / 2
            ? TimeSpan.FromTicks((long)Math.Round(seconds * TimeSpan.TicksPerSecond))
            : throw Invalid($"seconds is {Quote(Metadata("seconds"))}, it should be a number from 0");

    private long Number(string key, long minimum, long maximum) =>
        long.TryParse(Metadata(key), NumberStyles.None, CultureInfo.InvariantCulture, out long value) && value >= minimum
            && value <= maximum ? value
            : throw Invalid($"{key} is {Quote(Metadata(key))}, it should be a whole number from {minimum} to {maximum}");

    private Tensor Find(string name) => file.TryGetTensor(name, out Tensor? tensor) ? tensor
        : throw Invalid($"it has no tensor {Quote(name)}");

    private string Metadata(string key) => file.Metadata.TryGetValue(key, out string? value) ? value
        : throw Invalid($"its metadata has no {Quote(key)}");

    private InvalidDataException Invalid(string problem) => new($"{file.Path}: {problem}. {Remedy.ScanPart}.");

    private static string Quote(string text) => CheckpointFormatException.Quote(text);
}
