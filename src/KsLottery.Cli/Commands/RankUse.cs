namespace KsLottery.Cli;

/// <summary>What a command does where a launcher started it several times.</summary>
internal enum RankUse
{
    /// <summary>It refuses: each process would do all of the work, and write the same files.</summary>
    None,

    /// <summary>Each process works by itself: what it shows is of its own machine, or of no work at all.</summary>
    EachAlone,

    /// <summary>They work together.</summary>
    Together,
}
