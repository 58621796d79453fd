using System.Numerics;
using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Transfer;

/// <summary>A tensor of the base, and what several patches make of it together.</summary>
internal sealed class MergedTensor(Tensor tensor, IReadOnlyList<(int Number, TicketPatch File, PatchedTensor Patched)> patches)
    : IRewrittenTensor
{
    private readonly int[] _numbers = [.. patches.Select(p => p.Number)];
    private MergeTrim[] _trims = new MergeTrim[patches.Count];
    private MergeRecipe _recipe = new();
    private int _patchCount, _majority;
    private bool _allowsNonFinite;

    public Tensor Tensor => tensor;

    /// <summary>The patches that change it, with their numbers among all.</summary>
    public IReadOnlyList<(int Number, TicketPatch File, PatchedTensor Patched)> Patches => patches;

    /// <summary>Finds what is trimmed.</summary>
    public void Trim(MergeRecipe recipe)
    {
        if (recipe.Trim is { } share)
            _trims = [.. patches.Select(p => MergeTrim.Of(p.Patched, share.CountOf(tensor.ElementCount)))];
    }

    /// <summary>Counts how the patches lie over each other.</summary>
    public void Count(OverlapCounter counter, CancellationToken cancellationToken) => Visit(
        windows => counter.Add(windows.Changes, _numbers), cancellationToken);

    /// <summary>The sum of the signs that TIES elects.</summary>
    public long SumSigns(MergeRecipe recipe, int patchCount, CancellationToken cancellationToken)
    {
        MergeArithmetic arithmetic = new(recipe, _numbers, patchCount);
        long sum = 0;
        Visit(windows => sum += arithmetic.SumSigns(windows.Changes, windows.Places), cancellationToken);
        return sum;
    }

    /// <summary>Says how <see cref="NewRewriter"/> merges.</summary>
    public void Prepare(MergeRecipe recipe, int patchCount, int majority, bool allowsNonFinite) =>
        (_recipe, _patchCount, _majority, _allowsNonFinite) = (recipe, patchCount, majority, allowsNonFinite);

    public IElementRewriter NewRewriter() => new Rewriter(this, new(_recipe, _numbers, _patchCount, _majority));

    private void Visit(Action<ChangedWindows> visit, CancellationToken cancellationToken)
    {
        ChangedWindows windows = new(patches.Select(p => p.Patched), _trims, areValues: false);
        for (long start = 0; start < tensor.ElementCount; start += PatchChanges.MaxCount)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (windows.Read(start, (int)Math.Min(PatchChanges.MaxCount, tensor.ElementCount - start))) visit(windows);
        }
    }

    private sealed class Rewriter(MergedTensor merged, MergeArithmetic arithmetic) : IElementRewriter
    {
        private readonly ChangedWindows _windows =
            new(merged.Patches.Select(p => p.Patched), merged._trims, merged._recipe.Method == MergeMethod.Graft);
        private readonly float[] _values = new float[PatchChanges.MaxCount];
        private readonly byte[] _stored = new byte[PatchChanges.MaxCount * sizeof(float)];

        public RoundingLoss Rewrite(long start, Span<byte> window)
        {
            ElementType type = merged.Tensor.ElementType;
            if (!_windows.Read(start, window.Length / type.ByteSize())) return default;
            ReadOnlySpan<int> places = _windows.Places;
            Span<float> values = _values.AsSpan(0, places.Length);
            Span<byte> stored = _stored.AsSpan(0, places.Length * type.ByteSize());
            Elements.Gather(window, places, stored);
            RowRounding.Convert(stored, type, MemoryMarshal.AsBytes(values), ElementType.F32);
            arithmetic.Merge(_windows.Changes, places, values);
            RoundingLoss loss = RowRounding.Convert(MemoryMarshal.AsBytes(values), ElementType.F32, stored, type);
            if (!merged._allowsNonFinite && ElementCodec.Of(type).IndexOfNonFinite(stored) is >= 0 and var found)
                throw NonFinite(start + places[found]);
            Elements.Scatter(stored, places, window);
            return loss;
        }

        private NotFiniteNumberException NonFinite(long element) => new(
            $"tensor {CheckpointFormatException.Quote(merged.Tensor.Name)}: element {element} would hold a NaN or an infinity as "
            + $"{merged.Tensor.DtypeName}, with which no model works. Take smaller weights or other patches, or ask for it "
            + $"({Remedy.AllowNonFinite}).");
    }
}

/// <summary>The changes of several patches, a window at a time.</summary>
internal sealed class ChangedWindows(IEnumerable<PatchedTensor> patches, IReadOnlyList<MergeTrim> trims, bool areValues)
{
    private readonly PatchChanges[] _changes = [.. patches.Select((p, i) => new PatchChanges(p, trims[i], areValues))];
    private readonly ulong[] _touched = new ulong[PatchChanges.MaxCount / 64];
    private readonly int[] _places = new int[PatchChanges.MaxCount];
    private int _count;

    public PatchChanges[] Changes => _changes;

    /// <summary>The elements that any patch changes, ascending, counted from the window's start.</summary>
    public ReadOnlySpan<int> Places => _places.AsSpan(0, _count);

    /// <summary>Goes to a window behind the last one; says whether any patch changes something in it.</summary>
    public bool Read(long start, int count)
    {
        Array.Clear(_touched);
        foreach (PatchChanges one in _changes)
        {
            one.Read(start, count);
            for (int word = 0; word < _touched.Length; word++) _touched[word] |= one.Has[word];
        }
        _count = 0;
        for (int word = 0; word < _touched.Length; word++)
            for (ulong bits = _touched[word]; bits != 0; bits &= bits - 1)
                _places[_count++] = (64 * word) + BitOperations.TrailingZeroCount(bits);
        return _count > 0;
    }
}
