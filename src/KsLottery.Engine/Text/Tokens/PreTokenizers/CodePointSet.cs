using System.Globalization;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>A set of Unicode code points, as ascending ranges.</summary>
internal sealed class CodePointSet
{
    /// <summary>One past the last code point.</summary>
    public const int End = 0x110000;

    private static readonly Lazy<CodePointSet[]> ByCategory = new(FindCategories);

    // Starts and ends in turn, each end one past the last: a code point is in the set when an odd number of them is not above it.
    private readonly int[] _bounds;

    private CodePointSet(int[] bounds) => _bounds = bounds;

    /// <summary>No code point.</summary>
    public static CodePointSet Empty { get; } = new([]);

    /// <summary>Every code point.</summary>
    public static CodePointSet All { get; } = new([0, End]);

    /// <summary>Where membership changes, ascending.</summary>
    public ReadOnlySpan<int> Bounds => _bounds;

    /// <summary>Whether nothing is in the set.</summary>
    public bool IsEmpty => _bounds.Length == 0;

    /// <summary>The code points that are not in the set.</summary>
    public CodePointSet Complement => Combine(this, Empty, (inThis, _) => !inThis);

    /// <summary>One code point.</summary>
    public static CodePointSet Of(int codePoint) => new([codePoint, codePoint + 1]);

    /// <summary>The code points from one to another, both in the set.</summary>
    public static CodePointSet Range(int first, int last) => new([first, last + 1]);

    /// <summary>The code points of Unicode categories.</summary>
    public static CodePointSet Of(params ReadOnlySpan<UnicodeCategory> categories)
    {
        CodePointSet set = Empty;
        foreach (UnicodeCategory category in categories) set = set.Or(ByCategory.Value[(int)category]);
        return set;
    }

    /// <summary>Takes ranges in any order.</summary>
    public static CodePointSet Of(IEnumerable<(int First, int Last)> ranges)
    {
        List<int> bounds = [];
        foreach ((int first, int last) in ranges.Order())
        {
            if (bounds.Count > 0 && first <= bounds[^1])
            {
                bounds[^1] = Math.Max(bounds[^1], last + 1);
                continue;
            }
            bounds.Add(first);
            bounds.Add(last + 1);
        }
        return new CodePointSet([.. bounds]);
    }

    /// <summary>Whether a code point is in the set.</summary>
    public bool Contains(int codePoint)
    {
        int place = Array.BinarySearch(_bounds, codePoint);
        return ((place >= 0 ? place + 1 : ~place) & 1) == 1;
    }

    /// <summary>The code points of either set.</summary>
    public CodePointSet Or(CodePointSet other) => Combine(this, other, (left, right) => left || right);

    /// <summary>The code points of both sets.</summary>
    public CodePointSet And(CodePointSet other) => Combine(this, other, (left, right) => left && right);

    /// <summary>The code points in ascending order.</summary>
    public IEnumerable<int> CodePoints()
    {
        for (int i = 0; i < _bounds.Length; i += 2)
            for (int code = _bounds[i]; code < _bounds[i + 1]; code++)
                yield return code;
    }

    private static CodePointSet Combine(CodePointSet left, CodePointSet right, Func<bool, bool, bool> isIn)
    {
        List<int> bounds = [];
        int l = 0, r = 0;
        for (int at = 0; at < End;)
        {
            while (l < left._bounds.Length && left._bounds[l] <= at) l++;
            while (r < right._bounds.Length && right._bounds[r] <= at) r++;
            if (isIn((l & 1) == 1, (r & 1) == 1) != ((bounds.Count & 1) == 1)) bounds.Add(at);
            at = Math.Min(l < left._bounds.Length ? left._bounds[l] : End, r < right._bounds.Length ? right._bounds[r] : End);
        }
        if ((bounds.Count & 1) == 1) bounds.Add(End);
        return new CodePointSet([.. bounds]);
    }

    private static CodePointSet[] FindCategories()
    {
        List<int>[] bounds = [.. Enumerable.Range(0, (int)UnicodeCategory.OtherNotAssigned + 1).Select(_ => new List<int>())];
        int last = -1;
        for (int code = 0; code < End; code++)
        {
            int category = (int)CharUnicodeInfo.GetUnicodeCategory(code);
            if (category == last) continue;
            if (last >= 0) bounds[last].Add(code);
            bounds[category].Add(code);
            last = category;
        }
        bounds[last].Add(End);
        return [.. bounds.Select(list => new CodePointSet([.. list]))];
    }
}
