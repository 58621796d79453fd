namespace KsLottery.Engine.Experiments;

/// <summary>An arm has nothing to train or to transfer: that is a finding, and the experiment goes on.</summary>
internal sealed class ArmSkippedException(string message) : Exception(message);
