using System.Numerics;
using System.Runtime.CompilerServices;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>Byte strings with a number each, found as prefixes.</summary>
/// <remarks>Meant as the twin of the trie in <see cref="UnigramModel"/>, whose keys are UTF-16 units.</remarks>
internal sealed class ByteTrie
{
    /// <summary>The node before the first byte.</summary>
    public const int Root = 0;

    // Enough for every node, as a file has 2^28 bytes at most.
    private const int NodeBits = 28, LeastSlots = 16;

    // A hash table, open to the next free slot: a node, a byte and the child there in 28, 8 and 28 bits; 0 marks a free slot, as no
    // child is the root. Eight bytes a slot, since most of the time goes into waiting for them.
    private ulong[] _steps;
    private int[] _values; // By node: number + 1; 0 for none.
    private int _shift, _nodes = 1;

    /// <param name="capacity">About the number of bytes in which strings go ways of their own, where it is known.</param>
    public ByteTrie(int capacity = 0)
    {
        long slots = Math.Clamp(capacity + ((long)capacity / 3) + 1, LeastSlots, 1 << NodeBits);
        _steps = Make((int)BitOperations.RoundUpToPowerOf2((uint)slots));
        _values = new int[Math.Max(LeastSlots, capacity + 1)];
    }

    /// <summary>Adds a string; the first of equal ones keeps its number.</summary>
    /// <param name="key">The string.</param>
    /// <param name="value">Its number, from 0.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // For the first file of a process, which is over before code is tiered up.
    public void Add(ReadOnlySpan<byte> key, int value)
    {
        int node = Root;
        foreach (byte next in key)
        {
            ulong step = Step(node, next);
            ref ulong slot = ref Find(_steps, _shift, step);
            bool isNew = slot == 0;
            if (isNew) slot = (step << NodeBits) | (uint)_nodes;
            node = ChildOf(slot);
            if (isNew && ++_nodes > _steps.Length / 4 * 3) Grow();
        }
        if (node == Root) return;
        if (node >= _values.Length) Array.Resize(ref _values, Math.Max(_nodes, 2 * _values.Length));
        if (_values[node] == 0) _values[node] = value + 1;
    }

    /// <summary>Goes on by one byte; false where no string does.</summary>
    public bool TryStep(ref int node, byte next)
    {
        ulong slot = Find(_steps, _shift, Step(node, next));
        if (slot == 0) return false;
        node = ChildOf(slot);
        return true;
    }

    /// <summary>The number of the string that ends at a node; negative where none does.</summary>
    public int ValueAt(int node) => node < _values.Length ? _values[node] - 1 : -1;

    /// <summary>The length of the longest string that a text begins with; 0 for none.</summary>
    public int LongestPrefix(ReadOnlySpan<byte> text, out int value)
    {
        int node = Root, length = 0;
        value = -1;
        for (int i = 0; i < text.Length && TryStep(ref node, text[i]); i++)
            if (ValueAt(node) is >= 0 and var found)
                (length, value) = (i + 1, found);
        return length;
    }

    private static ulong Step(int node, byte next) => ((ulong)(uint)node << 8) | next;

    private static int ChildOf(ulong slot) => (int)(slot & ((1 << NodeBits) - 1));

    /// <summary>The slot of a step, or the free one where it would be.</summary>
    private static ref ulong Find(ulong[] steps, int shift, ulong step)
    {
        for (int i = (int)(unchecked(step * 0x9E3779B97F4A7C15) >> shift); ; i = (i + 1) & (steps.Length - 1))
        {
            ref ulong slot = ref steps[i];
            if (slot == 0 || slot >> NodeBits == step) return ref slot;
        }
    }

    private ulong[] Make(int length)
    {
        _shift = 64 - BitOperations.Log2((uint)length);
        return new ulong[length];
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Grow()
    {
        ulong[] before = _steps;
        _steps = Make(before.Length * 2);
        foreach (ulong slot in before)
            if (slot != 0)
                Find(_steps, _shift, slot >> NodeBits) = slot;
    }
}
