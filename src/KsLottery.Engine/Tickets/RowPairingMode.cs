namespace KsLottery.Engine.Tickets;

/// <summary>How rows of two vocabularies are paired.</summary>
public enum RowPairingMode
{
    /// <summary>By id where both tokenizers name the ids alike; where they do not, a resized or reordered vocabulary is refused.</summary>
    Auto,

    /// <summary>By id, whatever the tokenizers say.</summary>
    Id,

    /// <summary>By the text of the tokens.</summary>
    Text,
}
