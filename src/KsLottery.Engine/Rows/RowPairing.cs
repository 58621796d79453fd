namespace KsLottery.Engine.Rows;

/// <summary>Which row of a tuned matrix stands against which row of the base, where a vocabulary was resized or reordered.</summary>
/// <remarks>A base row without a counterpart is dropped, a tuned row without one is added; neither is tested.</remarks>
public sealed class RowPairing
{
    private readonly int[]? _tunedOf;

    private RowPairing(int baseRows, int tunedRows, int[]? tunedOf)
    {
        (BaseRows, TunedRows, _tunedOf) = (baseRows, tunedRows, tunedOf);
        int common = Math.Min(baseRows, tunedRows);
        if (tunedOf is null)
        {
            Dropped = [.. Enumerable.Range(common, baseRows - common)];
            Added = [.. Enumerable.Range(common, tunedRows - common)];
            return;
        }
        bool[] taken = new bool[tunedRows];
        foreach (int row in tunedOf)
            if (row >= 0) taken[row] = true;
        Dropped = [.. Enumerable.Range(0, baseRows).Where(row => tunedOf[row] < 0)];
        Added = [.. Enumerable.Range(0, tunedRows).Where(row => !taken[row])];
    }

    /// <summary>Rows of the base.</summary>
    public int BaseRows { get; }

    /// <summary>Rows of the tuned matrix.</summary>
    public int TunedRows { get; }

    /// <summary>Whether rows of one number are paired.</summary>
    public bool IsById => _tunedOf is null;

    /// <summary>Whether every row is paired with that of the same number.</summary>
    public bool IsPlain => IsById && BaseRows == TunedRows;

    /// <summary>The number of pairs.</summary>
    public int Count => BaseRows - Dropped.Count;

    /// <summary>The base rows without a counterpart, ascending.</summary>
    public IReadOnlyList<int> Dropped { get; }

    /// <summary>The tuned rows without a counterpart, ascending.</summary>
    public IReadOnlyList<int> Added { get; }

    /// <summary>Pairs rows of the same number, as many as both have.</summary>
    /// <param name="baseRows">Rows of the base, 0 to <see cref="Array.MaxLength"/>.</param>
    /// <param name="tunedRows">Rows of the tuned matrix, in the same range.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number of rows is out of range.</exception>
    public static RowPairing ById(long baseRows, long tunedRows) =>
        new(Checked(baseRows, nameof(baseRows)), Checked(tunedRows, nameof(tunedRows)), null);

    /// <summary>Pairs rows as a list says.</summary>
    /// <param name="tunedOf">For every base row its tuned row, or -1 for none.</param>
    /// <param name="tunedRows">Rows of the tuned matrix, 0 to <see cref="Array.MaxLength"/>.</param>
    /// <exception cref="ArgumentException">A tuned row does not exist, or stands against two base rows.</exception>
    /// <exception cref="ArgumentOutOfRangeException">The number of rows is out of range.</exception>
    public static RowPairing Of(IReadOnlyList<int> tunedOf, long tunedRows)
    {
        ArgumentNullException.ThrowIfNull(tunedOf);
        bool[] taken = new bool[Checked(tunedRows, nameof(tunedRows))];
        for (int row = 0; row < tunedOf.Count; row++)
        {
            int tuned = tunedOf[row];
            if (tuned < -1 || tuned >= taken.Length)
                throw new ArgumentException($"base row {row} has the tuned row {tuned}, which lies outside -1 to {taken.Length - 1}. "
                    + "Give -1 where there is none.", nameof(tunedOf));
            if (tuned < 0) continue;
            if (taken[tuned])
                throw new ArgumentException($"base row {row} has the tuned row {tuned}, as another has. Pair each once.", nameof(tunedOf));
            taken[tuned] = true;
        }
        return new(tunedOf.Count, taken.Length, [.. tunedOf]);
    }

    /// <summary>The tuned row that a base row stands against, or -1 for none.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such base row.</exception>
    public int TunedOf(int row)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(row);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(row, BaseRows);
        return _tunedOf is { } list ? list[row] : row < TunedRows ? row : -1;
    }

    /// <summary>The base rows that have a counterpart, ascending.</summary>
    internal IEnumerable<int> Paired() => Paired(new(0, BaseRows));

    /// <summary>Those of some rows.</summary>
    internal IEnumerable<int> Paired(RowRange range) =>
        Enumerable.Range((int)range.First, (int)range.Count).Where(row => TunedOf(row) >= 0);

    /// <summary>The rows of two matrices that stand against each other, as matrices of one shape.</summary>
    internal (RowMatrix Base, RowMatrix Tuned) Select(RowMatrix before, RowMatrix after) => Select(before, after, new(0, BaseRows));

    /// <summary>Those of some rows of the base.</summary>
    internal (RowMatrix Base, RowMatrix Tuned) Select(RowMatrix before, RowMatrix after, RowRange range)
    {
        if (IsById)
        {
            long first = Math.Min(range.First, Count), count = Math.Min(range.End, Count) - first;
            return (before.Slice(first, count), after.Slice(first, count));
        }
        int[] paired = [.. Paired(range)];
        return (before.Choose(paired), after.Choose([.. paired.Select(TunedOf)]));
    }

    /// <summary>The tuned rows that the part with some rows of the base answers for: as large a share.</summary>
    internal RowRange TunedRangeOf(RowRange range)
    {
        long first = BaseRows == 0 ? 0 : TunedRows * range.First / BaseRows;
        return new(first, (range.End == BaseRows ? TunedRows : TunedRows * range.End / BaseRows) - first);
    }

    /// <summary>For every tuned row the base row that it stands against, or -1 for none.</summary>
    public IReadOnlyList<int> ToBase()
    {
        int[] baseOf = new int[TunedRows];
        Array.Fill(baseOf, -1);
        for (int row = 0; row < BaseRows; row++)
            if (TunedOf(row) is >= 0 and int tuned) baseOf[tuned] = row;
        return baseOf;
    }

    private static int Checked(long rows, string name) => rows is >= 0 && rows <= Array.MaxLength ? (int)rows
        : throw new ArgumentOutOfRangeException(name, rows, $"a matrix has 0 to {Array.MaxLength} rows here.");
}
