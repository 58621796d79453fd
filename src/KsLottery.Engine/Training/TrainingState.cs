using System.Globalization;
using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Training;

/// <summary>The file from which a training goes on: a safetensors file of what learns and its moments, with the run's settings as metadata.</summary>
/// <remarks>Moments have PyTorch's names, <c>exp_avg</c> and <c>exp_avg_sq</c> behind the tensor's.</remarks>
internal static class TrainingState
{
    /// <summary>The usual name.</summary>
    public const string FileName = "state.safetensors";

    private const string StepKey = "step";
    private const int PieceLength = 1 << 18;

    /// <summary>One tensor of the state, on the device.</summary>
    public sealed record Part(string Name, long[] Shape, DeviceSpan Values);

    public static void Write(string path, long step, IReadOnlyDictionary<string, string> settings, IOperations operations, IEnumerable<Part> parts)
    {
        Dictionary<string, string> metadata = new(settings) { [StepKey] = step.ToString(CultureInfo.InvariantCulture) };
        float[] piece = new float[PieceLength];
        SafetensorsWriter.Write(path, parts.Select(part => new TensorSource(part.Name, ElementType.F32, part.Shape, stream =>
        {
            for (long start = 0; start < part.Values.Length; start += PieceLength)
            {
                Span<float> some = piece.AsSpan(0, (int)Math.Min(PieceLength, part.Values.Length - start));
                operations.Download(some, part.Values.Slice(start, some.Length));
                stream.Write(MemoryMarshal.AsBytes(some));
            }
        })), metadata);
    }

    /// <summary>Returns the number of steps done.</summary>
    public static long Read(string path, IReadOnlyDictionary<string, string> settings, IOperations operations, IEnumerable<Part> parts)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        foreach ((string key, string value) in settings)
        {
            string? saved = file.Metadata.GetValueOrDefault(key);
            if (saved != value)
                throw new InvalidDataException($"{path}: the run was begun with {key} = {saved ?? "nothing"}, now it is {value}. "
                    + "Resume with the same settings, or begin a new run in another folder.");
        }
        if (!long.TryParse(file.Metadata.GetValueOrDefault(StepKey), NumberStyles.None, CultureInfo.InvariantCulture, out long step))
            throw new InvalidDataException($"{path}: the metadata has no step. Begin the run anew.");
        byte[] buffer = new byte[PieceLength * sizeof(float)];
        foreach (Part part in parts)
        {
            Tensor tensor = file.GetTensor(part.Name);
            if (tensor.ElementType != ElementType.F32 || !tensor.Shape.SequenceEqual(part.Shape))
                throw new InvalidDataException($"{path}: {part.Name} is {tensor.DtypeName} [{string.Join(", ", tensor.Shape)}], this run has "
                    + $"F32 [{string.Join(", ", part.Shape)}]. Begin a new run in another folder.");
            for (long start = 0; start < part.Values.Length; start += PieceLength)
            {
                int length = (int)Math.Min(PieceLength, part.Values.Length - start);
                operations.Upload(part.Values.Slice(start, length),
                    MemoryMarshal.Cast<byte, float>(tensor.GetBytes(start * sizeof(float), length * sizeof(float), buffer)));
            }
        }
        return step;
    }
}
