using BenchmarkDotNet.Attributes;
using KsLottery.Benchmarks;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
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

    public long Rows => 8192;

    public long Bytes => 2 * Rows * Width * (Type == "F32" ? sizeof(float) : sizeof(ushort));

    [GlobalSetup]
    public void Setup()
    {
        BenchRows rows = new(Enum.Parse<ElementType>(Type), (int)Rows, Width);
        rows.Fill("ninety-percent-identical", seed: 1);
        (_before, _after) = (rows.BeforeMatrix(rows.RowCount), rows.AfterMatrix(rows.RowCount));
        foreach ((string name, ReadOnlyMemory<byte> bytes) in new[] { ("before", rows.Before), ("after", rows.After) })
            SafetensorsWriter.Write(Path.Combine(_folder, name + ".safetensors"),
                [new TensorSource("rows", rows.ElementType, [Rows, Width], stream => stream.Write(bytes.Span))], null, default);
    }

    [Benchmark(Baseline = true)]
    public long Memory() => RowScan.Run(_before, _after).Changed;

    [Benchmark]
    public long Mapped() => Files(useMemoryMap: true);

    [Benchmark]
    public long Read() => Files(useMemoryMap: false);

    private long Files(bool useMemoryMap)
    {
        CheckpointOptions options = new() { UseMemoryMap = useMemoryMap };
        using Checkpoint before = Checkpoint.Open(Path.Combine(_folder, "before.safetensors"), options);
        using Checkpoint after = Checkpoint.Open(Path.Combine(_folder, "after.safetensors"), options);
        return RowScan.Run(RowMatrix.FromTensor(before.GetTensor("rows")), RowMatrix.FromTensor(after.GetTensor("rows"))).Changed;
    }

    [GlobalCleanup]
    public void Dispose()
    {
        GC.SuppressFinalize(this);
        if (Directory.Exists(_folder)) Directory.Delete(_folder, recursive: true);
    }
}
