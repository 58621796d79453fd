using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Interop;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Checkpoints;

/// <summary>Files that are written past the cache of the system: what stands in them is the same.</summary>
public sealed class UncachedFileTests
{
    private static readonly int Block = UncachedFile.Alignment;

    [Test]
    public void Blocks_and_what_lies_between_them_are_written([Values] bool usesCache)
    {
        using TemporaryFolder folder = new();
        using AlignedBlock memory = Make((3 * Block) + 7);
        byte[] bytes = memory.GetSpan<byte>(0, (3 * Block) + 7).ToArray();
        using (UncachedFile file = new(folder.File("x"), bytes.Length, usesCache))
        {
            Assert.That(file.IsUncached, Is.EqualTo(!usesCache && OperatingSystem.IsLinux()).Or.False);
            file.Write(memory.GetSpan<byte>(2 * Block, Block + 7), 2 * Block);
            file.Write(memory.GetSpan<byte>(Block, Block), Block);
            file.Write(memory.GetSpan<byte>(0, 100), 0);
            file.Write(memory.GetSpan<byte>(100, Block - 100), 100);
            file.Flush();
        }
        Assert.That(File.ReadAllBytes(folder.File("x")), Is.EqualTo(bytes));
    }

    /// <summary>No disk takes memory that begins at an odd byte.</summary>
    [Test]
    public void What_the_disk_refuses_goes_through_the_cache()
    {
        using TemporaryFolder folder = new();
        using AlignedBlock memory = Make((2 * Block) + 1);
        byte[] bytes = memory.GetSpan<byte>(1, 2 * Block).ToArray();
        using (UncachedFile file = new(folder.File("x"), bytes.Length))
        {
            file.Write(memory.GetSpan<byte>(1, Block), 0);
            file.Write(memory.GetSpan<byte>(1 + Block, Block), Block);
        }
        Assert.That(File.ReadAllBytes(folder.File("x")), Is.EqualTo(bytes));
    }

    [Test]
    public void Its_length_is_there_before_anything_is_written_and_takes_the_place_of_another_file()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder.File("x"), new byte[10_000]);
        using (UncachedFile file = new(folder.File("x"), 5000)) file.Write([1, 2, 3], 4000);
        byte[] expected = new byte[5000];
        (expected[4000], expected[4001], expected[4002]) = (1, 2, 3);
        Assert.That(File.ReadAllBytes(folder.File("x")), Is.EqualTo(expected));
    }

    [Test]
    public void A_file_that_cannot_be_written_says_so() => Assert.That(
        () => new UncachedFile(Path.Combine(Path.GetTempPath(), Path.GetRandomFileName(), "x"), 1), Throws.InstanceOf<IOException>());

    internal static AlignedBlock Make(int length)
    {
        AlignedBlock memory = AlignedBlock.Allocate(length, Block);
        new Random(length).NextBytes(memory.GetSpan<byte>(0, length));
        return memory;
    }
}
