using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Training;

/// <summary>A weight of a training that a mask is of.</summary>
/// <param name="Weight">All of it learns.</param>
/// <param name="Moments">What the optimizer keeps of it.</param>
internal sealed record MaskedWeight(Weight Weight, IReadOnlyList<DeviceSpan> Moments);

/// <summary>A mask policy at work: what it does to weights, gradients and moments around the steps of a training.</summary>
/// <remarks>The trainer calls <see cref="Begin"/> once, or <see cref="Restore"/>; then in each step <see cref="MaskGradients"/> between the
/// gradients and their norm, lets the optimizer change <see cref="ValueOf"/>, and calls <see cref="End"/>.</remarks>
internal abstract class AppliedMask(IReadOnlyList<MaskedWeight> parts, IOperations operations) : IDisposable
{
    private const int WindowLength = 1 << 18;

    private readonly DeviceMemory _zeros = operations.Allocate(WindowLength);
    private readonly int[] _places = new int[WindowLength];

    /// <summary>How many values are kept on the device beside the weights.</summary>
    public virtual long Length => WindowLength;

    /// <summary>The weights, in the model's order.</summary>
    protected IReadOnlyList<MaskedWeight> Parts => parts;

    /// <summary>Their device.</summary>
    protected IOperations Operations => operations;

    /// <summary>Before the first step, when weights and moments are as the training finds them.</summary>
    public virtual void Begin()
    {
    }

    /// <summary>When the gradients of a step are there, before their norm is taken.</summary>
    public virtual void MaskGradients()
    {
    }

    /// <summary>What of a weight the optimizer changes and a state saves.</summary>
    public virtual DeviceSpan ValueOf(Weight weight) => weight.Value;

    /// <summary>After a step of the optimizer.</summary>
    /// <param name="steps">Steps done.</param>
    public virtual void End(long steps)
    {
    }

    /// <summary>What a state saves beside the values.</summary>
    public virtual IEnumerable<TrainingState.Numbers> Save() => [];

    /// <summary>Goes on where it was saved, in place of <see cref="Begin"/>; the values are restored already.</summary>
    public virtual void Restore(Func<string, int[]?> read)
    {
    }

    /// <inheritdoc/>
    public virtual void Dispose() => _zeros.Dispose();

    /// <summary>Sets some elements to 0.</summary>
    protected void Zero(DeviceSpan values, IndexSet elements)
    {
        IndexSet.Enumerator members = elements.GetEnumerator();
        for (long start = 0; start < values.Length; start += WindowLength)
        {
            long end = Math.Min(values.Length, start + WindowLength);
            int count = members.Read(end, start, _places);
            if (count > 0)
                operations.ScatterRows(values.Slice(start, end - start), _zeros.Span.Slice(0, count), _places.AsMemory(0, count), 1);
        }
    }

    /// <summary>Stretches of a weight that are worked on at once.</summary>
    protected static IEnumerable<IndexRun> WindowsOf(DeviceSpan values)
    {
        for (long start = 0; start < values.Length; start += WindowLength)
            yield return new(start, Math.Min(WindowLength, values.Length - start));
    }
}
