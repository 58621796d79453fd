using System.Buffers.Binary;
using System.Text;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Tests.Checkpoints;

/// <summary>Builds files by hand, right or wrong, without the writer that is itself under test.</summary>
internal static class SafetensorsBytes
{
    public static byte[] File(string json, params byte[] data) => File(Encoding.UTF8.GetBytes(json), data);

    public static byte[] File(byte[] json, byte[] data)
    {
        byte[] file = new byte[8 + json.Length + data.Length];
        BinaryPrimitives.WriteUInt64LittleEndian(file, (ulong)json.Length);
        json.CopyTo(file, 8);
        data.CopyTo(file, 8 + json.Length);
        return file;
    }

    /// <summary>A header from its tensors: name, type, shape, first byte and the byte after the last.</summary>
    public static string Json(params (string Name, string Dtype, string Shape, long Start, long End)[] tensors) => "{" + string.Join(',',
        tensors.Select(t => $"\"{t.Name}\":{{\"dtype\":\"{t.Dtype}\",\"shape\":{t.Shape},\"data_offsets\":[{t.Start},{t.End}]}}")) + "}";

    /// <summary>Runs the reader's checks over a file in memory.</summary>
    public static SafetensorsHeader Parse(byte[] file)
    {
        int length = SafetensorsHeader.ReadLength(file.AsSpan(0, Math.Min(8, file.Length)), file.Length, "memory");
        return SafetensorsHeader.Parse(file.AsSpan(8, length), file.Length, "memory");
    }

    public static CheckpointFormatException Refusal(string json, int dataLength) =>
        Assert.Throws<CheckpointFormatException>(() => Parse(File(json, new byte[dataLength])))!;
}
