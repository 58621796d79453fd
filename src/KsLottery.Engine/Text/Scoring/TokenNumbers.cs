using System.Runtime.InteropServices;

namespace KsLottery.Engine.Text.Scoring;

/// <summary>Numbers tokens in the order of their first appearance, and keeps one string for each.</summary>
internal sealed class TokenNumbers
{
    private readonly Dictionary<string, int> _numbers = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int>.AlternateLookup<ReadOnlySpan<char>> _lookup;

    public TokenNumbers() => _lookup = _numbers.GetAlternateLookup<ReadOnlySpan<char>>();

    public int this[ReadOnlySpan<char> token]
    {
        get
        {
            ref int number = ref CollectionsMarshal.GetValueRefOrAddDefault(_lookup, token, out bool exists);
            if (!exists) number = _numbers.Count;
            return number;
        }
    }
}
