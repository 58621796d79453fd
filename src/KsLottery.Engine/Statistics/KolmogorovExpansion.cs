using System.Diagnostics;
using System.Numerics;

namespace KsLottery.Engine.Statistics;

/// <summary>The distribution of D_n for large n from the scale function of a Poisson process: two rapidly converging expansions.</summary>
/// <remarks>
/// <para>As in <see cref="KolmogorovBridge"/>, D_n &lt; x says that Y(t) = t - N(t) stays within (-c, c), c = n x. Y is a spectrally
/// negative Lévy process with exponent ψ(θ) = θ - 1 + e^-θ, and the resolvent of such a process killed on leaving an interval is known
/// by its scale function W_q (A. E. Kyprianou, "Fluctuations of Lévy Processes", theorem 8.7), so that</para>
/// <para>sum over n of e^-qn · (n^n e^-n / n!) · P(D_n &lt; c/n) = W_q(c)² / W_q(2c) - 1,
/// where W_q(y) = sum over ψ(θ) = q of e^θy / ψ'(θ).</para>
/// <para>Keeping the two roots θ of smallest modulus leaves out e^-2c and less: nothing in double precision for c ≥ 16. The inverse
/// transform is then taken in two ways. As residues at the zeros of W_q(2c), with θ = α ± iβ, it gives <see cref="Distribution"/>:
/// the finite-n form of Kolmogorov's theta series in exp(-π²j²/8z²). Along the line through the saddle point of the first reflection,
/// with the root θ itself as variable, it gives <see cref="Survival"/>: the finite-n form of the series in exp(-2j²z²).</para>
/// </remarks>
internal static class KolmogorovExpansion
{
    /// <summary>The largest x for which <see cref="Survival"/> is to be used; roots left out come too near beyond.</summary>
    public const double LargestTailDistance = 0.2;

    private const int SeriesLength = 20;

    // 1 - b cot b = sum of c_k b^2k, with (2k + 1) c_k = sum of c_i c_(k-i): the equation y' b = y - y² - b² of y = b cot b.
    private static readonly double[] Cotangent = BuildCotangent();

    /// <summary>P(D_n &lt; x) as a sum over residues; converges fastest for small n x².</summary>
    public static double Distribution(int n, double x)
    {
        double width = 2 * n * x;
        double sum = 0;
        for (int j = 1; ; j++)
        {
            double b = Zero(j, width);
            (double g, double slope) = Gap(b);
            double exponent = n * Exponent(b, g);
            if (exponent < -745) break;
            double rho2 = g * g + b * b;
            double half = 0.5 * Math.Atan2(g, b);
            double weight = j % 2 == 1 ? Math.Cos(half) * Math.Cos(half) : -Math.Sin(half) * Math.Sin(half);
            double term = Math.Exp(exponent) * 2 * Math.Sqrt(rho2) / b * weight / (width + (slope * b - g) / rho2);
            sum += term;
            if (Math.Abs(term) < 1e-18 * Math.Abs(sum)) break;
        }
        return Math.Clamp(sum * Normalization(n), 0, 1);
    }

    /// <summary>P(D_n ≥ x) as an integral along a line through the saddle point; for n x² of 0.8 and more.</summary>
    public static TailProbability Survival(int n, double x)
    {
        double c = n * x;
        double saddle = SaddleOf(n, c);
        double otherSaddle = OtherRoot(saddle, -saddle).Real;
        double reference = n * Psi(saddle).Real - c * (saddle - otherSaddle);

        // The integrand is a bell of this width; steps of a quarter leave e^-50 of it.
        double step = 0.25 * Math.Exp(saddle / 2) / Math.Sqrt(n);
        double sum = 0;
        Complex other = otherSaddle;
        for (int k = 0; k * step < Math.PI; k++)
        {
            Complex root = new(saddle, k * step);
            other = OtherRoot(root, other);
            // W_q(y) = A e^(root y) + B e^(other y); ratio = B/A, r = e^(-(root - other) c).
            Complex ratio = PsiSlope(root) / PsiSlope(other);
            Complex r = Complex.Exp(-c * (root - other));
            Complex scaled = Complex.Exp(n * Psi(root) - c * (root - other) - reference);
            Complex value = scaled * (2 * ratio - (ratio - ratio * ratio) * r) / (1 + ratio * r * r);
            sum += k == 0 ? value.Real / 2 : value.Real;
            if (Complex.Abs(scaled) < 1e-19) break;
        }
        return TailProbability.FromLog(reference + Math.Log(-sum * step / Math.PI * Normalization(n)));
    }

