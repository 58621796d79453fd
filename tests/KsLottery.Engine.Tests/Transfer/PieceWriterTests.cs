using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Interop;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Transfer;

/// <summary>Stretches of a file that are written by whole blocks of the disk, wherever they begin and end.</summary>
public sealed class PieceWriterTests
{
    private static readonly int Block = UncachedFile.Alignment;

    /// <summary>Lengths of stretches one behind the other: within a block, over its edge, of whole blocks, and of none.</summary>
    private static readonly int[][] Stretches =
    [
        [1], [Block], [Block - 1, 1], [Block - 1, 2, 1], [100, 200, 300], [8, 3 * Block, 8], [Block, Block, Block],
        [5 * Block, 0, (2 * Block) + 13, Block - 13, 7], [Block + 8, (9 * Block) - 16, Block + 8],
    ];

    [Test]
    public void Stretches_side_by_side_make_the_file([ValueSource(nameof(Stretches))] int[] lengths,
        [Values(1, 100, 4096, 10_000)] int most, [Values] bool usesCache)
    {
        // As many bytes as that would take too long one by one.
        if (most == 1 && lengths.Sum() > 2 * Block) most = 977;
        using TemporaryFolder folder = new();
        byte[] bytes = new byte[lengths.Sum()];
        new Random(most).NextBytes(bytes);
        using (UncachedFile file = new(folder.File("x"), bytes.Length, usesCache))
            Parallel.For(0, lengths.Length, i =>
            {
                int start = lengths[..i].Sum();
                using AlignedBlock buffer = AlignedBlock.Allocate(PieceWriter.LengthFor(most), Block);
                PieceWriter writer = new(file, buffer, start);
                foreach (byte[] some in bytes[start..(start + lengths[i])].Chunk(most))
                {
                    some.CopyTo(writer.Next(some.Length));
                    writer.Advance(some.Length);
                }
                writer.Complete();
            });
        Assert.That(File.ReadAllBytes(folder.File("x")), Is.EqualTo(bytes));
    }
}
