namespace KsLottery.Engine.Text.Tokens;

/// <summary>What becomes of the delimiters where a text is split.</summary>
/// <remarks>Source: <c>NormalizedString::split</c> of the tokenizers library.</remarks>
internal enum SplitBehavior
{
    /// <summary>They are dropped.</summary>
    Removed,
    /// <summary>Each is a part of its own.</summary>
    Isolated,
    /// <summary>A delimiter ends the part before it; further ones in a row are parts of their own.</summary>
    MergedWithPrevious,
    /// <summary>A delimiter begins the part after it; earlier ones in a row are parts of their own.</summary>
    MergedWithNext,
    /// <summary>Delimiters in a row are one part.</summary>
    Contiguous,
}
