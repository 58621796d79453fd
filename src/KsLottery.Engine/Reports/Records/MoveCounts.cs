using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;

namespace KsLottery.Engine.Reports;

/// <summary>How many values of a ticket moved how far: |tuned − base|, up to 32 bins an octave.</summary>
internal sealed class MoveCounts
{
    /// <summary>Of larger tickets every n-th piece is read.</summary>
    private const long MaxValues = 1 << 24;

    /// <summary>A positive F32's bits but for the last 18 are its exponent and five binary digits: they grow with it.</summary>
    private const int BinShift = 18;

    private const int MaxBins = 64;

    private readonly long[] _bins = new long[1 << (31 - BinShift)];

    private MoveCounts(long values) => Values = values;

    /// <summary>The values of the ticket that have a difference.</summary>
    public long Values { get; }

    /// <summary>How many of them were read.</summary>
    public long Read { get; private set; }

    /// <summary>How many are the same before and after.</summary>
    public long Equal { get; private set; }

    /// <summary>The smallest difference above 0.</summary>
    public float Smallest { get; private set; } = float.PositiveInfinity;

    /// <summary>The largest.</summary>
    public float Largest { get; private set; }

    /// <summary>The bins that are not empty, ascending, 64 at most: from where to where, and how many.</summary>
    public IEnumerable<(float From, float To, long Count)> Bins
    {
        get
        {
            int first = Array.FindIndex(_bins, count => count > 0), last = Array.FindLastIndex(_bins, count => count > 0), wider = 0;
            if (first < 0) yield break;
            while ((last >> wider) - (first >> wider) >= MaxBins) wider++;
            for (int bin = first >> wider; bin <= last >> wider; bin++)
                if (_bins.AsSpan(bin << wider, 1 << wider).ToArray().Sum() is > 0 and var count)
                    yield return (Edge(bin << wider), Edge((bin + 1) << wider), count);
        }
    }

    private static float Edge(int bin) => BitConverter.Int32BitsToSingle(bin << BinShift);

    /// <summary>Whether a payload's patch holds differences, or values before and after.</summary>
    private static bool IsKnown(TicketPayload payload) => payload is TicketPayload.Replace or TicketPayload.Delta;

    /// <summary>Reads two checkpoints; null where the payload's patch would not say it, or values are codes.</summary>
    public static MoveCounts? Of(UnitTicketResult found, CancellationToken cancellationToken)
    {
        if (!IsKnown(found.Ticket.Recipe.Payload)) return null;
        (Tensor Base, Tensor Tuned, TensorMask Mask)[] parts = [.. found.Pairs.Zip(found.Ticket.Tensors)
            .Select(part => (part.First.Base, part.First.Tuned, part.Second.Mask))
            .Where(part => part.Mask.Units.Count > 0 && !StoredCodes.AreCodes(part.Base.ElementType)
                && !StoredCodes.AreCodes(part.Tuned.ElementType))];
        MoveCounts counts = new(parts.Sum(part => part.Mask.Parameters));
        float[] before = new float[ElementReader.MaxCount], after = new float[ElementReader.MaxCount];
        foreach ((Tensor baseTensor, Tensor tuned, TensorMask mask) in parts)
        {
            ElementReader first = new(baseTensor), second = new(tuned);
            foreach (IndexRun piece in counts.Chosen(ElementReader.Pieces(mask.Runs)))
            {
                cancellationToken.ThrowIfCancellationRequested();
                int count = (int)piece.Length;
                ElementCodec.Of(first.Type).Widen(first.Get(piece.Start, count), before.AsSpan(0, count));
                ElementCodec.Of(second.Type).Widen(second.Get(piece.Start, count), after.AsSpan(0, count));
                counts.Add(before.AsSpan(0, count), after.AsSpan(0, count));
            }
        }
        return counts.Read > 0 ? counts : null;
    }

    /// <summary>Reads a patch; null where its payload does not say it, or values are codes.</summary>
    public static MoveCounts? Of(TicketPatch patch, CancellationToken cancellationToken)
    {
        PatchedTensor[] tensors = [.. patch.Tensors.Where(t => IsKnown(t.Payload) && t.Values is { } values
            && !StoredCodes.AreCodes(values.ElementType) && !StoredCodes.AreCodes(t.BaseElementType))];
        MoveCounts counts = new(tensors.Sum(t => t.Mask.Parameters));
        float[] before = new float[ElementReader.MaxCount], after = new float[ElementReader.MaxCount];
        foreach (PatchedTensor tensor in tensors)
        {
            ElementReader first = new(tensor.BaseValues), second = new(tensor.Values!);
            foreach (IndexRun piece in counts.Chosen(ElementReader.Pieces([new(0, tensor.Mask.Parameters)])))
            {
                cancellationToken.ThrowIfCancellationRequested();
                int count = (int)piece.Length;
                if (tensor.Payload == TicketPayload.Delta) before.AsSpan(0, count).Clear();
                else ElementCodec.Of(first.Type).Widen(first.Get(piece.Start, count), before.AsSpan(0, count));
                ElementCodec.Of(second.Type).Widen(second.Get(piece.Start, count), after.AsSpan(0, count));
                counts.Add(before.AsSpan(0, count), after.AsSpan(0, count));
            }
        }
        return counts.Read > 0 ? counts : null;
    }

    private IEnumerable<IndexRun> Chosen(IEnumerable<IndexRun> pieces)
    {
        long every = (Values + MaxValues - 1) / MaxValues;
        return every <= 1 ? pieces : pieces.Where((_, i) => i % every == 0);
    }

    private void Add(ReadOnlySpan<float> before, ReadOnlySpan<float> after)
    {
        Read += before.Length;
        for (int i = 0; i < before.Length; i++)
        {
            float moved = Math.Abs(after[i] - before[i]);
            if (moved == 0) Equal++;
            else if (float.IsFinite(moved))
            {
                _bins[BitConverter.SingleToInt32Bits(moved) >> BinShift]++;
                (Smallest, Largest) = (Math.Min(Smallest, moved), Math.Max(Largest, moved));
            }
        }
    }
}
