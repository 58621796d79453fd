using System.Globalization;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Ranks;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Tests.Tickets;

internal sealed class TensorMapTests
{
    private const int MatrixCount = 24;

    /// <summary>One matrix is more than a thread's part of all, and so scanned by all threads; the others are dealt.</summary>
    [Test]
    public void Threads_change_neither_lines_nor_their_order()
    {
        using ScoreFixture pair = new([.. Enumerable.Range(0, MatrixCount).Select(i => Matrix(i, rows: i == 5 ? 4096 : 16 + i))]);
        (Checkpoint before, Checkpoint after) = pair.Checkpoints;
        TensorMap Map(int threads, IProgress<TensorMapProgress>? progress = null) =>
            TensorMap.Of(RankGroup.Alone, new(before, after), options: new RowScanOptions { Threads = threads }, progress: progress);
        List<RowScanProgress> told = [];
        TensorMap expected = Map(1), map = Map(3, new ProgressRelay<TensorMapProgress>(p => told.Add(p.Scan)));
        Assert.That(expected.Lines.Select(l => (l.Name, l.Changed)),
            Is.EqualTo(Enumerable.Range(0, MatrixCount).Select(i => ($"m{i:00}", 3L))));
        Assert.That(map.Lines.Select(l => l with { Elapsed = default }),
            Is.EqualTo(expected.Lines.Select(l => l with { Elapsed = default })));
        Assert.That(told.Select(p => p.RowsDone), Is.Ordered);
        Assert.That((told[^1].RowsDone, told[^1].RowCount), Is.EqualTo((expected.RowCount, expected.RowCount)));
    }

    [Test]
    public void Matrices_do_not_stay_in_memory()
    {
        if (!OperatingSystem.IsLinux()) Assert.Ignore("only Linux shows how much of a mapping is resident");
        using ScoreFixture pair = new([.. Enumerable.Range(0, MatrixCount).Select(i => Matrix(i, rows: 4096))]);
        (Checkpoint before, Checkpoint after) = pair.Checkpoints;
        _ = TensorMap.Of(RankGroup.Alone, new(before, after), options: new RowScanOptions { Threads = 2 });
        long length = before.Tensors.Sum(t => t.ByteLength);
        foreach (Checkpoint one in (Checkpoint[])[before, after])
            Assert.That(Resident(one.Shards[0].Path), Is.InRange(0, length / 4), $"of {length} bytes");
    }

    private static (string Name, long[] Shape, float[] Before, float[] After) Matrix(int number, int rows)
    {
        const int Width = 32, Changed = 3;
        float[] before = [.. Enumerable.Range(0, rows * Width).Select(i => (float)Math.Sin(i + (100 * number)))];
        return ($"m{number:00}", [rows, Width], before, [.. before.Select((x, i) => i < Changed * Width ? x + number + 1 : x)]);
    }

    /// <summary>Bytes of a mapped file that are resident.</summary>
    private static long Resident(string path) => File.ReadLines("/proc/self/smaps")
        .SkipWhile(l => !l.EndsWith(path, StringComparison.Ordinal)).Where(l => l.StartsWith("Rss:", StringComparison.Ordinal))
        .Select(l => 1024 * long.Parse(l.Split()[^2], CultureInfo.InvariantCulture)).First();
}
