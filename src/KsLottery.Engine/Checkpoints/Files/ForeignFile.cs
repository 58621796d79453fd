using System.Buffers.Binary;
using System.Text;

namespace KsLottery.Engine.Checkpoints;

/// <summary>What a file is that is taken for a safetensors file and is none, told by its first bytes.</summary>
/// <param name="What">What it is, with an article.</param>
/// <param name="NextStep">What to do with it, without a final full stop.</param>
/// <param name="IsDamaged">Whether it may be a safetensors file all the same, whose content was lost.</param>
internal sealed record ForeignFile(string What, string NextStep, bool IsDamaged = false)
{
    /// <summary>The name of a sparse fine-tuning of composable-sft.</summary>
    public const string SparseFineTuningName = "pytorch_diff.bin";

    /// <summary>The number of bytes that are enough to tell.</summary>
    private const int HeadLength = 512;

    private const string LoadAndSave = "Load it where it was made and save it as safetensors, as save_pretrained does";

    private const string PatchStep = "Where a patch is meant, give the patch.safetensors beside it, or their folder";

    /// <summary>First bytes that stand for a format.</summary>
    private static readonly (byte[] Magic, string What, string NextStep)[] Magics =
    [
        ("version https://git-lfs.github.com/spec/"u8.ToArray(), "a Git LFS pointer, not the file that it stands for",
            "Run git lfs pull in the repository's folder, or download the file itself"),
        ("GGUF"u8.ToArray(), "a GGUF file of llama.cpp", "Take the safetensors files that it was made from"),
        ([0x1F, 0x8B], "a gzip archive", "Unpack it with gunzip first"),
        ([0x28, 0xB5, 0x2F, 0xFD], "a Zstandard archive", "Unpack it with zstd -d first"),
        ([0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0], "an xz archive", "Unpack it with xz -d first"),
        ("BZh"u8.ToArray(), "a bzip2 archive", "Unpack it with bunzip2 first"),
        ([0x89, (byte)'H', (byte)'D', (byte)'F'], "an HDF5 file, as TensorFlow and Keras write it", LoadAndSave),
        ([0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'], "a NumPy array", "Save it with safetensors.numpy.save_file"),
        ("token_id\tpiece\t"u8.ToArray(), "rows.tsv, the table of tested rows", PatchStep),
        ([0x80, 0x02], PickleName, PickleStep), ([0x80, 0x03], PickleName, PickleStep), ([0x80, 0x04], PickleName, PickleStep),
        ([0x80, 0x05], PickleName, PickleStep),
    ];

    /// <summary>Files that a folder with weights of other formats may hold, the likeliest first.</summary>
    private static readonly string[] Patterns =
    [
        "pytorch_model*.bin", "consolidated*.pth", "*.gguf", "*.bin", "*.pth", "*.pt", "*.ckpt", "*.onnx", "*.h5", "*.msgpack", "*.npz",
            "*.npy",
        "*.safetensors.*", "*.zip", "*.tar*",
    ];

    private const string PickleName = "a pickle of PyTorch, which can run any code when it is loaded";
    private const string PickleStep = LoadAndSave;

    /// <summary>Reads a file's first bytes; null where they are none that are known.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static ForeignFile? OfFile(string path)
    {
        byte[] head = new byte[HeadLength];
        using FileStream stream = new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, bufferSize: 0);
        return Of(head.AsSpan(0, stream.ReadAtLeast(head, HeadLength, throwOnEndOfStream: false)), path, stream.Length);
    }

    /// <summary>Finds the likeliest file of weights in a folder that has no safetensors file, with its name.</summary>
    public static (string Name, ForeignFile File)? FindIn(string folder)
    {
        foreach (string path in Patterns.SelectMany(pattern => Directory.EnumerateFiles(folder, pattern).Order(StringComparer.Ordinal)))
        {
            DanglingLink.ThrowIfDangling(path);
            if (OfFile(path) is { } known) return (Path.GetFileName(path), known);
        }
        return null;
    }

    /// <summary>Tells a format by a file's first bytes.</summary>
    public static ForeignFile? Of(ReadOnlySpan<byte> head, string path, long length)
    {
        if (length == 0) return new("an empty file", "Download or export it again", IsDamaged: true);
        // A header of 640 bytes begins as a pickle does: what goes on as safetensors do is a damaged one.
        const int Prefix = SafetensorsHeader.PrefixLength;
        if (head.Length > Prefix && head[Prefix] == '{' && !head[4..Prefix].ContainsAnyExcept((byte)0)) return null;
        foreach ((byte[] magic, string what, string step) in Magics)
            if (head.StartsWith(magic)) return new(what, step);
        if (head.StartsWith((ReadOnlySpan<byte>)[(byte)'P', (byte)'K', 3, 4])) return OfZip(head, path);
        if (!head.ContainsAnyExcept((byte)0))
            return new("a file that begins with zeros, as an interrupted download leaves it", "Download it again", IsDamaged: true);
        if (OfText(head) is { } text) return text;
        if (IsLlama2c(head)) return new("a model of llama2.c", Remedy.ConvertModel.For(path));
        // Protocol buffers have no magic: a model of ONNX begins with its version and the name of its producer.
        bool isOnnx = head.Length > 4 && head[0] == 0x08 && head[1] is > 0 and < 32 && head[2] == 0x12 && head[3] is > 0 and < 64;
        if (isOnnx && !head.Slice(4, Math.Min(head[3], head.Length - 4)).ContainsAnyExceptInRange((byte)' ', (byte)'~'))
            return new("a model of ONNX", "Take the safetensors files that it was made from");
        return head.Length >= 8 && head[4..8].SequenceEqual("TFL3"u8)
            ? new("a model of TensorFlow Lite", "Take the safetensors files that it was made from") : null;
    }

    /// <summary>PyTorch's zip archives begin with their pickle, NumPy's with an array.</summary>
    private static ForeignFile OfZip(ReadOnlySpan<byte> head, string path) =>
        head.IndexOf("data.pkl"u8) >= 0 || head.IndexOf("/version"u8) >= 0 || head.IndexOf("/byteorder"u8) >= 0
        ? Path.GetFileName(path) == SparseFineTuningName
            ? new("a sparse fine-tuning of composable-sft", Remedy.ConvertSparseFineTuning.For(path)) : new(PickleName, PickleStep)
        : head.IndexOf(".npy"u8) >= 0 ? new("an archive of NumPy arrays", "Save them with safetensors.numpy.save_file")
        : new("a zip archive", "Unpack it first");

    private static ForeignFile? OfText(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith((ReadOnlySpan<byte>)[0xEF, 0xBB, 0xBF])) head = head[3..];
        head = head.TrimStart(" \t\r\n"u8);
        if (head.StartsWith("{"u8) && head.IndexOf("\"kslottery-ticket\""u8) >= 0) return new("a ticket, which lists rows", PatchStep);
        string text = Encoding.Latin1.GetString(head[..Math.Min(head.Length, 16)]);
        if (text.StartsWith("<!doctype", StringComparison.OrdinalIgnoreCase)
            || text.StartsWith("<html", StringComparison.OrdinalIgnoreCase))
            return new("an HTML page, which a server sent in place of the file",
                "Download the file itself; a model that asks for consent wants a login");
        if (text.StartsWith("<?xml", StringComparison.OrdinalIgnoreCase))
            return new("an XML answer, which a server sent in place of the file", "Download the file itself; see what the answer says");
        return text.StartsWith('{') || text.StartsWith('[') ? new("a JSON text", "Give the file of weights that belongs to it") : null;
    }

    private static bool IsLlama2c(ReadOnlySpan<byte> head)
    {
        if (head.Length < 28) return false;
        Span<int> fields = stackalloc int[7];
        for (int i = 0; i < fields.Length; i++) fields[i] = BinaryPrimitives.ReadInt32LittleEndian(head[(4 * i)..]);
        if (fields[0] == 0x616B3432) return true;
        // Width, inner width, layers, heads, key heads, vocabulary (negative where untied), length.
        foreach (int field in fields) if (Math.Abs((long)field) is 0 or > 1 << 20) return false;
        return fields[3] > 0 && fields[0] % fields[3] == 0 && fields[3] >= fields[4] && fields[4] > 0 && fields[2] is > 0 and < 1000
            && fields[6] > 0;
    }
}
