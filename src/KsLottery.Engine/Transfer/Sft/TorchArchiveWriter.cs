using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace KsLottery.Engine.Transfer;

/// <summary>Writes a zip archive as <c>torch.save</c> does: entries stored one behind the other, each at a multiple of 64 bytes.</summary>
/// <remarks>Source: PKWARE's APPNOTE 6.3 without its 64-bit extension; PyTorch's <c>caffe2/serialize</c>. No times are written.</remarks>
/// <param name="stream">Takes the bytes; its position is the archive's start.</param>
/// <param name="root">The folder in the archive that all entries lie in.</param>
internal sealed class TorchArchiveWriter(Stream stream, string root)
{
    private const int Alignment = 64, LocalLength = 30, ExtraHead = 4;
    private const ushort Version = 20, Utf8Names = 1 << 11, Padding = 0x4246;

    private readonly List<(byte[] Name, uint Crc, uint Length, uint Offset)> _entries = [];
    private long _position;

    /// <summary>Writes an entry.</summary>
    /// <exception cref="NotSupportedException">The archive would be larger than 4 GB.</exception>
    public void Add(string name, ReadOnlySpan<byte> content)
    {
        byte[] path = Encoding.UTF8.GetBytes($"{root}/{name}");
        long data = _position + LocalLength + path.Length + ExtraHead;
        int padding = (int)((Alignment - (data % Alignment)) % Alignment);
        if (data + padding + content.Length > uint.MaxValue || _entries.Count == ushort.MaxValue)
            throw TooLarge();
        uint crc = Crc32.HashToUInt32(content);
        _entries.Add((path, crc, (uint)content.Length, (uint)_position));
        Write(0x0403_4B50u);
        Write(Version);
        WriteCommon(crc, (uint)content.Length, path.Length, ExtraHead + padding);
        Write(path);
        Write(Padding);
        Write((ushort)padding);
        Write(new byte[padding]);
        Write(content);
    }

    /// <summary>Writes the list of entries; nothing may be added after it.</summary>
    public void Finish()
    {
        long start = _position;
        foreach ((byte[] name, uint crc, uint length, uint offset) in _entries)
        {
            Write(0x0201_4B50u);
            Write(Version);
            Write(Version);
            WriteCommon(crc, length, name.Length, extra: 0);
            // No comment, first disk, no attributes.
            Write(new byte[10]);
            Write(offset);
            Write(name);
        }
        long size = _position - start;
        if (_position > uint.MaxValue) throw TooLarge();
        Write(0x0605_4B50u);
        Write(0u);
        Write((ushort)_entries.Count);
        Write((ushort)_entries.Count);
        Write((uint)size);
        Write((uint)start);
        Write((ushort)0);
    }

    private NotSupportedException TooLarge() => new($"{root}: the archive would have more than {uint.MaxValue} bytes or {ushort.MaxValue} "
        + "entries. Take a ticket of fewer units.");

    /// <summary>Flags, no compression, 1980-01-01 as the date, sizes.</summary>
    private void WriteCommon(uint crc, uint length, int name, int extra)
    {
        Write(Utf8Names);
        Write((ushort)0);
        Write((ushort)0);
        Write((ushort)0x21);
        Write(crc);
        Write(length);
        Write(length);
        Write((ushort)name);
        Write((ushort)extra);
    }

    private void Write(ushort value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ushort)];
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, value);
        Write(bytes);
    }

    private void Write(uint value)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        Write(bytes);
    }

    private void Write(ReadOnlySpan<byte> bytes)
    {
        stream.Write(bytes);
        _position += bytes.Length;
    }
}
