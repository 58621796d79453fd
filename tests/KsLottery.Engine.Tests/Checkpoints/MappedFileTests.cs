using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Checkpoints;

internal sealed class MappedFileTests
{
    [Test]
    public void Hints_change_what_is_resident()
    {
        if (!OperatingSystem.IsLinux()) Assert.Ignore("only Linux shows how much of a mapping is resident");
        using TemporaryFolder folder = new();
        const int Length = 64 << 20;
        string path = folder.File("m.safetensors");
        SafetensorsWriter.Write(path, [new TensorSource("m", ElementType.U8, [Length], stream => stream.Write(new byte[Length]))]);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        long before = ResidentFileBytes();

        Assert.That(file.Tensors[0].GetBytes(0, Length, []).ContainsAnyExcept((byte)0), Is.False);  // touches every page
        long touched = ResidentFileBytes() - before;
        Assert.That(touched, Is.GreaterThan(Length / 2));
        file.Tensors[0].DontNeed(0, Length);
        Assert.That(ResidentFileBytes() - before, Is.LessThan(Length / 4), $"{touched} bytes were resident before");

        static long ResidentFileBytes() =>
            1024 * long.Parse(File.ReadLines("/proc/self/status").First(l => l.StartsWith("RssFile", StringComparison.Ordinal)).Split()[^2],
                null);
    }

    [Test]
    public void Everybody_may_read_a_mapped_file_at_the_same_time()
    {
        using TemporaryFolder folder = new();
        string path = folder.File("m.safetensors");
        byte[] data = [.. Enumerable.Range(0, 1 << 20).Select(i => (byte)(i >> 6))];
        SafetensorsWriter.Write(path, [TensorSource.FromBytes("m", ElementType.U8, [1 << 10, 1 << 10], data)]);
        using SafetensorsFile file = SafetensorsFile.Open(path);
        using SafetensorsFile second = SafetensorsFile.Open(path);
        Tensor tensor = file.GetTensor("m");

        int wrong = 0;
        Parallel.For(0, 4096, i =>
        {
            int row = i % 1024;
            if (i % 7 == 0) tensor.DontNeed(row << 10, 1 << 10);
            if (!tensor.GetRow<byte>(row).SequenceEqual(data.AsSpan(row << 10, 1 << 10))) Interlocked.Increment(ref wrong);
        });
        Assert.That(wrong, Is.Zero);
        Assert.That(second.GetTensor("m").GetRow<byte>(1023)[0], Is.EqualTo(data[1023 << 10]));
    }

    [Test]
    public void An_empty_file_is_mapped_as_nothing_and_its_registration_goes_with_it()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder.File("empty"), []);
        using (FileBytes bytes = FileBytes.Open(folder.File("empty"), null))
        {
            Assert.That((bytes.Length, bytes.GetBytes(0, 0, []).Length), Is.EqualTo((0L, 0)));
            Assert.Throws<ArgumentOutOfRangeException>(() => bytes.GetBytes(0, 1, []));
            Assert.Throws<IOException>(() => OpenInputs.ThrowIfOpen(folder.File("empty")));
        }
        Assert.DoesNotThrow(() => OpenInputs.ThrowIfOpen(folder.File("empty")));
    }
}
