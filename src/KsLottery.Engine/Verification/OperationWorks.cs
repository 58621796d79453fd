using KsLottery.Engine.Devices;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;

namespace KsLottery.Engine.Verification;

/// <summary>The operations of a model's step, at sizes of a small model.</summary>
internal static class OperationWorks
{
    private const int BusBytes = 64 << 20;

    private const int Width = 768, Inner = 2048, Vocabulary = 32_000, Length = 128;

    private static readonly AttentionShape Heads = new(12, 4, 64);

    /// <summary>A copy within the device's memory: what all else is held against.</summary>
    public static PerformanceWork Copy(IOperations operations, int scale)
    {
        long length = (long)scale << 22;
        return Work(operations, "copy", 2 * length * sizeof(float), 0, allocate =>
        {
            DeviceSpan source = allocate(length), destination = allocate(length);
            return () => operations.Copy(destination, source);
        });
    }

    /// <summary>What the device's memory gives to reading alone, and the bus to copies from and to the host's memory.</summary>
    public static IEnumerable<PerformanceWork> Memory(ComputeDevice device, int scale)
    {
        long length = (long)scale << 24;
        yield return Work(device.Operations, "memory read", length * sizeof(float), 0, allocate =>
        {
            DeviceSpan values = allocate(length);
            return () => device.Operations.SumOfSquares(values);
        });
        if (device.Kernels is not { } kernels) yield break;
        yield return Bus("upload", (queue, buffer, staging) => queue.Write(buffer, 0, staging, 0, BusBytes));
        yield return Bus("download", (queue, buffer, staging) => queue.Read(staging, 0, buffer, 0, BusBytes));

        PerformanceWork Bus(string name, Action<DeviceQueue, DeviceBuffer, StagingBuffer> copy) =>
            new($"{name} {BusBytes >> 20} MiB", BusBytes, 0, 0, (out launch, out wait) =>
            {
                BusMemory memory = new(kernels);
                launch = () => copy(memory.Queue, memory.Buffer, memory.Staging);
                wait = memory.Queue.Finish;
                return memory;
            });
    }

