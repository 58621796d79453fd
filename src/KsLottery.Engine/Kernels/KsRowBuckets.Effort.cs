using System.Runtime.CompilerServices;

namespace KsLottery.Engine.Kernels;

/// <summary>What a row may take before it is split: loops that repeat ask first.</summary>
internal sealed partial class KsRowBuckets<TLanes, TFloat, TBin, TCount>
{
    /// <summary>Bytes for each element of a row.</summary>
    private const int MaxEffortOfElement = 1536;

    /// <summary>Of F32 keys: a value and the comparisons that sort it among the most that a bucket holds.</summary>
    private const int SortedBytes = 8 * sizeof(uint);

    private readonly int _maxEffortOfElement;

    // Of the row pair at hand.
    private long _effort, _effortOfKnown;
    private bool _isSplit;

    public long Effort => _effort + _effortOfKnown + (_isSplit ? _fallback!.Effort : 0);

    private KsRowSplits Fallback
    {
        get
        {
            _isSplit = true;
            return _fallback ??= _newFallback();
        }
    }

    private void Begin(int bytes) => (_effort, _effortOfKnown, _isSplit) = (bytes, 0, false);

    /// <summary>Notes what is done without asking, once a row.</summary>
    private void Take(int bytes) => _effort += bytes;

    /// <summary>Notes how many bytes the row takes more; false where they would be too many, and the row must go another way.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Spend(long bytes)
    {
        if (_effort + bytes > (long)_maxEffortOfElement * _padded) return false;
        _effort += bytes;
        return true;
    }

    /// <summary>Maps and counts both rows, runs all prefix sums, lists candidates for h and the location, takes the value of each bucket,
    /// and clears the counters.</summary>
    private bool SpendOnBuckets(int rowBits) => Spend(80 * _padded + 12 * (2 * Lanes << rowBits));

    /// <summary>Goes through all candidates and the positions of both rows, and sorts the values found.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool SpendOnSearch(int held) =>
        Spend(2 * sizeof(ushort) * _length + Unsafe.SizeOf<Candidate>() * _candidateCount + SortedBytes * held);
}
