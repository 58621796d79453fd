using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace KsLottery.Engine.Transfer;

/// <summary>Writes a pickle of protocol 2, as <c>torch.save</c> does; what is written stays on the reader's stack.</summary>
internal sealed class PickleWriter
{
    /// <summary>So many items are appended at a time, as Python does.</summary>
    private const int BatchLength = 1000;

    private readonly ArrayBufferWriter<byte> _bytes = new();

    public PickleWriter() => Write(PickleOpcode.Protocol, 2);

    /// <summary>All that was written, and the end.</summary>
    public ReadOnlySpan<byte> Finish()
    {
        Write(PickleOpcode.Stop);
        return _bytes.WrittenSpan;
    }

    /// <summary>Opcodes without an argument.</summary>
    public void Write(params ReadOnlySpan<byte> opcodes) => _bytes.Write(opcodes);

    public void Text(string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        Write(PickleOpcode.Text);
        Write(bytes.Length);
        _bytes.Write(bytes);
    }

    public void Global(string module, string name)
    {
        Write(PickleOpcode.Global);
        _bytes.Write(Encoding.UTF8.GetBytes($"{module}\n{name}\n"));
    }

    /// <summary>A whole number from 0.</summary>
    public void Number(long number)
    {
        switch (number)
        {
            case <= byte.MaxValue:
                Write(PickleOpcode.Int1, (byte)number);
                break;
            case <= ushort.MaxValue:
                Write(PickleOpcode.Int2, (byte)number, (byte)(number >> 8));
                break;
            default:
                Write(PickleOpcode.Int);
                Write(checked((int)number));
                break;
        }
    }

    /// <summary>A list of whole numbers.</summary>
    public void List(ReadOnlySpan<long> numbers)
    {
        Write(PickleOpcode.EmptyList);
        while (!numbers.IsEmpty)
        {
            ReadOnlySpan<long> some = numbers[..Math.Min(BatchLength, numbers.Length)];
            Write(PickleOpcode.Mark);
            foreach (long number in some) Number(number);
            Write(PickleOpcode.Appends);
            numbers = numbers[some.Length..];
        }
    }

    private void Write(int value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(int)];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, value);
        _bytes.Write(bytes);
    }
}
