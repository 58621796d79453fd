using System.Text;
using KsLottery.Engine.Reports;
using KsLottery.Engine.Training;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Reports;

public sealed class TensorBoardFileTests
{
    private static readonly StepMetrics[] Steps =
    [
        new(1, 0.1) { Loss = 2.5, GradientNorm = 0.1, LearningRate = 2e-5, TokensPerSecond = 12345 },
        new(2, 0.2),
        new(300, 1) { Loss = 1.25, EvalLoss = 3 },
    ];

    [Test]
    public void The_bytes_are_those_of_an_independent_writer()
    {
        using TemporaryFolder folder = new();
        string path = folder.File(TensorBoardFile.FileName);
        TensorBoardFile.Write(path, Steps);
        string golden = Path.Combine(SharedData.Root, "tests", "KsLottery.Engine.Tests", "Golden", "tensorboard_golden.hex");
        Assert.That(Convert.ToHexStringLower(File.ReadAllBytes(path)), Is.EqualTo(File.ReadAllText(golden).Trim()));
        Assert.That(TensorBoardFile.FileName, Does.Contain("tfevents"), "by which TensorBoard knows the file");
    }

    /// <summary>RFC 3720, appendix B.4, and the check value of the catalogue of CRCs.</summary>
    [Test]
    public void The_sum_is_CRC_32C()
    {
        Assert.That(TensorBoardFile.Crc32C(new byte[32]), Is.EqualTo(0x8A9136AA));
        Assert.That(TensorBoardFile.Crc32C([.. Enumerable.Repeat((byte)0xFF, 32)]), Is.EqualTo(0x62A8AB43));
        Assert.That(TensorBoardFile.Crc32C([.. Enumerable.Range(0, 32).Select(i => (byte)i)]), Is.EqualTo(0x46DD794E));
        Assert.That(TensorBoardFile.Crc32C([.. Enumerable.Range(0, 32).Select(i => (byte)(31 - i))]), Is.EqualTo(0x113FDB5C));
        Assert.That(TensorBoardFile.Crc32C(Encoding.ASCII.GetBytes("123456789")), Is.EqualTo(0xE3069283));
    }
}
