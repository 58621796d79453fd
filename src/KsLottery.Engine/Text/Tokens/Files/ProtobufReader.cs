using System.Buffers.Binary;
using System.Runtime.CompilerServices;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>Reads the fields of one protobuf message within a file; every read is bounded by the message.</summary>
/// <remarks>Source: the protocol buffers encoding specification. The deprecated group wire types are refused.</remarks>
internal ref struct ProtobufReader
{
    private const int Varint = 0, Fixed64 = 1, LengthDelimited = 2, Fixed32 = 5;

    private readonly string _path;
    private readonly ReadOnlySpan<byte> _file;
    private readonly int _end;
    private int _wireType;

    /// <summary>Reads the message that a whole file is.</summary>
    public ProtobufReader(string path, ReadOnlySpan<byte> file) : this(path, file, 0, file.Length) { }

    private ProtobufReader(string path, ReadOnlySpan<byte> file, int start, int end)
    {
        _path = path;
        _file = file;
        Offset = start;
        _end = end;
    }

    /// <summary>The place of the next byte in the file.</summary>
    public int Offset { get; private set; }

    /// <summary>The number of the current field.</summary>
    public int Field { get; private set; }

    /// <summary>Steps to the next field; its value must then be read or skipped.</summary>
    /// <returns>False at the end of the message.</returns>
    public bool MoveNext()
    {
        if (Offset == _end) return false;
        int start = Offset;
        ulong tag = ReadRawVarint();
        if (tag >> 3 is not (> 0 and < 1UL << 29)) throw WrongNumber(start, tag >> 3);
        Field = (int)(tag >> 3);
        _wireType = (int)(tag & 7);
        return true;
    }

    /// <summary>Reads the field as a variable-length integer.</summary>
    public ulong ReadVarint()
    {
        Expect(Varint);
        return ReadRawVarint();
    }

    /// <summary>Reads the field as a 32-bit integer, which protobuf stores sign-extended.</summary>
    public int ReadInt32() => unchecked((int)ReadVarint());

    /// <summary>Reads the field as a truth value.</summary>
    public bool ReadBool() => ReadVarint() != 0;

    /// <summary>Reads the field as a 32-bit float.</summary>
    public float ReadSingle()
    {
        Expect(Fixed32);
        return BinaryPrimitives.ReadSingleLittleEndian(_file[Take(4)]);
    }

    /// <summary>Reads the field as bytes or text.</summary>
    /// <returns>Its place in the file.</returns>
    public Range ReadBytes()
    {
        Expect(LengthDelimited);
        return Take(ReadRawVarint());
    }

    /// <summary>Reads the field as a message.</summary>
    public ProtobufReader ReadMessage()
    {
        Range place = ReadBytes();
        return new ProtobufReader(_path, _file, place.Start.Value, place.End.Value);
    }

    /// <summary>Passes over the field.</summary>
    public void Skip()
    {
        switch (_wireType)
        {
            case Varint: ReadRawVarint(); break;
            case Fixed64: Take(8); break;
            case LengthDelimited: Take(ReadRawVarint()); break;
            case Fixed32: Take(4); break;
            default:
                throw TokenizerFile.Damaged(_path, Offset, $"field {Field} has wire type {_wireType}, 0, 1, 2 and 5 are allowed; " +
                    "fetch the file again");
        }
    }

    private readonly void Expect(int wireType)
    {
        if (_wireType != wireType) throw WrongType(wireType);
    }

    private Range Take(ulong length)
    {
        int start = Offset;
        if (length > (ulong)(_end - start)) throw TooShort(length);
        Offset += (int)length;
        return start..Offset;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private ulong ReadRawVarint() => Offset < _end && _file[Offset] < 0x80 ? _file[Offset++] : ReadLongVarint();

    private ulong ReadLongVarint()
    {
        int start = Offset;
        ulong value = 0;
        for (int shift = 0; shift < 64; shift += 7)
        {
            if (Offset == _end)
                throw TokenizerFile.Damaged(_path, Offset, $"the integer at byte {start} is cut off; fetch the file again");
            byte part = _file[Offset++];
            if (shift == 63 && part > 1) break;
            value |= (ulong)(part & 0x7F) << shift;
            if (part < 0x80) return value;
        }
        throw TokenizerFile.Damaged(_path, start, "an integer of more than 64 bits; fetch the file again");
    }

    private readonly InvalidDataException WrongNumber(int start, ulong number) =>
        TokenizerFile.Damaged(_path, start, $"field number {number}, 1 to {(1 << 29) - 1} are allowed; fetch the file again");

    private readonly InvalidDataException WrongType(int needed) => TokenizerFile.Damaged(_path, Offset,
        $"field {Field} has wire type {_wireType} and needs {needed}; fetch the file again");

    private readonly InvalidDataException TooShort(ulong length) => TokenizerFile.Damaged(_path, Offset,
        $"field {Field} has {length} bytes and its message only {_end - Offset} more; fetch the file again");
}
