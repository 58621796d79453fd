using System.Globalization;
using System.Text;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tickets;

/// <summary>The units of one tensor that are in a mask.</summary>
/// <param name="Name">The tensor.</param>
/// <param name="Grid">How it is cut.</param>
/// <param name="Units">The units.</param>
public sealed record TensorMask(string Name, UnitGrid Grid, IndexSet Units)
{
    /// <summary>How many elements are in the mask.</summary>
    public long Parameters => Grid.CountElements(Units);

    /// <summary>The elements of the mask, ascending; neighbours may touch.</summary>
    public IEnumerable<IndexRun> Runs => Grid.ToRuns(Units);

    /// <summary>The rows of the matrix in which the mask has elements.</summary>
    public IndexSet Rows
    {
        get
        {
            if (Grid.IsRows) return Units;
            IndexSetBuilder rows = new(Grid.Rows);
            long next = 0;
            foreach (IndexRun run in Runs)
            {
                long first = Math.Max(next, run.Start / Grid.Columns);
                next = Math.Max(next, (run.End - 1) / Grid.Columns + 1);
                if (next > first) rows.AddRun(new(first, next - first));
            }
            return rows.ToSet();
        }
    }

    /// <summary>Some rows of a matrix.</summary>
    public static TensorMask OfRows(string name, long columns, IndexSet rows)
    {
        ArgumentNullException.ThrowIfNull(rows);
        return new(name, TicketUnit.Rows.Cut(rows.Length, columns), rows);
    }

    /// <summary>The same elements as units of their own.</summary>
    public TensorMask ToElements() => Grid.UnitSize == 1 ? this : new(Name, Grid with { BlockRows = 1, BlockColumns = 1 },
        Grid.ToElements(Units));
}

/// <summary>Which units of which tensors: what a ticket selects, a training changes and a patch carries.</summary>
/// <remarks>
/// The tensors keep the order in which they were given. Masks whose units differ in shape are combined by their elements. A tensor that
/// one of two masks does not name counts there as empty. Masks of neighbours: LoTTO's disjoint tickets are <see cref="Except"/>, grafts of
/// several tasks <see cref="Union"/>.
/// </remarks>
public sealed class TicketMask : IEquatable<TicketMask>
{
    private readonly Dictionary<string, TensorMask> _byName;

    /// <summary>Makes a mask.</summary>
    /// <exception cref="ArgumentException">A tensor stands twice, or a set is not of its tensor's units.</exception>
    public TicketMask(IEnumerable<TensorMask> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        Tensors = [.. tensors];
        _byName = new(StringComparer.Ordinal);
        foreach (TensorMask tensor in Tensors)
        {
            if (tensor.Units.Length != tensor.Grid.Count)
                throw new ArgumentException($"{tensor.Name}: the set is of {tensor.Units.Length} units, the tensor has {tensor.Grid}. "
                    + "Take the set of this tensor.", nameof(tensors));
            if (!_byName.TryAdd(tensor.Name, tensor))
                throw new ArgumentException($"{tensor.Name} stands twice. Unite its units.", nameof(tensors));
        }
    }

    /// <summary>The tensors.</summary>
    public IReadOnlyList<TensorMask> Tensors { get; }

    /// <summary>How many units are in the mask.</summary>
    public long Count => Tensors.Sum(t => t.Units.Count);

    /// <summary>How many elements are in the mask.</summary>
    public long Parameters => Tensors.Sum(t => t.Parameters);

    /// <summary>The elements of all its tensors, in the mask or not.</summary>
    public long ElementCount => Tensors.Sum(t => t.Grid.ElementCount);

    /// <summary>Some rows of a matrix.</summary>
    /// <exception cref="ArgumentException">They do not ascend, or there are no such rows.</exception>
    public static TicketMask OfRows(string name, long rows, long columns, IEnumerable<int> ascending) =>
        new([TensorMask.OfRows(name, columns, IndexSet.Of(rows, ascending))]);

