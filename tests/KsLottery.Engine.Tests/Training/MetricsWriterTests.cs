using KsLottery.Engine.Training;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Training;

internal sealed class MetricsWriterTests
{
    [Test]
    public void A_step_is_a_line_with_every_property()
    {
        using TemporaryFolder folder = new();
        string path = folder.File(MetricsWriter.FileName);
        using (MetricsWriter writer = new(path))
        {
            writer.Write(new StepMetrics(1, 1 / 3.0)
            {
                Loss = 0.1 + 0.2,
                GradientNorm = 1e-300,
                LearningRate = 2e-5,
                TokensPerSecond = 12_345
            });
            writer.Write(new StepMetrics(2, 0.5) { Loss = double.NaN, EvalLoss = 4 });
            writer.Flush();
        }
        Assert.That(File.ReadAllText(path), Is.EqualTo(
            """{"step":1,"epoch":0.3333333333333333,"loss":0.30000000000000004,"eval_loss":null,"grad_norm":1E-300,"learning_rate":2E-05,"tokens_per_second":12345}""" + "\n" +
            """{"step":2,"epoch":0.5,"loss":null,"eval_loss":4,"grad_norm":null,"learning_rate":null,"tokens_per_second":null}""" + "\n"));
    }

    [TestCase(0L, new long[0]), TestCase(2L, new long[] { 1, 2 }), TestCase(3L, new long[] { 1, 2, 3 }),
        TestCase(9L, new long[] { 1, 2, 3 })]
    public void A_resumed_run_drops_later_steps_and_a_cut_line(long resumed, long[] kept)
    {
        using TemporaryFolder folder = new();
        string path = folder.File("metrics.jsonl");
        using (MetricsWriter writer = new(path))
            foreach (long step in (long[])[1, 2, 3]) writer.Write(new StepMetrics(step, step));
        string[] lines = File.ReadAllLines(path);
        File.AppendAllText(path, "{\"step\":4,\"ep");
        using (MetricsWriter writer = new(path, resumed)) writer.Write(new StepMetrics(resumed + 1, 0));
        string[] after = File.ReadAllLines(path);
        Assert.That(after[..^1], Is.EqualTo(kept.Select(step => lines[step - 1])));
        Assert.That(after[^1], Does.StartWith($"{{\"step\":{resumed + 1},"));
        Assert.That(Directory.GetFiles(folder.Path), Has.Length.EqualTo(1));
    }

    [TestCase("{}"), TestCase("x"), TestCase("{\"step\":\"1\"}"), TestCase("[1]")]
    public void A_damaged_line_is_named(string line)
    {
        using TemporaryFolder folder = new();
        string path = folder.File("metrics.jsonl");
        File.WriteAllText(path, "{\"step\":1}\n" + line + "\n");
        Assert.That(() => new MetricsWriter(path, 1), Throws.TypeOf<InvalidDataException>().With.Message
            .StartsWith($"{path}: line 2 is no JSON object"));
        Assert.That(File.ReadAllLines(path), Has.Length.EqualTo(2), "left as it was");
    }
}
