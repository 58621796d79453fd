using System.Numerics.Tensors;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Training;

/// <summary><see cref="MatchedNorm"/> at work.</summary>
internal sealed class ScaledStart(IReadOnlyList<MaskedWeight> parts, IReadOnlyDictionary<string, TensorMask> kept, int p,
    IOperations operations) : AppliedMask(parts, operations)
{
    public override void Begin()
    {
        foreach (MaskedWeight part in Parts)
        {
            (double all, double inside) = (0, 0);
            Visit(part.Weight.Value, (start, values) =>
            {
                foreach (float value in values) all += Power(value);
                foreach (long element in Within(part.Weight.Name, start, values.Length)) inside += Power(values[element - start]);
                return false;
            });
            // A tensor of zeros has the norm of its part already.
            float factor = all > 0 ? (float)(p == 1 ? inside / all : Math.Sqrt(inside / all)) : 1;
            Visit(part.Weight.Value, (_, values) =>
            {
                TensorPrimitives.Multiply(values, factor, values);
                return true;
            });
        }
    }

    private double Power(double value) => p == 1 ? Math.Abs(value) : value * value;

    private IEnumerable<long> Within(string name, long start, int length) =>
        kept[name].ToElements().Units.From(start).TakeWhile(element => element < start + length);

    private void Visit(DeviceSpan values, Func<long, float[], bool> change)
    {
        foreach (IndexRun window in WindowsOf(values))
        {
            float[] some = new float[window.Length];
            DeviceSpan place = values.Slice(window.Start, window.Length);
            Operations.Download(some, place);
            if (change(window.Start, some)) Operations.Upload(place, some);
        }
    }
}
