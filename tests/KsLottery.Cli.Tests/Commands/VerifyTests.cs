using KsLottery.Engine.Operations;
using KsLottery.Engine.Verification;
using KsLottery.Tests.Support;

namespace KsLottery.Cli.Tests.Commands;

[TestFixture]
internal sealed class VerifyTests
{
    [Test]
    public void Gradients_that_are_NaN_end_with_exit_code_4()
    {
        using ComputeDevice device = MutantDevice.Open(new(nameof(IOperations.RmsNormBackward), "weightGradient", Damage.NotANumber));
        using ConsoleUi ui = new(json: false, quiet: true);
        Assert.That(VerifyCommand.Run(device, VerificationMode.Gradient, "gradient full tied", ui, CancellationToken.None), Is.EqualTo(4));
    }

    [TestCase("test", "cross entropy", 12)]
    [TestCase("grad", "tied", 10)]
    [TestCase("perf", "rows BF16", 7)]
    [TestCase("support", "AdamW", 1)]
    public void The_names_of_the_checks_are_listed_as_the_filter_leaves_them(string mode, string filter, int count)
    {
        ToolRun run = KsLotteryTool.Run("verify", mode, "--list", "--filter", filter);
        Assert.That((run.ExitCode, run.Error), Is.EqualTo((0, "")));
        Assert.That(run.Lines.Count(l => l.Contains(filter, StringComparison.Ordinal)), Is.EqualTo(count));
        Assert.That(KsLotteryTool.Run("verify", mode, "--list", "--filter", filter, "--json").Json().GetProperty("checks")
            .EnumerateArray().Select(c => c.GetString()), Is.EqualTo(run.Lines));
    }

    [Test]
    public void No_name_with_the_filters_text_is_an_error_of_usage() =>
        Assert.That(KsLotteryTool.Run("verify", "--list", "--filter", "none such").ExitCode, Is.EqualTo(1));

    [Test]
    public void What_imitates_a_device_gets_a_sample_and_all_checks_of_a_name()
    {
        using ComputeDevice device = ComputeDevice.Open("simulated");
        Assert.That(DeviceVerification.Count(device, VerificationMode.Gradient), Is.EqualTo(1));
        Assert.That(DeviceVerification.Count(device, VerificationMode.Gradient, "tied"), Is.EqualTo(10));
        Assert.That(DeviceVerification.Count(device, VerificationMode.Test), Is.EqualTo(90));
        string[] kinds = [.. RowCases.Sample.Take(33).Select(c => c.Name.Split(' ')[2]).Distinct()];
        Assert.That(kinds, Has.Length.EqualTo(33));
    }

    [Test]
    public void A_check_on_what_imitates_a_device_is_warned_of()
    {
        KsLotteryTool.IgnoreIfNative("ILGPU is not in it");
        ToolRun run = KsLotteryTool.Run("verify", "--device", "ilgpu:cpu", "--filter", "clear 33");
        Assert.That(run.ExitCode, Is.Zero);
        Assert.That(run.Error, Does.Contain("ilgpu:cpu only imitates a device"));
        Assert.That(run.Lines, Has.Some.EndsWith("ilgpu:cpu computes what the reference computes."));
    }
}
