namespace KsLottery.Cli.Demo;

/// <summary>What a sentence of the demo's text says; the slots are those that <see cref="Meaning"/> fills, in order.</summary>
internal enum Frame
{
    /// <summary>The train to Rome leaves on Monday at a quarter past seven.</summary>
    Departure,

    /// <summary>The museum opens at nine o'clock and closes at half past five.</summary>
    Hours,

    /// <summary>When does the museum open? At nine o'clock.</summary>
    Question,

    /// <summary>Anna says that the museum opens at nine o'clock.</summary>
    Report,

    /// <summary>The book costs twenty-four euros.</summary>
    Price,

    /// <summary>Anna has four apples.</summary>
    Owning,

    /// <summary>Anna buys four apples for Peter.</summary>
    Buying,

    /// <summary>There are four chairs in the garden.</summary>
    Being,

    /// <summary>Anna was born on the fourteenth of March 1987.</summary>
    Birth,

    /// <summary>Today is Tuesday, the third of May.</summary>
    Today,

    /// <summary>It is a quarter past seven.</summary>
    Clock,

    /// <summary>Anna gets up at seven o'clock in the morning.</summary>
    Rising,

    /// <summary>Anna works from Monday to Friday.</summary>
    Work,

    /// <summary>Anna is thirty years old and lives in Rome.</summary>
    Age,

    /// <summary>It is nine hundred kilometres from Rome to Paris.</summary>
    Distance,

    /// <summary>The town has twenty-one thousand inhabitants.</summary>
    Inhabitants,

    /// <summary>Twelve plus seven is nineteen.</summary>
    Sum,
}
