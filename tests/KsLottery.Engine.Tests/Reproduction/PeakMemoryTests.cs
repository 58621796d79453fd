using KsLottery.Engine.Reproduction;
using KsLottery.Engine.Training;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Reproduction;

[TestFixture]
public sealed class PeakMemoryTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public void The_most_of_all_steps_stays_whatever_process_did_them()
    {
        foreach ((long[] held, long peak) in (ReadOnlySpan<(long[], long)>)[([5, 9, 7], 9), ([], 9), ([6, 8], 9), ([10], 10)])
        {
            long now = 0;
            PeakMemory memory = new(_folder.Path, () => now, null);
            foreach (long bytes in held)
            {
                now = bytes;
                memory.Report(default);
            }
            Assert.That((memory.Bytes, File.ReadAllText(_folder.File(PeakMemory.FileName))), Is.EqualTo((peak, $"{peak}\n")));
        }
    }

    [Test]
    public void A_step_is_passed_on_and_a_damaged_file_is_named()
    {
        List<long> heard = [];
        string folder = Directory.CreateDirectory(_folder.File("other")).FullName;
        new PeakMemory(folder, () => 1, new Heard(heard)).Report(new(7, new(3, 0.5), TimeSpan.Zero));
        Assert.That(heard, Is.EqualTo(new[] { 3L }));
        File.WriteAllText(Path.Combine(folder, PeakMemory.FileName), "much");
        Assert.That(() => new PeakMemory(folder, () => 1, null), Throws.TypeOf<InvalidDataException>()
            .With.Message.Contains(PeakMemory.FileName).And.Message.Contains("Delete the folder of the step"));
    }

    private sealed class Heard(List<long> steps) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => steps.Add(value.Step.Step);
    }
}
