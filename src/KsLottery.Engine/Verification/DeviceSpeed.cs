using System.Diagnostics;
using System.Runtime.InteropServices;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Engine.Verification;

/// <summary>Measures devices at the work that they are chosen for, from the host's memory and back to it.</summary>
public static class DeviceSpeed
{
    private const int RowWidth = 4096, DistinctRows = 64, FirstRows = 1024, MaxRows = 16_384, MaxRuns = 50, Tokens = 256;

    private const ulong Seed = 1;

    /// <summary>A run shorter than this says little of rows that keep a device busy.</summary>
    private static readonly TimeSpan LongEnough = TimeSpan.FromSeconds(0.1), Budget = TimeSpan.FromSeconds(1);

    private static readonly LlamaConfig Model = new()
    {
        Width = 512,
        FeedForwardWidth = 1408,
        LayerCount = 4,
        Attention = new AttentionShape(Heads: 8, KeyHeads: 8, HeadWidth: 64),
        VocabularySize = 8192,
        MaxLength = Tokens,
    };

    /// <summary>Measures one device: testing BF16 rows of 4096 elements, or the loss of a model of four layers of width 512 over 256
    /// tokens.</summary>
    /// <exception cref="DeviceUnavailableException">The device cannot do this work.</exception>
    /// <exception cref="DeviceFailureException">The device failed.</exception>
    public static DeviceMeasurement Measure(ComputeDevice device, DeviceWork work, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(device);
        double perSecond = work == DeviceWork.Rows ? MeasureRows(device, cancellationToken) : MeasureModel(device, cancellationToken);
        return new(device.Name, device.Info.Description, work, perSecond);
    }

    private static double MeasureRows(ComputeDevice device, CancellationToken cancellationToken)
    {
        for (int rows = FirstRows; ; rows = MaxRows)
        {
            RowMatrix before = Matrix(rows, isTuned: false), after = Matrix(rows, isTuned: true);
            void Run() =>
                RowScan.Run(before, after, new() { Device = device, Threads = device.Kernels is null ? device.ThreadCount : 0 },
                    cancellationToken);
            double seconds = Fastest(Run, cancellationToken);
            if (rows == MaxRows || seconds >= LongEnough.TotalSeconds) return rows / seconds;
        }
    }

    private static double MeasureModel(ComputeDevice device, CancellationToken cancellationToken)
    {
        IOperations operations = device.Operations;
        using LlamaWeights weights = LlamaWeights.Random(Model, operations, Seed);
        using LlamaModel model = new(weights, operations);
        SplitMix64 random = new(Seed);
        int[] tokens = [.. Enumerable.Range(0, Tokens).Select(_ => random.NextBelow(Model.VocabularySize))];
        TokenBatch batch = new(tokens, [.. tokens[1..], TokenBatch.NoTarget], [0, Tokens]);
        return Tokens / Fastest(() => model.Loss(batch), cancellationToken);
    }

    /// <summary>The shortest of some runs, in seconds; what a first run prepares is left out.</summary>
    private static double Fastest(Action run, CancellationToken cancellationToken)
    {
        run();
        TimeSpan best = TimeSpan.MaxValue, total = TimeSpan.Zero;
        for (int runs = 0; total < Budget && runs < MaxRuns; runs++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            long started = Stopwatch.GetTimestamp();
            run();
            TimeSpan time = Stopwatch.GetElapsedTime(started);
            total += time;
            if (time < best) best = time;
        }
        return best.TotalSeconds;
    }

    /// <summary>A few rows of a normal distribution over and over; those of the tuned matrix are moved a little.</summary>
    private static RowMatrix Matrix(int rows, bool isTuned)
    {
        SplitMix64 random = new(Seed), noise = new(Seed + 1);
        ushort[] distinct = new ushort[DistinctRows * RowWidth];
        for (int i = 0; i < distinct.Length; i++)
        {
            double value = random.NextNormal() + (isTuned ? 0.05 * noise.NextNormal() : 0);
            distinct[i] = HalfPrecision.ToBFloat16((float)(0.02 * value));
        }
        byte[] bytes = new byte[(long)rows * RowWidth * sizeof(ushort)];
        ReadOnlySpan<byte> block = MemoryMarshal.AsBytes(distinct.AsSpan());
        for (int start = 0; start < bytes.Length; start += block.Length) block.CopyTo(bytes.AsSpan(start));
        return RowMatrix.FromMemory(bytes, ElementType.BF16, rows, RowWidth);
    }
}
