namespace KsLottery.Engine.Transfer;

/// <summary>Why an adapter cannot be applied.</summary>
/// <param name="Problem">What it is, without a final full stop.</param>
/// <param name="NextStep">What the reader can do, without a final full stop.</param>
internal sealed record PeftObstacle(string Problem, string NextStep);
