using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tickets;

/// <summary>Selects the units of some tensors by a score.</summary>
internal static class UnitSelector
{
    /// <summary>Scores and selects: single elements as they stream by, twice; other units by scores that are kept.</summary>
    /// <param name="score">The score.</param>
    /// <param name="selection">Which units win.</param>
    /// <param name="sources">The tensors, in the order that decides between equal scores; all cut into elements, or none.</param>
    /// <param name="excluded">What may not win, in whole or in part; null excludes nothing. A share is of what is left.</param>
    /// <param name="threads">The number of threads; 0 takes one for each processor. They do not change what is selected.</param>
    /// <param name="cancellationToken">Stops between chunks.</param>
    /// <exception cref="ArgumentException">Score, selection and units do not go together, an input is missing, or shapes
    /// differ.</exception>
    /// <exception cref="NotSupportedException">A tensor's values are not computed with.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static TicketMask Select(TicketScore score, TicketSelection selection, IReadOnlyList<ScoreSource> sources,
        TicketMask? excluded = null, int threads = 0, CancellationToken cancellationToken = default)
    {
        foreach (ScoreSource source in sources) score.ThrowIfUndecidable(selection, source.Grid, source.Name);
        IndexSet?[] without = [.. sources.Select(s => UnitsOf(excluded?.Find(s.Name), s))];
        IndexSet?[] unseen = [.. sources.Select(s => FindUnseen(score, s, cancellationToken))];
        int elementwise = sources.Count(s => s.Grid is { BlockRows: 1, BlockColumns: 1 } && s.Scan is null);
        if (elementwise != 0 && elementwise != sources.Count)
            throw new ArgumentException("some tensors are cut into elements, others into larger units, whose scores do not compare: "
                + $"{sources.First(s => s.Grid.UnitSize == 1).Name} and {sources.First(s => s.Grid.UnitSize > 1).Name}, for instance. "
                + "Select from them apart.", nameof(sources));
        IReadOnlyList<IndexSet> sets = elementwise > 0
            ? selection.Select(
                ElementPass.Of(score, sources, without, [.. without.Zip(unseen, Join)], threads, cancellationToken))
            : selection.Select([.. sources.Select((s, i) => Hide(score.Of(s, threads, cancellationToken), unseen[i]))], without);
        return new(sources.Zip(sets, (source, set) => new TensorMask(source.Name, source.Grid, set)));
    }

    /// <summary>The units with a NaN or an infinity on a side that the score does not read; null for none.</summary>
    private static IndexSet? FindUnseen(TicketScore score, ScoreSource source, CancellationToken cancel)
    {
        if (source.Tuned is not { } tuned || source.Scan is not null) return null;
        IndexSet? found = null;
        foreach ((Tensor side, ScoreInputs input) in (ReadOnlySpan<(Tensor, ScoreInputs)>)
            [(source.Base, ScoreInputs.Base), (tuned, ScoreInputs.Tuned)])
            if (!score.Inputs.HasFlag(input) && FiniteValues.FindOthers(side, cancel) is { Count: > 0 } others)
                found = Join(found, UnitsOf(others, source.Grid));
        return found;
    }

    /// <summary>Takes their scores from some units, which count as those with a NaN of their own do.</summary>
    private static UnitScores Hide(UnitScores scores, IndexSet? units)
    {
        if (units is null) return scores;
        foreach (long unit in units) scores.Values[unit] = double.NaN;
        return scores;
    }

    private static IndexSet? Join(IndexSet? one, IndexSet? other) => one is null ? other : other is null ? one : one.Union(other);

    /// <summary>The units that a mask touches; null for none.</summary>
    private static IndexSet? UnitsOf(TensorMask? mask, ScoreSource source)
    {
        if (mask is null || mask.Units.Count == 0) return null;
        if ((mask.Grid.Rows, mask.Grid.Columns) != (source.Grid.Rows, source.Grid.Columns))
            throw new ArgumentException($"{source.Name}: the excluded mask has the shape [{mask.Grid.Rows},{mask.Grid.Columns}], the "
                + $"tensor [{source.Grid.Rows},{source.Grid.Columns}]. Take a mask of this model.");
        return mask.Grid == source.Grid ? mask.Units : UnitsOf(mask.ToElements().Units, source.Grid);
    }

    /// <summary>The units that hold some elements.</summary>
    private static IndexSet UnitsOf(IndexSet elements, UnitGrid grid) => grid.UnitSize == 1 ? elements
        : IndexSet.Of(grid.Count, elements.Select(grid.UnitOf).Distinct().Order());
}
