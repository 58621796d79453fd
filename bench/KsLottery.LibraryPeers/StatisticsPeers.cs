using System.Globalization;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Statistics;
using MathNet.Numerics;
using MathNet.Numerics.Statistics;

namespace KsLottery.LibraryPeers;

/// <summary>The incomplete beta function and Spearman's rank correlation, against MathNet.Numerics.</summary>
internal static class StatisticsPeers
{
    /// <summary>I_x(a, b) as the sum of binomial probabilities in 50 digits (mpmath 1.3.0), x being the double nearest to what is
    /// written.</summary>
    private static readonly (int A, int B, double X, double Value)[] Cases =
    [
        (2, 3, 0.25, 0.26171875),
        (37, 964, 0.03, 0.11617688779069112697),
        (500, 500, 0.52, 0.89708247269300428634),
        (120, 99_881, 0.001, 0.028167005850853220241),
        (5000, 995_000, 0.0051, 0.92119229235000599331),
        (1, 1_000_000, 7e-7, 0.50341481787203177096),
        (3, 1_000_000_000, 4e-9, 0.76189669620475702464),
    ];

    public static void Run()
    {
        Console.WriteLine("| I_x(a, b) | relative error, ours | MathNet |\n|---|---:|---:|");
        foreach ((int a, int b, double x, double value) in Cases)
        {
            double ours = IncompleteBeta.Tails(x, a, b).AtLeast, theirs = SpecialFunctions.BetaRegularized(a, b, x);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"| a = {a:N0}, b = {b:N0}, x = {x} | {Math.Abs(ours / value - 1):E1} | {Math.Abs(theirs / value - 1):E1} |"));
        }
        SplitMix64 random = new(1);
        double[] first = new double[2000], second = new double[2000];
        for (int i = 0; i < first.Length; i++)
            (first[i], second[i]) = (Math.Floor(random.NextDouble() * 300), Math.Floor(random.NextDouble() * 300));
        double difference = RankCorrelation.Spearman(first, second) - Correlation.Spearman(first, second);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"\nSpearman of 2,000 pairs with ties differs by {difference:E1}\n"));
        Turns.Head("MathNet");
        Turns.Print("I_x(37, 964)", () => IncompleteBeta.Tails(0.03, 37, 964), () => SpecialFunctions.BetaRegularized(37, 964, 0.03));
        Turns.Print("Spearman, 2,000 pairs", () => RankCorrelation.Spearman(first, second), () => Correlation.Spearman(first, second));
    }
}
