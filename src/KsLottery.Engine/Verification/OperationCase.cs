using System.Globalization;
using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Verification;

/// <summary>One use of one operation, which any device can be put to.</summary>
/// <param name="Name">The operation and its shape.</param>
/// <param name="Tolerance">How far F32 may lie from the reference, relative to 1 plus the reference's root mean square; 0 for
/// copies.</param>
/// <param name="Run">Gives everything that the operation wrote.</param>
internal sealed record OperationCase(string Name, double Tolerance, Func<DeviceBench, float[][]> Run)
{
    /// <summary>Everything that the operation writes on a device.</summary>
    public float[][] On(IOperations device)
    {
        using DeviceBench bench = new(device);
        return Run(bench);
    }

    /// <summary>The first element that lies further from the reference than single precision allows; null where there is none.</summary>
    public string? Difference(IOperations device) => Difference(On(device));

    /// <summary>The same of what a device wrote.</summary>
    public string? Difference(float[][] actual)
    {
        using ReferenceOperations reference = new();
        float[][] expected = On(reference);
        for (int r = 0; r < expected.Length; r++)
        {
            if (actual[r].Length != expected[r].Length)
                return $"result {r} has {actual[r].Length} elements, the reference's {expected[r].Length}";
            double size = Math.Sqrt(expected[r].Average(x => (double)x * x));
            for (int i = 0; i < expected[r].Length; i++)
            {
                double limit = Tolerance * (1 + size + Math.Abs(expected[r][i]));
                if (!(Math.Abs(actual[r][i] - (double)expected[r][i]) <= limit))
                    return string.Create(CultureInfo.InvariantCulture,
                        $"result {r}, element {i}: {actual[r][i]:r} where the reference has {expected[r][i]:r}, allowed {limit:g2}");
            }
        }
        return null;
    }

    public override string ToString() => Name;
}
