namespace KsLottery.Engine.Operations;

/// <summary>The numbers of one AdamW step (Loshchilov and Hutter 2019, arXiv 1711.05101, algorithm 2).</summary>
/// <param name="LearningRate">η of this step.</param>
/// <param name="Beta1">Decay of the first moment.</param>
/// <param name="Beta2">Decay of the second moment.</param>
/// <param name="Epsilon">Added to the root of the corrected second moment.</param>
/// <param name="WeightDecay">λ; weights are multiplied with 1 - η·λ first.</param>
/// <param name="Step">The number t of this step, from 1, for the corrections 1 - βᵗ.</param>
/// <param name="GradientScale">What gradients are multiplied with first: clipping, averaging.</param>
public readonly record struct AdamWStep(
    double LearningRate, double Beta1, double Beta2, double Epsilon, double WeightDecay, long Step, double GradientScale);
