namespace KsLottery.Engine.Tickets;

/// <summary>Kinds of rows that a ticket may be found without, as <see cref="RowTokens.Category"/> names them.</summary>
[Flags]
public enum RowKinds
{
    /// <summary>None.</summary>
    None = 0,
    /// <summary>Rows that were constant or nearly zero before: their D says nothing about the task.</summary>
    Degenerate = 1,
    /// <summary>Rows of control, unknown and special tokens.</summary>
    Special = 2,
    /// <summary>Rows of single bytes.</summary>
    Byte = 4,
    /// <summary>Rows of reserved places.</summary>
    Unused = 8,
    /// <summary>Rows past the end of the tokenizer.</summary>
    Padded = 16,
}

/// <summary>What kinds are called on the command line, in files and in signatures.</summary>
internal static class RowKindNames
{
    private static readonly RowKinds[] Kinds = [RowKinds.Degenerate, RowKinds.Special, RowKinds.Byte, RowKinds.Unused, RowKinds.Padded];

    /// <summary>The names of all kinds.</summary>
    public static string[] All { get; } = [.. Kinds.Select(NameOf)];

    /// <summary>The names of some kinds.</summary>
    public static IEnumerable<string> NamesOf(RowKinds kinds) => Kinds.Where(k => kinds.HasFlag(k)).Select(NameOf);

    /// <summary>Finds the kind with a name.</summary>
    public static bool TryParse(string name, out RowKinds kind)
    {
        int at = Array.IndexOf(All, name);
        kind = at < 0 ? default : Kinds[at];
        return at >= 0;
    }

    private static string NameOf(RowKinds kind) => kind.ToString().ToLowerInvariant();
}
