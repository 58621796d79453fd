using System.Globalization;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Rows;

/// <summary>Whether parts of a scan are one whole, and the whole that they are.</summary>
internal sealed class RowScanJoin
{
    private readonly RowScanPart[] _parts;
    private readonly RowScanPart _first;

    /// <summary>Puts parts in their order.</summary>
    /// <exception cref="InvalidDataException">They are not one whole; names two of them and what is the matter.</exception>
    public RowScanJoin(IEnumerable<RowScanPart> parts)
    {
        _parts = [.. parts.OrderBy(part => part.Range.First).ThenBy(part => part.Range.Count)];
        if (_parts.Length == 0) throw new InvalidDataException("no part of a scan is given. Give all of them.");
        _first = _parts[0];
        foreach (RowScanPart part in _parts.Skip(1)) ThrowIfOther(part);
        ThrowIfIncomplete();
        Pairing = Pair();
        AddedNorms = [.. _parts.SelectMany(part => part.AddedNorms)];
        if (AddedNorms.Length != Pairing.Added.Count)
            throw new InvalidDataException(Text($"{_first.Place}: this and its further parts have the norms of {AddedNorms.Length} added ")
                + $"rows, of {Pairing.Added.Count} that there are. {Remedy.ScanPart}.");
    }

    /// <summary>A part for what all have in common.</summary>
    public RowScanPart First => _first;

    /// <summary>The kernels that ran, each once.</summary>
    public string Kernel => string.Join(", ", _parts.Select(part => part.Kernel).Distinct());

    /// <summary>The most threads of a part.</summary>
    public int Threads => _parts.Max(part => part.Threads);

    /// <summary>How long all parts took one after another, or those of ranks side by side.</summary>
    public TimeSpan Elapsed =>
        new(_first.Holder is null ? _parts.Sum(part => part.Elapsed.Ticks) : _parts.Max(part => part.Elapsed.Ticks));

    /// <summary>How long devices compiled their kernels before.</summary>
    public TimeSpan BuildTime => new(_parts.Sum(part => part.BuildTime.Ticks));

    /// <summary>Which rows stood against each other.</summary>
    public RowPairing Pairing { get; }

    /// <summary>The norms of the added rows.</summary>
    public double[] AddedNorms { get; }

    /// <summary>The hashes of all blocks; null where they were not taken.</summary>
    public PairBlocks? Blocks()
    {
        if (_first.BaseHashes is null) return null;
        (long baseLength, long tunedLength) = _parts[^1].EndBytes;
        PairBlocks blocks = new(new(_first.BaseType, _first.BaseShape, baseLength), new(_first.TunedType, _first.TunedShape, tunedLength));
        foreach (RowScanPart part in _parts)
        {
            blocks.Base.Put(part.FirstBytes.Base, part.BaseHashes);
            blocks.Tuned.Put(part.FirstBytes.Tuned, part.TunedHashes);
        }
        return blocks;
    }

    /// <summary>All rows, those that were nearly zero marked.</summary>
    /// <param name="whole">All of them, where they lie together and are nobody else's, so that they may be marked.</param>
    public RowResult[] Rows(RowResult[]? whole)
    {
        RowResult[] rows = whole ?? new RowResult[_first.BaseRows];
        if (whole is null)
            foreach (RowScanPart part in _parts) part.Results.CopyTo(rows, part.Range.First);
        RowScan.MarkNearlyZero(rows);
        return rows;
    }

    private RowPairing Pair()
    {
        if (_first.TunedOf is null) return RowPairing.ById(_first.BaseRows, _first.TunedRows);
        int[] tunedOf = [.. _parts.SelectMany(part => part.TunedOf!)];
        int[] twice = [.. tunedOf.Where(row => row >= 0).GroupBy(row => row).Where(rows => rows.Count() > 1).Select(rows => rows.Key)];
        return twice.Length == 0 ? RowPairing.Of(tunedOf, _first.TunedRows)
            : throw new InvalidDataException($"{_first.Place} and its further parts: two rows of the base stand against the tuned row "
                + $"{twice[0]}. {Remedy.ScanPart}.");
    }

    private void ThrowIfOther(RowScanPart part)
    {
        Compare("version of kslottery", p => p.Version);
        Compare("base tensor", p => CheckpointFormatException.Quote(p.BaseName));
        Compare("tuned tensor", p => CheckpointFormatException.Quote(p.TunedName));
        Compare("base", p => Form(p.BaseType, p.BaseShape));
        Compare("tuned tensor", p => Form(p.TunedType, p.TunedShape));
        Compare("base's scale", p => p.BaseScaleFingerprint ?? "none");
        Compare("tuned tensor's scale", p => p.TunedScaleFingerprint ?? "none");
        Compare("pairs", p => p.TunedOf is null ? "rows of one number" : "rows of one text");

        void Compare(string what, Func<RowScanPart, string> value)
        {
            if (value(part) != value(_first))
                throw new InvalidDataException($"{part.Place}: its {what} is {value(part)}, that of {_first.Place} is {value(_first)}. "
                    + "Join parts of one pair of tensors, scanned by one version.");
        }
    }

    private void ThrowIfIncomplete()
    {
        long next = 0;
        RowScanPart? before = null;
        foreach (RowScanPart part in _parts)
        {
            if (part.Range.Count == 0) continue;
            if (part.Range.First < next)
                throw new InvalidDataException($"{part.Place} and {before!.Place}: both hold {Common(part, before)}. Give each row once.");
            if (part.Range.First > next)
                throw new InvalidDataException(Text($"{before?.Place ?? "the beginning"} and {part.Place}: ")
                    + $"{new RowRange(next, part.Range.First - next)} lie between them and are in no part. Give all parts.");
            (next, before) = (part.Range.End, part);
        }
        if (next < _first.BaseRows)
            throw new InvalidDataException(Text($"{before?.Place ?? _first.Place}: it ends before row {next} of {_first.BaseRows}, and no ")
                + "further part is given. Give all parts.");
    }

    private static RowRange Common(RowScanPart part, RowScanPart before) =>
        new(part.Range.First, Math.Min(part.Range.End, before.Range.End) - part.Range.First);

    private static string Form(ElementType type, IReadOnlyList<long> shape) => Text($"{type.ToName()} [{string.Join(',', shape)}]");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
