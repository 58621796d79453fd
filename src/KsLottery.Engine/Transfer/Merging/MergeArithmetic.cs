namespace KsLottery.Engine.Transfer;

/// <summary>The formulas of <see cref="MergeMethod"/>: values from the base's and the changes of all patches. For one thread.</summary>
internal sealed class MergeArithmetic
{
    private readonly MergeRecipe _recipe;
    private readonly float[] _weights;
    private readonly float _weightSum;
    private readonly int _zeroSign;
    private readonly float[] _sums = new float[PatchChanges.MaxCount], _agreeing = new float[PatchChanges.MaxCount],
        _divisors = new float[PatchChanges.MaxCount];

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

    /// <summary>Merges the elements of a window that any patch changes.</summary>
    /// <param name="changes">What each patch does in the window, values for <see cref="MergeMethod.Graft"/>.</param>
    /// <param name="places">The elements, counted from the window's start.</param>
    /// <param name="values">The base's values of these, which become the merged ones.</param>
    public void Merge(PatchChanges[] changes, ReadOnlySpan<int> places, Span<float> values)
    {
        switch (_recipe.Method)
        {
            case MergeMethod.Add:
                foreach (PatchChanges one in changes)
                    for (int i = 0; i < places.Length; i++) values[i] += one.Window[places[i]];
                break;
            case MergeMethod.Graft:
                // Whoever wins comes last.
                for (int n = 0; n < changes.Length; n++) Graft(changes[_recipe.FirstWins ? changes.Length - 1 - n : n], places, values);
                break;
            case MergeMethod.TaskArithmetic:
                ReadOnlySpan<float> sums = Weigh(changes, places);
                for (int i = 0; i < sums.Length; i++) values[i] += _recipe.Scale * (_recipe.IsNormalized ? sums[i] / _weightSum : sums[i]);
                break;
            default:
                ReadOnlySpan<float> means = MeanOfAgreeing(changes, places);
                for (int i = 0; i < means.Length; i++) values[i] += _recipe.Scale * means[i];
                break;
        }
    }

    /// <summary>The sum of the signs that TIES elects, before the rule of a zero sum.</summary>
    public long SumSigns(PatchChanges[] changes, ReadOnlySpan<int> places)
    {
        long sum = 0;
        foreach (float one in Weigh(changes, places)) sum += SignOf(one);
        return sum;
    }

    /// <summary>-1, 0 or 1; 0 of a NaN too.</summary>
    public static int SignOf(float value) => value > 0 ? 1 : value < 0 ? -1 : 0;

    private static void Graft(PatchChanges one, ReadOnlySpan<int> places, Span<float> values)
    {
        for (int i = 0; i < places.Length; i++)
            if ((one.Has[places[i] >> 6] >> places[i] & 1) != 0) values[i] = one.Window[places[i]];
    }

    private ReadOnlySpan<float> Weigh(PatchChanges[] changes, ReadOnlySpan<int> places)
    {
        Span<float> sums = _sums.AsSpan(0, places.Length);
        sums.Clear();
        for (int n = 0; n < changes.Length; n++)
            for (int i = 0; i < places.Length; i++) sums[i] += _weights[n] * changes[n].Window[places[i]];
        return sums;
    }

    private ReadOnlySpan<float> MeanOfAgreeing(PatchChanges[] changes, ReadOnlySpan<int> places)
    {
        ReadOnlySpan<float> sums = Weigh(changes, places);
        Span<float> agreeing = _agreeing.AsSpan(0, places.Length), divisors = _divisors.AsSpan(0, places.Length);
        agreeing.Clear();
        divisors.Clear();
        for (int n = 0; n < changes.Length; n++)
            for (int i = 0; i < places.Length; i++)
            {
                float term = _weights[n] * changes[n].Window[places[i]];
                int sign = SignOf(sums[i]) is not 0 and var elected ? elected : _zeroSign;
                if (sign == 0 || SignOf(term) != sign) continue;
                agreeing[i] += term;
                divisors[i] += _recipe.IsNormalized ? _weights[n] : 1;
            }
        for (int i = 0; i < places.Length; i++) agreeing[i] /= divisors[i] == 0 ? 1 : divisors[i];
        return agreeing;
    }
}
