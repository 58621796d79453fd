using System.Globalization;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Training;

/// <summary>Where a training begins that begins neither with its base nor with the first weights that its seed draws.</summary>
/// <remarks>Rewinding (Frankle et al., arXiv 1903.01611): a mask is found at the end of a training, and trained again from its beginning,
/// or from a step soon after.</remarks>
public sealed record RewindPoint
{
    private const string Random = "random:";

    private RewindPoint(string? path, ulong seed) => (Path, Seed) = (path, seed);

    /// <summary>The state, or the folder that it lies in; null for weights that are drawn.</summary>
    public string? Path { get; }

    /// <summary>Draws the weights where there is no state.</summary>
    public ulong Seed { get; }

    /// <summary>A state that another training kept (<see cref="RunOptions.KeepStates"/>): its weights and moments, and its step, behind
    /// which learning rates and data go on.</summary>
    /// <param name="path">The file, or the folder that it lies in.</param>
    public static RewindPoint State(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return new(path, 0);
    }

    /// <summary>All weights drawn anew, with the data in the order that the plan's seed decides: the control for where a mask
    /// begins.</summary>
    public static RewindPoint Drawn(ulong seed) => new(null, seed);

    /// <summary>Reads the path of a state, or <c>random:SEED</c>.</summary>
    /// <exception cref="FormatException">The seed is no whole number.</exception>
    public static RewindPoint Parse(string text)
    {
        ArgumentException.ThrowIfNullOrEmpty(text);
        if (!text.StartsWith(Random, StringComparison.Ordinal)) return State(text);
        return ulong.TryParse(text.AsSpan(Random.Length), NumberStyles.None, CultureInfo.InvariantCulture, out ulong seed) ? Drawn(seed)
            : throw new FormatException($"\"{text}\" names no seed; write a whole number from 0, for instance {Random}7.");
    }

    /// <inheritdoc/>
    public override string ToString() => Path ?? string.Create(CultureInfo.InvariantCulture, $"{Random}{Seed}");

    /// <summary>The file of the state; null where there is none.</summary>
    /// <exception cref="FileNotFoundException">The folder holds none.</exception>
    internal string? File => Path is null ? null : FileInFolder.Resolve(Path, TrainingState.FileName, _ =>
        $"Name the folder {KeptStates.Prefix}STEP in that of a training that was to keep it");
}
