using System.Globalization;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tickets;

/// <summary>A matrix cut into equal blocks, each a unit that a ticket takes or leaves.</summary>
/// <remarks>
/// Rows are blocks of 1 × C, elements of 1 × 1, columns of R × 1, the heads of an output projection of R × head size. Blocks are
/// numbered along the rows, then downwards; where their size does not divide the matrix, the last ones are smaller. The elements of
/// the matrix are numbered in the order of its bytes.
/// </remarks>
/// <param name="Rows">R.</param>
/// <param name="Columns">C.</param>
/// <param name="BlockRows">The rows of a block, 1 to R.</param>
/// <param name="BlockColumns">The columns of a block, 1 to C.</param>
public readonly record struct UnitGrid(long Rows, long Columns, long BlockRows, long BlockColumns)
{
    /// <summary>How many blocks lie side by side.</summary>
    public long Across => Divide(Columns, BlockColumns);

    /// <summary>How many blocks lie one below another.</summary>
    public long Down => Divide(Rows, BlockRows);

    /// <summary>How many units there are.</summary>
    public long Count => Across * Down;

    /// <summary>R·C.</summary>
    public long ElementCount => Rows * Columns;

    /// <summary>Whether a unit is a single run of elements, and all are of one length.</summary>
    public bool IsPlain => Columns % BlockColumns == 0 && (BlockRows == 1 || (BlockColumns == Columns && Rows % BlockRows == 0));

    /// <summary>The elements of a whole unit.</summary>
    public long UnitSize => BlockRows * BlockColumns;

    /// <summary>Whether a unit is a row of the matrix.</summary>
    public bool IsRows => BlockRows == 1 && BlockColumns == Columns;

    /// <summary>What a unit is called: row, element, column or block.</summary>
    public string UnitName => IsRows ? "row" : UnitSize == 1 ? "element" : BlockColumns == 1 && BlockRows == Rows ? "column" : "block";

    /// <summary>The elements of a unit, ascending, a run for each of its rows, or one where these follow each other.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such unit.</exception>
    public IEnumerable<IndexRun> GetRuns(long unit)
    {
        if (unit < 0 || unit >= Count)
            throw new ArgumentOutOfRangeException(nameof(unit), unit, $"units go from 0 to {Count - 1}.");
        return Runs(unit);
    }

    /// <summary>The elements of some units, ascending.</summary>
    /// <exception cref="ArgumentException">The set is not of this grid's units.</exception>
    public IndexSet ToElements(IndexSet units)
    {
        ArgumentNullException.ThrowIfNull(units);
        if (units.Length != Count)
            throw new ArgumentException($"the set is of {units.Length} units, the grid has {Count}. Take the set of this grid.",
                nameof(units));
        return UnitSize == 1 ? units : IndexSet.OfRuns(ElementCount, ToRuns(units));
    }

    /// <summary>How many elements some units have.</summary>
    public long CountElements(IndexSet units)
    {
        ArgumentNullException.ThrowIfNull(units);
        if (IsPlain) return units.Count * UnitSize;
        long sum = 0;
        foreach (long unit in units) sum += SizeOf(unit);
        return sum;
    }

    /// <summary>The runs of elements of some units, ascending; neighbours may touch.</summary>
    public IEnumerable<IndexRun> ToRuns(IndexSet units)
    {
        ArgumentNullException.ThrowIfNull(units);
        if (UnitSize == 1)
        {
            foreach (IndexRun run in units.Runs) yield return run;
            yield break;
        }
        if (BlockRows == 1 || BlockColumns == Columns)
        {
            foreach (long unit in units)
                foreach (IndexRun run in Runs(unit)) yield return run;
            yield break;
        }
        List<long> abreast = [];
        long band = -1;
        foreach (long unit in units)
        {
            if (unit / Across != band)
            {
                foreach (IndexRun run in RunsOfBand(band, abreast)) yield return run;
                (band, abreast) = (unit / Across, []);
            }
            abreast.Add(unit);
        }
        foreach (IndexRun run in RunsOfBand(band, abreast)) yield return run;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Count} units of {BlockRows} x {BlockColumns} in [{Rows},{Columns}]");

    /// <summary>The elements of a unit, of which the last ones may have fewer than <see cref="UnitSize"/>.</summary>
    internal long SizeOf(long unit) => HeightOf(unit) * WidthOf(unit);

    /// <summary>The unit that an element is in.</summary>
    internal long UnitOf(long element) => (element / Columns / BlockRows * Across) + (element % Columns / BlockColumns);

    private IEnumerable<IndexRun> Runs(long unit)
    {
        long start = FirstOf(unit), height = HeightOf(unit), width = WidthOf(unit);
        if (width == Columns)
        {
            yield return new(start, height * width);
            yield break;
        }
        for (long row = 0; row < height; row++) yield return new(start + (row * Columns), width);
    }

    /// <summary>Blocks side by side interleave: row by row through all of them.</summary>
    private IEnumerable<IndexRun> RunsOfBand(long band, List<long> units)
    {
        if (units.Count == 0) yield break;
        long height = Math.Min(BlockRows, Rows - (band * BlockRows));
        for (long row = 0; row < height; row++)
            foreach (long unit in units) yield return new(FirstOf(unit) + (row * Columns), WidthOf(unit));
    }

    private long FirstOf(long unit) => (unit / Across * BlockRows * Columns) + (unit % Across * BlockColumns);

    private long HeightOf(long unit) => Math.Min(BlockRows, Rows - (unit / Across * BlockRows));

    private long WidthOf(long unit) => Math.Min(BlockColumns, Columns - (unit % Across * BlockColumns));

    private static long Divide(long total, long part) => part < 1 ? 0 : (total + part - 1) / part;
}
