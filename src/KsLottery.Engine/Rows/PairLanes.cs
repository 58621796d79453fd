using System.Runtime.Intrinsics;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Rows;

/// <summary>One thread's hasher of eight blocks of each of two matrices side by side, piece by piece: rows of a piece are tested, and its
/// bytes hashed while they are in the cache.</summary>
internal sealed class PairLanes(PairBlocks blocks)
{
    /// <summary>The blocks of each matrix.</summary>
    public const int BlockCount = Sha256Lanes.MaxCount / 2;

    /// <summary>The bytes of a block's piece: those of all sixteen blocks take half a megabyte.</summary>
    public const int PieceLength = 1 << 15;

    /// <summary>How much of each block is compared to guess whether the tuned one is the base's.</summary>
    private const int ComparedLength = 1 << 12;

    private const int Length = BlockCount * FingerprintBlocks.BlockLength;

    private readonly Vector512<uint>[] _state = Sha256Lanes.NewState();

    /// <summary>Whether blocks of two matrices lie side by side in memory, and this processor hashes sixteen at once.</summary>
    public static bool CanTake(RowMatrix before, RowMatrix after, PairBlocks blocks) =>
        Sha256Lanes.IsSupported && blocks.Base.IsMapped && blocks.Tuned.IsMapped
            && before.RowBytes == after.RowBytes && before.StoredStartOf(0) == after.StoredStartOf(0);

    /// <summary>Whether eight blocks look the same in both: then they are hashed once, and not here.</summary>
    public bool AreLikelySame(int block)
    {
        for (int i = block; i < block + BlockCount; i++)
        {
            long start = (long)i * FingerprintBlocks.BlockLength;
            if (!blocks.Base.Read(start, ComparedLength, []).SequenceEqual(blocks.Tuned.Read(start, ComparedLength, []))) return false;
        }
        return true;
    }

    /// <summary>Hashes eight blocks of each.</summary>
    /// <param name="block">The first of them; all are whole.</param>
    /// <param name="test">Hears of each piece, by its first byte in the matrix and its length, before it is hashed.</param>
    public void Take(int block, Action<long, int> test)
    {
        long start = (long)block * FingerprintBlocks.BlockLength;
        Sha256Lanes.Begin(_state);
        for (int piece = 0; piece < FingerprintBlocks.BlockLength; piece += PieceLength)
        {
            for (int i = 0; i < BlockCount; i++) test(start + ((long)i * FingerprintBlocks.BlockLength) + piece, PieceLength);
            int length = Length - FingerprintBlocks.BlockLength + PieceLength;
            Sha256Lanes.Add(_state, blocks.Base.Read(start + piece, length, []), blocks.Tuned.Read(start + piece, length, []),
                FingerprintBlocks.BlockLength, PieceLength);
        }
        Span<byte> hashes = stackalloc byte[Sha256Lanes.MaxCount * FingerprintBlocks.HashLength];
        Sha256Lanes.Finish(_state, FingerprintBlocks.BlockLength, hashes);
        for (int i = 0; i < BlockCount; i++)
        {
            blocks.Base.Put(block + i, hashes.Slice(i * FingerprintBlocks.HashLength, FingerprintBlocks.HashLength));
            blocks.Tuned.Put(block + i, hashes.Slice((BlockCount + i) * FingerprintBlocks.HashLength, FingerprintBlocks.HashLength));
        }
    }
}
