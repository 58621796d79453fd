using System.Buffers;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>Finds fixed strings in a text: the leftmost first, the longest of those that start at one place.</summary>
internal sealed class LiteralMatcher
{
    private readonly Dictionary<string, int> _ids;
    private readonly SearchValues<string> _search;
    private readonly int[] _lengths;

    /// <summary>Takes strings with their ids; the first of equal strings counts, empty ones do not.</summary>
    public LiteralMatcher(IEnumerable<(string Text, int Id)> literals)
    {
        _ids = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach ((string text, int id) in literals)
            if (text.Length > 0)
                _ids.TryAdd(text, id);
        _search = SearchValues.Create([.. _ids.Keys], StringComparison.Ordinal);
        _lengths = [.. _ids.Keys.Select(text => text.Length).Distinct().OrderDescending()];
    }

    /// <summary>Finds the first match.</summary>
    public bool TryFind(ReadOnlySpan<char> text, out int start, out int length, out int id)
    {
        (length, id) = (0, 0);
        start = _ids.Count == 0 ? -1 : text.IndexOfAny(_search);
        if (start < 0) return false;
        foreach (int candidate in _lengths)
        {
            length = candidate;
            if (start + length <= text.Length
                && _ids.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(text.Slice(start, length), out id)) return true;
        }
        throw new System.Diagnostics.UnreachableException("a literal was found and then not");
    }
}
