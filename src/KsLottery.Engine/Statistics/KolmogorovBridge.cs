using System.Diagnostics;
using CommunityToolkit.HighPerformance.Buffers;

namespace KsLottery.Engine.Statistics;

/// <summary>The exact distribution of D_n by following a Poisson process between the two boundaries, step by step.</summary>
/// <remarks>
/// <para>The order statistics of n uniform values are the jumps of a Poisson process N on [0, n] with rate 1, given N(n) = n; D_n &lt; x
/// means that t - c &lt; N(t) &lt; t + c for all t, with c = n x. The boundaries meet an integer at the times i + c and i - c only; between
/// two such times the count grows by a Poisson number. The recursion runs backwards over those times. All its terms are positive, for
/// the probability of staying inside and for that of getting out alike, so both are right to nearly full precision.</para>
/// <para>Source: E. Khmaladze and E. Shinjikashvili, "Calculation of noncrossing probabilities for Poisson processes and its
/// corollaries" (2001), here run backwards and for both events.</para>
/// </remarks>
internal static class KolmogorovBridge
{
    // A Poisson count of mean ≤ 1 exceeds this with probability 1e-27.
    private const int MaxJump = 26;

    /// <summary>P(D_n &lt; x).</summary>
    public static double Inside(int n, double x) => Solve(n, x, outside: false);

    /// <summary>P(D_n ≥ x).</summary>
    public static double Outside(int n, double x) => Solve(n, x, outside: true);

    private static double Solve(int n, double x, bool outside)
    {
        double c = n * x;
        Debug.Assert(c > 0.5 && x < 1);
        // reach[i] = P(Poisson jumps from here lead to N(n) = n, and the event happens | N(now) = i); index n + 1 and beyond stay 0.
        using SpanOwner<double> rented = SpanOwner<double>.Allocate(n + MaxJump + 2, AllocationMode.Clear);
        Span<double> reach = rented.Span;
        Span<double> jump = stackalloc double[MaxJump + 1];
        reach[n] = outside ? 0 : 1;

        // Checkpoints not yet passed: below, at time low + c, the count must exceed low; above, at time high - c, it must be under high.
        int low = (int)Math.Ceiling(n - c) - 1;
        int high = n;
        double time = n;
        while (true)
        {
            double lowTime = low >= 0 ? low + c : 0;
            double highTime = Math.Max(high - c, 0);
            double previous = Math.Max(lowTime, highTime);
            FillJumps(jump, time - previous);

            bool isLow = lowTime >= highTime && low >= 0;
            int first = previous == 0 ? 0 : low + 1;
            int last = previous == 0 ? 0 : isLow ? high : high - 1;
            for (int i = first; i <= last; i++)
            {
                double sum = 0;
                for (int k = 0; k <= MaxJump; k++) sum += jump[k] * reach[i + k];
                reach[i] = sum;
            }
            if (previous == 0) break;

            // Counts next to the band have just left it.
            if (isLow)
            {
                reach[low] = outside ? Bridge(n, low, previous) : 0;
                low--;
            }
            FillAbove(reach[..(n + 1)], last + 1, previous, outside);
            if (!isLow) high--;
            time = previous;
        }

        return Math.Min(reach[0] / Math.Exp(SaddlePoint.LogPoisson(n, n, 0)), 1);
    }

    private static void FillJumps(Span<double> jump, double mean)
    {
        jump[0] = Math.Exp(-mean);
        for (int k = 1; k < jump.Length; k++) jump[k] = jump[k - 1] * mean / k;
    }

    private static void FillAbove(Span<double> reach, int first, double time, bool outside)
    {
        int n = reach.Length - 1;
        int end = Math.Min(first + MaxJump, n);
        if (first > end) return;
        double value = outside ? Bridge(n, first, time) : 0;
        for (int i = first; i <= end; i++)
        {
            reach[i] = value;
            value *= (n - i) / (n - time);
        }
    }

    /// <summary>P(N(n) = n | N(time) = count).</summary>
    private static double Bridge(int n, int count, double time) =>
        Math.Exp(SaddlePoint.LogPoisson(n - count, n - time, time - count));
}
