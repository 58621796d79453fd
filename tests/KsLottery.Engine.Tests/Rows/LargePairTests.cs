using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Statistics;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Rows;

/// <summary>A pair of the shape of LLaMA-7B's embedding, made on the fly: 32,000 rows of 4,096 in BF16, 262 MB a file.</summary>
public sealed class LargePairTests
{
    private const int Rows = 32_000, Width = 4096, TileRows = 250;

    /// <summary>The ticket published for en→ca (ks-lottery.md 3.4).</summary>
    private static readonly int[] Planted = [13, 263, 278, 297, 304, 310, 322, 338, 376, 393, 411, 29871, 29889, 29892, 29896, 29900, 29901,
        29949];

    [TestCase(true), TestCase(false)]
    public void Planted_rows_are_the_ticket(bool useMemoryMap)
    {
        using TemporaryFolder folder = new();
        ushort[] tile = Tile();
        string basePath = folder.File("base.safetensors"), tunedPath = folder.File("tuned.safetensors");
        Write(basePath, tile, moved: []);
        Write(tunedPath, tile, Planted);

        using Checkpoint before = Checkpoint.Open(basePath, new() { UseMemoryMap = useMemoryMap });
        using Checkpoint after = Checkpoint.Open(tunedPath, new() { UseMemoryMap = useMemoryMap });
        RowScanResult scan = RowScan.Run(RowMatrix.FromTensor(before.GetTensor("rows")), RowMatrix.FromTensor(after.GetTensor("rows")));

        int critical = NullDistribution.ForEqualLengths(Width).CriticalCount(0.05);
        Assert.That(critical, Is.EqualTo(123));
        Assert.That(scan.Rows.Index().Where(r => r.Item.Count >= critical).Select(r => r.Index), Is.EqualTo(Planted));
        Assert.That((scan.Changed, scan.Unchanged), Is.EqualTo((Planted.Length, Rows - Planted.Length)));
    }

    private static ushort[] Tile()
    {
        Random random = new(7);
        return [.. Enumerable.Range(0, TileRows * Width).Select(_ => HalfPrecision.ToBFloat16(
            (random.NextSingle() + random.NextSingle() - random.NextSingle() - random.NextSingle()) * 0.02f))];
    }

    /// <summary>Repeats the tile; a moved row is scaled by half, which changes its distribution and not its mean.</summary>
    private static void Write(string path, ushort[] tile, int[] moved) => SafetensorsWriter.Write(path,
    [
        TensorSource.FromBytes("odd", ElementType.U8, [3], new byte[3]),
        new TensorSource("rows", ElementType.BF16, [Rows, Width], stream =>
        {
            for (int first = 0; first < Rows; first += TileRows)
            {
                ushort[] rows = (ushort[])tile.Clone();
                foreach (int row in moved.Where(r => r >= first && r < first + TileRows))
                    foreach (ref ushort bits in rows.AsSpan((row - first) * Width, Width))
                        bits = HalfPrecision.ToBFloat16(HalfPrecision.FromBFloat16(bits) * 0.5f);
                stream.Write(MemoryMarshal.AsBytes(rows.AsSpan()));
            }
        }),
    ], null, CancellationToken.None);
}
