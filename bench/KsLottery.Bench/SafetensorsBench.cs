using BenchmarkDotNet.Attributes;
using KsLottery.Engine;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Rows;

namespace KsLottery.Bench;

/// <summary>A scan of files in the page cache against the same rows in memory, both threads, every tenth row changed.</summary>
[ShortRunJob]
public class SafetensorsBench : IThroughput, IDisposable
{
    private const int Width = 4096;
    private readonly string _folder = Directory.CreateTempSubdirectory("kslottery-bench-").FullName;
    private RowMatrix _before = null!, _after = null!;

    [Params("F32", "BF16")] public string Type { get; set; } = "F32";

    public long Rows => 16_384;

    public long Bytes => 2 * Rows * Width * (Type == "F32" ? sizeof(float) : sizeof(ushort));

    [GlobalSetup]
    public void Setup()
    {
        ElementType type = Type == "F32" ? ElementType.F32 : ElementType.BF16;
        (float[] before, float[] after) = BenchRows.Make("unrelated", (int)Rows, Width);
        for (int row = 0; row < Rows; row++)
            if (row % 10 != 0) before.AsSpan(row * Width, Width).CopyTo(after.AsSpan(row * Width, Width));
        (_before, _after) = (Keep("before", before, type), Keep("after", after, type));
    }

    [Benchmark(Baseline = true)]
    public long Memory() => RowScan.Run(_before, _after).Changed;

    [Benchmark]
    public long Mapped() => Files(useMemoryMap: true);

    [Benchmark]
    public long Read() => Files(useMemoryMap: false);

    [Benchmark]
    public int Open()
    {
        using Checkpoint checkpoint = Checkpoint.Open(Path.Combine(_folder, "before.safetensors"));
        return checkpoint.Tensors.Count();
    }

    private long Files(bool useMemoryMap)
    {
        CheckpointOptions options = new() { UseMemoryMap = useMemoryMap };
        using Checkpoint before = Checkpoint.Open(Path.Combine(_folder, "before.safetensors"), options);
        using Checkpoint after = Checkpoint.Open(Path.Combine(_folder, "after.safetensors"), options);
        return RowScan.Run(RowMatrix.FromTensor(before.GetTensor("rows")), RowMatrix.FromTensor(after.GetTensor("rows"))).Changed;
    }

    private RowMatrix Keep(string name, float[] values, ElementType type)
    {
        byte[] bytes = type == ElementType.F32
            ? System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()).ToArray()
            : System.Runtime.InteropServices.MemoryMarshal.AsBytes(BenchRows.ToBFloat16(values).AsSpan()).ToArray();
        SafetensorsWriter.Write(Path.Combine(_folder, name + ".safetensors"), [TensorSource.FromBytes("rows", type, [Rows, Width], bytes)], null, default);
        return RowMatrix.FromMemory(bytes, type, Rows, Width);
    }

    [GlobalCleanup]
    public void Dispose()
    {
        GC.SuppressFinalize(this);
        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
    }
}
