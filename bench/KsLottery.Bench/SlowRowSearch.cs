using System.Diagnostics;
using System.Globalization;
using KsLottery.Engine.Kernels;
using KsLottery.Engine.Numerics;

namespace KsLottery.Bench;

/// <summary>Looks for rows that the default kernel is slow at: random regimes, then steps from the slowest of a type and width, by time
/// against the radix sort's on the same rows, which no values slow down. Outcomes of both are compared.</summary>
internal sealed class SlowRowSearch(TimeSpan limit, ulong seed)
{
    private const int MaxRows = 24, MinRows = 6, Elements = 1 << 18, Rounds = 4, Kept = 3, RandomShare = 3;

    /// <summary>Rows are left after a round that takes less than this share of the slowest known.</summary>
    private const double Promising = 0.75;

    private static readonly TimeSpan RoundTime = TimeSpan.FromMilliseconds(4);

    private static readonly int[] Widths = [64, 128, 288, 1024, 4096, 16_384, 65_536];

    private SplitMix64 _random = new(seed);

    /// <summary>The most that a row of each kind took.</summary>
    private readonly Dictionary<(ElementType Type, int Width), long> _efforts = [];

    private enum Shape
    {
        Normal, Lognormal, Cauchy, Values, Modes, Powers, Peak, Grid,
    }

    private enum Change
    {
        Anew, Added, Multiplied, OneWay, Shifted, Scaled, Swapped,
    }

    /// <summary>How rows are made.</summary>
    /// <param name="Type">F32, F16 or BF16.</param>
    /// <param name="Width">d.</param>
    /// <param name="Shape">What values are drawn from before.</param>
    /// <param name="Spread">log2 of the shape's parameter: sigma of the logarithm, how many values or modes, the power, how much narrower
    /// than the other half the values of a peak lie, or how many steps of a grid sigma is.</param>
    /// <param name="Change">What is done to them.</param>
    /// <param name="Amount">log10 of how much, in sigma.</param>
    /// <param name="Moved">The share of elements that it is done to.</param>
    /// <param name="Zeros">The share of elements that are zero.</param>
    /// <param name="Other">What half of the rows are instead, among the others by chance; null where all are alike.</param>
    private sealed record Regime(
        ElementType Type, int Width, Shape Shape, double Spread, Change Change, double Amount, double Moved, double Zeros, Regime? Other)
    {
        /// <summary>Whether both are of a kind: all of one would be neighbours of the same slowest.</summary>
        public bool IsLike(Regime other) => (Shape, Change, Other?.Shape) == (other.Shape, other.Change, other.Other?.Shape);

        private string Rows => string.Create(CultureInfo.InvariantCulture,
            $"{Shape} {Math.Pow(2, Spread):G3}, {Change} 1e{Amount:F2}, moved {Moved:P0}, zeros {Zeros:P0}");

        public override string ToString() => string.Create(CultureInfo.InvariantCulture,
            $"| {Type} | {Width} | {Rows}{(Other is null ? "" : $"; half of the rows: {Other.Rows}")} |");
    }

    /// <summary>How slow a regime is.</summary>
    private sealed record Finding(Regime Regime, double Times, double Rate, long Effort);

    /// <summary>Searches, and prints the slowest; 1 where an outcome differs.</summary>
    public int Run()
    {
        Dictionary<(ElementType Type, int Width), List<Finding>> slowest = [];
        foreach (ElementType type in ElementTypes.Native)
            foreach (int width in Widths) slowest.Add((type, width), []);
        long started = Stopwatch.GetTimestamp(), tried = 0;
        for (; Stopwatch.GetElapsedTime(started) < limit; tried++)
        {
            Regime regime = Anything();
            if (tried % RandomShare != 0 && slowest[(regime.Type, regime.Width)] is { Count: > 0 } near)
                regime = Near(near[_random.NextBelow(near.Count)].Regime);
            List<Finding> found = slowest[(regime.Type, regime.Width)];
            int alike = found.FindIndex(s => s.Regime.IsLike(regime));
            double least = alike >= 0 ? found[alike].Times : found.Count == Kept ? found[^1].Times : 0;
            if (Measure(regime, least * Promising) is not { } measured) return 1;
            if (measured.Times <= least) continue;
            if (alike >= 0) found.RemoveAt(alike);
            found.Add(measured);
            found.Sort((x, y) => y.Times.CompareTo(x.Times));
            if (found.Count > Kept) found.RemoveAt(Kept);
        }
        Console.WriteLine($"{tried} regimes in {limit.TotalMinutes.ToString("F1", CultureInfo.InvariantCulture)} minutes, seed {seed}\n");
        Console.WriteLine("| rows/s | times the radix sort's time | bytes each element took | type | d | rows |");
        Console.WriteLine("|---:|---:|---:|---|---:|---|");
        foreach (Finding finding in slowest.Values.SelectMany(found => found))
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| {finding.Rate:N0} | {finding.Times:F2} | {finding.Effort / finding.Regime.Width} {finding.Regime}"));
        Console.WriteLine();
        foreach (((ElementType type, int width), long effort) in _efforts)
            Console.WriteLine($"Most bytes that an element took, {type} at {width}: {effort / width}");
        return 0;
    }

    private Regime Anything() => new(
        ElementTypes.Native[_random.NextBelow(ElementTypes.Native.Length)], Widths[_random.NextBelow(Widths.Length)],
        (Shape)_random.NextBelow(8), Uniform(-3, 10), (Change)_random.NextBelow(7), Uniform(-7.5, 1), Share(),
        _random.NextBelow(3) == 0 ? Share() : 0, _random.NextBelow(4) == 0 ? Anything() with { Other = null } : null);

