using System.Text.Json;

namespace KsLottery.Cli.Tests.Commands;

public sealed class DevicesTests
{
    [Test]
    public void The_table_names_each_device_and_why_it_is_missing()
    {
        ToolRun run = KsLotteryTool.Run("devices");
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, "")));
        Assert.That(run.Lines, Has.Some.Match("^cpu +yes +.*logical processor"));
        Assert.That(run.Lines, Has.Some.Match("^opencl(:0)? +(yes|no) +."));
        Assert.That(run.Lines, Has.Some.Match("^scalar +yes"));
        Assert.That(run.Lines, Has.Exactly(1).Contains("taken by a scan"));
    }

    [Test]
    public void Json_holds_the_same_with_the_chosen_kernel()
    {
        JsonElement cpu = KsLotteryTool.Run([("KSLOTTERY_KERNEL", "scalar")], "devices", "--json").Json().GetProperty("devices")[0];
        Assert.That(cpu.GetProperty("name").GetString(), Is.EqualTo("cpu"));
        Assert.That(cpu.GetProperty("available").GetBoolean(), Is.True);
        Assert.That(cpu.GetProperty("kernel").GetString(), Is.EqualTo("scalar"));
        Assert.That(cpu.GetProperty("logical_processors").GetInt32(), Is.EqualTo(Environment.ProcessorCount));
        Assert.That(cpu.GetProperty("kernels").EnumerateArray().Select(k => k.GetProperty("name").GetString()), Does.Contain("reference"));
    }

    [Test]
    public void A_kernel_that_cannot_run_is_told_and_is_no_error_of_the_listing()
    {
        ToolRun run = KsLotteryTool.Run([("KSLOTTERY_KERNEL", "vector1024")], "devices");
        Assert.That(run.ExitCode, Is.Zero);
        Assert.That(run.Lines, Has.Some.Match("^cpu +no +KSLOTTERY_KERNEL=vector1024"));
    }
}
