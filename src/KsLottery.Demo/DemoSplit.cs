namespace KsLottery.Demo;

/// <summary>The parts that no meaning is in two of.</summary>
internal enum DemoSplit
{
    /// <summary>What the base may read, in any language and in pairs.</summary>
    Pretraining,

    /// <summary>What it is tuned on.</summary>
    Training,

    /// <summary>What it is scored on.</summary>
    Test,
}
