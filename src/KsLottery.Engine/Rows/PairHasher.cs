using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Rows;

/// <summary>One thread's hashers of two matrices. A block that no fine-tune touched is hashed once for both.</summary>
internal sealed class PairHasher(PairBlocks blocks) : IDisposable
{
    private readonly BlockHasher _base = new(blocks.Base), _tuned = new(blocks.Tuned);
    private readonly bool _hasOneForm = blocks.Base.Title == blocks.Tuned.Title;

    /// <summary>Tuned bytes that are the base's and were not hashed yet; no longer kept track of where <see cref="_differs"/>.</summary>
    private long _start = -1, _end;
    private bool _differs;

    /// <summary>Takes rows of both, which follow those before or, behind <see cref="Complete"/>, lie anywhere.</summary>
    public void Add(long baseStart, ReadOnlySpan<byte> before, long tunedStart, ReadOnlySpan<byte> after)
    {
        _base.Add(baseStart, before);
        if (_start < 0)
        {
            _start = _end = tunedStart;
            _differs = !_hasOneForm || baseStart != tunedStart;
        }
        if (!_differs && before.SequenceEqual(after))
        {
            _end += after.Length;
            return;
        }
        if (!_differs) _tuned.AddFrom(_start, _end);
        _differs = true;
        _tuned.Add(tunedStart, after);
    }

    /// <summary>Reads what the last blocks still lack.</summary>
    public void Complete()
    {
        _base.Complete();
        _tuned.Complete();
        if (_start >= 0 && !_differs) TakeOver();
        _start = -1;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _base.Dispose();
        _tuned.Dispose();
    }

    /// <summary>Gives the tuned matrix the base's hashes of blocks that are the same; the last may end behind what was compared.</summary>
    private void TakeOver()
    {
        int end = FingerprintBlocks.FirstFrom(_end);
        for (int block = FingerprintBlocks.FirstFrom(_start); block < end; block++)
            if (blocks.Base.EndOf(block) <= _end || _base.IsSame(blocks.Tuned, _end, blocks.Base.EndOf(block)))
                blocks.Tuned.Put(block, blocks.Base[block]);
            else _tuned.Take(block);
    }
}
