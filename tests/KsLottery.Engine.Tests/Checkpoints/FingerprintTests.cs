using System.Security.Cryptography;
using System.Text;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Checkpoints;

internal sealed class FingerprintTests
{
    [TestCase(true)]
    [TestCase(false)]
    public void A_tensor_is_known_by_type_shape_and_bytes_alone(bool map)
    {
        using TemporaryFolder folder = new();
        byte[] data = [.. Enumerable.Range(0, 3 << 20).Select(i => (byte)(i * i >> 7))];
        string other = folder.File("other.safetensors");
        SafetensorsWriter.Write(other,
            [TensorSource.FromBytes("before", ElementType.U8, [3], new byte[3]),
                TensorSource.FromBytes("x", ElementType.F16, [3 << 15, 16], data)]);
        SafetensorsWriter.Write(folder.File("a.safetensors"),
            [TensorSource.FromBytes("y", ElementType.F16, [3 << 15, 16], data),
            TensorSource.FromBytes("type", ElementType.BF16, [3 << 15, 16], data),
            TensorSource.FromBytes("shape", ElementType.F16, [3 << 14, 32], data)]);
        using SafetensorsFile file = SafetensorsFile.Open(folder.File("a.safetensors"), new CheckpointOptions { UseMemoryMap = map });
        using SafetensorsFile again = SafetensorsFile.Open(other);

        string expected = "sha256:" + Convert.ToHexStringLower(SHA256.HashData([.. Encoding.ASCII.GetBytes("F16 [98304,16]\n"), .. data]));
        Assert.That(Fingerprint.OfTensor(file.GetTensor("y")), Is.EqualTo(expected));
        Assert.That(Fingerprint.OfTensor(again.GetTensor("x")), Is.EqualTo(expected));
        Assert.That(Fingerprint.OfTensor(file.GetTensor("type")), Is.Not.EqualTo(expected));
        Assert.That(Fingerprint.OfTensor(file.GetTensor("shape")), Is.Not.EqualTo(expected));
        Assert.Throws<OperationCanceledException>(() => Fingerprint.OfTensor(file.GetTensor("y"), new CancellationToken(canceled: true)));
    }

    [Test]
    public void A_file_is_hashed_as_sha256sum_does()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("a"), "abc");
        Assert.That(Fingerprint.OfFile(folder.File("a")),
            Is.EqualTo("sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"));
        Assert.Throws<OperationCanceledException>(() => Fingerprint.OfFile(folder.File("a"), new CancellationToken(canceled: true)));
    }
}
