using System.Text;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>Writes texts with one character for each class of code points that a pattern's sets tell apart.</summary>
/// <remarks>
/// .NET matches UTF-16 units and has its own idea of classes; over such an alphabet neither matters, since a set of code points is a set of
/// symbols and each code point is one unit.
/// </remarks>
internal sealed class SymbolAlphabet
{
    private const char First = '\u4E00';

    private readonly IReadOnlyList<CodePointSet> _sets;
    private readonly int[] _starts;
    private readonly int[] _classes;
    private readonly int[] _samples;
    private readonly Lazy<char[]> _firstPlane;

    /// <summary>Finds the classes.</summary>
    public SymbolAlphabet(IReadOnlyList<CodePointSet> sets)
    {
        _sets = sets;
        List<int> starts = [0];
        foreach (CodePointSet set in sets) starts.AddRange(set.Bounds);
        _starts = [.. starts.Where(start => start < CodePointSet.End).Distinct().Order()];
        _classes = new int[_starts.Length];
        int count = 1;
        foreach (CodePointSet set in sets) count = Refine(set);
        _samples = new int[count];
        for (int i = 0; i < _starts.Length; i++) _samples[_classes[i]] = _starts[i];
        _firstPlane = new Lazy<char[]>(FillFirstPlane);
    }

    /// <summary>A set as part of an expression over the symbols.</summary>
    public string ClassOf(int set)
    {
        StringBuilder members = new();
        for (int i = 0; i < _samples.Length; i++)
            if (_sets[set].Contains(_samples[i]))
                members.Append((char)(First + i));
        return members.Length == 0 ? "(?!)" : members.Length == 1 ? members.ToString() : $"[{members}]";
    }

    /// <summary>Writes a text in symbols; an unpaired surrogate counts as a code point.</summary>
    /// <param name="text">The text.</param>
    /// <param name="places">Where the character of each symbol starts in the text, and the text's length; null where all are one
    /// unit.</param>
    public char[] Write(ReadOnlySpan<char> text, out int[]? places)
    {
        char[] table = _firstPlane.Value;
        char[] symbols = new char[text.Length];
        places = text.IndexOfAnyInRange('\uD800', '\uDFFF') < 0 ? null : new int[text.Length + 1];
        int count = 0;
        for (int at = 0; at < text.Length; at++, count++)
        {
            if (places is not null) places[count] = at;
            bool isPair = places is not null && at + 1 < text.Length && char.IsSurrogatePair(text[at], text[at + 1]);
            symbols[count] = isPair ? Find(char.ConvertToUtf32(text[at], text[at + 1])) : table[text[at]];
            if (isPair) at++;
        }
        if (places is null) return symbols;
        places[count] = text.Length;
        return symbols[..count];
    }

    /// <summary>Tells the members of a set from the others of their classes.</summary>
    /// <returns>The number of classes.</returns>
    private int Refine(CodePointSet set)
    {
        Dictionary<(int, bool), int> refined = [];
        int bound = 0;
        for (int i = 0; i < _starts.Length; i++)
        {
            while (bound < set.Bounds.Length && set.Bounds[bound] <= _starts[i]) bound++;
            (int, bool) key = (_classes[i], bound % 2 == 1);
            if (!refined.TryGetValue(key, out int index)) refined.Add(key, index = refined.Count);
            _classes[i] = index;
        }
        return refined.Count;
    }

    private char[] FillFirstPlane()
    {
        char[] table = new char[0x10000];
        for (int i = 0; i < _starts.Length && _starts[i] < table.Length; i++)
        {
            int end = i + 1 < _starts.Length ? Math.Min(_starts[i + 1], table.Length) : table.Length;
            table.AsSpan(_starts[i]..end).Fill((char)(First + _classes[i]));
        }
        return table;
    }

    private char Find(int code)
    {
        int place = Array.BinarySearch(_starts, code);
        return (char)(First + _classes[place >= 0 ? place : ~place - 1]);
    }
}
