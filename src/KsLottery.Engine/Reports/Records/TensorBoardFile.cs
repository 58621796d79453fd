using System.Buffers;
using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Training;

namespace KsLottery.Engine.Reports;

/// <summary>Writes the steps of a training as TensorBoard reads them.</summary>
/// <remarks>
/// <para>
/// A record is its length (8 bytes), the masked CRC-32C of these, the bytes, and their masked CRC-32C (TensorFlow's <c>record_writer</c>;
/// a mask turns the sum right by 15 bits and adds 0xA282EAD8). The first record is an <c>Event</c> with the file version
/// <c>brain.Event:2</c>; every other one has <c>step</c> and a <c>Summary</c> of <c>tag</c> and <c>simple_value</c> (<c>event.proto</c>,
/// <c>summary.proto</c>): <c>train/loss</c>, <c>eval/loss</c>, <c>train/grad_norm</c>, <c>train/learning_rate</c>,
/// <c>train/tokens_per_second</c>; a value that was not measured at a step has no entry.
/// </para>
/// <para>Metrics hold no time of day: the wall time of an event is its step in seconds, so that the same metrics give the same
/// bytes.</para>
/// </remarks>
internal static class TensorBoardFile
{
    /// <summary>The default name; TensorBoard looks for <c>tfevents</c> in it.</summary>
    public const string FileName = "events.out.tfevents.0.kslottery";

    private const uint MaskDelta = 0xA282EAD8;
    private const int WallTime = 1, Step = 2, FileVersion = 3, Summary = 5;
    private const int SummaryValue = 1, Tag = 1, SimpleValue = 2;
    private const int Varint = 0, Fixed64 = 1, Bytes = 2, Fixed32 = 5;

    private static readonly (string Tag, Func<StepMetrics, double?> Value)[] Values =
    [
        ("train/loss", m => m.Loss), ("eval/loss", m => m.EvalLoss), ("train/grad_norm", m => m.GradientNorm),
        ("train/learning_rate", m => m.LearningRate), ("train/tokens_per_second", m => m.TokensPerSecond),
    ];

    /// <summary>Writes a file whole or not at all.</summary>
    /// <param name="path">The target.</param>
    /// <param name="steps">The steps, see <see cref="MetricsFile"/>.</param>
    /// <param name="cancellationToken">Looked at before the file takes its name.</param>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write(string path, IReadOnlyList<StepMetrics> steps, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(steps);
        AtomicFile.Write(path, stream =>
        {
            ArrayBufferWriter<byte> record = new();
            WriteDouble(record, WallTime, 0);
            WriteBytes(record, FileVersion, "brain.Event:2"u8);
            WriteRecord(stream, record.WrittenSpan);
            foreach (StepMetrics step in steps)
            {
                byte[] summary = Summarize(step);
                if (summary.Length == 0) continue;
                record.ResetWrittenCount();
                WriteDouble(record, WallTime, step.Step);
                WriteKey(record, Step, Varint);
                WriteVarint(record, (ulong)step.Step);
                WriteBytes(record, Summary, summary);
                WriteRecord(stream, record.WrittenSpan);
            }
        }, cancellationToken);
    }

    /// <summary>CRC-32C of Castagnoli's polynomial: 0xE3069283 of <c>123456789</c>.</summary>
    internal static uint Crc32C(ReadOnlySpan<byte> data)
    {
        uint crc = uint.MaxValue;
        for (; data.Length >= sizeof(ulong); data = data[sizeof(ulong)..])
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(data));
        foreach (byte b in data) crc = BitOperations.Crc32C(crc, b);
        return ~crc;
    }

    private static byte[] Summarize(StepMetrics step)
    {
        ArrayBufferWriter<byte> summary = new(), value = new();
        foreach ((string tag, Func<StepMetrics, double?> valueOf) in Values)
        {
            if (valueOf(step) is not { } number) continue;
            value.ResetWrittenCount();
            WriteBytes(value, Tag, Encoding.UTF8.GetBytes(tag));
            WriteKey(value, SimpleValue, Fixed32);
            BinaryPrimitives.WriteSingleLittleEndian(value.GetSpan(sizeof(float)), (float)number);
            value.Advance(sizeof(float));
            WriteBytes(summary, SummaryValue, value.WrittenSpan);
        }
        return summary.WrittenSpan.ToArray();
    }

    private static void WriteRecord(Stream stream, ReadOnlySpan<byte> data)
    {
        Span<byte> length = stackalloc byte[sizeof(ulong)], sum = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt64LittleEndian(length, (ulong)data.Length);
        stream.Write(length);
        WriteSum(length, sum);
        stream.Write(data);
        WriteSum(data, sum);

        void WriteSum(ReadOnlySpan<byte> of, Span<byte> buffer)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(buffer, BitOperations.RotateRight(Crc32C(of), 15) + MaskDelta);
            stream.Write(buffer);
        }
    }

    private static void WriteKey(ArrayBufferWriter<byte> target, int field, int type) => WriteVarint(target, (ulong)((field << 3) | type));

    private static void WriteVarint(ArrayBufferWriter<byte> target, ulong value)
    {
        for (; value >= 0x80; value >>= 7) target.Write([(byte)(value | 0x80)]);
        target.Write([(byte)value]);
    }

    private static void WriteBytes(ArrayBufferWriter<byte> target, int field, ReadOnlySpan<byte> bytes)
    {
        WriteKey(target, field, Bytes);
        WriteVarint(target, (ulong)bytes.Length);
        target.Write(bytes);
    }

    private static void WriteDouble(ArrayBufferWriter<byte> target, int field, double value)
    {
        WriteKey(target, field, Fixed64);
        BinaryPrimitives.WriteDoubleLittleEndian(target.GetSpan(sizeof(double)), value);
        target.Advance(sizeof(double));
    }
}
