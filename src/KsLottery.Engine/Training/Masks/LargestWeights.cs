using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Training;

/// <summary>Selects the largest weights of a training by the same rules by which those of a checkpoint are selected.</summary>
internal sealed class LargestWeights
{
    private static readonly TicketScore Magnitude = new MagnitudeScore(IsTuned: false);

    private readonly TicketSelection _kept;
    private readonly ScoreSource[] _sources;

    /// <param name="kept">What is kept.</param>
    /// <param name="weights">The weights, in the order that decides between equal magnitudes, and where their values are.</param>
    /// <param name="operations">Their device.</param>
    public LargestWeights(TicketSelection kept, IEnumerable<(Weight Weight, DeviceSpan Values)> weights, IOperations operations)
    {
        _kept = kept;
        Lock oneAtATime = new();
        _sources = [.. weights.Select(w => new ScoreSource(
            Tensor.InMemory(w.Weight.Name, w.Weight.Shape, new DeviceRows(w.Values, w.Weight.Columns, operations, oneAtATime)), null,
            TicketUnit.Elements.Cut(w.Weight.Rows, w.Weight.Columns)))];
    }

    /// <summary>The elements that are kept of each weight, as the weights are now.</summary>
    public IReadOnlyList<IndexSet> Choose() => [.. UnitSelector.Select(Magnitude, _kept, _sources).Tensors.Select(t => t.Units)];

    /// <summary>Rows of a weight on a device, which is no thing for several threads.</summary>
    private sealed class DeviceRows(DeviceSpan values, int columns, IOperations operations, Lock oneAtATime) : IComputedRows
    {
        public void Compute(long first, int count, Span<byte> target)
        {
            lock (oneAtATime)
                operations.Download(MemoryMarshal.Cast<byte, float>(target), values.Slice(first * columns, count * (long)columns));
        }
    }
}
