using System.Text;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>Which characters are one without case, as Oniguruma's <c>(?i)</c> has it.</summary>
internal static class CaseFolding
{
    /// <summary>Pairs of ASCII letters that are also written as one character: ß, ﬀ, ﬁ, ﬂ, ﬅ.</summary>
    private static readonly string[] LongFolds = ["ss", "ff", "fi", "fl", "st"];

    /// <summary>Characters whose fold is more than one.</summary>
    private static readonly CodePointSet Expanding = CodePointSet.Of(
    [
        (0xDF, 0xDF), (0x130, 0x130), (0x149, 0x149), (0x1F0, 0x1F0), (0x390, 0x390), (0x3B0, 0x3B0), (0x587, 0x587), (0x1E96, 0x1E9A),
        (0x1E9E, 0x1E9E), (0x1F50, 0x1F50), (0x1F52, 0x1F52), (0x1F54, 0x1F54), (0x1F56, 0x1F56), (0x1F80, 0x1FAF),
        (0x1FB2, 0x1FB4), (0x1FB6, 0x1FB7),
        (0x1FBC, 0x1FBC), (0x1FC2, 0x1FC4), (0x1FC6, 0x1FC7), (0x1FCC, 0x1FCC), (0x1FD2, 0x1FD3), (0x1FD6, 0x1FD7),
        (0x1FE2, 0x1FE4), (0x1FE6, 0x1FE7),
        (0x1FF2, 0x1FF4), (0x1FF6, 0x1FF7), (0x1FFC, 0x1FFC), (0xFB00, 0xFB06), (0xFB13, 0xFB17),
    ]);

    private static readonly Lazy<Dictionary<int, int[]>> Groups = new(FindGroups);

    /// <summary>Whether two letters in a row are without case also one character.</summary>
    public static bool HasLongFold(int first, int second) => first is > 0 and < 0x80 && second < 0x80
        && LongFolds.Contains(string.Concat((char)first, (char)second).ToLowerInvariant());

    /// <summary>Adds to a set whatever differs from its characters in case alone.</summary>
    /// <exception cref="ArgumentException">One of them is without case a sequence of others, which a set cannot hold.</exception>
    public static CodePointSet Close(CodePointSet set, bool isNegated = false)
    {
        CodePointSet expanding = set.And(Expanding);
        // A set that holds the sequence's characters too finds it anyway.
        if (!isNegated && !expanding.IsEmpty && !(set.Contains('s') && set.Contains('f') && set.Contains(0x3B1)))
            throw new ArgumentException($"U+{expanding.Bounds[0]:X4} without case, which Oniguruma also finds as several letters");
        List<(int, int)> more = [];
        foreach (int[] group in Groups.Value.Values)
            if (group.Any(set.Contains))
                more.AddRange(group.Select(code => (code, code)));
        return set.Or(CodePointSet.Of(more));
    }

    private static Dictionary<int, int[]> FindGroups()
    {
        Dictionary<int, HashSet<int>> groups = [];
        for (int code = 0; code < CodePointSet.End; code++)
        {
            if (!Rune.IsValid(code)) continue;
            Rune character = new(code);
            Rune upper = Rune.ToUpperInvariant(character), lower = Rune.ToLowerInvariant(character);
            if (upper == character && lower == character) continue;
            Add(Rune.ToLowerInvariant(upper).Value, code, upper.Value, lower.Value);
        }
        return groups.ToDictionary(group => group.Key, group => group.Value.ToArray());

        void Add(int key, params ReadOnlySpan<int> codes)
        {
            if (!groups.TryGetValue(key, out HashSet<int>? group)) groups.Add(key, group = []);
            foreach (int code in codes) group.Add(code);
            if (key == 's') group.Add(0x17F);
            if (key == 'k') group.Add(0x212A);
            if (key == 0xE5) group.Add(0x212B);
        }
    }
}
