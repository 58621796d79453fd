using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;

namespace KsLottery.Engine.Reports;

/// <summary>A small picture of one colour whose pixels differ in how much of it they have, as a PNG file.</summary>
/// <remarks>
/// Palette of 256 entries, all of one colour, opacity in <c>tRNS</c>: the same picture suits a light page and a dark one. Written after
/// the PNG specification (third edition): signature, IHDR, PLTE, tRNS, IDAT, IEND, rows unfiltered.
/// </remarks>
internal static class PngImage
{
    private const byte PaletteType = 3, BitsPerPixel = 8;

    /// <summary>Encodes a picture.</summary>
    /// <param name="opacity">Rows from the top, 0 (nothing) to 255 (all of the colour).</param>
    /// <param name="width">Pixels in a row.</param>
    /// <param name="color">0xRRGGBB.</param>
    public static byte[] Encode(ReadOnlySpan<byte> opacity, int width, int color)
    {
        int height = opacity.Length / width;
        using MemoryStream file = new();
        file.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        Span<byte> header = stackalloc byte[13];
        header.Clear();
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], height);
        header[8] = BitsPerPixel;
        header[9] = PaletteType;
        Chunk(file, "IHDR"u8, header);
        byte[] palette = new byte[3 * 256], alpha = new byte[256];
        for (int i = 0; i < 256; i++)
        {
            (palette[3 * i], palette[(3 * i) + 1], palette[(3 * i) + 2]) = ((byte)(color >> 16), (byte)(color >> 8), (byte)color);
            alpha[i] = (byte)i;
        }
        Chunk(file, "PLTE"u8, palette);
        Chunk(file, "tRNS"u8, alpha);
        using MemoryStream data = new();
        using (ZLibStream packed = new(data, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            for (int y = 0; y < height; y++)
            {
                packed.WriteByte(0);
                packed.Write(opacity.Slice(y * width, width));
            }
        }
        Chunk(file, "IDAT"u8, data.GetBuffer().AsSpan(0, (int)data.Length));
        Chunk(file, "IEND"u8, []);
        return file.ToArray();
    }

    /// <summary>Each pixel as a square of some, so that a page that smooths between pixels blurs their edges alone.</summary>
    public static byte[] Enlarge(ReadOnlySpan<byte> opacity, int width, int times)
    {
        int height = opacity.Length / width;
        byte[] enlarged = new byte[opacity.Length * times * times];
        for (int y = 0; y < height; y++)
        {
            Span<byte> line = enlarged.AsSpan(y * times * width * times, width * times);
            for (int x = 0; x < width; x++) line.Slice(x * times, times).Fill(opacity[(y * width) + x]);
            for (int copy = 1; copy < times; copy++) line.CopyTo(enlarged.AsSpan((((y * times) + copy) * width * times), width * times));
        }
        return enlarged;
    }

    private static void Chunk(MemoryStream file, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> number = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(number, data.Length);
        file.Write(number);
        file.Write(type);
        file.Write(data);
        Crc32 sum = new();
        sum.Append(type);
        sum.Append(data);
        BinaryPrimitives.WriteUInt32BigEndian(number, sum.GetCurrentHashAsUInt32());
        file.Write(number);
    }
}
