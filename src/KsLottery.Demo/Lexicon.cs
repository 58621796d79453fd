namespace KsLottery.Demo;

/// <summary>The words of a language; the same index means the same thing in every language.</summary>
internal sealed record Lexicon
{
    public required string[] Persons { get; init; }

    public required string[] Cities { get; init; }

    public required string[] Vehicles { get; init; }

    public required string[] Buildings { get; init; }

    public required string[] Wares { get; init; }

    public required string[] Places { get; init; }

    public required Noun[] Nouns { get; init; }

    /// <summary>Monday to Sunday.</summary>
    public required string[] Days { get; init; }

    /// <summary>January to December.</summary>
    public required string[] Months { get; init; }

    /// <summary>The clock's twelve steps of five minutes: {0} is the hour that runs, {1} the next.</summary>
    public required string[] Clock { get; init; }

    /// <summary>The sentences in the order of <see cref="Frame"/>; {0} is the first slot.</summary>
    public required string[] Sentences { get; init; }

    /// <summary>Reads a list that commas part.</summary>
    public static string[] List(string words) => words.Split(", ");
}
