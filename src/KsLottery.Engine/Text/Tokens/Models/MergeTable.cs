using System.Text;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>Which two neighbouring symbols join to which token, and how early.</summary>
/// <remarks>
/// One table serves every kind of byte-pair encoding: a <c>tokenizer.json</c> lists its merges in their order, and the scores of
/// SentencePiece and llama2.c say the same, since a piece can be joined from any two symbols that spell it.
/// </remarks>
/// <param name="joinsAnywhere">Whether first symbols are other than the characters of a text, so that any place in it may be
/// joined.</param>
internal sealed class MergeTable(bool joinsAnywhere = false)
{
    private readonly Dictionary<ulong, Merge> _merges = [];
    private readonly HashSet<ulong> _joints = [];

    /// <summary>A joined token and its turn; lower ranks go first.</summary>
    public readonly record struct Merge(int Rank, int Id);

    /// <summary>Sets what a pair joins to.</summary>
    public void Set(int left, int right, int rank, int id) => _merges[Key(left, right)] = new Merge(rank, id);

    /// <summary>Notes the first symbols that a mergeable piece consists of, so that no text is cut between two of them.</summary>
    public void AddJoints(string piece, Dictionary<int, int> symbols)
    {
        int previous = -1;
        foreach (Rune rune in piece.EnumerateRunes())
        {
            if (!symbols.TryGetValue(rune.Value, out int symbol)) return; // Then no merge can spell the piece.
            if (previous >= 0) _joints.Add(Key(previous, symbol));
            previous = symbol;
        }
    }

    /// <summary>Whether any merge, in any number of steps, can cross the place between two first symbols.</summary>
    public bool IsJoint(int left, int right) => joinsAnywhere || _joints.Contains(Key(left, right));

    /// <summary>Finds what a pair joins to.</summary>
    public bool TryGet(int left, int right, out Merge merge) => _merges.TryGetValue(Key(left, right), out merge);

    private static ulong Key(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;
}
