using System.Text;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>Which two neighbouring symbols join to which token, and how early.</summary>
/// <remarks>
/// One table serves every kind of byte-pair encoding: a <c>tokenizer.json</c> lists its merges in their order, and the scores of
/// SentencePiece and llama2.c say the same, since a piece can be joined from any two symbols that spell it.
/// </remarks>
/// <param name="joinsAnywhere">Whether first symbols are other than the characters of a text, so that any place in it may be
/// joined.</param>
/// <param name="capacity">The number of merges, where it is known.</param>
internal sealed class MergeTable(bool joinsAnywhere = false, int capacity = 0)
{
    private readonly Dictionary<ulong, Merge> _merges = new(capacity);
    private readonly HashSet<ulong> _joints = [];

    /// <summary>A joined token and its turn; lower ranks go first.</summary>
    public readonly record struct Merge(int Rank, int Id);

    /// <summary>Sets what a pair joins to.</summary>
    public void Set(int left, int right, int rank, int id) => _merges[Key(left, right)] = new Merge(rank, id);

    /// <summary>Notes the first symbols between which a merge joins two pieces, so that no text is cut there.</summary>
    public void AddJoint(ReadOnlySpan<char> left, ReadOnlySpan<char> right, Dictionary<int, int> symbols)
    {
        if (joinsAnywhere) return;
        Rune.DecodeLastFromUtf16(left, out Rune last, out _);
        Rune.DecodeFromUtf16(right, out Rune first, out _);
        // Where either is no symbol, no text comes to the merge.
        if (symbols.TryGetValue(last.Value, out int before) && symbols.TryGetValue(first.Value, out int after))
            _joints.Add(Key(before, after));
    }

    /// <summary>Whether any merge, in any number of steps, can cross the place between two first symbols.</summary>
    public bool IsJoint(int left, int right) => joinsAnywhere || _joints.Contains(Key(left, right));

    /// <summary>Finds what a pair joins to.</summary>
    public bool TryGet(int left, int right, out Merge merge) => _merges.TryGetValue(Key(left, right), out merge);

    /// <summary>A number of its own for each pair. An odd factor spreads what <see cref="ulong.GetHashCode"/> would fold to left xor right,
    /// of which a byte-level vocabulary has 256 values for 65,536 pairs.</summary>
    private static ulong Key(int left, int right) => unchecked((((ulong)(uint)left << 32) | (uint)right) * 0x9E3779B97F4A7C15);
}
