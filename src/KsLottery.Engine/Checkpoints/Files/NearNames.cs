namespace KsLottery.Engine.Checkpoints;

/// <summary>Finds what a mistyped name may have meant.</summary>
internal static class NearNames
{
    private const int MaxCompared = 10_000;
    private const int MaxLength = 200;
    private const int Shown = 3;

    /// <summary>Words the nearest of the names that exist, for the end of a message.</summary>
    public static string Describe(string wanted, IEnumerable<string> existing)
    {
        string[] nearest = [.. existing.Take(MaxCompared).Where(n => n.Length <= MaxLength)
            .OrderBy(n => Distance(wanted, n)).ThenBy(n => n, StringComparer.Ordinal).Take(Shown).Select(CheckpointFormatException.Quote)];
        return nearest.Length == 0 ? "There are no tensors." : $"Nearest: {string.Join(", ", nearest)}.";
    }

    /// <summary>The one name that a mistyped word may have meant: the nearest, where at most a third of its letters are wrong.</summary>
    public static string? Closest(string wanted, IEnumerable<string> existing)
    {
        (string Name, int Distance)[] near = [.. existing.Select(name => (name, Distance(wanted, name)))
            .Where(one => 3 * one.Item2 <= Math.Max(wanted.Length, 3)).OrderBy(one => one.Item2).ThenBy(one => one.name.Length)];
        return wanted.Length > 1 && near.Length > 0 ? near[0].Name : null;
    }

    /// <summary>Insertions, deletions and replacements between two names; containing the other counts as near.</summary>
    private static int Distance(string a, string b)
    {
        if (a.Length > MaxLength) a = a[..MaxLength];
        if (a.Length > 0 && b.Contains(a, StringComparison.OrdinalIgnoreCase)) return 0;
        int[] row = [.. Enumerable.Range(0, b.Length + 1)];
        for (int i = 1; i <= a.Length; i++)
        {
            (int diagonal, row[0]) = (row[0], i);
            for (int j = 1; j <= b.Length; j++)
                (diagonal, row[j]) = (row[j], Math.Min(Math.Min(row[j], row[j - 1]) + 1, diagonal + (a[i - 1] == b[j - 1] ? 0 : 1)));
        }
        return row[b.Length];
    }
}
