using System.Runtime.Intrinsics;
using System.Security.Cryptography;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Checkpoints;

/// <summary>Messages that are hashed side by side, against the platform's SHA-256.</summary>
public sealed class Sha256LanesTests
{
    private const int Block = FingerprintBlocks.BlockLength;

    [Test]
    public void Each_lane_has_the_hash_of_its_message([Values(0, 64, 192, 1 << 16)] int length, [Values(1, 11, 16)] int count)
    {
        if (!Sha256Lanes.IsSupported) Assert.Ignore("this processor has no vectors of 512 bits, or they are switched off");
        byte[] messages = Make(length * count), hashes = new byte[count * SHA256.HashSizeInBytes];
        Sha256Lanes.Hash(messages, count, hashes);
        IEnumerable<byte[]> expected = Enumerable.Range(0, count).Select(i => SHA256.HashData(messages.AsSpan(i * length, length)));
        Assert.That(hashes, Is.EqualTo(expected.SelectMany(h => h)));
    }

    /// <summary>Eight messages in one place and eight in another, in parts that begin anywhere.</summary>
    [Test]
    public void Messages_may_come_in_parts([Values(64, 192)] int first, [Values(0, 13)] int offset)
    {
        if (!Sha256Lanes.IsSupported) Assert.Ignore("this processor has no vectors of 512 bits, or they are switched off");
        const int Stride = 400, Length = 384, Count = Sha256Lanes.MaxCount / 2;
        byte[] some = Make(offset + (Count * Stride)), others = Make(offset + (Count * Stride) + 1);
        byte[] hashes = new byte[Sha256Lanes.MaxCount * SHA256.HashSizeInBytes];
        Vector512<uint>[] state = Sha256Lanes.NewState();
        for (int round = 0; round < 2; round++)
        {
            Sha256Lanes.Begin(state);
            Sha256Lanes.Add(state, some.AsSpan(offset), others.AsSpan(offset), Stride, first);
            Sha256Lanes.Add(state, some.AsSpan(offset + first), others.AsSpan(offset + first), Stride, Length - first);
            Sha256Lanes.Finish(state, Length, hashes);
        }
        byte[][] both = [some, others];
        Assert.That(hashes, Is.EqualTo(both.SelectMany(bytes => Enumerable.Range(0, Count)
            .SelectMany(i => SHA256.HashData(bytes.AsSpan(offset + (i * Stride), Length))))));
    }

    [Test]
    public void Parts_that_leave_their_place_are_refused() => Assert.That(
        () => Sha256Lanes.Add(Sha256Lanes.NewState(), new byte[8 * 64], new byte[(8 * 64) - 1], 64, 64),
        Throws.InstanceOf<ArgumentException>());

    [Test]
    public void Messages_that_no_vector_takes_are_refused([Values(100, 64 * 17)] int length) => Assert.That(
        () => Sha256Lanes.Hash(new byte[length], length / 64, new byte[1024]), Throws.InstanceOf<ArgumentException>());

    /// <summary>Sixteen blocks together, then too few, the last one short; one after another of a file that is not mapped.</summary>
    [Test]
    public void Blocks_that_are_taken_together_have_the_hashes_of_each([Values] bool isMapped)
    {
        using TemporaryFolder folder = new();
        byte[] bytes = Make((18 * Block) + 5);
        SafetensorsWriter.Write(folder.File("x.safetensors"), [TensorSource.FromBytes("t", ElementType.U8, [bytes.Length], bytes)]);
        using SafetensorsFile file = SafetensorsFile.Open(folder.File("x.safetensors"), new() { UseMemoryMap = isMapped });
        FingerprintBlocks blocks = FingerprintBlocks.Of(file.GetTensor("t"));
        blocks.TakeMissing(0, bytes.Length, threads: 1, CancellationToken.None);
        Assert.That(blocks.Of(0, bytes.Length), Is.EqualTo(bytes.Chunk(Block).SelectMany(SHA256.HashData)));
    }

    private static byte[] Make(int length)
    {
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        return bytes;
    }
}
