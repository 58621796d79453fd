using System.Runtime.InteropServices;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>Byte strings with a number each, found as prefixes.</summary>
/// <remarks>Meant as the twin of the trie in <see cref="UnigramModel"/>, whose keys are UTF-16 units.</remarks>
/// <param name="capacity">About the number of bytes in which strings go ways of their own, where it is known.</param>
internal sealed class ByteTrie(int capacity = 0)
{
    /// <summary>The node before the first byte.</summary>
    public const int Root = 0;

    private readonly Dictionary<long, int> _children = new(capacity);
    private readonly List<int> _values = [-1];

    /// <summary>Adds a string; the first of equal ones keeps its number.</summary>
    /// <param name="key">The string.</param>
    /// <param name="value">Its number, from 0.</param>
    public void Add(ReadOnlySpan<byte> key, int value)
    {
        int node = Root;
        foreach (byte next in key)
        {
            ref int child = ref CollectionsMarshal.GetValueRefOrAddDefault(_children, Key(node, next), out bool exists);
            if (!exists)
            {
                child = _values.Count;
                _values.Add(-1);
            }
            node = child;
        }
        if (node != Root && _values[node] < 0) _values[node] = value;
    }

    /// <summary>Goes on by one byte; false where no string does.</summary>
    public bool TryStep(ref int node, byte next)
    {
        if (!_children.TryGetValue(Key(node, next), out int child)) return false;
        node = child;
        return true;
    }

    /// <summary>The number of the string that ends at a node; negative where none does.</summary>
    public int ValueAt(int node) => _values[node];

    /// <summary>The length of the longest string that a text begins with; 0 for none.</summary>
    public int LongestPrefix(ReadOnlySpan<byte> text, out int value)
    {
        int node = Root, length = 0;
        value = -1;
        for (int i = 0; i < text.Length && TryStep(ref node, text[i]); i++)
            if (_values[node] >= 0)
                (length, value) = (i + 1, _values[node]);
        return length;
    }

    private static long Key(int node, byte next) => ((long)node << 8) | next;
}
