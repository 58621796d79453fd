using System.Numerics;

namespace KsLottery.Engine.Transfer;

/// <summary>The formulas of <see cref="MergeMethod"/>: one value from the base's and the changes of all patches.</summary>
internal sealed class MergeArithmetic
{
    private readonly MergeRecipe _recipe;
    private readonly float[] _weights, _terms;
    private readonly float _weightSum;
    private readonly int _zeroSign;

    /// <param name="recipe">The method.</param>
    /// <param name="patches">The numbers of the patches that change the tensor.</param>
    /// <param name="patchCount">How many patches there are in all.</param>
    /// <param name="majority">The sign that most elements have, for <see cref="ZeroSumRule.Majority"/> alone.</param>
    public MergeArithmetic(MergeRecipe recipe, IReadOnlyList<int> patches, int patchCount, int majority = 0)
    {
        _recipe = recipe;
        _weights = [.. patches.Select(recipe.WeightOf)];
        _terms = new float[_weights.Length];
        for (int i = 0; i < patchCount; i++) _weightSum += recipe.WeightOf(i);
        _zeroSign = recipe.ZeroSum switch { ZeroSumRule.Plus => 1, ZeroSumRule.Majority => majority, _ => 0 };
    }

    /// <summary>Merges a window.</summary>
    /// <param name="changes">What each patch does, values for <see cref="MergeMethod.Graft"/>.</param>
    /// <param name="touched">The elements that any of them changes, a bit each.</param>
    /// <param name="values">The base's values, which become the merged ones.</param>
    public void Merge(IReadOnlyList<PatchChanges> changes, ReadOnlySpan<ulong> touched, Span<float> values)
    {
        for (int word = 0; word < touched.Length; word++)
            for (ulong bits = touched[word]; bits != 0; bits &= bits - 1)
            {
                int place = (64 * word) + BitOperations.TrailingZeroCount(bits);
                values[place] = _recipe.Method == MergeMethod.Graft ? Graft(changes, place) : Sum(changes, place, values[place]);
            }
    }

    /// <summary>The sign that TIES elects for an element, before the rule of a zero sum.</summary>
    public int SignOfSum(IReadOnlyList<PatchChanges> changes, int place) => SignOf(Weigh(changes, place));

    /// <summary>-1, 0 or 1; 0 of a NaN too.</summary>
    public static int SignOf(float value) => value > 0 ? 1 : value < 0 ? -1 : 0;

    private float Graft(IReadOnlyList<PatchChanges> changes, int place)
    {
        for (int i = 0; i < changes.Count; i++)
        {
            PatchChanges one = changes[_recipe.FirstWins ? i : changes.Count - 1 - i];
            if ((one.Has[place >> 6] >> place & 1) != 0) return one.Window[place];
        }
        throw new ArgumentOutOfRangeException(nameof(place), place, "no patch changes this element.");
    }

    private float Sum(IReadOnlyList<PatchChanges> changes, int place, float before)
    {
        if (_recipe.Method == MergeMethod.Add)
        {
            foreach (PatchChanges one in changes) before += one.Window[place];
            return before;
        }
        float sum = Weigh(changes, place);
        if (_recipe.Method == MergeMethod.Ties) sum = MeanOfAgreeing(SignOf(sum) is not 0 and var sign ? sign : _zeroSign);
        else if (_recipe.IsNormalized) sum /= _weightSum;
        return before + (_recipe.Scale * sum);
    }

    private float Weigh(IReadOnlyList<PatchChanges> changes, int place)
    {
        float sum = 0;
        for (int i = 0; i < _terms.Length; i++)
        {
            _terms[i] = _weights[i] * changes[i].Window[place];
            sum += _terms[i];
        }
        return sum;
    }

    private float MeanOfAgreeing(int sign)
    {
        float sum = 0, weight = 0;
        int count = 0;
        for (int i = 0; i < _terms.Length; i++)
        {
            if (sign == 0 || SignOf(_terms[i]) != sign) continue;
            sum += _terms[i];
            weight += _weights[i];
            count++;
        }
        return sum / (!_recipe.IsNormalized ? Math.Max(1, count) : weight == 0 ? 1 : weight);
    }
}
