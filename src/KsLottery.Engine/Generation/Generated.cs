namespace KsLottery.Engine.Generation;

/// <summary>What a prompt was continued by.</summary>
/// <param name="Tokens">
/// The new tokens, without the prompt and without the token that ended them; those that a stop text is made of are there, see
/// <see cref="StopTexts.Cut"/>.
/// </param>
/// <param name="StoppedAtEos">Whether an end-of-sequence token or a stop text ended them, not the limit of their number.</param>
/// <param name="LogProbability">
/// The natural logarithm of their probability after the prompt, the end token included where there is one; of the model as it is,
/// whatever the temperature, and without a length penalty.
/// </param>
public sealed record Generated(int[] Tokens, bool StoppedAtEos, double LogProbability);
