using System.Globalization;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Transfer;

/// <summary>A real base, its tuned counterpart and the ticket that SciPy finds; and small made-up pairs.</summary>
internal static class TicketFixture
{
    public const string Embedding = "model.embed_tokens.weight";

    public static string RealBase => SharedData.Path("models", "hf", "stories260K_hf");

    public static string RealTunedFile => Path.Combine(RealTuned, "model.safetensors");

    /// <summary>A patch that the first version of the format's writer wrote: rows 1 and 5 of <see cref="WriteMatrix"/>'s BF16 [6,4] of seed
    /// 1, taken from its F32 [6,4] of seed 2.</summary>
    public static string FirstVersion => Golden("patch_v1.safetensors");

    /// <summary>Another: rows 0 and 3 of the same base, from F32 [7,4] of seed 3, paired by text with rows 2 and 4.</summary>
    public static string FirstVersionByText => Golden("patch_v1_text.safetensors");

    private static string Golden(string name) => Path.Combine(SharedData.Root, "tests", "KsLottery.Engine.Tests", "Golden", name);

    private static string RealTuned => SharedData.Path("models", "tuned-pairs", "en-da_input_embedding_hot_seed1");

    /// <summary>The rows whose exact p-value lies below .05, by the reference table.</summary>
    public static int[] RealTicket() => [.. File.ReadLines(Path.Combine(RealTuned, "ks_rows.tsv")).Skip(1).Select(line => line.Split('\t'))
        .Where(row => double.Parse(row[6], CultureInfo.InvariantCulture) < .05)
        .Select(row => int.Parse(row[0], CultureInfo.InvariantCulture))];

    /// <summary>Writes the patch of the real ticket for one of the base's files.</summary>
    public static void WriteRealPatch(string path, string baseFile)
    {
        using SafetensorsFile before = SafetensorsFile.Open(baseFile);
        using SafetensorsFile after = SafetensorsFile.Open(RealTunedFile);
        TicketPatch.Write(path, [Rows(before.GetTensor(Embedding), after.GetTensor(Embedding), RealTicket())],
            new() { Signature = "ks|test", IsTied = true });
    }

    /// <summary>Copies the real base's folder, which nobody may write to.</summary>
    public static string CopyRealBase(TemporaryFolder folder)
    {
        string copy = Directory.CreateDirectory(folder.File("base")).FullName;
        foreach (string file in Directory.GetFiles(RealBase))
        {
            using FileStream source = File.OpenRead(file);
            using FileStream target = File.Create(Path.Combine(copy, Path.GetFileName(file)));
            source.CopyTo(target);
        }
        return copy;
    }

    /// <summary>Writes one matrix of random bits, NaN and infinities among them.</summary>
    public static void WriteMatrix(string path, ElementType type, int rows, int width, int seed, string name = Embedding)
    {
        byte[] bytes = new byte[rows * width * type.ByteSize()];
        new Random(seed).NextBytes(bytes);
        SafetensorsWriter.Write(path, [TensorSource.FromBytes(name, type, [rows, width], bytes)]);
    }

    /// <summary>Rows of a base that take a tuned matrix's values.</summary>
    public static PatchSource Rows(Tensor before, Tensor after, params int[] rows) =>
        PatchSource.OfRows(before, IndexSet.Of(before.Shape[0], rows)) with { Tuned = after };

    /// <summary>Writes a patch between two such matrices.</summary>
    public static void WritePatch(string path, string basePath, string tunedPath, int[] indices, bool? isTied = null)
    {
        using SafetensorsFile before = SafetensorsFile.Open(basePath);
        using SafetensorsFile after = SafetensorsFile.Open(tunedPath);
        TicketPatch.Write(path, [Rows(before.Tensors[0], after.Tensors[0], indices)], new() { Signature = "ks|test", IsTied = isTied });
    }

    /// <summary>Puts rows of one file's tensor into the bytes of another with the same type and width.</summary>
    public static byte[] WithRows(string file, string rowsFrom, IEnumerable<int> rows, string name = Embedding)
    {
        byte[] target = File.ReadAllBytes(file);
        byte[] source = File.ReadAllBytes(rowsFrom);
        (int start, int length) = Place(file, name);
        (int sourceStart, int sourceLength) = Place(rowsFrom, name);
        Assert.That(sourceLength, Is.EqualTo(length));
        foreach (int row in rows) source.AsSpan(sourceStart + row * length, length).CopyTo(target.AsSpan(start + row * length));
        return target;
    }

    /// <summary>The first byte of a tensor and the length of its rows.</summary>
    public static (int Start, int RowLength) Place(string file, string name = Embedding)
    {
        using SafetensorsFile opened = SafetensorsFile.Open(file);
        Tensor tensor = opened.GetTensor(name);
        return ((int)tensor.FileOffset, (int)(tensor.ByteLength / tensor.Shape[0]));
    }

    /// <summary>Changes one byte of a file in place.</summary>
    public static void Flip(string path, long offset)
    {
        using FileStream stream = new(path, FileMode.Open, FileAccess.ReadWrite, FileShare.ReadWrite);
        stream.Position = offset;
        int value = stream.ReadByte();
        stream.Position = offset;
        stream.WriteByte((byte)(value ^ 1));
    }

    public static string[] Names(string folder) =>
        [.. Directory.EnumerateFileSystemEntries(folder).Select(p => Path.GetFileName(p)).Order(StringComparer.Ordinal)];

    /// <summary>Asserts that two files have the same bytes.</summary>
    public static void AssertSame(string actual, string expected) =>
        Assert.That(File.ReadAllBytes(actual).AsSpan().SequenceEqual(File.ReadAllBytes(expected)), Is.True, $"{actual} and {expected}");
}