    /// <summary>n! e^n / n^n.</summary>
    private static double Normalization(int n) => Math.Sqrt(double.Tau * n) * Math.Exp(SaddlePoint.StirlingError(n));

    /// <summary>The b in (0, π) at which W_q(width) vanishes for the j-th time: width b + atan(g(b) / b) = j π.</summary>
    private static double Zero(int j, double width)
    {
        double b = j * Math.PI / (width + 1.0 / 3);
        for (int i = 0; i < 20; i++)
        {
            (double g, double slope) = Gap(b);
            double step = (width * b + Math.Atan2(g, b) - j * Math.PI) / (width + (slope * b - g) / (g * g + b * b));
            b -= step;
            if (Math.Abs(step) < 1e-15 * b) break;
        }
        return b;
    }

    /// <summary>g(b) = 1 - b cot b and its derivative, without cancellation for small b.</summary>
    private static (double Value, double Slope) Gap(double b)
    {
        if (b > 1)
        {
            (double sine, double cosine) = Math.SinCos(b);
            return (1 - b * cosine / sine, (b - sine * cosine) / (sine * sine));
        }
        double square = b * b, power = 1, value = 0, slope = 0;
        for (int k = 1; k < SeriesLength; k++)
        {
            power *= square;
            value += Cotangent[k] * power;
            slope += 2 * k * Cotangent[k] * power;
        }
        return (value, slope / b);
    }

    /// <summary>q = ln(sin b / b) - g(b), the real value that ψ takes at α ± ib.</summary>
    private static double Exponent(double b, double g)
    {
        if (b > 1) return Math.Log(Math.Sin(b) / b) - g;
        double square = b * b, power = 1, log = 0;
        for (int k = 1; k < SeriesLength; k++)
        {
            power *= square;
            log -= Cotangent[k] * power / (2 * k);
        }
        return log - g;
    }

    /// <summary>The real θ at which n ψ(θ) - c (θ - θ') is stationary, θ' being the other root of the same ψ.</summary>
    private static double SaddleOf(int n, double c)
    {
        double saddle = 2 * c / n;
        for (int i = 0; i < 30; i++)
        {
            double other = OtherRoot(saddle, -saddle).Real;
            double slope = PsiSlope(saddle).Real;
            double step = slope - c / n * (1 - slope / PsiSlope(other).Real);
            saddle -= step;
            if (Math.Abs(step) < 1e-3 / Math.Sqrt(n)) break;
        }
        Debug.Assert(saddle > 0);
        return saddle;
    }

    /// <summary>The root of ψ(θ) = ψ(root) on the other side of 0, by Newton's method.</summary>
    private static Complex OtherRoot(Complex root, Complex guess)
    {
        Complex target = Psi(root);
        for (int i = 0; i < 30; i++)
        {
            Complex step = (Psi(guess) - target) / PsiSlope(guess);
            guess -= step;
            if (Complex.Abs(step) < 1e-16 * Complex.Abs(guess)) break;
        }
        return guess;
    }

    /// <summary>ψ(θ) = θ - 1 + e^-θ, without cancellation for small θ.</summary>
    private static Complex Psi(Complex theta)
    {
        if (Complex.Abs(theta) > 1) return theta - 1 + Complex.Exp(-theta);
        Complex term = theta * theta / 2, sum = term;
        for (int k = 3; k < 22; k++)
        {
            term *= theta / -k;
            sum += term;
        }
        return sum;
    }

    private static Complex PsiSlope(Complex theta) => theta - Psi(theta);

    private static double[] BuildCotangent()
    {
        double[] c = new double[SeriesLength];
        c[1] = 1.0 / 3;
        for (int k = 2; k < SeriesLength; k++)
        {
            for (int i = 1; i < k; i++) c[k] += c[i] * c[k - i];
            c[k] /= 2 * k + 1;
        }
        return c;
    }
}
