using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Ranks;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Tests.Tickets;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Tests.Ranks;

/// <summary>Tensors that are dealt to ranks: maps, norms, fingerprints, sparsity and distances are those of one process.</summary>
internal sealed class RankDealTests
{
    [Test]
    public void The_largest_are_dealt_first_and_each_once()
    {
        Assert.That(RankDeal.Deal([1, 9, 3, 4, 2], 2), Is.EqualTo(new[] { 0, 0, 1, 1, 1 }));
        Assert.That(RankDeal.Deal([5, 5], 5), Is.EqualTo(new[] { 0, 1 }));
        Assert.That(RankDeal.Deal([], 3), Is.Empty);
    }

    [Test]
    public void Ranks_map_and_inspect_what_one_process_does([Values(1, 2, 3, 5)] int size)
    {
        // One matrix is more than a rank's share, one tensor is no matrix, one is the same in both.
        using ScoreFixture pair = new(
        [
            .. Enumerable.Range(0, 7).Select(i => Matrix($"m{i}", i == 3 ? 700 : 5 + i, isChanged: i != 2)),
            ("v", [64], [.. Enumerable.Range(0, 64).Select(i => (float)i)], [.. Enumerable.Range(0, 64).Select(i => i + 0.5f)]),
            ("w", [8], new float[8], new float[8]),
        ]);
        (Checkpoint before, Checkpoint after) = pair.Checkpoints;
        var whole = Look(RankGroup.Alone, before, after);
        var found = ThreadRanks.Run(size, ranks => Look(ranks, before, after))[0];
        Assert.Multiple(() =>
        {
            Assert.That(whole.Map.Lines, Has.Count.EqualTo(7));
            Assert.That(found.Map.Lines.Select(Timeless), Is.EqualTo(whole.Map.Lines.Select(Timeless)));
            Assert.That(found.Map.ChangedOthers, Is.EqualTo(new[] { "v" }));
            Assert.That(found.Map.OtherCount, Is.EqualTo(2));
            Assert.That(found.Inspection.Norms, Is.EquivalentTo(whole.Inspection.Norms).And.Count.EqualTo(7));
            Assert.That(found.Inspection.Fingerprints, Is.EquivalentTo(whole.Inspection.Fingerprints).And.Count.EqualTo(9));
            Assert.That(found.Sparsity, Is.EqualTo(whole.Sparsity).And.Count.EqualTo(7));
            Assert.That(found.Distances, Is.EqualTo(whole.Distances).And.Count.EqualTo(9));
        });

        static TensorMapLine Timeless(TensorMapLine line) => line with { Elapsed = default };
    }

    private static (TensorMap Map, CheckpointInspection Inspection, IReadOnlyList<TensorSparsity> Sparsity,
        IReadOnlyList<WeightDistance> Distances) Look(RankGroup ranks, Checkpoint before, Checkpoint after) =>
        (TensorMap.Of(ranks, new(before, after), options: new() { Threads = 1 }),
            CheckpointInspection.Of(ranks, before, allNorms: true, fingerprints: true),
            TensorSparsity.Of(ranks, before.Tensors, null, default),
            WeightDistance.Of(ranks, before, after, null, null, null, default).Compared);

    private static (string Name, long[] Shape, float[] Before, float[] After) Matrix(string name, int rows, bool isChanged)
    {
        const int Width = 24;
        float[] before = [.. Enumerable.Range(0, rows * Width).Select(i => (float)Math.Sin(i + (100 * rows)))];
        return (name, [rows, Width], before, [.. before.Select((x, i) => isChanged && i < 3 * Width ? x + rows : x)]);
    }
}
