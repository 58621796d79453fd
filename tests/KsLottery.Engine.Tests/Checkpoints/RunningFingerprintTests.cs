using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Checkpoints;

public sealed class RunningFingerprintTests
{
    [Test]
    public void Bytes_that_come_by_in_pieces_have_the_tensors_fingerprint([Values] FingerprintKind kind,
        [Values(0, 7, 1 << 20, (5 << 19) + 3, (11 << 20) + 5)] int length, [Values(1 << 15, 999_983)] int piece)
    {
        using TemporaryFolder folder = new();
        byte[] bytes = new byte[length];
        new Random(length).NextBytes(bytes);
        SafetensorsWriter.Write(folder.File("x.safetensors"), [TensorSource.FromBytes("t", ElementType.U8, [length], bytes)]);
        using SafetensorsFile file = SafetensorsFile.Open(folder.File("x.safetensors"));
        using RunningFingerprint running = new(file.GetTensor("t"), kind);
        for (int at = 0; at < length; at += piece) running.Add(bytes.AsSpan(at, Math.Min(piece, length - at)));
        Assert.That((running.Kind, running.Take()), Is.EqualTo((kind, Fingerprint.OfTensor(file.GetTensor("t"), kind))));
    }
}
