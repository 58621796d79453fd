using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Ranks;

namespace KsLottery.Engine.Rows;

/// <summary>Brings the parts of a scan that ranks made to rank 0 and joins them there.</summary>
internal static class RankedRowScan
{
    /// <summary>The rows that are gathered at once, 640 MiB of results.</summary>
    public const int RowsAtOnce = 1 << 24;

    /// <summary>Joins what the ranks found; collective.</summary>
    /// <param name="ranks">The ranks, of which each has the part of its number.</param>
    /// <param name="part">This rank's.</param>
    /// <param name="rowsAtOnce">How many rows are gathered at once.</param>
    /// <returns>The whole on rank 0, null on others.</returns>
    public static RowScanResult? Join(RankGroup ranks, RowScanPart part, int rowsAtOnce = RowsAtOnce)
    {
        byte[][] heads = RankBlobs.Gather(ranks, Head(part));
        RowResult[] rows = new RowResult[ranks.Rank == 0 ? part.BaseRows : 0];
        long[] counts = new long[ranks.Size];
        for (long first = 0, count; first < part.BaseRows; first += count)
        {
            count = Math.Min(rowsAtOnce, part.BaseRows - first);
            for (int rank = 0; rank < counts.Length; rank++)
                counts[rank] = Common(RowRange.OfPart(part.BaseRows, rank + 1, ranks.Size), first, count).Count
                    * Unsafe.SizeOf<RowResult>();
            RowRange own = Common(part.Range, first, count);
            int start = (int)Math.Clamp(own.First - part.Range.First, 0, part.Results.Length);
            ranks.Gather(AsBytes(part.Results.AsSpan(start, (int)own.Count)), counts,
                ranks.Rank == 0 ? AsBytes(rows.AsSpan((int)first, (int)count)) : []);
        }
        return ranks.Rank == 0 ? RowScanResult.OfRanks([.. heads.Select((head, rank) => Read(head, ranks.NameOf(rank)))], rows) : null;
    }

    /// <summary>As they lie in memory, which no padding is part of: all ranks run one version.</summary>
    private static Span<byte> AsBytes(Span<RowResult> rows) => MemoryMarshal.AsBytes(rows);

    private static RowRange Common(RowRange range, long first, long count)
    {
        long start = Math.Clamp(range.First, first, first + count), end = Math.Clamp(range.End, first, first + count);
        return new(start, end - start);
    }

    /// <summary>All of a part but its rows.</summary>
    private static byte[] Head(RowScanPart part)
    {
        using MemoryStream bytes = new();
        using BinaryWriter writer = new(bytes, Encoding.UTF8);
        foreach (string text in (string[])[part.Version, part.BaseName, part.TunedName, part.BaseScaleFingerprint ?? "",
            part.TunedScaleFingerprint ?? "", part.Kernel]) writer.Write(text);
        foreach (long number in (long[])[(long)part.BaseType, (long)part.TunedType, part.BaseRows, part.TunedRows, part.Width,
            part.Range.First, part.Range.Count, part.Threads, part.Elapsed.Ticks, part.BuildTime.Ticks]) writer.Write(number);
        Write(writer, [.. part.BaseShape]);
        Write(writer, [.. part.TunedShape]);
        Write(writer, part.AddedNorms);
        Write(writer, part.TunedOf);
        Write(writer, part.BaseHashes);
        Write(writer, part.TunedHashes);
        writer.Flush();
        return bytes.ToArray();
    }

    private static RowScanPart Read(byte[] head, string holder)
    {
        using BinaryReader reader = new(new MemoryStream(head), Encoding.UTF8);
        string[] texts = [.. Enumerable.Range(0, 6).Select(_ => reader.ReadString())];
        long[] numbers = [.. Enumerable.Range(0, 10).Select(_ => reader.ReadInt64())];
        return new()
        {
            Holder = holder,
            Version = texts[0],
            BaseName = texts[1],
            TunedName = texts[2],
            BaseScaleFingerprint = texts[3] is { Length: > 0 } scale ? scale : null,
            TunedScaleFingerprint = texts[4] is { Length: > 0 } other ? other : null,
            Kernel = texts[5],
            BaseType = (ElementType)numbers[0],
            TunedType = (ElementType)numbers[1],
            BaseRows = numbers[2],
            TunedRows = numbers[3],
            Width = (int)numbers[4],
            Range = new(numbers[5], numbers[6]),
            Threads = (int)numbers[7],
            Elapsed = new(numbers[8]),
            BuildTime = new(numbers[9]),
            BaseShape = ReadAll<long>(reader)!,
            TunedShape = ReadAll<long>(reader)!,
            AddedNorms = ReadAll<double>(reader)!,
            TunedOf = ReadAll<int>(reader),
            BaseHashes = ReadAll<byte>(reader),
            TunedHashes = ReadAll<byte>(reader),
        };
    }

    /// <summary>The values behind their number, which is -1 where there are none.</summary>
    private static void Write<T>(BinaryWriter writer, T[]? values) where T : unmanaged
    {
        writer.Write(values?.Length ?? -1);
        writer.Write(MemoryMarshal.AsBytes<T>(values));
    }

    private static T[]? ReadAll<T>(BinaryReader reader) where T : unmanaged
    {
        if (reader.ReadInt32() is not (>= 0 and var count)) return null;
        T[] values = new T[count];
        reader.BaseStream.ReadExactly(MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }
}
