using System.Globalization;
using KsLottery.Engine.Kernels;
using KsLottery.Engine.Numerics;

namespace KsLottery.Bench;

/// <summary>Times the default kernel on the rows of two files, as <c>bench/peers/row_sorts.cpp</c> times sorts: the same lines, the same
/// answers.</summary>
internal sealed class RowSortServer
{
    private const int RowsOfSum = 256, RowsAtOnce = 16;

    private ElementType _type;
    private IKsRowKernel _kernel = null!;
    private byte[] _before = [], _after = [];
    private int _rowBytes, _rows, _at;

    /// <summary><c>open TYPE WIDTH BEFORE AFTER</c> answers the sum of h over the first rows, <c>run SECONDS</c> rows per
    /// second of the processor's time.</summary>
    public static int Run()
    {
        RowSortServer server = new();
        while (Console.ReadLine() is { } line)
        {
            string[] words = line.Split(' ');
            Console.WriteLine(words[0] == "open"
                ? server.Open(words[1], int.Parse(words[2], CultureInfo.InvariantCulture), words[3], words[4])
                : server.Time(double.Parse(words[1], CultureInfo.InvariantCulture)).ToString("F1", CultureInfo.InvariantCulture));
        }
        return 0;
    }

    private long Open(string type, int width, string beforePath, string afterPath)
    {
        _type = ElementTypes.Native.Single(t => t.ToName() == type);
        (_before, _after) = (File.ReadAllBytes(beforePath), File.ReadAllBytes(afterPath));
        _kernel = KsRowKernels.Create(width);
        _rowBytes = width * _type.ByteSize();
        (_rows, _at) = (_before.Length / _rowBytes, 0);
        long sum = 0;
        for (int row = 0; row < Math.Min(_rows, RowsOfSum); row++) sum += Test(row);
        return sum;
    }

    private double Time(double seconds)
    {
        TimeSpan started = Environment.CpuUsage.TotalTime;
        long done = 0;
        double elapsed;
        do
        {
            for (int k = 0; k < RowsAtOnce; k++, done++, _at = (_at + 1) % _rows) Test(_at);
            elapsed = (Environment.CpuUsage.TotalTime - started).TotalSeconds;
        }
        while (elapsed < seconds);
        return done / elapsed;
    }

    private int Test(int row) => _kernel.TestStored(
        _before.AsSpan(row * _rowBytes, _rowBytes), _after.AsSpan(row * _rowBytes, _rowBytes), _type).Count;
}
