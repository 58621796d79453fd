using System.Diagnostics;
using System.Numerics;

namespace KsLottery.Engine.Text.Scoring;

/// <summary>The n-grams of one segment's references, of all orders up to a largest, and a hypothesis' matches with them.</summary>
/// <remarks>
/// An n-gram is a node: its first n-1 symbols, which are a node already, and its last. So each costs one look-up of two integers, whatever
/// its order, no string is made, and two n-grams never share a count. The memory is kept from segment to segment.
/// </remarks>
internal sealed class NgramCounts(int maxOrder)
{
    private const int Root = 0, MinCapacity = 64;

    private int[] _slots = [];
    private Node[] _nodes = [];
    private int _capacity, _count;

    /// <summary>Forgets the references.</summary>
    /// <remarks>The table starts small again, so that one long segment does not make the later ones pay for its size.</remarks>
    public void Clear()
    {
        _count = Root + 1;
        Resize(MinCapacity);
    }

    /// <summary>Takes a reference's n-grams; of several references each n-gram counts as often as in the one that has it most.</summary>
    public void AddReference(ReadOnlySpan<int> symbols)
    {
        Debug.Assert(_count > Root, "Clear begins a segment");
        for (int i = 0; i < symbols.Length; i++)
        {
            int node = Root, end = Math.Min(symbols.Length, i + maxOrder);
            for (int k = i; k < end; k++)
            {
                int child = Find(node, symbols[k]);
                node = child == Root ? Add(node, symbols[k]) : child;
                _nodes[node].Seen++;
            }
        }
        foreach (ref Node node in _nodes.AsSpan(0, _count))
            (node.Allowed, node.Seen) = (Math.Max(node.Allowed, node.Seen), 0);
    }

    /// <summary>Adds to each order's entry the n-grams of a hypothesis that a reference has, each at most as often as there.</summary>
    public void AddMatches(ReadOnlySpan<int> symbols, Span<long> matches)
    {
        Debug.Assert(matches.Length == maxOrder);
        for (int i = 0; i < symbols.Length; i++)
        {
            int node = Root, orders = Math.Min(symbols.Length - i, maxOrder);
            for (int n = 0; n < orders; n++)
            {
                node = Find(node, symbols[i + n]);
                // What no reference has, none has a continuation of.
                if (node == Root) break;
                if (++_nodes[node].Seen <= _nodes[node].Allowed) matches[n]++;
            }
        }
        foreach (ref Node node in _nodes.AsSpan(0, _count)) node.Seen = 0;
    }

    /// <summary>The number of n-grams of each order in so many symbols.</summary>
    public static long Total(int symbols, int order) => Math.Max(0, symbols - order + 1);

    private int Find(int parent, int symbol)
    {
        for (int at = _slots[Slot(parent, symbol)]; at != Root; at = _nodes[at].Next)
            if (_nodes[at].Parent == parent && _nodes[at].Symbol == symbol)
                return at;
        return Root;
    }

    private int Add(int parent, int symbol)
    {
        if (_count == _capacity) Resize(checked(_capacity * 2));
        _nodes[_count] = new Node { Parent = parent, Symbol = symbol };
        Link(_count);
        return _count++;
    }

    private void Resize(int capacity)
    {
        Debug.Assert(BitOperations.IsPow2(capacity));
        _capacity = capacity;
        if (_nodes.Length < capacity)
        {
            Array.Resize(ref _nodes, capacity);
            _slots = new int[capacity];
        }
        else
        {
            _slots.AsSpan(0, capacity).Clear();
        }
        for (int node = Root + 1; node < _count; node++) Link(node);
    }

    private void Link(int node)
    {
        ref int slot = ref _slots[Slot(_nodes[node].Parent, _nodes[node].Symbol)];
        (_nodes[node].Next, slot) = (slot, node);
    }

    private int Slot(int parent, int symbol)
    {
        // Fibonacci hashing: the high bits of the product depend on all bits of the key.
        ulong key = ((ulong)(uint)parent << 32 | (uint)symbol) * 0x9E3779B97F4A7C15;
        return (int)((key ^ key >> 32) >> 16) & (_capacity - 1);
    }

    private struct Node
    {
        public int Parent, Symbol, Next, Allowed, Seen;
    }
}
