namespace KsLottery.Demo;

/// <summary>What a sentence of the demo's text says; the slots are those that <see cref="Meaning"/> fills, in order.</summary>
internal enum Frame
{
    /// <summary>The train to Rome leaves on Monday at a quarter past seven.</summary>
    Departure,

    /// <summary>The museum opens at nine o'clock and closes at half past five.</summary>
    Hours,

    /// <summary>The book costs twenty-four euros.</summary>
    Price,

    /// <summary>Anna has four apples.</summary>
    Owning,

    /// <summary>There are four chairs in the garden.</summary>
    Being,

    /// <summary>Anna was born on the fourteenth of March 1987.</summary>
    Birth,

    /// <summary>Today is Tuesday, the third of May.</summary>
    Today,

    /// <summary>Anna gets up at seven o'clock in the morning.</summary>
    Rising,

    /// <summary>Anna is thirty years old and lives in Rome.</summary>
    Age,
}
