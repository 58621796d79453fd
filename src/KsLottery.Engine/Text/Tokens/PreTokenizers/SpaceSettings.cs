namespace KsLottery.Engine.Text.Tokens;

/// <summary>What a SentencePiece normaliser does to spaces.</summary>
/// <param name="AddsPrefix">Whether a text gets a space of its own.</param>
/// <param name="IsSuffix">Whether that space, and those of words, stand behind rather than before.</param>
/// <param name="RemovesExtra">Whether runs of spaces become one, and those around a text none.</param>
/// <param name="Escapes">Whether spaces become <c>▁</c>.</param>
internal readonly record struct SpaceSettings(bool AddsPrefix, bool IsSuffix, bool RemovesExtra, bool Escapes);
