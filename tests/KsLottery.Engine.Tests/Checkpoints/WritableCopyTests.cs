using KsLottery.Engine.Checkpoints;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Checkpoints;

public sealed class WritableCopyTests
{
    [Test]
    public void A_copy_of_what_is_read_only_may_be_written_to()
    {
        using TemporaryFolder folder = new();
        string source = folder.File("source"), target = folder.File("target");
        File.WriteAllText(source, "text");
        File.SetAttributes(source, FileAttributes.ReadOnly);
        try
        {
            WritableCopy.Make(source, target);
            Assert.That(File.GetAttributes(target).HasFlag(FileAttributes.ReadOnly), Is.False);
            Assert.That(File.GetAttributes(source).HasFlag(FileAttributes.ReadOnly), Is.True);
            Assert.That(File.ReadAllText(target), Is.EqualTo("text"));
            Assert.That(() => WritableCopy.Make(source, target), Throws.InstanceOf<IOException>());
        }
        finally
        {
            File.SetAttributes(source, FileAttributes.Normal);
        }
    }
}
