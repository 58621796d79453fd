using System.Globalization;
using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Training;

/// <summary>How far the learning of a graft is, and what was measured on the way.</summary>
/// <param name="Step">Gradient steps done.</param>
/// <param name="Loss">The loss of the last one, with the relaxed mask; NaN before the first.</param>
/// <param name="Norm">The norm of its dL/dS.</param>
/// <param name="BestStep">The step of the best mask.</param>
/// <param name="BestLoss">Its held-out loss; infinite before anything was evaluated.</param>
/// <param name="BaseLoss">The base's held-out loss.</param>
/// <param name="TunedLoss">The tuned checkpoint's.</param>
/// <param name="PatchLoss">The base patch's.</param>
internal sealed record GraftPosition(long Step, double Loss, double Norm, long BestStep, double BestLoss, double BaseLoss, double TunedLoss,
    double PatchLoss);

/// <summary>The file from which the learning of a graft goes on: S and the best mask of every tensor.</summary>
internal static class GraftState
{
    private const string Scores = ".scores", Best = ".best";

    private static readonly (string Key, Func<GraftPosition, double> Get)[] Numbers =
    [
        ("step", p => p.Step), ("step_loss", p => p.Loss), ("step_grad_norm", p => p.Norm), ("best_step", p => p.BestStep),
        ("best_loss", p => p.BestLoss), ("base_loss", p => p.BaseLoss), ("tuned_loss", p => p.TunedLoss), ("patch_loss", p => p.PatchLoss),
    ];

    /// <summary>Writes the file whole or not at all.</summary>
    public static void Write(string path, GraftPosition position, IReadOnlyDictionary<string, string> settings,
        IEnumerable<GraftedValues> parts)
    {
        Dictionary<string, string> metadata = new(settings);
        foreach ((string key, Func<GraftPosition, double> get) in Numbers)
            metadata[key] = get(position).ToString("R", CultureInfo.InvariantCulture);
        SafetensorsWriter.Write(path, parts.SelectMany(part => (TensorSource[])
        [
            new(part.Weight.Name + Scores, ElementType.F64, [part.Scores.Length], stream => stream.Write(BytesOf(part.Scores))),
            TensorSource.FromBytes(part.Weight.Name + Best, ElementType.U8, [part.Best.Length], part.Best),
        ]), metadata);
    }

    /// <summary>Fills the parts, and says how far it was.</summary>
    /// <exception cref="InvalidDataException">The state is of another run; names what differs.</exception>
    /// <exception cref="CheckpointFormatException">The file is damaged.</exception>
    public static GraftPosition Read(string path, IReadOnlyDictionary<string, string> settings, IEnumerable<GraftedValues> parts)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        RunSettings.ThrowIfDifferent(path, file.Metadata.ExceptBy(Numbers.Select(number => number.Key), entry => entry.Key).ToDictionary(),
            settings);
        double[] numbers = [.. Numbers.Select(number => double.TryParse(file.Metadata.GetValueOrDefault(number.Key), NumberStyles.Float,
            CultureInfo.InvariantCulture, out double value) ? value
            : throw new InvalidDataException($"{path}: the metadata do not say {number.Key}. Begin the run anew."))];
        foreach (GraftedValues part in parts)
        {
            Fill(part.Weight.Name + Scores, ElementType.F64, MemoryMarshal.AsBytes(part.Scores.AsSpan()));
            Fill(part.Weight.Name + Best, ElementType.U8, part.Best);
        }
        return new((long)numbers[0], numbers[1], numbers[2], (long)numbers[3], numbers[4], numbers[5], numbers[6], numbers[7]);

        void Fill(string name, ElementType type, Span<byte> bytes)
        {
            Tensor tensor = file.GetTensor(name);
            if (tensor.ElementType != type || tensor.ByteLength != bytes.Length)
                throw new InvalidDataException($"{path}: {name} is {tensor.DtypeName} [{string.Join(", ", tensor.Shape)}], this run has "
                    + $"{type.ToName()} of {bytes.Length} bytes. Begin a new run in another folder.");
            if (tensor.IsMapped) tensor.GetBytes(0, bytes.Length, []).CopyTo(bytes);
            else tensor.GetBytes(0, bytes.Length, bytes);
        }
    }

    private static ReadOnlySpan<byte> BytesOf(double[] values) => MemoryMarshal.AsBytes<double>(values);
}
