using System.Globalization;
using System.Text;

namespace KsLottery.Engine.Checkpoints;

/// <summary>Tells a checkpoint from another of the same form by a look at each tensor: name, type, shape, bytes of both ends.</summary>
/// <remarks>It reads some hundred bytes a tensor, and so no more than hints: what only differs between the ends of a tensor, a fingerprint
/// tells.</remarks>
internal static class ContentSketch
{
    private const int EndLength = 256, Digits = 16;

    /// <summary>Looks at all tensors.</summary>
    /// <returns>16 hexadecimal digits.</returns>
    public static string Of(Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        using ContentHash hash = new();
        byte[] buffer = new byte[EndLength];
        foreach (Tensor tensor in checkpoint.Tensors.OrderBy(tensor => tensor.Name, StringComparer.Ordinal))
        {
            hash.AppendData(Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture,
                $"{tensor.Name}\n{tensor.DtypeName} [{string.Join(',', tensor.Shape)}]\n")));
            int length = (int)Math.Min(EndLength, tensor.ByteLength);
            hash.AppendData(tensor.GetBytes(0, length, buffer));
            hash.AppendData(tensor.GetBytes(tensor.ByteLength - length, length, buffer));
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset())[..Digits];
    }
}
