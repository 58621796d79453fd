using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
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
    private OverlapTally? _tally;
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
        Visit(windows => sum += arithmetic.SumSigns(windows.Changes), cancellationToken);
        return sum;
    }

    /// <summary>Says how <see cref="NewRewriter"/> merges.</summary>
    /// <param name="recipe">The recipe.</param>
    /// <param name="patchCount">How many patches there are in all.</param>
    /// <param name="majority">The sign that most elements have.</param>
    /// <param name="allowsNonFinite">Whether values may be a NaN or an infinity.</param>
    /// <param name="tally">Takes how the patches lie over each other; null where that is known.</param>
    public void Prepare(MergeRecipe recipe, int patchCount, int majority, bool allowsNonFinite, OverlapTally? tally) =>
        (_recipe, _patchCount, _majority, _allowsNonFinite, _tally) = (recipe, patchCount, majority, allowsNonFinite, tally);

    /// <remarks>What it rewrites is compared with the base of the patches as it comes by; <see cref="IElementRewriter.Complete"/> throws
    /// where it was another.</remarks>
    public IElementRewriter NewRewriter() => new Rewriter(this, new(_recipe, _numbers, _patchCount, _majority));

    /// <summary>Checks that the tensor is the base of the patches, every byte of it.</summary>
    /// <exception cref="PatchMismatchException">It is not.</exception>
    public void ThrowIfNotBase(CancellationToken cancellationToken)
    {
        foreach ((_, TicketPatch file, PatchedTensor patched) in OfDifferentBases)
            PatchFit.ThrowIfNotBase(file, patched, tensor, cancellationToken);
    }

    /// <summary>Checks type and shape and the first elements that each patch changes.</summary>
    /// <exception cref="PatchMismatchException">They are not those of a patch's base.</exception>
    public void ThrowIfPlainlyNotBase(CancellationToken cancellationToken)
    {
        foreach ((_, TicketPatch file, PatchedTensor patched) in patches)
        {
            PatchFit.ThrowIfOtherForm(file, patched, tensor);
            if (!PatchFit.MayBeBase(patched, tensor)) PatchFit.ThrowIfNotBase(file, patched, tensor, cancellationToken);
        }
    }

    private IEnumerable<(int, TicketPatch File, PatchedTensor Patched)> OfDifferentBases =>
        patches.DistinctBy(p => (p.Patched.BaseFingerprint, p.Patched.BaseScaleFingerprint));

    private void Visit(Action<ChangedWindows> visit, CancellationToken cancellationToken)
    {
        using ChangedWindows windows = NewWindows(areValues: false);
        for (long start = 0; start < tensor.ElementCount; start += PatchChanges.MaxCount)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (windows.Read(start, (int)Math.Min(PatchChanges.MaxCount, tensor.ElementCount - start))) visit(windows);
        }
    }

    private ChangedWindows NewWindows(bool areValues) => new(patches.Select(p => p.Patched), _trims, areValues);

    private sealed class Rewriter : IElementRewriter, IDisposable
    {
        private readonly MergedTensor _merged;
        private readonly MergeArithmetic _arithmetic;
        private readonly ElementType _type;
        private readonly ChangedWindows _windows;
        // Of grafts the values are read, and how the patches lie over each other is seen from differences.
        private readonly ChangedWindows? _counted;
        private readonly OverlapCounter? _counter;
        private readonly RunningFingerprint[] _fingerprints;
        private readonly float[] _values;
        private readonly byte[] _stored;
        private readonly bool _isKept, _isSum;

        public Rewriter(MergedTensor merged, MergeArithmetic arithmetic)
        {
            (_merged, _arithmetic, _type) = (merged, arithmetic, merged.Tensor.ElementType);
            _windows = merged.NewWindows(merged._recipe.Method == MergeMethod.Graft);
            _counter = merged._tally?.Take();
            if (_counter is not null)
                _counted = merged._recipe.Method == MergeMethod.Graft ? merged.NewWindows(areValues: false) : _windows;
            _fingerprints = [.. merged.Patches.Select(p => Fingerprint.KindOf(p.Patched.BaseFingerprint)).Distinct()
                .Select(kind => new RunningFingerprint(merged.Tensor, kind))];
            // Every bit of an element that no patch changes comes back, a NaN's and the sign of 0 too; F16 makes NaNs quiet.
            _isKept = merged._recipe.Method is MergeMethod.Add or MergeMethod.Graft && _type is ElementType.F32 or ElementType.BF16;
            _isSum = merged._recipe.Method == MergeMethod.Add && _type == ElementType.BF16 && SumLanes512.IsSupported;
            _values = _isSum ? [] : new float[PatchChanges.MaxCount];
            _stored = _isKept ? [] : new byte[PatchChanges.MaxCount * _type.ByteSize()];
        }

        public RoundingLoss Rewrite(long start, Span<byte> window) => Rewrite(start, window, window);

        public RoundingLoss Rewrite(long start, ReadOnlySpan<byte> source, Span<byte> target)
        {
            foreach (RunningFingerprint one in _fingerprints) one.Add(source);
            RoundingLoss loss = default;
            int length = PatchChanges.MaxCount * _type.ByteSize();
            for (int at = 0; at < source.Length; at += length, start += PatchChanges.MaxCount)
            {
                int next = Math.Min(source.Length, at + length);
                loss += Merge(start, source[at..next], target[at..next]);
            }
            return loss;
        }

        private RoundingLoss Merge(long start, ReadOnlySpan<byte> source, Span<byte> target)
        {
            int count = target.Length / _type.ByteSize();
            bool isChanged = _windows.Read(start, count);
            if (isChanged && _counted is not null)
            {
                if (_counted != _windows) _counted.Read(start, count);
                _counter!.Add(_counted.Changes, _merged._numbers);
            }
            if (!isChanged || !_isKept) source.CopyTo(target);
            if (!isChanged) return default;
            if (_isSum)
            {
                RoundingLoss ofSums = SumLanes512.Add(_windows.FindBits(), _windows.PaddedChanges, MemoryMarshal.Cast<byte, ushort>(source),
                    MemoryMarshal.Cast<byte, ushort>(target), out bool mayBeSpecial);
                if (mayBeSpecial) ThrowIfNonFinite(start, target);
                return ofSums;
            }
            Span<float> values = _values.AsSpan(0, count);
            RowRounding.Convert(source, _type, MemoryMarshal.AsBytes(values), ElementType.F32);
            _arithmetic.Merge(_windows.Changes, values);
            // Elements that no patch changes are F32 values of the type, plus 0 at most: they round to themselves.
            Span<byte> stored = _isKept ? target : _stored.AsSpan(0, target.Length);
            RoundingLoss loss = RowRounding.Convert(MemoryMarshal.AsBytes(values), ElementType.F32, stored, _type);
            if (!_isKept) BitBlend.Put(_windows.FindTouched(), stored, target, _type.ByteSize());
            ThrowIfNonFinite(start, target);
            return loss;
        }

        private void ThrowIfNonFinite(long start, ReadOnlySpan<byte> window)
        {
            if (!_merged._allowsNonFinite && FirstNonFinite(window) is >= 0 and var found) throw NonFinite(start + found);
        }

        public void Complete()
        {
            string[] actual = [.. _fingerprints.Select(f => f.Take())];
            if (!_merged.OfDifferentBases.All(p => actual.Contains(p.Patched.BaseFingerprint)))
                _merged.ThrowIfNotBase(CancellationToken.None);
            if (_counter is not null) _merged._tally!.Return(_counter);
        }

        public void Dispose()
        {
            _windows.Dispose();
            if (_counted != _windows) _counted?.Dispose();
            foreach (RunningFingerprint one in _fingerprints) one.Dispose();
        }

        /// <summary>The first changed element that is a NaN or an infinity, or -1; what the base has of them stays.</summary>
        private int FirstNonFinite(ReadOnlySpan<byte> window)
        {
            ElementCodec codec = ElementCodec.Of(_type);
            if (codec.IndexOfNonFinite(window) < 0) return -1;
            int size = _type.ByteSize();
            ReadOnlySpan<ulong> touched = _windows.FindTouched();
            for (int i = 0; i < window.Length / size; i++)
                if ((touched[i >> 6] >> i & 1) != 0 && codec.IndexOfNonFinite(window.Slice(i * size, size)) == 0) return i;
            return -1;
        }

        private NotFiniteNumberException NonFinite(long element) => new(
            $"tensor {CheckpointFormatException.Quote(_merged.Tensor.Name)}: element {element} would hold a NaN or an infinity as "
            + $"{_merged.Tensor.DtypeName}, with which no model works. Take smaller weights or other patches, or ask for it "
            + $"({Remedy.AllowNonFinite}).");
    }
}

