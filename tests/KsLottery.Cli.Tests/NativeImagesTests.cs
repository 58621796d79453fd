using System.Buffers.Binary;
using KsLottery.Tests.Support;

namespace KsLottery.Cli.Tests;

/// <summary>Which of the files of a native tool the one that was called becomes.</summary>
public sealed class NativeImagesTests
{
    private const string Version3 = "flags\t\t: fpu sse2 avx f16c fma abm bmi1 avx2 bmi2 movbe";

    private static readonly byte[] Mark = [.. Enumerable.Range(1, 32).Select(i => (byte)i)], OtherMark = [.. Mark.Reverse()];

    [TestCase("flags\t\t: fpu sse2 avx", "")]
    [TestCase("model name\t: of another processor", "")]
    [TestCase(Version3, "x86-64-v3")]
    [TestCase(Version3 + " avx512f avx512bw", "x86-64-v3")]
    [TestCase(Version3 + " avx512f avx512dq avx512cd avx512bw avx512vl", "x86-64-v4 x86-64-v3")]
    [TestCase("flags\t\t: avx512f avx512dq avx512cd avx512bw avx512vl", "")]
    public void AProcessorRunsTheSetsThatItHasInFull(string line, string sets) =>
        Assert.That(string.Join(' ', NativeImages.Runnable(["processor\t: 0", line, "bugs\t\t:"])), Is.EqualTo(sets));

    /// <summary>Another version's file, left by an earlier publication or copied by hand, is not the program that was called.</summary>
    [TestCase("same", "same", "x86-64-v4 x86-64-v3")]
    [TestCase("same", "other", "x86-64-v4")]
    [TestCase("other", "same", "x86-64-v3")]
    [TestCase("unmarked", "text", "")]
    [TestCase("absent", "absent", "")]
    public void FilesOfTheSameBuildAreTaken(string version4, string version3, string taken)
    {
        using TemporaryFolder folder = new();
        string path = folder.File("kslottery");
        Put(path, "same");
        Put($"{path}.x86-64-v4", version4);
        Put($"{path}.x86-64-v3", version3);
        Assert.That(string.Join(' ', NativeImages.OfBuild(path)), Is.EqualTo(taken));
        Put(path, "unmarked");
        Assert.That(NativeImages.OfBuild(path), Is.Empty, "without a mark of its own");
    }

    [Test]
    public void AMarkIsFoundAmongNotes() => Assert.That(BuildMark.In(Program(Mark)), Is.EqualTo(Mark));

    /// <summary>Headers that point beyond the file, and files that end anywhere.</summary>
    [Test]
    public void ADamagedProgramHasNoMark()
    {
        byte[] program = Program(Mark);
        for (int length = 0; length < program.Length; length++)
            Assert.That(BuildMark.In(program.AsSpan(0, length)), Is.Null, $"{length} bytes");
        foreach (int place in (int[])[0, 32, 54, 56, 64, 64 + 8, 64 + 32, 120, 120 + 8, 176 + 3, 208 + 3, 208 + 8])
        {
            byte[] damaged = [.. program];
            damaged[place] = 0xff;
            Assert.That(BuildMark.In(damaged), Is.Null.Or.EqualTo(Mark), $"byte {place}");
        }
    }

    /// <summary>The program that runs here, as another reader sees it.</summary>
    [Test]
    public void AMarkIsWhatReadelfShows()
    {
        if (!OperatingSystem.IsLinux() || !File.Exists("/usr/bin/readelf")) Assert.Ignore("no readelf: install the package binutils");
        using System.Diagnostics.Process process = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo("readelf", ["-n", "/bin/sh"]) { RedirectStandardOutput = true })!;
        string shown = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        byte[]? mark = BuildMark.Of("/bin/sh");
        Assert.That(mark, Is.Not.Null);
        Assert.That(shown, Does.Contain($"Build ID: {Convert.ToHexStringLower(mark!)}"));
    }

    /// <summary>A program of another build beside a native tool: one that would print nothing.</summary>
    [Test]
    public void ANativeToolDoesNotBecomeAnotherBuild()
    {
        if (KsLotteryTool.Command.Length > 1) Assert.Ignore("KSLOTTERY_TOOL names no tool that is compiled ahead of time");
        using TemporaryFolder folder = new();
        string copy = folder.File("kslottery");
        File.Copy(KsLotteryTool.Command[0], copy);
        foreach (string set in (string[])["x86-64-v3", "x86-64-v4"]) File.Copy("/bin/true", $"{copy}.{set}");
        using System.Diagnostics.Process process = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo(copy, ["--version"]) { RedirectStandardOutput = true })!;
        Assert.That(process.StandardOutput.ReadToEnd(), Is.EqualTo(KsLotteryTool.Run("--version").Output).And.Not.Empty);
        process.WaitForExit();
    }

    private static void Put(string path, string what)
    {
        if (what == "absent") return;
        File.WriteAllBytes(path, what switch
        {
            "same" => Program(Mark),
            "other" => Program(OtherMark),
            "unmarked" => Program(null),
            _ => "#!/bin/sh\n"u8.ToArray(),
        });
    }

    /// <summary>The first bytes of a program: a header, and two segments of notes, the second of which holds another note and the
    /// mark.</summary>
    private static byte[] Program(byte[]? mark)
    {
        byte[] file = new byte[244 + (mark?.Length ?? 0)];
        ((byte[])[0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1]).CopyTo(file, 0);
        BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(32), 64);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(54), 56);
        BinaryPrimitives.WriteInt16LittleEndian(file.AsSpan(56), 2);
        Segment(64, 176, 32);
        Segment(120, 208, file.Length - 208);
        Note(176, 5, 16);
        Note(208, 1, 4);
        if (mark is null) return file;
        Note(228, 3, mark.Length);
        mark.CopyTo(file, 244);
        return file;

        void Segment(int at, long start, long length)
        {
            BinaryPrimitives.WriteInt32LittleEndian(file.AsSpan(at), 4);
            BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(at + 8), start);
            BinaryPrimitives.WriteInt64LittleEndian(file.AsSpan(at + 32), length);
        }

        void Note(int at, int type, int length)
        {
            (file[at], file[at + 4], file[at + 8]) = (4, (byte)length, (byte)type);
            "GNU\0"u8.CopyTo(file.AsSpan(at + 12));
        }
    }
}
