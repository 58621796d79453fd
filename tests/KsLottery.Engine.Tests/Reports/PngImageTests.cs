using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;
using KsLottery.Engine.Reports;

namespace KsLottery.Engine.Tests.Reports;

public sealed class PngImageTests
{
    [Test]
    public void The_file_reads_back_by_the_specification()
    {
        byte[] opacity = [.. Enumerable.Range(0, 35).Select(i => (byte)(i * 7))];
        byte[] file = PngImage.Encode(opacity, 7, 0x123456);
        Assert.That(file[..8], Is.EqualTo(new byte[] { 137, 80, 78, 71, 13, 10, 26, 10 }));
        Dictionary<string, byte[]> chunks = [];
        for (int at = 8; at < file.Length;)
        {
            int length = BinaryPrimitives.ReadInt32BigEndian(file.AsSpan(at));
            byte[] typed = file[(at + 4)..(at + 8 + length)];
            Assert.That(BinaryPrimitives.ReadUInt32BigEndian(file.AsSpan(at + 8 + length)), Is.EqualTo(Crc32.HashToUInt32(typed)));
            chunks[Encoding.ASCII.GetString(typed, 0, 4)] = typed[4..];
            at += 12 + length;
        }
        Assert.That(file[^4..], Is.EqualTo(new byte[] { 0xAE, 0x42, 0x60, 0x82 }), "the sum of the empty chunk that every file ends with");
        Assert.That(chunks.Keys, Is.EqualTo(new[] { "IHDR", "PLTE", "tRNS", "IDAT", "IEND" }));
        Assert.That(chunks["IHDR"], Is.EqualTo(new byte[] { 0, 0, 0, 7, 0, 0, 0, 5, 8, 3, 0, 0, 0 }));
        Assert.That(chunks["PLTE"][..6], Is.EqualTo(new byte[] { 0x12, 0x34, 0x56, 0x12, 0x34, 0x56 }));
        Assert.That(chunks["tRNS"], Is.EqualTo(Enumerable.Range(0, 256).Select(i => (byte)i)));
        using ZLibStream data = new(new MemoryStream(chunks["IDAT"]), CompressionMode.Decompress);
        using MemoryStream rows = new();
        data.CopyTo(rows);
        Assert.That(rows.ToArray(), Is.EqualTo(opacity.Chunk(7).SelectMany(row => row.Prepend((byte)0))));
    }
}
