using System.Globalization;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Training;

namespace KsLottery.Engine.Reproduction;

/// <summary>The most memory that a training held, kept in its folder: one that was broken off says the same once it went on.</summary>
/// <remarks>It is looked at behind every step, before the step's state can be saved, and written whenever it has grown.</remarks>
/// <param name="folder">The training's folder.</param>
/// <param name="measure">What it held at most so far, in bytes.</param>
/// <param name="next">Hears of the steps as well.</param>
internal sealed class PeakMemory(string folder, Func<long> measure, IProgress<TrainingProgress>? next) : IProgress<TrainingProgress>
{
    /// <summary>The file that holds the number.</summary>
    public const string FileName = "peak-bytes.txt";

    private readonly string _path = Path.Combine(folder, FileName);

    /// <summary>The bytes.</summary>
    public long Bytes { get; private set; } = Read(Path.Combine(folder, FileName));

    /// <inheritdoc/>
    public void Report(TrainingProgress value)
    {
        if (measure() is var bytes && bytes > Bytes)
        {
            AtomicFile.WriteText(_path, string.Create(CultureInfo.InvariantCulture, $"{bytes}\n"));
            Bytes = bytes;
        }
        next?.Report(value);
    }

    private static long Read(string path) => !File.Exists(path) ? 0
        : long.TryParse(File.ReadAllText(path), NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out long bytes) ? bytes
        : throw new InvalidDataException($"{path}: this is no number of bytes. Delete the folder of the step, and it is made again.");
}