    private Regime Near(Regime regime) => _random.NextBelow(7) switch
    {
        0 => regime with { Other = regime.Other is null ? Anything() with { Other = null } : null },
        1 => regime with { Change = Anything().Change },
        2 => regime with { Shape = Anything().Shape },
        3 => regime with { Spread = regime.Spread + Uniform(-1, 1) },
        4 => regime with { Amount = regime.Amount + Uniform(-0.5, 0.5) },
        5 => regime with { Moved = Math.Clamp(regime.Moved + Uniform(-0.2, 0.2), 0, 1) },
        _ => regime with { Zeros = Math.Clamp(regime.Zeros + Uniform(-0.2, 0.2), 0, 1) },
    };

    private double Uniform(double low, double high) => low + (high - low) * _random.NextDouble();

    private double Share() => _random.NextBelow(2) == 0 ? 1 : Uniform(0, 1);

    /// <summary>Null where an outcome differs.</summary>
    private Finding? Measure(Regime regime, double promising)
    {
        int rows = Math.Clamp(Elements / regime.Width, MinRows, MaxRows);
        long effort = 0;
        byte[][] before = new byte[rows][], after = new byte[rows][];
        for (int row = 0; row < rows; row++)
        {
            Regime made = regime.Other is { } other && _random.NextBelow(2) == 0 ? other : regime;
            (before[row], after[row]) = Make(made, regime.Type, regime.Width);
        }
        IKsRowKernel kernel = KsRowKernels.Create(regime.Width), radix = KsRowKernels.Create(regime.Width, "scalar");
        for (int row = 0; row < rows; row++)
        {
            KsRowOutcome own = kernel.TestStored(before[row], after[row], regime.Type),
                sorted = radix.TestStored(before[row], after[row], regime.Type);
            effort = Math.Max(effort, (kernel as IKsEffort)?.Effort ?? 0);
            if (own.Equals(sorted)) continue;
            Console.WriteLine($"{own} is not {sorted}: {regime}");
            return null;
        }
        _efforts[(regime.Type, regime.Width)] = Math.Max(effort, _efforts.GetValueOrDefault((regime.Type, regime.Width)));
        double ownTime = double.MaxValue, radixTime = double.MaxValue;
        for (int round = 0; round < Rounds; round++)
        {
            ownTime = Math.Min(ownTime, Time(kernel));
            radixTime = Math.Min(radixTime, Time(radix));
            if (ownTime / radixTime < promising) break;
        }
        return new(regime, ownTime / radixTime, rows / ownTime, effort);

        double Time(IKsRowKernel kernel)
        {
            // The processor's time, whoever else runs.
            TimeSpan started = Environment.CpuUsage.TotalTime;
            for (int times = 1; ; times++)
            {
                for (int row = 0; row < rows; row++) kernel.TestStored(before[row], after[row], regime.Type);
                TimeSpan elapsed = Environment.CpuUsage.TotalTime - started;
                if (elapsed > RoundTime) return elapsed.TotalSeconds / times;
            }
        }
    }

    private (byte[] Before, byte[] After) Make(Regime regime, ElementType type, int width)
    {
        float[] before = new float[width], after = new float[width];
        double spread = Math.Pow(2, regime.Spread), amount = Math.Pow(10, regime.Amount);
        for (int i = 0; i < width; i++)
        {
            before[i] = Draw(regime, spread);
            double value = before[i];
            after[i] = !(Uniform(0, 1) < regime.Moved) ? before[i] : (float)(regime.Change switch
            {
                Change.Anew => Draw(regime, spread),
                Change.Added => value + amount * _random.NextNormal(),
                Change.Multiplied => value * (1 + amount * _random.NextNormal()),
                Change.OneWay => value + amount * Math.Abs(_random.NextNormal()),
                Change.Shifted => Draw(regime, spread) + amount,
                Change.Scaled => Draw(regime, spread) * (1 + amount),
                _ => value,
            });
        }
        if (regime.Change == Change.Swapped)
            for (int i = 0; i + 1 < width; i += 2)
                if (Uniform(0, 1) < regime.Moved) (after[i], after[i + 1]) = (after[i + 1], after[i]);
        return (Narrow(before, type), Narrow(after, type));
    }

    private float Draw(Regime regime, double spread)
    {
        if (Uniform(0, 1) < regime.Zeros) return 0;
        double normal = _random.NextNormal();
        double value = regime.Shape switch
        {
            Shape.Lognormal => Math.Exp(Math.Min(spread, 8) * normal),
            Shape.Cauchy => normal / _random.NextNormal(),
            Shape.Values => _random.NextBelow(Math.Max(1, (int)spread)),
            Shape.Modes => normal * 0.01 + 5 * _random.NextBelow(Math.Max(1, (int)spread)),
            Shape.Peak => _random.NextBelow(2) == 0 ? normal : normal / spread,
            Shape.Grid => Math.Round(normal * spread) / spread,
            Shape.Powers => Math.CopySign(Math.Pow(Math.Abs(normal), Math.Min(spread, 16)), normal),
            _ => normal,
        };
        return (float)Math.Clamp(value, -6e4, 6e4);  // finite in every type
    }

    private static byte[] Narrow(float[] row, ElementType type)
    {
        byte[] bytes = new byte[row.Length * type.ByteSize()];
        ElementCodec.Of(type).Narrow(row, bytes);
        return bytes;
    }
}
