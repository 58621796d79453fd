using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Engine.Tickets;

/// <summary>Says of every row of an embedding which token it is and to what category it belongs.</summary>
/// <remarks>Without a tokenizer rows have ids alone; the ids that the configuration names are still known to be special.</remarks>
public sealed class RowTokens
{
    /// <summary>For a tensor whose rows are no tokens.</summary>
    public static readonly RowTokens None = new(null, null);

    private readonly TokenTable? _table;
    private readonly HashSet<long> _special;

    /// <summary>Joins what tokenizer and configuration say.</summary>
    /// <param name="table">The tokenizer, where there is one.</param>
    /// <param name="config">The configuration, where there is one: its begin, end, padding and unknown ids are special.</param>
    internal RowTokens(TokenTable? table, ModelConfig? config)
    {
        _table = table;
        _special = config is null ? [] : [.. config.BosTokenIds, .. config.EosTokenIds, .. config.PadTokenIds, .. config.UnkTokenIds];
    }

    /// <summary>The tokenizer's file name, or null where there is none.</summary>
    public string? Source => _table?.Source;

    /// <summary>The token as harmless text on one line, see <see cref="VisibleText"/>; empty where it is not known.</summary>
    public string Piece(int id) => _table?.Visible(id) ?? "";

    /// <summary>What the token stands for.</summary>
    internal TokenKind Kind(int id)
    {
        TokenKind kind = _table?.Kind(id) ?? TokenKind.Normal;
        return kind == TokenKind.Normal && _special.Contains(id) ? TokenKind.Special : kind;
    }

    /// <summary>Whether a row is of one of some kinds.</summary>
    internal bool IsOf(RowKinds kinds, int id, RowState state) => (kinds.HasFlag(RowKinds.Degenerate) && state == RowState.Degenerate)
        || kinds.HasFlag(Kind(id) switch
        {
            TokenKind.Special => RowKinds.Special,
            TokenKind.Byte => RowKinds.Byte,
            TokenKind.Unused => RowKinds.Unused,
            TokenKind.Padded => RowKinds.Padded,
            _ => (RowKinds)int.MinValue,
        });

    /// <summary>The row's state, and after a comma its token's kind where that is not normal: <c>changed,special</c>.</summary>
    public string Category(int id, RowState state)
    {
        string name = state switch
        {
            RowState.Unchanged => "unchanged",
            RowState.Changed => "changed",
            RowState.Degenerate => "degenerate",
            RowState.Dropped => "dropped",
            _ => "non-finite",
        };
        return Kind(id) switch
        {
            TokenKind.Special => name + ",special",
            TokenKind.Byte => name + ",byte",
            TokenKind.Unused => name + ",unused",
            TokenKind.Padded => name + ",padded",
            _ => name,
        };
    }
}
