using System.Runtime.CompilerServices;
using System.Text.Json;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>The merges of a BPE model as its file lists them: two pieces each, all kept in one text, since large files list
/// 280,000.</summary>
/// <param name="capacity">About their number.</param>
internal sealed class MergeList(int capacity)
{
    private const int LengthOfPair = 12;

    private (int Start, int Cut, int End, int Place)[] _merges = new (int, int, int, int)[capacity + 1];
    private char[] _text = new char[1024 + (LengthOfPair * capacity)];
    private int _length;

    /// <summary>The number of merges.</summary>
    public int Count { get; private set; }

    /// <summary>The left piece of a merge.</summary>
    public ReadOnlySpan<char> Left(int rank) => TextOf(_merges[rank].Start, _merges[rank].Cut);

    /// <summary>The right piece of a merge.</summary>
    public ReadOnlySpan<char> Right(int rank) => TextOf(_merges[rank].Cut, _merges[rank].End);

    /// <summary>Both pieces of a merge, one after the other.</summary>
    public ReadOnlySpan<char> Both(int rank) => TextOf(_merges[rank].Start, _merges[rank].End);

    /// <summary>The byte of the file at which a merge stands.</summary>
    public long Place(int rank) => _merges[rank].Place;

    /// <summary>Reads the merge at which a reader stands, in either spelling: <c>"a b"</c> or <c>["a", "b"]</c>; a line
    /// <c>#version</c> is passed over.</summary>
    /// <param name="reader">The file.</param>
    /// <param name="place">The byte of the file at which the reader stands.</param>
    /// <returns>False where it is no pair.</returns>
    /// <exception cref="InvalidOperationException">The text is not Unicode.</exception>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // For the first file of a process, which is over before code is tiered up.
    public bool TryRead(ref Utf8JsonReader reader, long place)
    {
        int start = _length, cut = start;
        if (reader.TokenType == JsonTokenType.String)
        {
            Append(ref reader);
            Span<char> line = TextOf(start, _length);
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
        if (Count == _merges.Length) Array.Resize(ref _merges, 2 * Count);
        _merges[Count++] = (start, cut, _length, (int)place); // A file has 2^28 bytes at most.
        return true;
    }

    private Span<char> TextOf(int start, int end) => _text.AsSpan(start, end - start);

    private void Append(ref Utf8JsonReader reader)
    {
        int capacity = _length + reader.ValueSpan.Length; // A text has no more UTF-16 units than its file has bytes.
        if (capacity > _text.Length) Array.Resize(ref _text, Math.Max(capacity, 2 * _text.Length));
        _length += reader.CopyString(_text.AsSpan(_length));
    }
}
