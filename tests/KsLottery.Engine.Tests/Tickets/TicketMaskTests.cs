using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Tickets;

/// <summary>Units of matrices and sets of them, against elements marked one by one.</summary>
public sealed class TicketMaskTests
{
    private static readonly TicketUnit[] Units =
    [
        TicketUnit.Rows, TicketUnit.Elements, TicketUnit.Columns, TicketUnit.Blocks(2, 3), TicketUnit.Blocks(3, 0), TicketUnit.Blocks(0, 4),
    ];

    /// <summary>Sides that blocks divide, and sides that they do not.</summary>
    [Test]
    public void Units_cover_every_element_once(
        [ValueSource(nameof(Units))] TicketUnit unit, [Values(1, 6, 7)] int rows, [Values(1, 12, 13)] int columns)
    {
        UnitGrid grid = unit.Cut(rows, columns);
        int[] owners = new int[rows * columns];
        for (long u = 0; u < grid.Count; u++)
            foreach (IndexRun run in grid.GetRuns(u))
                for (long i = run.Start; i < run.End; i++)
                {
                    owners[i]++;
                    (long row, long column) = (i / columns, i % columns);
                    Assert.That((row / grid.BlockRows * grid.Across) + (column / grid.BlockColumns), Is.EqualTo(u));
                }
        Assert.That(owners, Is.All.EqualTo(1));
        Assert.That(grid.ToElements(IndexSet.All(grid.Count)), Is.EqualTo(IndexSet.All(rows * columns)));
    }

    [Test]
    public void Some_units_have_their_own_elements([ValueSource(nameof(Units))] TicketUnit unit)
    {
        UnitGrid grid = unit.Cut(7, 13);
        Random random = new(1);
        IndexSet units = IndexSet.Of(grid.Count, Enumerable.Range(0, (int)grid.Count).Where(_ => random.Next(3) == 0));
        SortedSet<long> expected = [];
        foreach (long u in units)
            foreach (IndexRun run in grid.GetRuns(u))
                for (long i = run.Start; i < run.End; i++) expected.Add(i);
        Assert.Multiple(() =>
        {
            Assert.That(units.Count, Is.GreaterThan(0));
            Assert.That(grid.ToElements(units), Is.EqualTo(expected));
            Assert.That(grid.CountElements(units), Is.EqualTo(expected.Count));
        });
    }

    [TestCase("rows", 4, 6, 4)]
    [TestCase("elements", 4, 6, 24)]
    [TestCase("columns", 4, 6, 6)]
    [TestCase("blocks:2x3", 4, 6, 4)]
    [TestCase("blocks:allx3", 4, 6, 2)]
    [TestCase("blocks:3x4", 4, 6, 4)]
    [TestCase("blocks:9x9", 4, 6, 1)]
    public void A_unit_reads_and_writes_its_name(string name, long rows, long columns, long count)
    {
        Assert.That(TicketUnit.TryParse(name, out TicketUnit unit), Is.True);
        Assert.That(unit.ToString(), Is.EqualTo(name));
        Assert.That(unit.Cut(rows, columns).Count, Is.EqualTo(count));
    }

    [TestCase("row")]
    [TestCase("blocks:")]
    [TestCase("blocks:0x3")]
    [TestCase("blocks:2x")]
    [TestCase("blocks:2x3x4")]
    [TestCase("blocks:+2x3")]
    [TestCase(null)]
    public void Another_word_is_no_unit(string? name) => Assert.That(TicketUnit.TryParse(name, out _), Is.False);

    [Test]
    public void Masks_of_different_units_combine_by_their_elements()
    {
        TicketMask rows = TicketMask.OfRows("w", 4, 6, [1, 3]);
        TicketMask columns = new([new("w", TicketUnit.Columns.Cut(4, 6), IndexSet.Of(6, [0, 5]))]);
        TicketMask both = rows.Intersect(columns), either = rows.Union(columns);
        Assert.Multiple(() =>
        {
            Assert.That(both.Tensors[0].Units, Is.EqualTo(new long[] { 6, 11, 18, 23 }));
            Assert.That(either.Parameters, Is.EqualTo(12 + 8 - 4));
            Assert.That(rows.Except(columns).Parameters, Is.EqualTo(8));
            Assert.That(rows.Jaccard(columns), Is.EqualTo(4 / 16.0));
            Assert.That(rows.Complement().Tensors[0].Units, Is.EqualTo(new long[] { 0, 2 }));
            Assert.That(rows.ToElements(), Is.EqualTo(new TicketMask([rows.Tensors[0].ToElements()])));
        });
    }

    [Test]
    public void What_a_mask_leaves_of_some_tensors_is_counted_in_elements()
    {
        using TemporaryFolder folder = new();
        SafetensorsWriter.Write(folder.File("a.safetensors"), [TensorSource.FromBytes("a", ElementType.U8, [2, 3], new byte[6]),
            TensorSource.FromBytes("b", ElementType.U8, [4], new byte[4]),
            TensorSource.FromBytes("c", ElementType.U8, [2, 2], new byte[4])]);
        using Checkpoint checkpoint = Checkpoint.Open(folder.File("a.safetensors"));
        TicketMask mask = TicketMask.OfRows("a", 2, 3, [1]).Union(TicketMask.OfRows("c", 2, 2, [0]));
        Assert.That(mask.ComplementIn([checkpoint.GetTensor("a"), checkpoint.GetTensor("b")]).Tensors.Select(t => (t.Name, t.Runs)),
            Is.EqualTo(new (string, IEnumerable<IndexRun>)[] { ("a", [new(0, 3)]), ("b", [new(0, 4)]) }));
        Assert.That(() => TicketMask.OfRows("a", 3, 2, [1]).ComplementIn(checkpoint.Tensors), Throws.ArgumentException);
    }

    [Test]
    public void A_tensor_that_one_mask_lacks_counts_as_empty()
    {
        TicketMask a = TicketMask.OfRows("a", 4, 2, [0]), b = TicketMask.OfRows("b", 3, 2, [2]);
        Assert.Multiple(() =>
        {
            Assert.That(a.Union(b).Tensors.Select(t => (t.Name, t.Parameters)), Is.EqualTo(new[] { ("a", 2L), ("b", 2L) }));
            Assert.That(a.Intersect(b).Count, Is.Zero);
            Assert.That(a.Except(b).Parameters, Is.EqualTo(2));
            Assert.That(a.Union(b).ElementCount, Is.EqualTo(14));
        });
    }

    [Test]
    public void Sets_and_shapes_that_do_not_fit_are_refused()
    {
        TensorMask one = TicketMask.OfRows("a", 4, 2, [0]).Tensors[0];
        Assert.Multiple(() =>
        {
            Assert.That(() => new TicketMask([one, one]), Throws.ArgumentException.With.Message.Contains("twice"));
            Assert.That(() => new TicketMask([one with { Units = IndexSet.All(5) }]), Throws.ArgumentException.With.Message.Contains("5"));
            Assert.That(() => TicketMask.OfRows("a", 4, 2, [0]).Union(TicketMask.OfRows("a", 4, 3, [0])),
                Throws.ArgumentException.With.Message.Contains("[4,3]"));
            Assert.That(() => one.Grid.GetRuns(4), Throws.InstanceOf<ArgumentOutOfRangeException>());
        });
    }
}