    /// <summary>The part in a tensor; null where the mask does not name it.</summary>
    public TensorMask? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>What is in either mask.</summary>
    /// <exception cref="ArgumentException">A tensor has another shape in the other mask; so for the others.</exception>
    public TicketMask Union(TicketMask other) => Combine(other, (a, b) => a.Union(b));

    /// <summary>What is in both masks.</summary>
    public TicketMask Intersect(TicketMask other) => Combine(other, (a, b) => a.Intersect(b));

    /// <summary>What is in this mask alone.</summary>
    public TicketMask Except(TicketMask other) => Combine(other, (a, b) => a.Except(b));

    /// <summary>The other units of the same tensors.</summary>
    public TicketMask Complement() => new(Tensors.Select(t => t with { Units = t.Units.Complement() }));

    /// <summary>All elements of some tensors that are not in the mask, in LoTTO the part of a model that a task leaves to the next (arXiv
    /// 2406.16797); a tensor that the mask does not name is taken whole.</summary>
    /// <exception cref="ArgumentException">A tensor has another shape in the mask.</exception>
    public TicketMask ComplementIn(IEnumerable<Tensor> tensors) => new TicketMask(tensors.Select(t =>
    {
        UnitGrid grid = TicketUnit.Elements.Cut(t);
        return new TensorMask(t.Name, grid, IndexSet.All(grid.Count));
    })).Except(new(tensors.Select(t => Find(t.Name)).OfType<TensorMask>()));

    /// <summary>The same elements as units of their own.</summary>
    public TicketMask ToElements() => new(Tensors.Select(t => t.ToElements()));

    /// <summary>|A ∩ B| / |A ∪ B| of elements; NaN where both are empty.</summary>
    public double Jaccard(TicketMask other)
    {
        long both = Intersect(other).Parameters;
        return (double)both / (Parameters + other.Parameters - both);
    }

    /// <summary>A fingerprint by which the mask is known again.</summary>
    /// <returns><c>sha256:</c> and 64 hexadecimal digits: of each tensor with units a line with its name, <c>[R,C]</c>, the block's
    /// <c>rows x columns</c> and the coding, then the bytes of <see cref="IndexSet.Encode"/>.</returns>
    public string TakeFingerprint()
    {
        using ContentHash hash = new();
        foreach (TensorMask tensor in Tensors.Where(t => t.Units.Count > 0))
        {
            (long rows, long columns, long blockRows, long blockColumns) = tensor.Grid;
            hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture,
                $"{tensor.Name} [{rows},{columns}] {blockRows}x{blockColumns} {tensor.Units.Coding}\n")));
            hash.AppendData(tensor.Units.Encoded);
        }
        return Fingerprint.Finish(hash);
    }

    /// <inheritdoc/>
    public bool Equals(TicketMask? other) => other is not null && Tensors.SequenceEqual(other.Tensors);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as TicketMask);

    /// <inheritdoc/>
    public override int GetHashCode() => Tensors.Aggregate(0, HashCode.Combine);

    private TicketMask Combine(TicketMask other, Func<IndexSet, IndexSet, IndexSet> combine)
    {
        ArgumentNullException.ThrowIfNull(other);
        return new([.. Tensors.Select(t => Combine(t, other.Find(t.Name) ?? t with { Units = IndexSet.Empty(t.Grid.Count) }, combine)),
            .. other.Tensors.Where(t => Find(t.Name) is null)
                .Select(t => Combine(t with { Units = IndexSet.Empty(t.Grid.Count) }, t, combine))]);
    }

    private static TensorMask Combine(TensorMask a, TensorMask b, Func<IndexSet, IndexSet, IndexSet> combine)
    {
        if ((a.Grid.Rows, a.Grid.Columns) != (b.Grid.Rows, b.Grid.Columns))
            throw new ArgumentException($"{a.Name} is [{a.Grid.Rows},{a.Grid.Columns}] in one mask and [{b.Grid.Rows},{b.Grid.Columns}] in "
                + "the other. Take masks of one model.");
        if (a.Grid != b.Grid) (a, b) = (a.ToElements(), b.ToElements());
        return a with { Units = combine(a.Units, b.Units) };
    }
}
