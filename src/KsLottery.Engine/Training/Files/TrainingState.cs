using System.Globalization;
using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Training;

/// <summary>The file from which a training goes on: a safetensors file of what learns and its moments, with the run's settings as
/// metadata.</summary>
/// <remarks>Moments have PyTorch's names behind the tensor's: <c>exp_avg</c> and <c>exp_avg_sq</c>, of RMSprop
/// <c>square_avg</c>.</remarks>
internal static class TrainingState
{
    /// <summary>The default name.</summary>
    public const string FileName = "state.safetensors";

    private const string StepKey = "step", LossKey = "step_loss", NormKey = "step_grad_norm";
    private const int PieceLength = 1 << 18;

    /// <summary>One tensor of the state, on the device.</summary>
    public sealed record Part(string Name, long[] Shape, DeviceSpan Values);

    /// <summary>Whole numbers of the state.</summary>
    public sealed record Numbers(string Name, int[] Values);

    /// <summary>How far the training is, and what its last step said; NaN before the first.</summary>
    public readonly record struct Position(long Step, double Loss, double GradientNorm);

    public static void Write(string path, Position position, IReadOnlyDictionary<string, string> settings, IOperations operations,
        IEnumerable<Part> parts, IEnumerable<Numbers> numbers)
    {
        Dictionary<string, string> metadata = new(settings)
        {
            [StepKey] = position.Step.ToString(CultureInfo.InvariantCulture),
            [LossKey] = position.Loss.ToString("R", CultureInfo.InvariantCulture),
            [NormKey] = position.GradientNorm.ToString("R", CultureInfo.InvariantCulture),
        };
        DeviceValues values = new(operations);
        SafetensorsWriter.Write(path,
        [
            .. parts.Select(part => values.Source(part.Name, part.Shape, part.Values)),
            .. numbers.Select(n => TensorSource.FromBytes(n.Name, ElementType.I32, [n.Values.Length],
                MemoryMarshal.AsBytes<int>(n.Values).ToArray())),
        ], metadata);
    }

    /// <summary>What the run depends on that a state is of, and its step.</summary>
    public static (long Step, IReadOnlyDictionary<string, string> Settings) Describe(string path)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        return (StepOf(file),
            file.Metadata.Where(m => m.Key is not (StepKey or LossKey or NormKey)).ToDictionary(m => m.Key, m => m.Value));
    }

    /// <exception cref="InvalidDataException">The state is of another run; names the first setting that differs.</exception>
    public static void ThrowIfOther(string path, IReadOnlyDictionary<string, string> settings) =>
        RunSettings.ThrowIfDifferent(path, Describe(path).Settings, settings);

    /// <summary>Fills the parts, hands on whole numbers by their names, null where there are none, and says how far the training
    /// was.</summary>
    public static Position Read(string path, IOperations operations, IEnumerable<Part> parts, Action<Func<string, int[]?>> hearNumbers)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        Position position = new(StepOf(file), Real(LossKey), Real(NormKey));
        byte[] buffer = new byte[PieceLength * sizeof(float)];
        Part[] all = [.. parts];
        ThrowIfOtherTensors(path, file, all);
        foreach (Part part in all)
        {
            Tensor tensor = file.GetTensor(part.Name);
            if (tensor.ElementType != ElementType.F32 || !tensor.Shape.SequenceEqual(part.Shape))
                throw new InvalidDataException(
                    $"{path}: {part.Name} is {tensor.DtypeName} [{string.Join(", ", tensor.Shape)}], this run has "
                    + $"F32 [{string.Join(", ", part.Shape)}]. Begin a new run in another folder.");
            for (long start = 0; start < part.Values.Length; start += PieceLength)
            {
                int length = (int)Math.Min(PieceLength, part.Values.Length - start);
                operations.Upload(part.Values.Slice(start, length),
                    MemoryMarshal.Cast<byte, float>(tensor.GetBytes(start * sizeof(float), length * sizeof(float), buffer)));
            }
        }
        hearNumbers(name => file.Tensors.FirstOrDefault(t => t.Name == name) is { } tensor
            ? MemoryMarshal.Cast<byte, int>(tensor.GetBytes(0, (int)tensor.ByteLength, new byte[tensor.ByteLength])).ToArray() : null);
        return position;

        double Real(string key) =>
            double.TryParse(file.Metadata.GetValueOrDefault(key), NumberStyles.Float, CultureInfo.InvariantCulture, out double value)
            ? value : throw NoStep(path);
    }

    /// <summary>A state of another scope or optimizer lacks what learns here or its moments; one of an output head of its own has weights
    /// that a tied model would leave behind.</summary>
    private static void ThrowIfOtherTensors(string path, SafetensorsFile file, Part[] parts)
    {
        HashSet<string> held = [.. file.Tensors.Select(t => t.Name)];
        string Of() => $"It is of a training with scope {file.Metadata.GetValueOrDefault("scope", "unknown")} and optimizer "
            + $"{file.Metadata.GetValueOrDefault("optimizer", "adamw")}. Take a state of a training of the same scope, "
            + "optimizer and tying.";
        if (Array.Find(parts, part => !held.Contains(part.Name)) is { } missing)
            throw new InvalidDataException($"{path}: the state has no {missing.Name}, which learns here or is a moment of it. {Of()}");
        if (held.Contains(LlamaWeights.HeadName) && held.Except(parts.Select(p => p.Name))
            .All(name => name.StartsWith(LlamaWeights.HeadName, StringComparison.Ordinal)) && !Array.Exists(parts, p =>
                p.Name == LlamaWeights.HeadName))
            throw new InvalidDataException($"{path}: the state has {LlamaWeights.HeadName}, and the model's output head is its embedding. "
                + Of());
    }

    private static long StepOf(SafetensorsFile file) =>
        PlainNumber.TryDigits(file.Metadata.GetValueOrDefault(StepKey), out long step) ? step : throw NoStep(file.Path);

    private static InvalidDataException NoStep(string path) =>
        new($"{path}: the metadata do not say which step was the last. Begin the run anew.");
}
