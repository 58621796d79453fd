using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>The normal forms of Unicode 9, which the tokenizers library has; younger characters stay as they are.</summary>
/// <remarks>Source: Unicode Standard Annex 15; Hangul by arithmetic (section 3.12 of the standard), all else by
/// <see cref="UnicodeTables"/>.</remarks>
internal static class UnicodeNormalization
{
    private const int SBase = 0xAC00, LBase = 0x1100, VBase = 0x1161, TBase = 0x11A7;
    private const int LCount = 19, VCount = 21, TCount = 28, SCount = LCount * VCount * TCount;

    private static readonly Lazy<Dictionary<int, string>> Canonical =
        new(() => UnicodeTables.Map("canonical").ToDictionary(e => e.From, e => e.To));
    private static readonly Lazy<Dictionary<int, string>> Compatible = new(ReadCompatible);
    private static readonly Lazy<Dictionary<int, byte>> Classes = new(ReadClasses);
    private static readonly Lazy<Dictionary<(int, int), int>> Pairs = new(FindPairs);

    /// <summary>Normalises well-formed text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="form">The form.</param>
    public static string Apply(string text, NormalizationForm form)
    {
        if (Ascii.IsValid(text)) return text;
        List<int> codes = Decompose(text,
            form is NormalizationForm.FormKC or NormalizationForm.FormKD ? Compatible.Value : Canonical.Value);
        if (form is NormalizationForm.FormC or NormalizationForm.FormKC) Compose(codes);
        StringBuilder normalized = new(text.Length + 8);
        foreach (int code in codes) normalized.Append(new Rune(code).ToString());
        return normalized.ToString();
    }

    private static List<int> Decompose(string text, Dictionary<int, string> map)
    {
        List<int> codes = new(text.Length + 8);
        foreach (Rune character in text.EnumerateRunes())
        {
            int code = character.Value;
            int syllable = code - SBase;
            if (syllable is >= 0 and < SCount)
            {
                codes.Add(LBase + (syllable / (VCount * TCount)));
                codes.Add(VBase + (syllable % (VCount * TCount) / TCount));
                if (syllable % TCount > 0) codes.Add(TBase + (syllable % TCount));
            }
            else if (code >= 0xA0 && map.TryGetValue(code, out string? parts))
                foreach (Rune part in parts.EnumerateRunes())
                    codes.Add(part.Value);
            else codes.Add(code);
        }
        Reorder(codes);
        return codes;
    }

    /// <summary>Puts the marks of each character in the order of their classes, equal ones as they were.</summary>
    private static void Reorder(List<int> codes)
    {
        for (int start = 0; start < codes.Count; start++)
        {
            if (ClassOf(codes[start]) == 0) continue;
            int end = start + 1;
            while (end < codes.Count && ClassOf(codes[end]) != 0) end++;
            int[] ordered = [.. CollectionsMarshal.AsSpan(codes)[start..end].ToArray().OrderBy(ClassOf)];
            ordered.CopyTo(CollectionsMarshal.AsSpan(codes)[start..]);
            start = end;
        }
    }

    private static void Compose(List<int> codes)
    {
        int starter = -1, kept = 0;
        int lastClass = -1; // Of what was kept after the starter; -1 where nothing was.
        for (int i = 0; i < codes.Count; i++)
        {
            int code = codes[i];
            int mark = ClassOf(code);
            if (starter >= 0 && lastClass < mark && TryCompose(codes[starter], code, out int composed))
            {
                codes[starter] = composed;
                continue;
            }
            if (mark == 0) (starter, lastClass) = (kept, -1);
            else lastClass = mark;
            codes[kept++] = code;
        }
        codes.RemoveRange(kept, codes.Count - kept);
    }

    private static bool TryCompose(int first, int second, out int composed)
    {
        int l = first - LBase, v = second - VBase, s = first - SBase, t = second - TBase;
        if (l is >= 0 and < LCount && v is >= 0 and < VCount)
        {
            composed = SBase + (((l * VCount) + v) * TCount);
            return true;
        }
        if (s is >= 0 and < SCount && s % TCount == 0 && t is > 0 and < TCount)
        {
            composed = first + t;
            return true;
        }
        return Pairs.Value.TryGetValue((first, second), out composed);
    }

    private static int ClassOf(int code) => code >= 0x300 && Classes.Value.TryGetValue(code, out byte value) ? value : 0;

    private static Dictionary<int, string> ReadCompatible()
    {
        Dictionary<int, string> map = new(Canonical.Value);
        foreach ((int from, string to) in UnicodeTables.Map("compatible")) map[from] = to;
        return map;
    }

    private static Dictionary<int, byte> ReadClasses()
    {
        Dictionary<int, byte> classes = [];
        foreach (string value in UnicodeTables.NamesOf("class:"))
            foreach (int code in UnicodeTables.Find("class:" + value)!.CodePoints())
                classes[code] = byte.Parse(value, NumberStyles.None, CultureInfo.InvariantCulture);
        return classes;
    }

    /// <summary>The pairs behind full decompositions: what all but the last character composes to, and the last.</summary>
    private static Dictionary<(int, int), int> FindPairs()
    {
        CodePointSet never = UnicodeTables.Find("never-composed")!;
        Dictionary<string, int> composites = [];
        foreach ((int from, string to) in Canonical.Value)
            if (!never.Contains(from))
                composites.Add(to, from);
        Dictionary<(int, int), int> pairs = [];
        foreach ((string to, int composite) in composites)
        {
            Rune.DecodeLastFromUtf16(to, out Rune last, out int length);
            string first = to[..^length];
            if (composites.TryGetValue(first, out int composed)) pairs[(composed, last.Value)] = composite;
            else if (Rune.TryGetRuneAt(first, 0, out Rune only) && only.Utf16SequenceLength == first.Length)
                pairs[(only.Value, last.Value)] = composite;
        }
        return pairs;
    }
}