/// <summary>The changes of several patches, a window at a time.</summary>
internal sealed class ChangedWindows : IDisposable
{
    private readonly PatchChanges[] _changes;
    private readonly ulong[][] _bits;
    private readonly ulong[] _touched = new ulong[PatchChanges.MaxCount / 64];

    public ChangedWindows(IEnumerable<PatchedTensor> patches, IReadOnlyList<MergeTrim> trims, bool areValues)
    {
        _changes = [.. patches.Select((p, i) => new PatchChanges(p, trims[i], areValues))];
        (_bits, PaddedChanges) = (new ulong[_changes.Length][], [.. _changes.Select(c => c.PaddedChanges)]);
    }

    public PatchChanges[] Changes => _changes;

    /// <summary>Goes to a window behind the last one; says whether any patch changes something in it.</summary>
    public bool Read(long start, int count)
    {
        bool any = false;
        foreach (PatchChanges one in _changes)
        {
            one.Read(start, count);
            any |= one.Changes.Length > 0;
        }
        return any;
    }

    /// <summary>The elements that each patch changes, a bit each.</summary>
    public ulong[][] FindBits()
    {
        for (int n = 0; n < _bits.Length; n++) _bits[n] = _changes[n].Has;
        return _bits;
    }

    /// <summary>See <see cref="PatchChanges.PaddedChanges"/>.</summary>
    public float[][] PaddedChanges { get; }

    /// <summary>The elements that any patch changes, a bit each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public ReadOnlySpan<ulong> FindTouched()
    {
        Array.Clear(_touched);
        foreach (PatchChanges one in _changes)
        {
            ulong[] has = one.Has;
            for (int word = 0; word < _touched.Length; word += Vector512<ulong>.Count)
                (Vector512.Create(_touched, word) | Vector512.Create(has, word)).CopyTo(_touched, word);
        }
        return _touched;
    }

    public void Dispose()
    {
        foreach (PatchChanges one in _changes) one.Dispose();
    }
}
