using System.Text;
using KsLottery.Tests.Support;

namespace KsLottery.Cli.Tests;

public sealed class StartUpTests
{
    // The runtime's own record of what it loads (keyword Loader), in which names are UTF-16.
    [TestCase("--help", false)]
    [TestCase("demo --pair --quiet", false, Description = "finds, applies and reverts on the processor")]
    [TestCase("devices", true)]
    public void ILGPU_is_loaded_only_where_a_device_is_asked_for(string arguments, bool isLoaded)
    {
        KsLotteryTool.IgnoreIfNative("it loads nothing");
        using TemporaryFolder folder = new();
        ToolRun run = KsLotteryTool.Run([("DOTNET_EnableEventPipe", "1"), ("DOTNET_EventPipeOutputPath", folder.File("loads")),
            ("DOTNET_EventPipeConfig", "Microsoft-Windows-DotNETRuntime:0x8:4")], arguments.Split(' '));
        Assert.That(run.ExitCode, Is.Zero);
        byte[] loads = File.ReadAllBytes(folder.File("loads"));
        Assert.That(IsIn("System.CommandLine.dll"));
        Assert.That(IsIn("KsLottery.Engine.Mpi.dll"), Is.EqualTo(isLoaded), "one process needs none of it");
        Assert.That((IsIn("ILGPU.dll"), IsIn("ILGPU.Algorithms.dll")), Is.EqualTo((isLoaded, isLoaded)));

        bool IsIn(string name) => loads.AsSpan().IndexOf(Encoding.Unicode.GetBytes($"/{name}")) >= 0;
    }
}
