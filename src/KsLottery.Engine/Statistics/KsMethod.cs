namespace KsLottery.Engine.Statistics;

/// <summary>The way in which a p-value is computed.</summary>
public enum KsMethod
{
    /// <summary><see cref="Exact"/> while the larger sample has at most 10,000 values, <see cref="Asymptotic"/> above.</summary>
    Auto,
    /// <summary>The exact null distribution for samples without ties, by counting lattice paths.</summary>
    Exact,
    /// <summary>The large-sample approximation that SciPy calls <c>asymp</c>.</summary>
    Asymptotic,
}
