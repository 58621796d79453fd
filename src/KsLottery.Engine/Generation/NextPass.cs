using System.Runtime.InteropServices;

namespace KsLottery.Engine.Generation;

/// <summary>What the searches under way want of the decoder, gathered so that it takes one pass.</summary>
internal sealed class NextPass
{
    private readonly List<int> _slots = [], _tokens = [], _copies = [], _sources = [];

    /// <summary>Appends a token to a slot, after all copies.</summary>
    public void Append(int slot, int token)
    {
        _slots.Add(slot);
        _tokens.Add(token);
    }

    /// <summary>Makes a slot a copy of another.</summary>
    public void Copy(int slot, int source)
    {
        _copies.Add(slot);
        _sources.Add(source);
    }

    /// <summary>Carries it out, and starts empty again.</summary>
    public void Run(IDecoder decoder)
    {
        if (_copies.Count > 0) decoder.Reorder(CollectionsMarshal.AsSpan(_copies), CollectionsMarshal.AsSpan(_sources));
        decoder.Append(CollectionsMarshal.AsSpan(_slots), CollectionsMarshal.AsSpan(_tokens));
        foreach (List<int> list in new[] { _slots, _tokens, _copies, _sources }) list.Clear();
    }
}
