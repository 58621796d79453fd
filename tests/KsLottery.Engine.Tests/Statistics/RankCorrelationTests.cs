using KsLottery.Engine.Statistics;

namespace KsLottery.Engine.Tests.Statistics;

[TestFixture]
public class RankCorrelationTests
{
    /// <summary>SciPy 1.10.1, <c>spearmanr(x, y).correlation</c>.</summary>
    private static readonly (double[] X, double[] Y, double Rho)[] SciPy =
    [
        ([1, 2, 3, 4, 5], [5, 6, 7, 8, 7], 0.8207826816681233), ([1, 2, 2, 3, 3, 3, 10], [2, 1, 4, 4, 9, 9, 9], 0.8137254901960784),
        ([0.5, -1, 3, 3, 7, 2], [1, 2, 3, 4, 5, 6], 0.5797710356524485), ([1, 1, 2], [3, 2, 1], -0.8660254037844387),
            ([1, 2, 3, 4], [4, 3, 2, 1], -1),
    ];

    [Test]
    public void Spearmans_rho_is_that_of_SciPy() => Assert.Multiple(() =>
    {
        foreach ((double[] x, double[] y, double rho) in SciPy)
        {
            Assert.That(RankCorrelation.Spearman(x, y), Is.EqualTo(rho).Within(1e-15));
            Assert.That(RankCorrelation.Spearman(y, x), Is.EqualTo(rho).Within(1e-15));
        }
    });

    [Test]
    public void What_has_no_correlation_is_NaN_and_what_has_no_rank_is_refused()
    {
        Assert.That(RankCorrelation.Spearman([1], [2]), Is.NaN);
        Assert.That(RankCorrelation.Spearman([], []), Is.NaN);
        Assert.That(RankCorrelation.Spearman([1, 2, 3], [4, 4, 4]), Is.NaN);
        Assert.That(RankCorrelation.Spearman([4, 4, 4, 4], [1, 2, 3, 4]), Is.NaN);
        Assert.That(() => RankCorrelation.Spearman([1, 2], [1]),
            Throws.ArgumentException.With.Message.Contains("2 values on one side, 1 on the other"));
        Assert.That(() => RankCorrelation.Spearman([1, double.NaN], [1, 2]), Throws.ArgumentException.With.Message.Contains("NaN"));
        Assert.That(() => RankCorrelation.Spearman([1, 2], [double.NaN, 2]),
            Throws.ArgumentException.With.Message.Contains("Leave its pair out"));
    }
}
