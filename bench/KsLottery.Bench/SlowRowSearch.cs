using System.Diagnostics;
using System.Globalization;
using KsLottery.Engine.Kernels;
using KsLottery.Engine.Numerics;

namespace KsLottery.Bench;

/// <summary>Looks for rows that the default kernel is slow at: random regimes, then steps from the slowest, by time against the radix
/// sort's on the same rows, which no values slow down. Outcomes of both are compared.</summary>
internal sealed class SlowRowSearch(TimeSpan limit, ulong seed)
{
    private const int Rows = 24, Rounds = 3, Kept = 12, RandomShare = 3;

    private static readonly int[] Widths = [64, 128, 288, 1024, 4096, 16_384, 65_536];

    private SplitMix64 _random = new(seed);

    private enum Shape
    {
        Normal, Lognormal, Cauchy, Values, Modes, Powers,
    }

    private enum Change
    {
        Anew, Added, Multiplied, OneWay, Shifted, Scaled, Swapped,
    }

    /// <summary>How rows are made.</summary>
    /// <param name="Type">F32, F16 or BF16.</param>
    /// <param name="Width">d.</param>
    /// <param name="Shape">What values are drawn from before.</param>
    /// <param name="Spread">log2 of the shape's parameter: sigma of the logarithm, how many values or modes, or the power.</param>
    /// <param name="Change">What is done to them.</param>
    /// <param name="Amount">log10 of how much, in sigma.</param>
    /// <param name="Moved">The share of elements that it is done to.</param>
    /// <param name="Zeros">The share of elements that are zero.</param>
    private sealed record Regime(
        ElementType Type, int Width, Shape Shape, double Spread, Change Change, double Amount, double Moved, double Zeros)
    {
        public override string ToString() => string.Create(CultureInfo.InvariantCulture,
            $"| {Type} | {Width} | {Shape} {Math.Pow(2, Spread):G3} | {Change} 1e{Amount:F2} | {Moved:P0} | {Zeros:P0} |");
    }

    /// <summary>Searches, and prints the slowest; 1 where an outcome differs.</summary>
    public int Run()
    {
        List<(double Times, double Rate, Regime Regime)> slowest = [];
        long started = Stopwatch.GetTimestamp(), tried = 0;
        for (; Stopwatch.GetElapsedTime(started) < limit; tried++)
        {
            bool isNew = slowest.Count < Kept || tried % RandomShare == 0;
            Regime regime = isNew ? Anything() : Near(slowest[_random.NextBelow(slowest.Count)].Regime);
            if (Measure(regime) is not { } measured) return 1;
            // One of a kind, or all would be neighbours of one.
            int alike = slowest.FindIndex(s => (s.Regime.Type, s.Regime.Width, s.Regime.Shape, s.Regime.Change)
                == (regime.Type, regime.Width, regime.Shape, regime.Change));
            if (alike >= 0 && slowest[alike].Times >= measured.Times) continue;
            if (alike >= 0) slowest.RemoveAt(alike);
            slowest.Add((measured.Times, measured.Rate, regime));
            slowest.Sort((x, y) => y.Times.CompareTo(x.Times));
            if (slowest.Count > Kept) slowest.RemoveAt(Kept);
        }
        Console.WriteLine($"{tried} regimes in {limit.TotalMinutes.ToString("F1", CultureInfo.InvariantCulture)} minutes, seed {seed}\n");
        Console.WriteLine("| rows/s | times the radix sort's time | type | d | shape | change, sigma | moved | zeros |");
        Console.WriteLine("|---:|---:|---|---:|---|---|---:|---:|");
        foreach ((double times, double rate, Regime regime) in slowest)
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {rate:N0} | {times:F2} {regime}"));
        return 0;
    }

    private Regime Anything() => new(
        ElementTypes.Native[_random.NextBelow(ElementTypes.Native.Length)], Widths[_random.NextBelow(Widths.Length)],
        (Shape)_random.NextBelow(6), Uniform(-3, 10), (Change)_random.NextBelow(7), Uniform(-7.5, 1), Share(),
        _random.NextBelow(3) == 0 ? Share() : 0);

    private Regime Near(Regime regime) => _random.NextBelow(7) switch
    {
        0 => regime with { Type = Anything().Type },
        1 => regime with { Width = Anything().Width },
        2 => regime with { Shape = Anything().Shape },
        3 => regime with { Spread = regime.Spread + Uniform(-1, 1) },
        4 => regime with { Amount = regime.Amount + Uniform(-0.5, 0.5) },
        5 => regime with { Moved = Math.Clamp(regime.Moved + Uniform(-0.2, 0.2), 0, 1) },
        _ => regime with { Zeros = Math.Clamp(regime.Zeros + Uniform(-0.2, 0.2), 0, 1) },
    };

    private double Uniform(double low, double high) => low + (high - low) * _random.NextDouble();

    private double Share() => _random.NextBelow(2) == 0 ? 1 : Uniform(0, 1);

    private (double Times, double Rate)? Measure(Regime regime)
    {
        byte[][] before = new byte[Rows][], after = new byte[Rows][];
        for (int row = 0; row < Rows; row++) (before[row], after[row]) = Make(regime);
        IKsRowKernel kernel = KsRowKernels.Create(regime.Width), radix = KsRowKernels.Create(regime.Width, "scalar");
        for (int row = 0; row < Rows; row++)
        {
            KsRowOutcome own = kernel.TestStored(before[row], after[row], regime.Type),
                sorted = radix.TestStored(before[row], after[row], regime.Type);
            if (own.Equals(sorted)) continue;
            Console.WriteLine($"{own} is not {sorted}: {regime}");
            return null;
        }
        double ownTime = double.MaxValue, radixTime = double.MaxValue;
        for (int round = 0; round < Rounds; round++)
        {
            ownTime = Math.Min(ownTime, Time(kernel));
            radixTime = Math.Min(radixTime, Time(radix));
        }
        return (ownTime / radixTime, Rows / ownTime);

        double Time(IKsRowKernel kernel)
        {
            // The processor's time, whoever else runs: of at least a hundredth of a second.
            TimeSpan started = Environment.CpuUsage.TotalTime;
            for (int times = 1; ; times++)
            {
                for (int row = 0; row < Rows; row++) kernel.TestStored(before[row], after[row], regime.Type);
                double elapsed = (Environment.CpuUsage.TotalTime - started).TotalSeconds;
                if (elapsed > 0.01) return elapsed / times;
            }
        }
    }

    private (byte[] Before, byte[] After) Make(Regime regime)
    {
        float[] before = new float[regime.Width], after = new float[regime.Width];
        double spread = Math.Pow(2, regime.Spread), amount = Math.Pow(10, regime.Amount);
        for (int i = 0; i < regime.Width; i++)
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
            for (int i = 0; i + 1 < regime.Width; i += 2)
                if (Uniform(0, 1) < regime.Moved) (after[i], after[i + 1]) = (after[i + 1], after[i]);
        return (Narrow(before, regime.Type), Narrow(after, regime.Type));
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
