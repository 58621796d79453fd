using CommunityToolkit.HighPerformance.Buffers;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tickets;

/// <summary>Takes the elements of some units that lie side by side, row by row; belongs to one thread.</summary>
internal interface IUnitVisitor
{
    /// <summary>Begins with units that follow one another.</summary>
    /// <param name="first">The first.</param>
    /// <param name="count">How many.</param>
    void Begin(long first, int count);

    /// <summary>Takes a unit's next row of elements, widened to F32.</summary>
    /// <param name="unit">The unit, counted from the first that was begun with.</param>
    /// <param name="before">The base.</param>
    /// <param name="after">The tuned tensor, or the base again where there is none.</param>
    void Visit(int unit, ReadOnlySpan<float> before, ReadOnlySpan<float> after);

    /// <summary>Ends with them: all of their elements have passed.</summary>
    void End();
}

/// <summary>Goes over the units of a tensor on several threads; one thread sees all of a unit, in the order of its elements.</summary>
/// <remarks>Memory stays at a strip of a row, and what a visitor keeps of a strip's units, a thread.</remarks>
internal sealed class UnitBands
{
    // A stretch of a row that is read at a time, and elements that a visitor may gather: both fit into the second-level cache.
    private const int StripColumns = 1 << 14, GatheredElements = 1 << 17;

    private const int StripsPerThread = 4;

    private readonly Tensor _before, _after;
    private readonly UnitGrid _grid;
    private readonly int _strip;
    private readonly long _strips;

    private readonly int _threads;

    private UnitBands(ScoreSource source, bool isGathering, int threads)
    {
        (_before, _grid, _threads) = (source.Base.Values, source.Grid, threads > 0 ? threads : Environment.ProcessorCount);
        _after = source.Tuned?.Values ?? _before;
        long most = isGathering ? GatheredElements / _grid.UnitSize : StripColumns / _grid.BlockColumns,
            fair = _grid.Across * _grid.Down / (StripsPerThread * _threads);
        _strip = (int)Math.Clamp(Math.Min(most, fair), 1, _grid.Across);
        _strips = (_grid.Across + _strip - 1) / _strip;
    }

    /// <summary>Hands every unit to a visitor.</summary>
    /// <param name="source">The tensor.</param>
    /// <param name="newVisitor">Makes a thread's visitor.</param>
    /// <param name="isGathering">Whether a visitor keeps all elements of the units that it was begun with.</param>
    /// <param name="threads">The number of threads; 0 takes one for each processor.</param>
    /// <param name="cancel">Stops between strips.</param>
    /// <exception cref="NotSupportedException">A tensor's values cannot be read as F32.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static void Visit(ScoreSource source, Func<IUnitVisitor> newVisitor, bool isGathering, int threads, CancellationToken cancel)
    {
        if (source.Grid.Count == 0) return;
        new UnitBands(source, isGathering, threads).Run(newVisitor, cancel);
    }

    private void Run(Func<IUnitVisitor> newVisitor, CancellationToken cancel)
    {
        long tasks = _strips * _grid.Down, next = 0;
        int threads = (int)Math.Min(_threads, tasks);
        ParallelOptions options = new() { MaxDegreeOfParallelism = threads, CancellationToken = cancel };
        SideBySide.Run(() => Parallel.For(0, threads, options, _ =>
        {
            IUnitVisitor visitor = newVisitor();
            using MemoryOwner<float> before = MemoryOwner<float>.Allocate(RowLength), after = MemoryOwner<float>.Allocate(RowLength);
            for (long task; (task = Interlocked.Increment(ref next) - 1) < tasks;)
            {
                cancel.ThrowIfCancellationRequested();
                VisitStrip(visitor, task / _strips, task % _strips, before.Span, after.Span);
            }
        }));
    }

    private int RowLength => (int)Math.Min(_grid.Columns, _strip * _grid.BlockColumns);

    private void VisitStrip(IUnitVisitor visitor, long band, long strip, Span<float> before, Span<float> after)
    {
        long unit = strip * _strip, column = unit * _grid.BlockColumns, firstRow = band * _grid.BlockRows;
        int count = (int)Math.Min(_strip, _grid.Across - unit), width = (int)Math.Min(RowLength, _grid.Columns - column);
        long lastRow = Math.Min(firstRow + _grid.BlockRows, _grid.Rows);
        visitor.Begin((band * _grid.Across) + unit, count);
        for (long row = firstRow; row < lastRow; row++)
        {
            long element = (row * _grid.Columns) + column;
            ReadOnlySpan<float> a = ElementValues.Read(_before, element, before[..width]);
            ReadOnlySpan<float> b = _after == _before ? a : ElementValues.Read(_after, element, after[..width]);
            for (int i = 0; i < count; i++)
            {
                int start = (int)(i * _grid.BlockColumns), length = (int)Math.Min(_grid.BlockColumns, width - start);
                visitor.Visit(i, a.Slice(start, length), b.Slice(start, length));
            }
        }
        visitor.End();
    }
}
