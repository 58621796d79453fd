using System.Buffers.Binary;
using Microsoft.Win32.SafeHandles;

namespace KsLottery.Cli;

/// <summary>The mark that a linker put on a program, its build ID: <c>readelf -n</c> shows it.</summary>
/// <remarks>Source: System V ABI, chapter 5, program header and note section; NT_GNU_BUILD_ID of elf.h.</remarks>
internal static class BuildMark
{
    /// <summary>The headers and notes of a program lie at its beginning.</summary>
    private const int ReadLength = 4096;

    private const int HeaderLength = 64, ProgramHeaderLength = 56, NoteHeaderLength = 12;
    private const uint NoteSegment = 4, BuildIdType = 3;

    /// <summary>The ELF header's first bytes: 64 bits, the lowest byte first.</summary>
    private static ReadOnlySpan<byte> Magic => [0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1];

    /// <summary>Reads a program's mark.</summary>
    /// <returns>It; null where the file has none, is no program, or cannot be read.</returns>
    public static byte[]? Of(string path)
    {
        try
        {
            using SafeFileHandle file = File.OpenHandle(path);
            byte[] start = new byte[ReadLength];
            return In(start.AsSpan(0, RandomAccess.Read(file, start, 0)));
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Finds the mark in the first bytes of a program.</summary>
    internal static byte[]? In(ReadOnlySpan<byte> file)
    {
        if (file.Length < HeaderLength || !file.StartsWith(Magic)) return null;
        ulong at = BinaryPrimitives.ReadUInt64LittleEndian(file[32..]);
        int size = BinaryPrimitives.ReadUInt16LittleEndian(file[54..]), count = BinaryPrimitives.ReadUInt16LittleEndian(file[56..]);
        if (size < ProgramHeaderLength) return null;
        for (; count > 0 && Part(file, at, ProgramHeaderLength) is { IsEmpty: false } header; count--, at += (ulong)size)
            if (BinaryPrimitives.ReadUInt32LittleEndian(header) == NoteSegment
                && Note(Part(file, BinaryPrimitives.ReadUInt64LittleEndian(header[8..]),
                    BinaryPrimitives.ReadUInt64LittleEndian(header[32..]))) is { IsEmpty: false } mark)
                return mark.ToArray();
        return null;
    }

    private static ReadOnlySpan<byte> Note(ReadOnlySpan<byte> notes)
    {
        while (notes.Length >= NoteHeaderLength)
        {
            ulong name = BinaryPrimitives.ReadUInt32LittleEndian(notes), length = BinaryPrimitives.ReadUInt32LittleEndian(notes[4..]);
            uint type = BinaryPrimitives.ReadUInt32LittleEndian(notes[8..]);
            ulong at = NoteHeaderLength + Aligned(name);
            if (type == BuildIdType && Part(notes, NoteHeaderLength, name).SequenceEqual("GNU\0"u8)) return Part(notes, at, length);
            notes = Part(notes, at + Aligned(length), (ulong)notes.Length - Math.Min((ulong)notes.Length, at + Aligned(length)));
        }
        return [];
    }

    private static ulong Aligned(ulong length) => (length + 3) & ~3ul;

    /// <summary>A part of what was read; nothing where it goes beyond.</summary>
    private static ReadOnlySpan<byte> Part(ReadOnlySpan<byte> bytes, ulong start, ulong length) =>
        start <= (ulong)bytes.Length && length <= (ulong)bytes.Length - start ? bytes.Slice((int)start, (int)length) : [];
}
