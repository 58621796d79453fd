using KsLottery.Engine.Evaluation;

namespace KsLottery.Cli.Demo;

/// <summary>One line of the experiment's table.</summary>
/// <param name="Name">What was done to the base.</param>
/// <param name="Rows">The rows that differ from the base's, null where they are not counted.</param>
/// <param name="Parameters">The values that differ.</param>
/// <param name="Result">How the model does on the test pairs.</param>
internal sealed record ExperimentArm(string Name, int? Rows, long Parameters, EvaluationResult Result);
