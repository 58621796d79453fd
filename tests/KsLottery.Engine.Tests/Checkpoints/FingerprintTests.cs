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

    /// <summary>The tree by its definition: a line, and the hash of each block of 1 MiB.</summary>
    [Test]
    public void A_tree_is_over_blocks([Values] bool map, [Values(0, 1 << 20, (2 << 20) + 5)] int length)
    {
        using TemporaryFolder folder = new();
        byte[] data = [.. Enumerable.Range(0, length).Select(i => (byte)(i * i >> 7))];
        SafetensorsWriter.Write(folder.File("a.safetensors"), [TensorSource.FromBytes("before", ElementType.U8, [3], new byte[3]),
            TensorSource.FromBytes("x", ElementType.U8, [length], data)]);
        using SafetensorsFile file = SafetensorsFile.Open(folder.File("a.safetensors"), new CheckpointOptions { UseMemoryMap = map });
        byte[] expected = SHA256.HashData([.. Encoding.ASCII.GetBytes($"U8 [{length}] 1048576\n"),
            .. data.Chunk(1 << 20).SelectMany(SHA256.HashData)]);
        Assert.That(Fingerprint.OfTensor(file.GetTensor("x"), FingerprintKind.Tree),
            Is.EqualTo("sha256-tree:" + Convert.ToHexStringLower(expected)));
        Assert.That(Fingerprint.OfTensor(file.GetTensor("x"), FingerprintKind.Stream),
            Is.EqualTo(Fingerprint.OfTensor(file.GetTensor("x"))));
        Assert.Throws<OperationCanceledException>(() =>
            Fingerprint.OfTensor(file.GetTensor("x"), FingerprintKind.Tree, new CancellationToken(canceled: true)));
    }

    /// <summary>The example in docs/fingerprints.md, whose hashes came from sha256sum.</summary>
    [Test]
    public void A_tree_is_what_the_documentation_says()
    {
        using TemporaryFolder folder = new();
        byte[] data = new byte[1_572_864];
        Array.Fill(data, (byte)'a');
        SafetensorsWriter.Write(folder.File("a.safetensors"), [TensorSource.FromBytes("x", ElementType.F16, [768, 1024], data)]);
        using SafetensorsFile file = SafetensorsFile.Open(folder.File("a.safetensors"));
        string fingerprint = Fingerprint.OfTensor(file.GetTensor("x"), FingerprintKind.Tree);
        Assert.That(fingerprint, Is.EqualTo("sha256-tree:ff9ad967d638b938531c0192d733e4b5c26e8cfc2456d48628b61cc4493026b3"));
        Assert.That(File.ReadAllText(Path.Combine(SharedData.Root, "docs", "fingerprints.md")), Does.Contain(fingerprint));
    }

    [TestCase("sha256-tree:", FingerprintKind.Tree), TestCase("sha256:", FingerprintKind.Stream)]
    public void The_kind_of_a_fingerprint_is_what_it_begins_with(string prefix, FingerprintKind kind)
    {
        string digits = new('a', 64);
        Assert.That(Fingerprint.KindOf(prefix + digits), Is.EqualTo(kind));
        Assert.That(Fingerprint.IsWellFormed(prefix + digits), Is.True);
        foreach (string wrong in (string[])[prefix, digits, prefix + digits.ToUpperInvariant(), prefix + digits + "a", "x" + digits])
            Assert.That(Fingerprint.IsWellFormed(wrong), Is.False, wrong);
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
