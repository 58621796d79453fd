using System.Globalization;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tickets;

/// <summary>N:M: of M consecutive elements of a row, along the last, the input dimension, the best N win.</summary>
/// <remarks>
/// Source: the 2:4 pattern of AST (Huang et al., AAAI 2025). Where M does not divide the width, the group that is left at a row's end keeps
/// its best N too, or all where it has no more: no M consecutive elements of a group ever hold more than N. Elements of score 0 win where
/// nothing larger is in their group.
/// </remarks>
public sealed record GroupPattern : TicketSelection
{
    /// <summary>A thousand and more would be a share by another name.</summary>
    internal const int MaxGroup = 1024;

    /// <param name="count">N, 1 to M.</param>
    /// <param name="groupSize">M, 1 to 1,024.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is outside its range.</exception>
    public GroupPattern(int count, int groupSize)
    {
        if (groupSize is < 1 or > MaxGroup)
            throw new ArgumentOutOfRangeException(nameof(groupSize), groupSize, $"groups have 1 to {MaxGroup} elements.");
        if (count < 1 || count > groupSize)
            throw new ArgumentOutOfRangeException(nameof(count), count, $"of {groupSize} elements 1 to {groupSize} win.");
        (Count, GroupSize) = (count, groupSize);
    }

    /// <summary>N.</summary>
    public int Count { get; }

    /// <summary>M.</summary>
    public int GroupSize { get; }

    /// <summary>Reads a pattern such as <c>2:4</c>.</summary>
    /// <exception cref="FormatException">The text is no pattern.</exception>
    public static GroupPattern Parse(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Split(':') is [var n, var m]
            && int.TryParse(n, NumberStyles.None, CultureInfo.InvariantCulture, out int count)
            && int.TryParse(m, NumberStyles.None, CultureInfo.InvariantCulture, out int size)
            && size is >= 1 and <= MaxGroup && count >= 1 && count <= size
            ? new(count, size)
            : throw new FormatException($"'{text}' is no pattern N:M with 1 ≤ N ≤ M ≤ {MaxGroup}. Write, for instance, 2:4.");
    }

    /// <summary>The pattern, for instance <c>2:4</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Count}:{GroupSize}");

    internal override IReadOnlyList<(string Name, string Value)> Terms => [("pattern", ToString())];

    /// <exception cref="ArgumentException">Always: rows are in no groups.</exception>
    internal override IReadOnlyList<int> Rank(ScoredRows rows) => throw NotElements();

    /// <exception cref="ArgumentException">Always: larger units are in no groups.</exception>
    internal override IReadOnlyList<IndexSet> Select(IReadOnlyList<UnitScores> scores, IReadOnlyList<IndexSet?> excluded) =>
        throw NotElements();

    internal override IReadOnlyList<IndexSet> Select(ElementPass elements) => ElementGroups.Top(elements, Count, GroupSize);

    private ArgumentException NotElements() =>
        new($"{this} chooses elements in groups of {GroupSize} of a row, not larger units. Take elements as units, or another selection.");
}
