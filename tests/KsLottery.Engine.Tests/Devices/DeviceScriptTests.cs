using System.Diagnostics;
using System.Text.RegularExpressions;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Operations;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Devices;

/// <summary>The scripts of <c>bench/device</c>, which are for machines that no test runs on.</summary>
public sealed partial class DeviceScriptTests
{
    private static readonly string Folder = Path.Combine(SharedData.Root, "bench", "device");

    /// <summary>The parts in which <c>verify.sh</c> runs the checks leave none out and repeat none.</summary>
    [Test]
    public void Every_check_is_in_exactly_one_part_of_the_page()
    {
        string loop = PartsLoop().Match(File.ReadAllText(Path.Combine(Folder, "verify.sh"))).Groups[1].Value;
        string[] parts = [.. Part().Matches(loop).Select(m => m.Value.Trim('"'))];
        Assert.That(parts.Length > 10, Is.True);
        using ComputeDevice cpu = ComputeDevice.Open(DeviceCatalog.Cpu);
        IEnumerable<string> names = DeviceVerification.Cases(cpu, VerificationMode.Test, null).Select(c => c.Name);
        Assert.That(names.Where(name => parts.Count(part => name.Contains(part, StringComparison.OrdinalIgnoreCase)) != 1), Is.Empty);
    }

    [Test]
    public void A_part_that_is_cut_or_fails_leaves_its_lines_and_the_next_one_runs()
    {
        if (!OperatingSystem.IsLinux()) Assert.Ignore("the scripts are for Linux");
        using TemporaryFolder folder = new();
        string page = Path.Combine(folder.Path, "page.md");
        const string Parts = """
            source "$0/page.sh"
            page=$1
            show 1 '' first bash -c 'echo begun; exec sleep 9'
            show 9 '' second bash -c 'echo why >&2; exit 4'
            show 9 A=b third bash -c 'echo $A'
            limit=0
            show 9 '' fourth echo never
            end
            """;
        using Process bash = Process.Start(new ProcessStartInfo("bash", ["-c", Parts, Folder, page]) { RedirectStandardError = true })!;
        string said = bash.StandardError.ReadToEnd();
        bash.WaitForExit();
        Assert.That(bash.ExitCode, Is.EqualTo(1), said);
        string text = File.ReadAllText(page);
        Assert.That(text, Does.Contain("`first`\n\n```\nbegun\n```\n\nIt was cut: it may take 1 s").And
            .Contain("`second`\n\n```\nwhy\n```\n\nIt ended with exit code 4.").And.Contain("`A=b third`\n\n```\nb\n```\n").And
            .Contain("`fourth` was not run").And.Not.Contain("never\n"));
    }

    [GeneratedRegex("for part in (.*); do\n")]
    private static partial Regex PartsLoop();

    [GeneratedRegex("\"[^\"]+\"|\\S+")]
    private static partial Regex Part();
}
