namespace KsLottery.Engine.Operations;

/// <summary>The numbers of one AdamW step (Loshchilov and Hutter 2019, arXiv 1711.05101, algorithm 2), or of a relative.</summary>
/// <param name="LearningRate">η of this step.</param>
/// <param name="Beta1">Decay of the first moment.</param>
/// <param name="Beta2">Decay of the second moment.</param>
/// <param name="Epsilon">Added to the root of the corrected second moment.</param>
/// <param name="WeightDecay">λ; weights are multiplied with 1 - η·λ first.</param>
/// <param name="Step">The number t of this step, from 1, for the corrections 1 - βᵗ.</param>
/// <param name="GradientScale">What gradients are multiplied with first: clipping, averaging.</param>
public readonly record struct AdamWStep(
    double LearningRate, double Beta1, double Beta2, double Epsilon, double WeightDecay, long Step, double GradientScale)
{
    /// <summary>Whether both moments are divided by 1 - βᵗ.</summary>
    public bool IsCorrected { get; init; } = true;

    /// <summary>RMSprop (Tieleman and Hinton 2012), as PyTorch defines it without momentum, centring and decay:
    /// v ← αv + (1-α)g², w ← w - η·g/(√v + ε).</summary>
    /// <remarks>That is AdamW without corrections at β₁ = 0 and β₂ = α, where the first moment is the gradient itself: whatever finite
    /// numbers stood there before do not matter.</remarks>
    /// <param name="learningRate">η.</param>
    /// <param name="alpha">α, the decay of the mean square.</param>
    /// <param name="epsilon">ε.</param>
    /// <param name="gradientScale">What gradients are multiplied with first.</param>
    public static AdamWStep RmsProp(double learningRate, double alpha, double epsilon, double gradientScale) =>
        new(learningRate, 0, alpha, epsilon, 0, 1, gradientScale) { IsCorrected = false };

    /// <summary>What the moments are divided by.</summary>
    internal (double First, double Second) Corrections => IsCorrected ? (1 - Math.Pow(Beta1, Step), 1 - Math.Pow(Beta2, Step)) : (1, 1);
}
