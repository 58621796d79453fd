using System.Text.Json;
using KsLottery.Engine.Devices;
using KsLottery.Tests.Support;

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
        if (KsLotteryTool.Command.Length == 1)
        {
            Assert.That(run.Lines, Has.Some.Match("^ilgpu +no +left out: this kslottery was compiled ahead of time"));
            return;
        }
        Assert.That(run.Lines, Has.Some.Match("^ilgpu:cuda(:0)? +(yes|no) +."));
        Assert.That(run.Lines, Has.Some.Match("^ilgpu:opencl(:0)? +(yes|no) +."));
        Assert.That(run.Lines, Has.Some.Match("^ilgpu:cpu +yes +the processor, as ILGPU"));
    }

    [TestCase("EnableAVX512", "vector512", "AVX-512")]
    [TestCase("EnableAVX2", "vector256", "AVX2")]
    public void A_row_kernel_that_cannot_run_is_listed_with_the_reason(string setting, string kernel, string set)
    {
        KsLotteryTool.IgnoreIfNative("it reads no such setting");
        Assert.That(KsLotteryTool.Run([($"DOTNET_{setting}", "0")], "devices").Lines,
            Has.Some.Match($"^{kernel} +no +({set} is switched off by a setting of the runtime|the processor has no {set})"));
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

    [Test]
    public void Without_a_driver_the_table_says_what_to_install()
    {
        using TemporaryFolder folder = new();
        ToolRun run = KsLotteryTool.Run([("OCL_ICD_VENDORS", folder.Path)], "devices", "--json");
        JsonElement missing = Find(run.Json(), "opencl");
        string reason = missing.GetProperty("reason").GetString()!;
        if (reason.Contains("no OpenCL loader", StringComparison.Ordinal)) Assert.Ignore(reason);
        Assert.That(missing.GetProperty("available").GetBoolean(), Is.False);
        Assert.That(reason, Does.Contain("finds no driver").And.Contain("CL_PLATFORM_NOT_FOUND_KHR (-1001)").And.Contain(folder.Path));
        Assert.That(missing.GetProperty("next_step").GetString(), Does.Contain("pocl-opencl-icd").And.Contain("--device cpu"));
        KsLotteryTool.IgnoreIfNative("ILGPU is not in it");
        JsonElement throughIlgpu = Find(run.Json(), "ilgpu:opencl");
        Assert.That(throughIlgpu.GetProperty("reason").GetString(), Does.EndWith("is there, and ILGPU finds no device through it"));
    }

    [Test]
    public void A_loader_that_is_no_library_is_told_with_the_systems_words()
    {
        if (!OperatingSystem.IsLinux()) Assert.Ignore("the loader is searched in LD_LIBRARY_PATH on Linux alone");
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("libOpenCL.so.1"), "junk");
        ToolRun run = KsLotteryTool.Run([("KSLOTTERY_OPENCL_LIBRARY", folder.File("libOpenCL.so.1"))], "devices");
        Assert.That(run.ExitCode, Is.Zero);
        Assert.That(run.Lines, Has.Some.Match("^opencl +no +no OpenCL loader: .*libOpenCL.so.1: cannot be loaded"));
        Assert.That(run.Lines, Has.Some.Contains("ocl-icd-libopencl1"));

        File.Delete(folder.File("libOpenCL.so.1"));
        run = KsLotteryTool.Run([("KSLOTTERY_OPENCL_LIBRARY", folder.File("libOpenCL.so.1"))], "devices");
        Assert.That(run.Lines, Has.Some.Match("^opencl +no +no OpenCL loader: .*libOpenCL.so.1: not found"));
    }

    [Test]
    public void A_broken_loader_in_the_library_path_is_passed_over_or_told()
    {
        if (!OperatingSystem.IsLinux()) Assert.Ignore("the loader is searched in LD_LIBRARY_PATH on Linux alone");
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("libOpenCL.so.1"), "junk");
        ToolRun run = KsLotteryTool.Run([("LD_LIBRARY_PATH", folder.Path)], "devices");
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, "")));
        Assert.That(run.Lines, Has.Some.Match("^opencl(:0)? +(yes|no) +."));
    }

    [Test]
    public void An_installed_device_tells_its_versions_and_limits()
    {
        JsonElement device = Find(KsLotteryTool.Run("devices", "--json").Json(), "opencl:0");
        if (device.ValueKind == JsonValueKind.Undefined) Assert.Ignore("no OpenCL device is installed");
        JsonElement facts = device.GetProperty("facts");
        Assert.That(facts.GetProperty("version").GetString(), Does.StartWith("OpenCL "));
        Assert.That(long.Parse(facts.GetProperty("memory_bytes").GetString()!, System.Globalization.CultureInfo.InvariantCulture),
            Is.Positive);
        Assert.That(facts.GetProperty("double_precision").GetString(), Is.EqualTo("yes").Or.EqualTo("no"));
    }

    [Test]
    public void Measurements_are_kept_and_auto_goes_by_them()
    {
        using TemporaryFolder folder = new();
        (string, string)[] environment = [("KSLOTTERY_CACHE", folder.Path), ("OCL_ICD_VENDORS", folder.Path)];
        JsonElement measured = KsLotteryTool.Run(environment, "devices", "--measure", "--json", "--quiet").Json();
        Assert.That(measured.GetProperty("measurements").EnumerateArray()
            .Select(m => (m.GetProperty("device").GetString(), m.GetProperty("work").GetString())),
            Is.SupersetOf(new[] { ("cpu", "rows"), ("cpu", "tokens") }));
        Assert.That(measured.GetProperty("measurements").EnumerateArray().Select(m => m.GetProperty("device").GetString()),
            Has.None.EqualTo("ilgpu:cpu").And.None.EqualTo("simulated"));
        ToolRun later = KsLotteryTool.Run(environment, "devices");
        Assert.That(later.Lines, Has.Some.Match("^cpu +testing rows +[0-9,]+ rows"));
        Assert.That(later.Lines, Has.Some.StartsWith("--device auto is "));
        Assert.That(File.Exists(folder.File("measurements.json")));
    }

    [Test]
    public void A_tool_that_is_compiled_ahead_of_time_says_in_a_line_why_it_has_no_ILGPU()
    {
        DeviceInfo absent = new AbsentIlgpu().Probe().Single();
        Assert.That((absent.Name, absent.Reason, absent.NextStep is null),
            Is.EqualTo(("ilgpu", "left out: this kslottery was compiled ahead of time, and ILGPU makes code at run time", false)));
        Assert.That(() => new AbsentIlgpu().Open(absent), Throws.TypeOf<DeviceUnavailableException>().With.Message.Contains("left out"));
    }

    private static JsonElement Find(JsonElement listing, string name) =>
        listing.GetProperty("devices").EnumerateArray().FirstOrDefault(d => d.GetProperty("name").GetString() == name);
}
