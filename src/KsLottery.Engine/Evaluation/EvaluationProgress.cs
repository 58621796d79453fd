namespace KsLottery.Engine.Evaluation;

/// <summary>How far an evaluation has come: all losses come first, then all texts.</summary>
/// <param name="LossCount">Pairs whose loss is known.</param>
/// <param name="TextCount">Pairs whose text is written.</param>
/// <param name="SampleCount">All pairs.</param>
/// <param name="NewTokens">Tokens decided so far.</param>
public readonly record struct EvaluationProgress(int LossCount, int TextCount, int SampleCount, long NewTokens);
