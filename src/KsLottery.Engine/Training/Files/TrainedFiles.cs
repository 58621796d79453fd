namespace KsLottery.Engine.Training;

/// <summary>The files that a training wrote at its end.</summary>
/// <param name="Names">Their names in the folder, the model last.</param>
/// <param name="InexactValues">Trained values that the written type cannot hold exactly and that were rounded to nearest, ties to even.</param>
/// <param name="OverflowedValues">Finite values beyond the written type, which became infinite; part of <paramref name="InexactValues"/>.</param>
public sealed record TrainedFiles(IReadOnlyList<string> Names, long InexactValues = 0, long OverflowedValues = 0);
