using System.Text.Json;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>The merges of a BPE model as its file lists them: two pieces each, all kept in one text, since large files list
/// 280,000.</summary>
internal sealed class MergeList
{
    private readonly List<(int Start, int Cut, int End, long Place)> _merges = [];
    private char[] _text = new char[1024];
    private int _length;

    /// <summary>The number of merges.</summary>
    public int Count => _merges.Count;

    /// <summary>The left piece of a merge.</summary>
    public ReadOnlySpan<char> Left(int rank) => _text.AsSpan(_merges[rank].Start.._merges[rank].Cut);

    /// <summary>The right piece of a merge.</summary>
    public ReadOnlySpan<char> Right(int rank) => _text.AsSpan(_merges[rank].Cut.._merges[rank].End);

    /// <summary>Both pieces of a merge, one after the other.</summary>
    public ReadOnlySpan<char> Both(int rank) => _text.AsSpan(_merges[rank].Start.._merges[rank].End);

    /// <summary>The byte of the file at which a merge stands.</summary>
    public long Place(int rank) => _merges[rank].Place;

    /// <summary>Reads the merge at which a reader stands, in either spelling: <c>"a b"</c> or <c>["a", "b"]</c>; a line
    /// <c>#version</c> is passed over.</summary>
    /// <param name="reader">The file.</param>
    /// <param name="place">The byte of the file at which the reader stands.</param>
    /// <returns>False where it is no pair.</returns>
    /// <exception cref="InvalidOperationException">The text is not Unicode.</exception>
    public bool TryRead(ref Utf8JsonReader reader, long place)
    {
        int start = _length, cut = start;
        if (reader.TokenType == JsonTokenType.String)
        {
            Append(ref reader);
            Span<char> line = _text.AsSpan(start.._length);
            if (line.StartsWith("#version"))
            {
                _length = start;
                return true;
            }
            int space = line.IndexOf(' ');
            if (space < 0 || line[(space + 1)..].Contains(' ')) return false;
            line[(space + 1)..].CopyTo(line[space..]);
            cut = start + space;
            _length--;
        }
        else if (reader.TokenType == JsonTokenType.StartArray)
        {
            int pieces = 0;
            while (reader.Read() && reader.TokenType == JsonTokenType.String)
            {
                Append(ref reader);
                if (++pieces == 1) cut = _length;
            }
            if (reader.TokenType != JsonTokenType.EndArray || pieces != 2) return false;
        }
        if (cut == start || cut == _length) return false;
        _merges.Add((start, cut, _length, place));
        return true;
    }

    private void Append(ref Utf8JsonReader reader)
    {
        int capacity = _length + reader.ValueSpan.Length; // A text has no more UTF-16 units than its file has bytes.
        if (capacity > _text.Length) Array.Resize(ref _text, Math.Max(capacity, 2 * _text.Length));
        _length += reader.CopyString(_text.AsSpan(_length));
    }
}
