using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Kernels;
using KsLottery.Engine.Numerics;

namespace KsLottery.Bench;

/// <summary>Times the kernel on the rows of two F32 files, so that other programs can be timed on the same rows in the same run.</summary>
internal static class PairTiming
{
    private const int Repetitions = 9;

    /// <summary><c>pair BASE TUNED COUNTS</c>: writes h of each row to COUNTS, prints the median rows/s of one thread with least and
    /// most.</summary>
    public static int Run(string basePath, string tunedPath, string countsPath)
    {
        (float[] before, int width) = Load(basePath);
        (float[] after, _) = Load(tunedPath);
        IKsRowKernel kernel = KsRowKernels.Create(width);
        int[] counts = new int[before.Length / width];

        List<double> rates = [];
        for (int repetition = -2; repetition < Repetitions; repetition++)  // two to warm up
        {
            long started = Stopwatch.GetTimestamp();
            for (int row = 0; row < counts.Length; row++)
                counts[row] = kernel.Test(before.AsSpan(row * width, width), after.AsSpan(row * width, width)).Count;
            if (repetition >= 0) rates.Add(counts.Length / Stopwatch.GetElapsedTime(started).TotalSeconds);
        }
        rates.Sort();
        File.WriteAllLines(countsPath, counts.Select(h => h.ToString(CultureInfo.InvariantCulture)));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{kernel.Name} {rates[Repetitions / 2]:F0} {rates[0]:F0} {rates[^1]:F0}"));
        return 0;
    }

    private static (float[] Values, int Width) Load(string path)
    {
        using Checkpoint checkpoint = Checkpoint.Open(path);
        Tensor rows = checkpoint.GetTensor("rows");
        if (rows.ElementType != ElementType.F32) throw new NotSupportedException($"{path}: expected F32, found {rows.DtypeName}");
        float[] values = new float[rows.ElementCount];
        rows.GetBytes(0, (int)rows.ByteLength, []).CopyTo(MemoryMarshal.AsBytes(values.AsSpan()));
        return (values, (int)rows.RowShape.Width);
    }
}
