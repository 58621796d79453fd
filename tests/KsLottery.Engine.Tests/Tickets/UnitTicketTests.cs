using System.Runtime.InteropServices;
using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Tickets;

/// <summary>Tickets of units of several tensors, against scores sorted one by one.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class UnitTicketTests : IDisposable
{
    private static readonly (string Name, int Rows, int Columns)[] Shapes = [("a.weight", 6, 8), ("b.norm", 1, 5), ("c.weight", 4, 10)];

    private readonly TemporaryFolder _folder = new();
    private readonly Dictionary<string, float[]> _before = [], _after = [];

    public UnitTicketTests()
    {
        Random random = new(7);
        foreach ((string name, int rows, int columns) in Shapes)
        {
            _before[name] = [.. Enumerable.Range(0, rows * columns).Select(_ => random.NextSingle() - 0.5f)];
            // Whole quarters, so that many units have one score.
            _after[name] = [.. _before[name].Select(value => random.Next(3) == 0 ? value : value + (random.Next(-3, 4) / 4f))];
        }
        Write(Base, _before);
        Write(Tuned, _after);
    }

    private string Base => _folder.File("base.safetensors");

    private string Tuned => _folder.File("tuned.safetensors");

    public void Dispose() => _folder.Dispose();

    [TestCase(1)]
    [TestCase(17)]
    [TestCase(90)]
    [TestCase(1000)]
    public void The_best_elements_of_all_tensors_are_those_of_a_sort(int count)
    {
        UnitTicketResult found = Find(new() { Scope = Elements("*"), Score = Movement, Selection = new TopUnits(count) });
        (string Name, int Element)[] expected = [.. Moved().Take(count).Order()];
        Assert.That(Members(found.Ticket.Mask), Is.EqualTo(expected));
        Assert.That((found.Ticket.Count, found.Ticket.Parameters, found.Ticket.UnitCount),
            Is.EqualTo((expected.Length, expected.Length, 93)));
        Assert.That(found.Ticket.CheckpointParameters, Is.EqualTo(93));
    }

    [Test]
    public void A_share_is_of_all_units_or_of_each_tensor()
    {
        UnitShare tenth = UnitShare.Parse("10%");
        TicketRecipe all = new() { Scope = Elements("*"), Score = Movement, Selection = new TopShare(tenth) };
        TicketRecipe each = all with { Selection = new TopShare(tenth, isPerTensor: true) };
        Assert.That(Find(all).Ticket.Count, Is.EqualTo(9));
        Assert.That(Find(each).Ticket.Tensors.Select(t => t.Mask.Units.Count), Is.EqualTo(new long[] { 4, 0, 4 }));
        Assert.That(Members(Find(all).Ticket.Mask), Is.EqualTo(Moved().Take(9).Order()));
    }

    [Test]
    public void A_pattern_keeps_the_best_of_each_group()
    {
        UnitTicketResult found = Find(new() { Scope = Elements("*.weight"), Score = Magnitude, Selection = new GroupPattern(1, 4) });
        Assert.That(found.Ticket.Tensors.Select(t => (t.Name, t.Mask.Units.Count)),
            Is.EqualTo(new[] { ("a.weight", 12L), ("c.weight", 12L) }));
        float[] values = _before["a.weight"];
        foreach (IGrouping<int, long> group in found.Ticket.Tensors[0].Mask.Units.GroupBy(i => (int)i / 4))
            Assert.That(Math.Abs(values[group.Single()]),
                Is.EqualTo(values[(group.Key * 4)..((group.Key + 1) * 4)].Select(Math.Abs).Largest()));
    }

    /// <summary>LoTTO's tickets: the second is the best of what the first left.</summary>
    [Test]
    public void What_another_ticket_holds_is_left_out()
    {
        TicketRecipe first = new() { Scope = Elements("*"), Score = Movement, Selection = new TopUnits(10) };
        TicketMask one = Find(first).Ticket.Mask, two = Find(first with { Without = one }).Ticket.Mask;
        Assert.That(one.Intersect(two).Count, Is.Zero);
        Assert.That(Members(one.Union(two)), Is.EqualTo(Moved().Take(20).Order()));
    }

    [Test]
    public void Rows_of_another_ticket_leave_no_element_of_them()
    {
        TicketMask rows = TicketMask.OfRows("a.weight", 6, 8, [0, 2, 4]);
        UnitTicket found = Find(new()
        {
            Scope = Elements("a.weight"),
            Score = Movement,
            Selection = new TopUnits(48),
            Without = rows,
        }).Ticket;
        Assert.That(found.Mask.Intersect(rows).Count, Is.Zero);
        Assert.That(found.Count, Is.EqualTo(24));
    }

    [TestCase("rows", 6)]
    [TestCase("columns", 8)]
    [TestCase("blocks:2x4", 6)]
    public void Units_of_several_elements_are_scored_by_their_shift(string name, int units)
    {
        Assert.That(TicketUnit.TryParse(name, out TicketUnit unit), Is.True);
        UnitTicketResult found = Find(new()
        {
            Scope = new(TensorChoice.Parse("a.weight"), unit),
            Score = TicketScore.Named("shift"),
            Selection = new TopUnits(2),
        });
        UnitGrid grid = unit.Cut(6, 8);
        double[] shifts = [.. Enumerable.Range(0, units).Select(u => Math.Sqrt(grid.GetRuns(u).Sum(run =>
            Enumerable.Range((int)run.Start, (int)run.Length).Sum(i => Square((double)_after["a.weight"][i] - _before["a.weight"][i])))))];
        Assert.That(found.Ticket.Mask.Tensors[0].Units,
            Is.EqualTo(Enumerable.Range(0, units).OrderByDescending(u => shifts[u]).ThenBy(u => u).Take(2).Order()));

        static double Square(double x) => x * x;
    }

    [Test]
    public void Values_that_are_not_finite_are_counted_and_never_win()
    {
        _after["c.weight"][7] = float.NaN;
        _before["a.weight"][3] = float.PositiveInfinity;
        Write(Base, _before);
        Write(Tuned, _after);
        UnitTicket found = Find(new() { Scope = Elements("*"), Score = Movement, Selection = new TopUnits(1000) }).Ticket;
        Assert.That(found.Tensors.Select(t => (t.BaseNonFinite, t.TunedNonFinite)), Is.EqualTo(new[] { (1L, 0L), (0L, 0L), (0L, 1L) }));
        Assert.That(found.Count, Is.EqualTo(91));
        Assert.That(Members(found.Mask), Has.No.Member(("c.weight", 7)).And.No.Member(("a.weight", 3)));
    }

    /// <summary>A score that reads one side must not choose what is no number on the other.</summary>
    [TestCase("magnitude")]
    [TestCase("tuned-magnitude")]
    [TestCase("random")]
    [TestCase("movement")]
    public void A_value_that_is_not_finite_on_either_side_never_wins(string score)
    {
        _after["a.weight"][7] = float.NegativeInfinity;
        _before["a.weight"][9] = float.NaN;
        Write(Base, _before);
        Write(Tuned, _after);
        foreach (TicketUnit unit in (TicketUnit[])[TicketUnit.Elements, TicketUnit.Rows])
        {
            UnitTicket found = Find(new()
            {
                Scope = new(TensorChoice.Parse("a.weight"), unit),
                Score = TicketScore.Named(score),
                Selection = new TopUnits(48),
            }).Ticket;
            Assert.That(found.Count, Is.EqualTo(unit == TicketUnit.Rows ? 4 : 46));
            Assert.That(unit.Cut(6, 8).ToElements(found.Mask.Tensors[0].Units), Has.No.Member(7L).And.No.Member(9L));
        }
    }

    [Test]
    public void A_scope_or_a_share_of_nothing_is_refused()
    {
        TicketRecipe recipe = new() { Scope = Elements("a.weight"), Score = Movement, Selection = new TopShare(UnitShare.Parse("1%")) };
        Assert.Multiple(() =>
        {
            Assert.That(() => Find(recipe), Throws.ArgumentException.With.Message.Contains("1% of 48 units is none"));
            Assert.That(() => Find(recipe with { Scope = Elements("*,!*.*") }),
                Throws.InstanceOf<KeyNotFoundException>().With.Message.Contains("takes out again all"));
        });
    }

    /// <summary>Groups of a tensor of three dimensions lie along the last, not along the matrix that it is laid out as.</summary>
    [Test]
    public void A_pattern_goes_along_the_last_dimension()
    {
        float[] values = [.. Enumerable.Range(1, 30).Select(i => (float)i)];
        string path = _folder.File("three.safetensors");
        SafetensorsWriter.Write(path,
            [TensorSource.FromBytes("t", ElementType.F32, [2, 3, 5], MemoryMarshal.AsBytes<float>(values).ToArray())]);
        using Checkpoint three = Checkpoint.Open(path);
        TicketMask mask = TicketFinder.Find(three, three, new()
        {
            Scope = Elements("t"),
            Score = Magnitude,
            Selection = new GroupPattern(1, 3),
        }).Ticket.Mask;
        Assert.That(mask.Tensors[0].Units, Is.EqualTo(Enumerable.Range(0, 6).SelectMany(run => new[] { (run * 5) + 2, (run * 5) + 4 })));
    }

    [Test]
    public void A_recipe_that_contradicts_itself_is_refused()
    {
        Assert.Multiple(() =>
        {
            Assert.That(() => Find(new() { Scope = Elements("*") }), Throws.ArgumentException.With.Message.Contains("smallest p-value"));
            Assert.That(() => Find(new() { Scope = Elements("*"), Score = Movement }),
                Throws.ArgumentException.With.Message.Contains("p-value"));
            Assert.That(() => Find(new() { Scope = Elements("*.bias") }),
                Throws.InstanceOf<KeyNotFoundException>().With.Message.Contains("*.bias"));
        });
        _after.Remove("b.norm");
        Write(Tuned, _after);
        Assert.That(() => Find(new() { Scope = Elements("*"), Score = Movement, Selection = new TopUnits(1) }),
            Throws.InstanceOf<KeyNotFoundException>().With.Message.Contains("b.norm"));
    }

    [Test]
    public void The_file_says_how_the_ticket_was_found_and_counts_it()
    {
        UnitTicket ticket = Find(new() { Scope = Elements("*.weight"), Score = Movement, Selection = new TopUnits(5) }).Ticket;
        string path = _folder.File(TicketFile.FileName);
        UnitTicketFile.Write(path, ticket);
        using JsonDocument read = JsonDocument.Parse(File.ReadAllBytes(path));
        JsonElement root = read.RootElement;
        Assert.Multiple(() =>
        {
            Assert.That(root.GetProperty("recipe").GetString(), Is.EqualTo("movement|unit:elements|tensors:*.weight|top:5"));
            Assert.That(root.GetProperty("signature").GetString(), Is.EqualTo(ticket.Signature).And.StartWith("movement|"));
            Assert.That(root.GetProperty("ticket_units").GetInt64(), Is.EqualTo(5));
            Assert.That(root.GetProperty("mask_fingerprint").GetString(), Is.EqualTo(ticket.Mask.TakeFingerprint()));
            Assert.That(root.GetProperty("tensors").EnumerateArray().Sum(t => t.GetProperty("ticket_units").GetInt64()), Is.EqualTo(5));
            Assert.That(() => TicketFile.Read(path), Throws.InstanceOf<InvalidDataException>().With.Message.Contains("units"));
        });
    }

    private static TicketScore Movement => TicketScore.Named("movement");

    private static TicketScore Magnitude => TicketScore.Named("magnitude");

    private static TicketScope Elements(string tensors) => new(TensorChoice.Parse(tensors), TicketUnit.Elements);

    private UnitTicketResult Find(TicketRecipe recipe)
    {
        using Checkpoint before = Checkpoint.Open(Base), after = Checkpoint.Open(Tuned);
        return TicketFinder.Find(before, after, recipe);
    }

    /// <summary>All elements by how far they moved, ties in the files' order.</summary>
    private IEnumerable<(string Name, int Element)> Moved() => Shapes
        .SelectMany(s => Enumerable.Range(0, s.Rows * s.Columns).Select(i => (s.Name, Element: i)))
        .OrderByDescending(e => Math.Abs(_after[e.Name][e.Element] - _before[e.Name][e.Element]));

    private static IEnumerable<(string Name, int Element)> Members(TicketMask mask) =>
        mask.Tensors.SelectMany(t => t.Units.Select(i => (t.Name, (int)i)));

    private static void Write(string path, Dictionary<string, float[]> tensors) => SafetensorsWriter.Write(path,
        [.. Shapes.Where(s => tensors.ContainsKey(s.Name)).Select(s => TensorSource.FromBytes(s.Name, ElementType.F32,
            s.Rows == 1 ? [s.Columns] : [s.Rows, s.Columns], MemoryMarshal.AsBytes<float>(tensors[s.Name]).ToArray()))]);
}
