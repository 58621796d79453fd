using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Transfer;

namespace KsLottery.Engine.Certificates;

/// <summary>Tells what a training left at a path, and whether tensors stayed as they were.</summary>
internal static class TrainedRows
{
    private const int ChunkElements = 1 << 18;

    /// <summary>Whether a path is a patch, or a run's folder with a patch and no model.</summary>
    public static bool IsPatch(string path, out string patchPath)
    {
        patchPath = Directory.Exists(path) ? Path.Combine(path, TicketPatch.FileName) : path;
        if (Directory.Exists(path))
            return File.Exists(patchPath) && Directory.EnumerateFiles(path, "*.safetensors").Count() == 1;
        if (!File.Exists(path)) return false;
        using SafetensorsFile file = SafetensorsFile.Open(path);
        return NoEmbedding.IsPatch(file);
    }

    /// <summary>Whether two tensors of one shape hold the same values, each widened to F32.</summary>
    public static bool HaveSameValues(Tensor a, Tensor b, CancellationToken cancellationToken)
    {
        if (a.ElementType != b.ElementType && !(a.ElementType.IsNative() && b.ElementType.IsNative())) return false;
        bool isSameType = a.ElementType == b.ElementType;
        int step = a.ElementType.BitSize() / 8, otherStep = b.ElementType.BitSize() / 8;
        if (step == 0 || otherStep == 0) return Fingerprint.OfTensor(a, cancellationToken) == Fingerprint.OfTensor(b, cancellationToken);
        byte[] first = new byte[ChunkElements * step], second = new byte[ChunkElements * otherStep];
        byte[] wide = new byte[ChunkElements * sizeof(float)], otherWide = new byte[ChunkElements * sizeof(float)];
        for (long element = 0; element < a.ElementCount; element += ChunkElements)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int count = (int)Math.Min(ChunkElements, a.ElementCount - element);
            ReadOnlySpan<byte> x = a.GetBytes(element * step, count * step, first),
                y = b.GetBytes(element * otherStep, count * otherStep, second);
            if (!isSameType)
            {
                RowRounding.Convert(x, a.ElementType, wide.AsSpan(0, count * sizeof(float)), ElementType.F32);
                RowRounding.Convert(y, b.ElementType, otherWide.AsSpan(0, count * sizeof(float)), ElementType.F32);
                x = wide.AsSpan(0, count * sizeof(float));
                y = otherWide.AsSpan(0, count * sizeof(float));
            }
            if (!x.SequenceEqual(y)) return false;
            a.DontNeed(element * step, (long)count * step);
            b.DontNeed(element * otherStep, (long)count * otherStep);
        }
        return true;
    }
}
