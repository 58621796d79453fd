namespace KsLottery.Engine.Statistics;

/// <summary>What a test does with a NaN among its values.</summary>
public enum NanPolicy
{
    /// <summary>The result is NaN throughout.</summary>
    Propagate,
    /// <summary>The test throws an <see cref="ArgumentException"/> that names the first NaN.</summary>
    Raise,
    /// <summary>NaN values are left out; a sample that is empty after that is an error.</summary>
    Omit,
}
