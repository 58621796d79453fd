using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Rows;

namespace KsLottery.Engine.Tickets;

/// <summary>A tensor whose units get a score, and what the score is computed from.</summary>
/// <param name="Base">The base tensor.</param>
/// <param name="Tuned">The tuned one; null where there is none.</param>
/// <param name="Grid">The units.</param>
internal sealed record ScoreSource(Tensor Base, Tensor? Tuned, UnitGrid Grid)
{
    /// <summary>The tensor's name, of the base.</summary>
    public string Name => Base.Name;

    /// <summary>What a scan found of the rows, where the units are rows and one has run; no row is measured a second time then.</summary>
    public RowScanResult? Scan { get; init; }

    /// <summary>How often a text holds each token, by row; null where nobody counted.</summary>
    public IReadOnlyList<long>? TokenCounts { get; init; }

    /// <summary>Whether the units are whole rows.</summary>
    public bool IsRows => Grid.BlockRows == 1 && Grid.BlockColumns == Grid.Columns;

    /// <exception cref="ArgumentException">An input that a score needs is missing, or both tensors differ in shape.</exception>
    /// <exception cref="NotSupportedException">One holds codes whose scale is not known, and the other no such codes.</exception>
    public void ThrowIfLacks(TicketScore score)
    {
        if (score.Inputs.HasFlag(ScoreInputs.Tuned) && Tuned is null)
            throw new ArgumentException($"{Name}: the score '{score.Name}' compares two tensors, and there is no tuned one. Give it.");
        if (score.Inputs.HasFlag(ScoreInputs.TokenCounts) && TokenCounts is null)
            throw new ArgumentException($"{Name}: the score '{score.Name}' needs the number of times that a text holds each token. "
                + "Give the text.");
        if (Scan is null && score.Inputs.HasFlag(ScoreInputs.Tuned) && !Base.Shape.SequenceEqual(Tuned!.Shape))
            throw new ArgumentException($"{Name}: the base has the shape [{string.Join(',', Base.Shape)}], the tuned tensor "
                + $"[{string.Join(',', Tuned.Shape)}]; the score '{score.Name}' compares tensors of one shape. Choose other tensors.");
        if (Scan is null && score.Inputs.HasFlag(ScoreInputs.Base | ScoreInputs.Tuned) && Grid.ElementCount > 0)
            RowMatrix.ThrowIfNotComparable(RowMatrix.FromTensor(Base), RowMatrix.FromTensor(Tuned!));
    }
}
