namespace KsLottery.Engine.Ranks;

/// <summary>Why a rank ends the work of all.</summary>
/// <param name="Rank">Which.</param>
/// <param name="ExitCode">What all processes end with, 1 to 255.</param>
/// <param name="Message">What is the matter.</param>
public sealed record RankFailure(int Rank, int ExitCode, string Message);
