namespace KsLottery.Engine.Text.Tokens;

/// <summary>What a token stands for, as far as its tokenizer tells.</summary>
internal enum TokenKind
{
    /// <summary>A piece of text.</summary>
    Normal,
    /// <summary>A control, unknown or special added token, shown by its name: <c>&lt;s&gt;</c>, <c>&lt;|eot_id|&gt;</c>.</summary>
    Special,
    /// <summary>One raw byte that is no character by itself or stands in for one: <c>&lt;0x0A&gt;</c>.</summary>
    Byte,
    /// <summary>A reserved place: type UNUSED, a name such as <c>&lt;|reserved_special_token_12|&gt;</c>, or an id left out.</summary>
    Unused,
    /// <summary>A row past the end of the tokenizer, there to round the embedding up.</summary>
    Padded,
}
