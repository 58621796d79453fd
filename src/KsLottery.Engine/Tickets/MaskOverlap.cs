using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tickets;

/// <summary>How two masks of the same elements agree: in what they keep and in what they prune.</summary>
/// <remarks>Masks of high density share most of what they keep however they came about: hold each number against that of
/// <see cref="ByChance"/>.</remarks>
/// <param name="Count">n, the elements that both masks decide about.</param>
/// <param name="First">|A|, what one mask keeps.</param>
/// <param name="Second">|B|, what the other keeps.</param>
/// <param name="Shared">|A ∩ B|; of masks by chance its expectation.</param>
public sealed record MaskOverlap(long Count, long First, long Second, double Shared)
{
    /// <summary>|A ∩ B| / |A ∪ B| of what is kept; NaN where nothing is.</summary>
    public double Jaccard => Shared / (First + Second - Shared);

    /// <summary>The same of what is pruned; NaN where nothing is.</summary>
    public double PrunedJaccard => (Count - First - Second + Shared) / (Count - Shared);

    /// <summary>|A ∩ B| / √(|A|·|B|), the cosine of the masks; NaN where one is empty.</summary>
    public double Cosine => Shared / Math.Sqrt((double)First * Second);

    /// <summary>|A ∩ B| / min(|A|, |B|), the overlap coefficient; NaN where one is empty.</summary>
    public double Coefficient => Shared / Math.Min(First, Second);

    /// <summary>The part of all elements that one mask keeps and the other prunes; NaN of no elements.</summary>
    public double FlipRate => (First + Second - (2 * Shared)) / Count;

    /// <summary>What two masks of these sizes would share if neither knew of the other: |A|·|B| / n elements.</summary>
    public MaskOverlap ByChance => this with { Shared = (double)First * Second / Count };

    /// <summary>What two masks would share that take of each tensor as many elements as these do, and do not know of each other: the sum of
    /// |A|·|B| / n over the tensors, the more the more both favour the same.</summary>
    /// <exception cref="ArgumentException">A tensor has another shape in the other mask.</exception>
    public static MaskOverlap ByChanceInTensors(TicketMask first, TicketMask second)
    {
        MaskOverlap all = Of(first, second);
        return all with
        {
            Shared = first.Tensors.Where(t => t.Grid.ElementCount > 0)
                .Sum(t => (double)t.Parameters * (second.Find(t.Name)?.Parameters ?? 0) / t.Grid.ElementCount),
        };
    }

    /// <summary>Compares two sets.</summary>
    /// <exception cref="ArgumentException">They are of different lengths.</exception>
    public static MaskOverlap Of(IndexSet first, IndexSet second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        return new(first.Length, first.Count, second.Count, first.Intersect(second).Count);
    }

    /// <summary>Compares two masks by their elements; in a tensor that one of them does not name it keeps nothing.</summary>
    /// <exception cref="ArgumentException">A tensor has another shape in the other mask.</exception>
    public static MaskOverlap Of(TicketMask first, TicketMask second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        TicketMask shared = first.Intersect(second);
        return new(shared.ElementCount, first.Parameters, second.Parameters, shared.Parameters);
    }
}
