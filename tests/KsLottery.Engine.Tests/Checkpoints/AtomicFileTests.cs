using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Checkpoints;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class AtomicFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public void A_file_is_written_or_replaced_whole()
    {
        string path = _folder.File("a.txt");
        AtomicFile.WriteText(path, "one, longer");
        AtomicFile.WriteText(path, "zwölf");

        Assert.That(File.ReadAllBytes(path), Is.EqualTo("zwölf"u8.ToArray()), "UTF-8 without a byte order mark");
        Assert.That(Names(), Is.EqualTo(new[] { "a.txt" }));
    }

    [Test]
    public void Until_the_end_the_old_content_stands()
    {
        string path = _folder.File("a.txt");
        AtomicFile.WriteText(path, "old");
        AtomicFile.Write(path, stream =>
        {
            stream.Write("new"u8);
            stream.Flush();
            Assert.That(File.ReadAllText(path), Is.EqualTo("old"));
            Assert.That(Names(), Has.Length.EqualTo(2), "the temporary file lies in the same folder");
        });
        Assert.That(File.ReadAllText(path), Is.EqualTo("new"));
    }

    [Test]
    public void A_failure_leaves_the_old_content_and_no_temporary_file()
    {
        string path = _folder.File("a.txt");
        AtomicFile.WriteText(path, "old");

        Assert.Throws<FormatException>(() => AtomicFile.Write(path, stream =>
        {
            stream.Write("half"u8);
            throw new FormatException();
        }));
        Assert.Throws<OperationCanceledException>(() => AtomicFile.WriteText(path, "new", new CancellationToken(canceled: true)));
        Assert.That(File.ReadAllText(path), Is.EqualTo("old"));
        Assert.That(Names(), Is.EqualTo(new[] { "a.txt" }));
    }

    [Test]
    public void A_folder_and_a_missing_folder_are_refused()
    {
        Assert.That(Assert.Throws<IOException>(() => AtomicFile.WriteText(_folder.Path, "x"))!.Message, Does.Contain("this is a folder"));
        Assert.Throws<DirectoryNotFoundException>(() => AtomicFile.WriteText(Path.Combine(_folder.Path, "no", "a.txt"), "x"));
    }

    [Test]
    public void A_folder_that_takes_no_file_is_refused_by_the_name_of_the_target()
    {
        // Nobody may create anything here, not even the administrator.
        if (!Directory.Exists("/proc/self")) Assert.Ignore("needs the folder /proc of Linux");
        foreach (Action make in (Action[])[() => AtomicFile.WriteText("/proc/a.txt", "x"), () => new StagedFolder("/proc/a.txt").Dispose()])
        {
            Exception e = Assert.Catch(() => make())!;
            Assert.That(e, Is.InstanceOf<IOException>().Or.InstanceOf<UnauthorizedAccessException>());
            Assert.That(e.Message, Does.StartWith("/proc/a.txt: cannot be written here").And
                .EndWith("name a folder that you may write to."));
            Assert.That(e.Message, Does.Not.Contain(".kslottery"));
            Assert.That(e.InnerException, Is.Not.Null);
        }
    }

    [Test]
    public void A_refusal_keeps_its_kind_and_reason_without_the_temporary_name()
    {
        const string Temporary = "/d/.kslottery-x.tmp";
        IOException full = new($"No space left on device : '{Temporary}'");
        UnauthorizedAccessException denied = new($"Access to the path '{Temporary}' is denied.");
        Assert.That(UnwritableTarget.Of("a", full), Is.TypeOf<IOException>().With.Message
            .StartsWith("a: cannot be written here (No space left on device): "));
        Assert.That(UnwritableTarget.Of("a", denied), Is.TypeOf<UnauthorizedAccessException>().With.Message
            .StartsWith("a: cannot be written here: "));
        Assert.That(UnwritableTarget.IsToldOf(new IOException("Broken pipe"), Temporary), Is.False,
            "what another file meets is told as it is");
        Assert.That(Assert.Throws<IOException>(() =>
            AtomicFile.Write(_folder.File("a"), stream => throw new IOException(((FileStream)stream).Name)))!.Message,
            Does.StartWith(_folder.File("a") + ": cannot be written"));
        Assert.That(Names(), Is.Empty);
    }

    [TestCase(true)]
    [TestCase(false)]
    public void An_open_input_is_refused_by_every_name_and_free_once_closed(bool map)
    {
        string real = Directory.CreateDirectory(_folder.File("real")).FullName;
        string input = Path.Combine(real, "in.safetensors");
        byte[] content = SafetensorsBytes.File("{}      ");
        File.WriteAllBytes(input, content);
        Directory.CreateSymbolicLink(_folder.File("folder-link"), real);
        File.CreateSymbolicLink(_folder.File("file-link"), "folder-link/in.safetensors");
        string[] names =
        [
            input, Path.Combine(real, "..", "real", "in.safetensors"), _folder.File("folder-link/in.safetensors"),
                _folder.File("file-link"),
        ];

        foreach (string opened in names)
        {
            using SafetensorsFile first = SafetensorsFile.Open(opened, new CheckpointOptions { UseMemoryMap = map });
            using (SafetensorsFile.Open(input)) { }
            foreach (string target in names)
                Assert.That(Assert.Throws<IOException>(() => SafetensorsWriter.Write(target, []), $"{opened} and {target}")!.Message,
                    Does.Contain("as an input"));
        }
        Assert.That(File.ReadAllBytes(input), Is.EqualTo(content));
        Assert.DoesNotThrow(() => AtomicFile.WriteText(input, "free"));
    }

    [Test]
    public void A_target_that_is_opened_during_the_writing_is_refused()
    {
        string path = _folder.File("a.safetensors");
        File.WriteAllBytes(path, SafetensorsBytes.File("{}"));
        SafetensorsFile? late = null;
        Assert.Throws<IOException>(() => AtomicFile.Write(path, _ => late = SafetensorsFile.Open(path)));
        late!.Dispose();
        Assert.That(Names(), Has.Length.EqualTo(1));
    }

    [Test]
    public void A_link_as_target_is_replaced_and_its_aim_kept()
    {
        string aim = _folder.File("aim.txt");
        File.WriteAllText(aim, "aim");
        File.CreateSymbolicLink(_folder.File("link.txt"), aim);

        AtomicFile.WriteText(_folder.File("link.txt"), "new");
        Assert.That(File.ReadAllText(aim), Is.EqualTo("aim"));
        Assert.That(File.ReadAllText(_folder.File("link.txt")), Is.EqualTo("new"));
    }

    [Test]
    public void Links_in_a_circle_end_in_an_error()
    {
        File.CreateSymbolicLink(_folder.File("a"), _folder.File("b"));
        File.CreateSymbolicLink(_folder.File("b"), _folder.File("a"));

        Assert.That(Assert.Throws<IOException>(() => AtomicFile.WriteText(_folder.File("a"), "x"))!.Message,
            Does.Contain("symbolic links"));
    }

    private string[] Names() => [.. Directory.EnumerateFileSystemEntries(_folder.Path).Select(p => Path.GetFileName(p))];
}
