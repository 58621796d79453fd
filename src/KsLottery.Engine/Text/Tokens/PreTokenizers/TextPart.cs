namespace KsLottery.Engine.Text.Tokens;

/// <summary>A part of a text that is cut, matched or between matches.</summary>
/// <param name="Start">Its first unit.</param>
/// <param name="End">One past its last unit.</param>
/// <param name="IsMatch">Whether it is a match.</param>
internal readonly record struct TextPart(int Start, int End, bool IsMatch);
