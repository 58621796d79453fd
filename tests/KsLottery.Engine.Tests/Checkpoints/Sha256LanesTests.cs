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
