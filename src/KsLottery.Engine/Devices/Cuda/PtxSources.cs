using System.Buffers.Binary;
using System.Formats.Tar;
using System.IO.Compression;
using System.IO.Hashing;
using System.Text;
using KsLottery.Kernels;

namespace KsLottery.Engine.Devices;

/// <summary>
/// The kernels in PTX: embedded when the kernels were built, or a file of the same name in the folder that the reader names.
/// </summary>
internal static class PtxSources
{
    /// <summary>The environment variable that names a folder whose files <c>NAME.ptx</c> stand in for the embedded sources.</summary>
    public const string Variable = KernelSource.Variable;

    /// <summary>The embedded archive of all sources.</summary>
    public const string Archive = "ptx.tar.gz";

    private const int TrailerBytes = 8;

    private static readonly Lazy<IReadOnlyDictionary<string, string>> Sources = new(ReadEmbedded);

    /// <summary>The embedded sources by the kernels' names, unpacked when first asked for.</summary>
    /// <exception cref="DeviceUnavailableException">The archive is damaged.</exception>
    public static IReadOnlyDictionary<string, string> Embedded => Sources.Value;

    /// <summary>A kernel's source in PTX.</summary>
    /// <exception cref="DeviceUnavailableException">There is none, or the archive is damaged.</exception>
    public static string Find(KernelDefinition kernel) =>
        KernelSource.Override($"{kernel.Name}.ptx") ?? Embedded.GetValueOrDefault(kernel.Name)
        ?? throw Unavailable($"the kernel {kernel.Name} has no PTX text in this build");

    /// <summary>The C source that a kernel's PTX is made from: CUDA's prelude and the kernel.</summary>
    public static string SourceOf(KernelDefinition kernel) => KernelSource.For(kernel, KernelDialect.Cuda);

    /// <summary>Reads an archive of files <c>NAME.ptx</c>, as <c>kernels/make-ptx.sh</c> makes it (tar, gzip).</summary>
    /// <exception cref="InvalidDataException">It is damaged, or cut off.</exception>
    public static Dictionary<string, string> Unpack(Stream archive)
    {
        using MemoryStream packed = new(), unpacked = new();
        archive.CopyTo(packed);
        packed.Position = 0;
        // Whole before a source is read: gzip's checksum stands at its end.
        using (GZipStream gzip = new(packed, CompressionMode.Decompress, leaveOpen: true)) gzip.CopyTo(unpacked);
        // GZipStream passes over the checksum where the stream lacks its last bytes (RFC 1952, section 2.3.1: CRC32, ISIZE).
        ReadOnlySpan<byte> bytes = packed.GetBuffer().AsSpan(0, (int)packed.Length);
        if (bytes.Length < TrailerBytes || BinaryPrimitives.ReadUInt32LittleEndian(bytes[^TrailerBytes..])
            != Crc32.HashToUInt32(unpacked.GetBuffer().AsSpan(0, (int)unpacked.Length)))
            throw new InvalidDataException("the archive's checksum is another.");
        unpacked.Position = 0;
        using TarReader entries = new(unpacked);
        Dictionary<string, string> sources = new(StringComparer.Ordinal);
        while (entries.GetNextEntry() is { } entry)
        {
            byte[] source = new byte[entry.Length];
            entry.DataStream?.ReadExactly(source);
            sources[Path.GetFileNameWithoutExtension(entry.Name)] = Encoding.UTF8.GetString(source);
        }
        return sources;
    }

    private static Dictionary<string, string> ReadEmbedded()
    {
        using Stream archive = KernelSource.Open(Archive) ?? Stream.Null;
        try
        {
            return Unpack(archive);
        }
        catch (Exception damage) when (damage is InvalidDataException or EndOfStreamException)
        {
            throw Unavailable($"the PTX texts in this build are damaged: {damage.Message.TrimEnd('.')}");
        }
    }

    private static DeviceUnavailableException Unavailable(string reason) =>
        new("cuda", reason, $"Make it with kernels/make-ptx.sh and build again, or use {Remedy.UseDevice.For("opencl:0")} or cpu");
}
