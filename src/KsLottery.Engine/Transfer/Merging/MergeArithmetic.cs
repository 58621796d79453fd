using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.Intrinsics;

namespace KsLottery.Engine.Transfer;

/// <summary>The formulas of <see cref="MergeMethod"/>: values of a window from the base's and the changes of all patches. For one
/// thread.</summary>
/// <remarks>Whole windows are computed, also elements that no patch changes: who calls leaves those out.</remarks>
internal sealed class MergeArithmetic
{
    private readonly MergeRecipe _recipe;
    private readonly float[] _weights;
    private readonly float _weightSum;
    private readonly int _zeroSign;
    private readonly float[] _sums = new float[PatchChanges.MaxCount], _terms = new float[PatchChanges.MaxCount];

    /// <param name="recipe">The method.</param>
    /// <param name="patches">The numbers of the patches that change the tensor.</param>
    /// <param name="patchCount">How many patches there are in all.</param>
    /// <param name="majority">The sign that most elements have, for <see cref="ZeroSumRule.Majority"/> alone.</param>
    public MergeArithmetic(MergeRecipe recipe, IReadOnlyList<int> patches, int patchCount, int majority = 0)
    {
        _recipe = recipe;
        _weights = [.. patches.Select(recipe.WeightOf)];
        for (int i = 0; i < patchCount; i++) _weightSum += recipe.WeightOf(i);
        _zeroSign = recipe.ZeroSum switch { ZeroSumRule.Plus => 1, ZeroSumRule.Majority => majority, _ => 0 };
    }

    /// <summary>Merges a window.</summary>
    /// <param name="changes">What each patch does in it, values for <see cref="MergeMethod.Graft"/>.</param>
    /// <param name="values">The base's values, which become the merged ones.</param>
    public void Merge(PatchChanges[] changes, Span<float> values)
    {
        switch (_recipe.Method)
        {
            case MergeMethod.Add:
                foreach (PatchChanges one in changes) one.AddTo(values);
                break;
            case MergeMethod.Graft:
                // Whoever wins comes last.
                for (int n = 0; n < changes.Length; n++) changes[_recipe.FirstWins ? changes.Length - 1 - n : n].PutInto(values);
                break;
            case MergeMethod.TaskArithmetic:
                Spread(changes);
                Span<float> sums = Weigh(changes, values.Length);
                if (_recipe.IsNormalized) TensorPrimitives.Divide(sums, _weightSum, sums);
                AddScaled(sums, values);
                break;
            default:
                Spread(changes);
                AddScaled(MeanOfAgreeing(changes, values.Length), values);
                break;
        }
    }

    /// <summary>The sum of the signs that TIES elects, before the rule of a zero sum.</summary>
    public long SumSigns(PatchChanges[] changes)
    {
        long sum = 0;
        Spread(changes);
        Span<float> sums = Weigh(changes, PatchChanges.MaxCount);
        for (int i = 0; i < sums.Length; i += Vector512<float>.Count)
        {
            Vector512<float> some = Vector512.Create<float>(sums[i..]);
            sum += BitOperations.PopCount(Vector512.GreaterThan(some, Vector512<float>.Zero).ExtractMostSignificantBits())
                - BitOperations.PopCount(Vector512.LessThan(some, Vector512<float>.Zero).ExtractMostSignificantBits());
        }
        return sum;
    }

    private static void Spread(PatchChanges[] changes)
    {
        foreach (PatchChanges one in changes) one.Spread();
    }

    private void AddScaled(Span<float> changes, Span<float> values)
    {
        TensorPrimitives.Multiply(changes, _recipe.Scale, changes);
        TensorPrimitives.Add(values, changes, values);
    }

    private Span<float> Weigh(PatchChanges[] changes, int count)
    {
        Span<float> sums = _sums.AsSpan(0, count), terms = _terms.AsSpan(0, count);
        sums.Clear();
        for (int n = 0; n < changes.Length; n++)
        {
            TensorPrimitives.Multiply(changes[n].Window.AsSpan(0, count), _weights[n], terms);
            TensorPrimitives.Add(sums, terms, sums);
        }
        return sums;
    }

    private Span<float> MeanOfAgreeing(PatchChanges[] changes, int count)
    {
        Weigh(changes, PatchChanges.MaxCount);
        for (int i = 0; i < count; i += Vector512<float>.Count)
            MeanAt(changes, i).CopyTo(_sums, i);
        return _sums.AsSpan(0, count);
    }

    private Vector512<float> MeanAt(PatchChanges[] changes, int start)
    {
        Vector512<float> sums = Vector512.Create(_sums, start), zero = Vector512<float>.Zero, mean = zero, divisor = zero;
        Vector512<float> isUndecided = ~(Vector512.GreaterThan(sums, zero) | Vector512.LessThan(sums, zero));
        Vector512<float> plus = Vector512.GreaterThan(sums, zero) | (_zeroSign > 0 ? isUndecided : zero);
        Vector512<float> minus = Vector512.LessThan(sums, zero) | (_zeroSign < 0 ? isUndecided : zero);
        for (int n = 0; n < changes.Length; n++)
        {
            Vector512<float> term = Vector512.Create(changes[n].Window, start) * _weights[n];
            Vector512<float> agrees = (plus & Vector512.GreaterThan(term, zero)) | (minus & Vector512.LessThan(term, zero));
            mean = Vector512.ConditionalSelect(agrees, mean + term, mean);
            divisor = Vector512.ConditionalSelect(agrees, divisor + Vector512.Create(_recipe.IsNormalized ? _weights[n] : 1), divisor);
        }
        return mean / Vector512.ConditionalSelect(Vector512.Equals(divisor, zero), Vector512<float>.One, divisor);
    }
}
