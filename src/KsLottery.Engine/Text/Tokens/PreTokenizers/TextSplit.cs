namespace KsLottery.Engine.Text.Tokens;

/// <summary>Splits texts at delimiters.</summary>
internal static class TextSplit
{
    /// <summary>Appends the parts of a text that are not empty.</summary>
    /// <param name="text">The text.</param>
    /// <param name="parts">The text cut where delimiters begin and end.</param>
    /// <param name="behavior">What becomes of delimiters.</param>
    /// <param name="parted">Where the parts go.</param>
    public static void Append(AlignedText text, List<TextPart> parts, SplitBehavior behavior, List<AlignedText> parted)
    {
        foreach (TextPart part in Merge(parts, behavior))
            if (part.End > part.Start)
                parted.Add(text.Slice(part.Start, part.End));
    }

    /// <summary>Cuts a text where characters of a set stand.</summary>
    public static List<TextPart> Find(ReadOnlySpan<char> text, CodePointSet delimiters)
    {
        List<TextPart> parts = [];
        int done = 0, at = 0;
        foreach (System.Text.Rune character in text.EnumerateRunes())
        {
            int end = at + character.Utf16SequenceLength;
            if (delimiters.Contains(character.Value))
            {
                if (at > done) parts.Add(new TextPart(done, at, false));
                parts.Add(new TextPart(at, end, true));
                done = end;
            }
            at = end;
        }
        if (done < text.Length) parts.Add(new TextPart(done, text.Length, false));
        return parts;
    }

    private static List<TextPart> Merge(List<TextPart> parts, SplitBehavior behavior)
    {
        switch (behavior)
        {
            case SplitBehavior.Isolated: return parts;
            case SplitBehavior.Removed: return parts.FindAll(part => !part.IsMatch);
        }
        List<TextPart> merged = new(parts.Count);
        bool isForward = behavior != SplitBehavior.MergedWithNext, wasMatch = false;
        for (int i = 0; i < parts.Count; i++)
        {
            TextPart part = parts[isForward ? i : parts.Count - 1 - i];
            bool joins = behavior == SplitBehavior.Contiguous ? part.IsMatch == wasMatch : part.IsMatch && !wasMatch;
            if (!joins || merged.Count == 0) merged.Add(part);
            else merged[^1] = isForward ? merged[^1] with { End = part.End } : merged[^1] with { Start = part.Start };
            wasMatch = part.IsMatch;
        }
        if (!isForward) merged.Reverse();
        return merged;
    }
}

/// <summary>A part of a text that is cut, matched or between matches.</summary>
/// <param name="Start">Its first unit.</param>
/// <param name="End">One past its last unit.</param>
/// <param name="IsMatch">Whether it is a match.</param>
internal readonly record struct TextPart(int Start, int End, bool IsMatch);
