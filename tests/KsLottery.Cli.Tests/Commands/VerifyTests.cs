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
}
