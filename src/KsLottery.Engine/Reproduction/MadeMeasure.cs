namespace KsLottery.Engine.Reproduction;

/// <summary>A number that a step measured.</summary>
/// <param name="Seed">The seed.</param>
/// <param name="Step">The step's name.</param>
/// <param name="Task">The task on whose test pairs.</param>
/// <param name="Measure">What it is, by its name in files.</param>
/// <param name="Value">The number.</param>
public sealed record MadeMeasure(ulong Seed, string Step, string Task, string Measure, double Value);
