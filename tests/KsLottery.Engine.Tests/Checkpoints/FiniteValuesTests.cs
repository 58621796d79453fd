using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Checkpoints;

public sealed class FiniteValuesTests
{
    /// <summary>Two blocks and a half, with values that are no numbers at the ends of pieces and blocks.</summary>
    [Test]
    public void Values_that_are_no_numbers_are_counted_as_the_fingerprint_is_taken([Values] bool useMemoryMap)
    {
        const int Count = 5 * FingerprintBlocks.BlockLength / 2 / sizeof(float);
        int[] others = [0, 65_535, 65_536, (FingerprintBlocks.BlockLength / sizeof(float)) - 1, 262_144, Count - 2, Count - 1];
        float[] values = new float[Count];
        foreach (int place in others) values[place] = place % 2 == 0 ? float.NaN : float.NegativeInfinity;
        using TemporaryFolder folder = new();
        string path = folder.File("t.safetensors");
        SafetensorsWriter.Write(path,
        [
            TensorSource.FromBytes("t", ElementType.F32, [Count], MemoryMarshal.AsBytes<float>(values).ToArray()),
            TensorSource.FromBytes("none", ElementType.BF16, [0], Array.Empty<byte>()),
            TensorSource.FromBytes("codes", ElementType.F8E4M3, [5], new byte[] { 0x7F, 1, 0xFF, 2, 0x7E }),
        ]);
        using Checkpoint checkpoint = Checkpoint.Open(path, new() { UseMemoryMap = useMemoryMap });
        foreach ((string name, long expected) in new[] { ("t", others.Length), ("none", 0L), ("codes", 2) })
        {
            Tensor tensor = checkpoint.GetTensor(name);
            Assert.That(FiniteValues.TakeFingerprint(tensor), Is.EqualTo((Fingerprint.OfTensor(tensor, FingerprintKind.Tree), expected)));
            Assert.That(FiniteValues.FindOthers(tensor).Count, Is.EqualTo(expected), name);
        }
    }
}
