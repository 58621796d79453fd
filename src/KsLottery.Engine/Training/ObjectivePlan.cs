using System.Globalization;
using KsLottery.Engine.Models;
using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Engine.Training;

/// <summary>What the loss of a training's targets is a sum of: a·CE + b·T²·KL(teacher ‖ model).</summary>
/// <remarks>
/// CE is the mean cross-entropy of the targets, with weights Σ w·loss / Σ w over the targets of a step. KL is the mean over the same
/// targets, each counting once, of the divergence of the model's next token from the teacher's, both at temperature T; T² keeps the size of
/// its gradients (Hinton et al., arXiv 1503.02531, section 2). AST takes a = 0.33, b = 0.67 and T = 2 (Huang et al., AAAI 2025).
/// Distances to the base are terms beside it: <see cref="TrainingPlan.L1ToBase"/>, <see cref="TrainingPlan.L2ToBase"/>. What is evaluated
/// is the plain mean cross-entropy whatever the terms.
/// </remarks>
public sealed record ObjectivePlan
{
    /// <summary>a, from 0.</summary>
    public double CrossEntropy { get; init; } = 1;

    /// <summary>w of the targets, by their tokens; null where all count the same.</summary>
    public TokenWeights? TokenWeights { get; init; }

    /// <summary>b, from 0; above 0 with <see cref="TuningOptions.Teacher"/>, and only then.</summary>
    public double Distillation { get; init; }

    /// <summary>T, above 0.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>What of it decides a run's bytes, by the names of the tool's options; nothing of a plain one.</summary>
    internal IEnumerable<KeyValuePair<string, string>> Settings()
    {
        if (CrossEntropy != 1) yield return new("cross-entropy", CrossEntropy.ToString(CultureInfo.InvariantCulture));
        if (TokenWeights is { } weights) yield return new("token-weights", weights.TakeFingerprint());
        if (Distillation == 0) yield break;
        yield return new("distill", Distillation.ToString(CultureInfo.InvariantCulture));
        yield return new("temperature", Temperature.ToString(CultureInfo.InvariantCulture));
    }

    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    /// <exception cref="ArgumentException">There is a teacher and no distillation or the reverse, another vocabulary, or nothing is left of
    /// the loss.</exception>
    internal Objective With(LlamaModel? teacher, int vocabulary)
    {
        Check(CrossEntropy >= 0 && double.IsFinite(CrossEntropy), nameof(CrossEntropy), CrossEntropy, "finite, 0 or more");
        Check(Distillation >= 0 && double.IsFinite(Distillation), nameof(Distillation), Distillation, "finite, 0 or more");
        Check(Temperature > 0 && double.IsFinite(Temperature), nameof(Temperature), Temperature, "finite and above 0");
        if (Distillation > 0 != teacher is not null)
            throw new ArgumentException($"the weight of distillation is {Distillation} and there is {(teacher is null ? "no" : "a")} "
                + "teacher. Give both, or neither.", nameof(teacher));
        if (CrossEntropy == 0 && Distillation == 0)
            throw new ArgumentException("cross-entropy and distillation both weigh 0: nothing is left of the loss. Let one of them count.",
                nameof(teacher));
        if (teacher is not null && teacher.Config.VocabularySize != vocabulary)
            throw new ArgumentException($"the teacher predicts {teacher.Config.VocabularySize} tokens, the model {vocabulary}. Take a "
                + "teacher of the same tokenizer.", nameof(teacher));
        return new()
        {
            CrossEntropy = CrossEntropy,
            TokenWeights = TokenWeights?.ToArray(vocabulary),
            Teacher = teacher,
            Distillation = Distillation,
            Temperature = Temperature,
        };
    }

    /// <summary>Refuses data of which nothing counts.</summary>
    /// <exception cref="ArgumentException">Cross-entropy is all of the loss, and every target has the weight 0.</exception>
    internal void ThrowIfNothingCounts(IEnumerable<TokenSequence> sequences, int vocabulary)
    {
        if (TokenWeights is null || Distillation > 0) return;
        float[] weights = TokenWeights.ToArray(vocabulary);
        foreach (TokenSequence sequence in sequences)
            foreach (int target in sequence.Tokens.Span[sequence.PromptLength..])
                if (weights[target] > 0) return;
        throw new ArgumentException("every target of the data has the token weight 0, and nothing is left to learn from. Give one of them "
            + "another.", nameof(sequences));
    }

    private static void Check(bool isAllowed, string name, double value, string range)
    {
        if (!isAllowed) throw new ArgumentOutOfRangeException(name, value, $"allowed: {range}.");
    }
}
