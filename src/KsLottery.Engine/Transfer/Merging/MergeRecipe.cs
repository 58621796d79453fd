using System.Text.Json;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Transfer;

/// <summary>How the changes of several patches become one.</summary>
public enum MergeMethod
{
    /// <summary>((b + d₁) + d₂) + …, as composable sparse fine-tuning puts them together (Ansell et al., ACL 2022).</summary>
    Add,

    /// <summary>b + λ · Σ wᵢdᵢ (Ilharco et al., arXiv 2212.04089).</summary>
    TaskArithmetic,

    /// <summary>Trim, elect a sign, and take the mean of what has it (TIES; Yadav et al., arXiv 2306.01708).</summary>
    Ties,

    /// <summary>Each element as one patch makes it; where several do, as the last says, or the first.</summary>
    Graft,
}

/// <summary>What TIES elects where the changes of an element add up to exactly 0.</summary>
public enum ZeroSumRule
{
    /// <summary>Plus, as mergekit has it.</summary>
    Plus,

    /// <summary>The sign that most elements of the merged tensors have, as the authors' own program does.</summary>
    Majority,

    /// <summary>No sign: the element stays as it is in the base.</summary>
    Drop,
}

/// <summary>A <see cref="MergeMethod"/> with its numbers.</summary>
/// <remarks>All is computed in F32, in the order of the patches, each operation rounded by itself.</remarks>
public sealed record MergeRecipe
{
    /// <summary>How changes are put together.</summary>
    public MergeMethod Method { get; init; }

    /// <summary>wᵢ, one for each patch; empty for 1 each. For <see cref="MergeMethod.TaskArithmetic"/> and
    /// <see cref="MergeMethod.Ties"/>.</summary>
    public IReadOnlyList<float> Weights { get; init; } = [];

    /// <summary>λ, by which the sum or mean is multiplied; for the same two.</summary>
    public float Scale { get; init; } = 1;

    /// <summary>Whether what is summed is divided by its weights: by Σ wᵢ, and for TIES by those of the changes that agree, in place of
    /// their number.</summary>
    public bool IsNormalized { get; init; }

    /// <summary>Which part of each tensor's elements a patch may change, those of the largest |d|, the first of equal ones; null for all
    /// that it does. For TIES, where the paper has 20 %.</summary>
    public UnitShare? Trim { get; init; }

    /// <summary>What TIES elects of a sum of 0.</summary>
    public ZeroSumRule ZeroSum { get; init; }

    /// <summary>Whether the first patch decides where <see cref="MergeMethod.Graft"/> finds several, and not the last.</summary>
    public bool FirstWins { get; init; }

    /// <summary>The weight of a patch.</summary>
    internal float WeightOf(int patch) => Weights.Count == 0 ? 1 : Weights[patch];

    /// <exception cref="ArgumentException">The numbers do not fit the method or the patches; says which would.</exception>
    internal void ThrowIfUnfit(int patchCount)
    {
        bool isWeighted = Method is MergeMethod.TaskArithmetic or MergeMethod.Ties;
        string name = $"the method {NameOf(Method)}", weighted = $"{NameOf(MergeMethod.TaskArithmetic)} or {NameOf(MergeMethod.Ties)}";
        if (Weights.Count > 0 && !isWeighted)
            throw new ArgumentException($"{name} knows no weights. Take {weighted}, or leave them out.");
        if (Weights.Count > 0 && Weights.Count != patchCount)
            throw new ArgumentException($"{Weights.Count} weights for {patchCount} patches. Give one for each, in their order.");
        if (!Weights.Append(Scale).All(float.IsFinite))
            throw new ArgumentException("a weight or the scale is no finite number. Give one such as 0.5.");
        if ((Scale != 1 || IsNormalized) && !isWeighted)
            throw new ArgumentException($"{name} knows no scale and does not normalize. Take {weighted}, or leave it out.");
        if (Method == MergeMethod.TaskArithmetic && IsNormalized && Enumerable.Range(0, patchCount).Sum(WeightOf) == 0)
            throw new ArgumentException("the weights add up to 0, by which nothing can be divided. Give others, or do not normalize.");
        if (Trim is not null && Method != MergeMethod.Ties)
            throw new ArgumentException($"{name} does not trim. Take {NameOf(MergeMethod.Ties)}, or find a ticket of a smaller share.");
        if (ZeroSum != ZeroSumRule.Plus && Method != MergeMethod.Ties)
            throw new ArgumentException($"{name} elects no sign. Take {NameOf(MergeMethod.Ties)}, or leave the rule of a zero sum out.");
        if (FirstWins && Method != MergeMethod.Graft)
            throw new ArgumentException($"{name} lets no patch win over another. Take {NameOf(MergeMethod.Graft)}, or leave it out.");
    }

    /// <summary>The method as commands and signatures write it.</summary>
    private static string NameOf(MergeMethod method) => JsonNamingPolicy.KebabCaseLower.ConvertName(method.ToString());
}
