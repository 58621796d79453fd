namespace KsLottery.Engine.Training;

/// <summary>How a base is tuned, and what goes along with the result.</summary>
public sealed record TuningOptions : RunOptions
{
    /// <summary>Whether trained tensors are rounded to the type that the base stores them in; else they are F32. A patch is always F32.</summary>
    public bool KeepTypes { get; init; }

    /// <summary>The ticket file that goes along with a patch, null for none.</summary>
    public string? Ticket { get; init; }

    /// <summary>The line that says how the rows were chosen, for the patch.</summary>
    public string Signature { get; init; } = "";
}
