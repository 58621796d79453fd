using System.Numerics;
using System.Runtime.CompilerServices;
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
    private readonly Pairs _merges = new(capacity), _joints = new(0);

    /// <summary>A joined token and its turn; lower ranks go first.</summary>
    public readonly record struct Merge(int Rank, int Id);

    /// <summary>Sets what a pair joins to.</summary>
    public void Set(int left, int right, int rank, int id) => _merges.Set(left, right, rank, id);

    /// <summary>Notes the first symbols between which a merge joins two pieces, so that no text is cut there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // For the first file of a process, which is over before code is tiered up.
    public void AddJoint(ReadOnlySpan<char> left, ReadOnlySpan<char> right, CodePointTable symbols)
    {
        if (joinsAnywhere) return;
        int last = left[^1], first = right[0];
        if (char.IsSurrogate((char)last) || char.IsSurrogate((char)first))
        {
            Rune.DecodeLastFromUtf16(left, out Rune lastRune, out _);
            Rune.DecodeFromUtf16(right, out Rune firstRune, out _);
            (last, first) = (lastRune.Value, firstRune.Value);
        }
        // Where either is no symbol, no text comes to the merge.
        if (symbols.TryGetValue(last, out int before) && symbols.TryGetValue(first, out int after)) _joints.Set(before, after, 0, 0);
    }

    /// <summary>Whether any merge, in any number of steps, can cross the place between two first symbols.</summary>
    public bool IsJoint(int left, int right) => joinsAnywhere || _joints.TryGet(left, right, out _);

    /// <summary>Finds what a pair joins to.</summary>
    public bool TryGet(int left, int right, out Merge merge) => _merges.TryGet(left, right, out merge);

    /// <summary>A hash table of pairs, open to the next free slot.</summary>
    private sealed class Pairs
    {
        private const int LeastSlots = 16;

        private Slot[] _slots;
        private int _shift, _count;

        /// <summary>A pair, its rank + 1 and its token; a turn of 0 marks a free slot.</summary>
        private record struct Slot(ulong Pair, int Turn, int Id);

        public Pairs(int capacity)
        {
            long slots = Math.Max(LeastSlots, capacity + ((long)capacity / 3) + 1);
            _slots = Make((int)BitOperations.RoundUpToPowerOf2((uint)Math.Min(slots, Array.MaxLength / 2)));
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Set(int left, int right, int rank, int id)
        {
            ref Slot slot = ref Find(_slots, _shift, Key(left, right));
            bool isNew = slot.Turn == 0;
            slot = new Slot(Key(left, right), rank + 1, id);
            if (isNew && ++_count > _slots.Length / 4 * 3) Grow();
        }

        public bool TryGet(int left, int right, out Merge merge)
        {
            Slot slot = Find(_slots, _shift, Key(left, right));
            merge = new Merge(slot.Turn - 1, slot.Id);
            return slot.Turn > 0;
        }

        private static ulong Key(int left, int right) => ((ulong)(uint)left << 32) | (uint)right;

        /// <summary>The slot of a pair, or the free one where it would be. An odd factor spreads keys that differ in few bits.</summary>
        private static ref Slot Find(Slot[] slots, int shift, ulong pair)
        {
            for (int i = (int)(unchecked(pair * 0x9E3779B97F4A7C15) >> shift); ; i = (i + 1) & (slots.Length - 1))
            {
                ref Slot slot = ref slots[i];
                if (slot.Turn == 0 || slot.Pair == pair) return ref slot;
            }
        }

        private Slot[] Make(int length)
        {
            _shift = 64 - BitOperations.Log2((uint)length);
            return new Slot[length];
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private void Grow()
        {
            Slot[] before = _slots;
            _slots = Make(before.Length * 2);
            foreach (Slot slot in before)
                if (slot.Turn > 0)
                    Find(_slots, _shift, slot.Pair) = slot;
        }
    }
}
