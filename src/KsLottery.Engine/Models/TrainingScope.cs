namespace KsLottery.Engine.Models;

/// <summary>Which weights learn; all others stay frozen, and nothing is computed for them in a backward pass.</summary>
public sealed record TrainingScope
{
    private TrainingScope(string name, IReadOnlyList<int> rows) => (Name, Rows) = (name, rows);

    /// <summary>Every weight.</summary>
    public static TrainingScope Full { get; } = new("full", []);

    /// <summary>The input embedding; where the output head is tied to it, in both its roles.</summary>
    public static TrainingScope Embedding { get; } = new("embedding", []);

    /// <summary><c>full</c>, <c>embedding</c> or <c>ticket</c>.</summary>
    public string Name { get; }

    /// <summary>The rows of a ticket, growing; empty for the other scopes.</summary>
    public IReadOnlyList<int> Rows { get; }

    /// <summary>Some rows of the input embedding.</summary>
    /// <param name="rows">Distinct token ids, at least one.</param>
    /// <exception cref="ArgumentException">There is no row, or one is negative or repeated.</exception>
    public static TrainingScope Ticket(IEnumerable<int> rows)
    {
        int[] sorted = [.. rows.Order()];
        if (sorted.Length == 0) throw new ArgumentException("a ticket without rows leaves nothing to train. Give at least one row.", nameof(rows));
        if (sorted[0] < 0) throw new ArgumentException($"row {sorted[0]} does not exist; rows start at 0.", nameof(rows));
        for (int i = 1; i < sorted.Length; i++)
            if (sorted[i] == sorted[i - 1]) throw new ArgumentException($"row {sorted[i]} is given twice; give each row once.", nameof(rows));
        return new("ticket", sorted);
    }
}
