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
    public void Count(OverlapCounter counter, CancellationToken cancellationToken) => Visit(areValues: false, cancellationToken,
        (changes, _, _) => counter.Add(changes, _numbers));

    /// <summary>The sum of the signs that TIES elects.</summary>
    public long SumSigns(MergeRecipe recipe, int patchCount, CancellationToken cancellationToken)
    {
        MergeArithmetic arithmetic = new(recipe, _numbers, patchCount);
        long sum = 0;
        Visit(areValues: false, cancellationToken, (changes, touched, _) =>
        {
            for (int word = 0; word < touched.Length; word++)
                for (ulong bits = touched[word]; bits != 0; bits &= bits - 1)
                    sum += arithmetic.SignOfSum(changes, (64 * word) + BitOperations.TrailingZeroCount(bits));
        });
        return sum;
    }

    /// <summary>Says how <see cref="NewRewriter"/> merges.</summary>
    public void Prepare(MergeRecipe recipe, int patchCount, int majority, bool allowsNonFinite) =>
        (_recipe, _patchCount, _majority, _allowsNonFinite) = (recipe, patchCount, majority, allowsNonFinite);

    public IElementRewriter NewRewriter() => new Rewriter(this, new(_recipe, _numbers, _patchCount, _majority));

    private delegate void WindowVisitor(IReadOnlyList<PatchChanges> changes, ReadOnlySpan<ulong> touched, long start);

    private void Visit(bool areValues, CancellationToken cancellationToken, WindowVisitor visit)
    {
        using ChangedWindows windows = new(patches.Select(p => p.Patched), _trims, areValues);
        for (long start = 0; start < tensor.ElementCount; start += PatchChanges.MaxCount)
        {
            cancellationToken.ThrowIfCancellationRequested();
            windows.Read(start, (int)Math.Min(PatchChanges.MaxCount, tensor.ElementCount - start));
            visit(windows.Changes, windows.Touched, start);
        }
    }

    private sealed class Rewriter(MergedTensor merged, MergeArithmetic arithmetic) : IElementRewriter
    {
        private readonly ChangedWindows _windows =
            new(merged.Patches.Select(p => p.Patched), merged._trims, merged._recipe.Method == MergeMethod.Graft);
        private readonly float[] _values = new float[PatchChanges.MaxCount];
        private readonly byte[] _stored = new byte[PatchChanges.MaxCount * sizeof(double)];

        public RoundingLoss Rewrite(long start, Span<byte> window)
        {
            ElementType type = merged.Tensor.ElementType;
            int size = type.ByteSize(), count = window.Length / size;
            if (!_windows.Read(start, count)) return default;
            Span<float> values = _values.AsSpan(0, count);
            RowRounding.Convert(window, type, MemoryMarshal.AsBytes(values), ElementType.F32);
            arithmetic.Merge(_windows.Changes, _windows.Touched, values);
            Span<byte> stored = _stored.AsSpan(0, window.Length);
            // What no patch touches is a value of this type already, and rounds to itself.
            RoundingLoss loss = RowRounding.Convert(MemoryMarshal.AsBytes(values), ElementType.F32, stored, type);
            bool areFinite = merged._allowsNonFinite || RowRounding.AreFinite(stored, type);
            for (int word = 0; word < _windows.Touched.Length; word++)
                for (ulong bits = _windows.Touched[word]; bits != 0; bits &= bits - 1)
                {
                    int place = (64 * word) + BitOperations.TrailingZeroCount(bits);
                    ReadOnlySpan<byte> value = stored.Slice(place * size, size);
                    if (!areFinite && !RowRounding.AreFinite(value, type)) throw NonFinite(start + place);
                    value.CopyTo(window[(place * size)..]);
                }
            return loss;
        }

        public void Dispose() => _windows.Dispose();

        private NotFiniteNumberException NonFinite(long element) => new(
            $"tensor {CheckpointFormatException.Quote(merged.Tensor.Name)}: element {element} would hold a NaN or an infinity as "
            + $"{merged.Tensor.DtypeName}, with which no model works. Take smaller weights or other patches, or ask for it "
            + $"({Remedy.AllowNonFinite}).");
    }
}

/// <summary>The changes of several patches, a window at a time.</summary>
internal sealed class ChangedWindows(IEnumerable<PatchedTensor> patches, IReadOnlyList<MergeTrim> trims, bool areValues) : IDisposable
{
    private readonly PatchChanges[] _changes = [.. patches.Select((p, i) => new PatchChanges(p, trims[i], areValues))];
    private readonly ulong[] _touched = new ulong[PatchChanges.MaxCount / 64];

    public IReadOnlyList<PatchChanges> Changes => _changes;

    /// <summary>The elements that any patch changes, a bit each.</summary>
    public ReadOnlySpan<ulong> Touched => _touched;

    /// <summary>Goes to a window behind the last one; says whether any patch changes something in it.</summary>
    public bool Read(long start, int count)
    {
        Array.Clear(_touched);
        foreach (PatchChanges one in _changes)
        {
            one.Read(start, count);
            for (int word = 0; word < _touched.Length; word++) _touched[word] |= one.Has[word];
        }
        return _touched.AsSpan().ContainsAnyExcept(0UL);
    }

    public void Dispose()
    {
        foreach (PatchChanges one in _changes) one.Dispose();
    }
}