    public static IEnumerable<PerformanceWork> All(IOperations operations, int scale)
    {
        int rows = 128 * scale;
        long size = (long)rows * Width, inner = (long)rows * Inner, query = (long)rows * Heads.QueryWidth,
            key = (long)rows * Heads.KeyWidth;
        int[] tokens = [.. Enumerable.Range(0, rows).Select(i => (int)(i * 7919L % Vocabulary))],
            positions = [.. Enumerable.Range(0, rows).Select(i => i % Length)];
        int[] starts = [.. Enumerable.Range(0, (rows / Length) + 1).Select(i => i * Length)];
        const int F = sizeof(float);
        // Each row of a causal sequence attends to half of it on average.
        double attention = 4.0 * rows * Heads.QueryWidth * (Length + 1) / 2;

        yield return Work(operations, $"embedding forward {rows}x{Width}", 2 * size * F, 0, allocate =>
        {
            DeviceSpan output = allocate(size), table = allocate((long)Vocabulary * Width);
            return () => operations.EmbeddingForward(output, table, tokens, Width);
        });
        yield return Work(operations, $"embedding backward {rows}x{Width}", 3 * size * F, 0, allocate =>
        {
            DeviceSpan gradient = allocate((long)Vocabulary * Width), output = allocate(size);
            return () => operations.EmbeddingBackward(gradient, output, tokens, Width);
        });
        yield return Work(operations, $"rmsnorm forward {rows}x{Width}", 2 * size * F, 0, allocate =>
        {
            DeviceSpan output = allocate(size), roots = allocate(rows), input = allocate(size), weight = allocate(Width);
            return () => operations.RmsNormForward(output, roots, input, weight, Width, 1e-5);
        });
        yield return Work(operations, $"rmsnorm backward {rows}x{Width}", 4 * size * F, 0, allocate =>
        {
            DeviceSpan inputGradient = allocate(size), weightGradient = allocate(Width), gradient = allocate(size), input = allocate(size),
                roots = allocate(rows), weight = allocate(Width);
            return () => operations.RmsNormBackward(inputGradient, weightGradient, gradient, input, roots, weight, Width);
        });
        yield return Product("matmul forward", (c, a, b) => operations.MatMulForward(c, a, b, Inner, Width));
        yield return Product("matmul backward input", (c, a, b) => operations.MatMulBackwardInput(a, c, b, Inner, Width));
        yield return Product("matmul backward weight", (c, a, b) => operations.MatMulBackwardWeight(b, c, a, Inner, Width));
        yield return Work(operations, $"matmul forward 1x{Inner}x{Width}", (long)Inner * Width * F, 2.0 * Inner * Width, allocate =>
        {
            DeviceSpan output = allocate(Inner), input = allocate(Width), weight = allocate((long)Inner * Width);
            return () => operations.MatMulForward(output, input, weight, Inner, Width);
        });
        yield return Work(operations, $"rope forward {rows}x{Heads.Heads}x{Heads.HeadWidth}", 2 * query * F, 0, allocate =>
        {
            DeviceSpan values = allocate(query), cosines = allocate(Length * Heads.HeadWidth / 2),
                sines = allocate(Length * Heads.HeadWidth / 2);
            return () => operations.RopeForward(values, cosines, sines, positions, Heads.HeadWidth);
        });
        yield return Work(operations, $"attention forward {rows}x{Heads.Heads}x{Heads.HeadWidth}", 2 * (query + key) * F, attention,
            allocate =>
        {
            DeviceSpan output = allocate(query), sums = allocate(rows * Heads.Heads), q = allocate(query), k = allocate(key),
                v = allocate(key);
            return () => operations.AttentionForward(output, sums, q, k, v, Heads, starts);
        });
        yield return Work(operations, $"attention backward {rows}x{Heads.Heads}x{Heads.HeadWidth}", (4 * query + 4 * key) * F,
            2.5 * attention, allocate =>
        {
            DeviceSpan dq = allocate(query), dk = allocate(key), dv = allocate(key), gradient = allocate(query), output = allocate(query),
                sums = allocate(rows * Heads.Heads);
            DeviceSpan q = allocate(query), k = allocate(key), v = allocate(key);
            return () => operations.AttentionBackward(dq, dk, dv, gradient, output, sums, q, k, v, Heads, starts);
        });
        yield return Work(operations, $"swiglu forward {rows}x{Inner}", 3 * inner * F, 0, allocate =>
        {
            DeviceSpan output = allocate(inner), gate = allocate(inner), up = allocate(inner);
            return () => operations.SwiGluForward(output, gate, up);
        });
        yield return Work(operations, $"swiglu backward {rows}x{Inner}", 5 * inner * F, 0, allocate =>
        {
            DeviceSpan gateGradient = allocate(inner), upGradient = allocate(inner), gradient = allocate(inner), gate = allocate(inner),
                up = allocate(inner);
            return () => operations.SwiGluBackward(gateGradient, upGradient, gradient, gate, up);
        });
        long logits = (long)rows * Vocabulary;
        yield return Work(operations, $"cross entropy forward {rows}x{Vocabulary}", logits * F, 0, allocate =>
        {
            DeviceSpan losses = allocate(rows), sums = allocate(rows), values = allocate(logits);
            return () => operations.CrossEntropyForward(losses, sums, values, tokens, Vocabulary);
        });
        yield return Work(operations, $"cross entropy backward {rows}x{Vocabulary}", 2 * logits * F, 0, allocate =>
        {
            DeviceSpan sums = allocate(rows), values = allocate(logits);
            return () => operations.CrossEntropyBackward(values, sums, tokens, Vocabulary, 1e-3);
        });
        yield return Work(operations, $"sum of squares {inner}", inner * F, 0, allocate =>
        {
            DeviceSpan values = allocate(inner);
            return () => operations.SumOfSquares(values);
        });
        yield return Work(operations, $"adamw {inner}", 7 * inner * F, 0, allocate =>
        {
            DeviceSpan weights = allocate(inner), gradient = allocate(inner), first = allocate(inner), second = allocate(inner);
            return () => operations.AdamWStep(weights, gradient, first, second, new(1e-3, 0.9, 0.999, 1e-8, 0, 1, 1));
        });

        PerformanceWork Product(string name, Action<DeviceSpan, DeviceSpan, DeviceSpan> multiply) =>
            Work(operations, $"{name} {rows}x{Inner}x{Width}", (inner + size + ((long)Inner * Width)) * F, 2.0 * rows * Inner * Width,
                allocate =>
            {
                DeviceSpan c = allocate(inner), a = allocate(size), b = allocate((long)Inner * Width);
                return () => multiply(c, a, b);
            });
    }

    private static PerformanceWork Work(IOperations operations, string name, long bytes, double flops,
        Func<Func<long, DeviceSpan>, Action> make) =>
        new(name, bytes, flops, 0, (out launch, out wait) =>
        {
            Memories memories = new(operations);
            launch = make(memories.Take);
            wait = memories.Wait;
            return memories;
        });

    /// <summary>What a copy goes between.</summary>
    private sealed class BusMemory(KernelDevice device) : IDisposable
    {
        public DeviceQueue Queue { get; } = device.CreateQueue();

        public DeviceBuffer Buffer { get; } = device.Allocate(BusBytes);

        public StagingBuffer Staging { get; } = device.AllocateStaging(BusBytes);

        public void Dispose()
        {
            Staging.Dispose();
            Buffer.Dispose();
            Queue.Dispose();
        }
    }

    /// <summary>Memories of one work, filled with small numbers.</summary>
    private sealed class Memories(IOperations operations) : IDisposable
    {
        private readonly List<DeviceMemory> _owned = [];
        private readonly float[] _one = new float[1];

        public DeviceSpan Take(long length)
        {
            DeviceMemory memory = operations.Allocate(length);
            _owned.Add(memory);
            SplitMix64 random = new((ulong)_owned.Count);
            float[] chunk = new float[Math.Min(length, 1 << 16)];
            for (int i = 0; i < chunk.Length; i++) chunk[i] = (float)(random.NextDouble() - 0.5);
            for (long start = 0; start < length; start += chunk.Length)
            {
                int count = (int)Math.Min(chunk.Length, length - start);
                operations.Upload(memory.Span.Slice(start, count), chunk.AsSpan(0, count));
            }
            return memory;
        }

        /// <summary>A download comes behind everything that was queued.</summary>
        public void Wait() => operations.Download(_one, _owned[0].Span.Slice(0, 1));

        public void Dispose() => _owned.ForEach(memory => memory.Dispose());
    }
}
