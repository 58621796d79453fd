namespace KsLottery.Engine.Experiments;

/// <summary>What an arm of an experiment does to the base.</summary>
public enum ArmMethod
{
    /// <summary>Nothing.</summary>
    Base,
    /// <summary>Trains every weight.</summary>
    Full,
    /// <summary>Embed Tuning: trains the input embedding. The tickets come from it.</summary>
    Embedding,
    /// <summary>Partial Transfer: the ticket's rows are copied from Embed Tuning.</summary>
    Transfer,
    /// <summary>Partial Tuning: the ticket's rows are trained from the base.</summary>
    Ticket,
    /// <summary>Control: as many rows, drawn by the seed.</summary>
    Random,
    /// <summary>Control: the rows of the most frequent tokens of the data, the paper's Frequency Tuning.</summary>
    Frequent,
    /// <summary>Control: the rows that Embed Tuning moved farthest in Euclidean distance.</summary>
    LargestShift,
    /// <summary>Control: the rows of a text's tokens, such as the line feed's alone.</summary>
    Token,
    /// <summary>Control: Partial Tuning's rows moved as far as it moved them, each in a random direction.</summary>
    RandomDelta,
    /// <summary>Control: low-rank adapters with as many parameters as the rows have, or as near as their rank allows.</summary>
    LowRank,
}
