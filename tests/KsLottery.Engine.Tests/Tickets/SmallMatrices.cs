using System.Runtime.InteropServices;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Tests.Tickets;

/// <summary>Matrices of a few short rows whose h can be counted by hand.</summary>
internal static class SmallMatrices
{
    /// <summary>d of every matrix here.</summary>
    public const int Width = 8;

    /// <summary>1, 2, ... 8.</summary>
    public static float[] Steps => [.. Enumerable.Range(1, Width).Select(i => (float)i)];

    /// <summary>The steps with the last h of them lifted over all others: h is the count, exactly, and the sign is +.</summary>
    public static float[] Lifted(int h) => [.. Steps.Select((x, i) => i < h ? x + 100 : x)];

    /// <summary>Scans rows of <see cref="Steps"/> against the given ones.</summary>
    public static RowScanResult Scan(params float[][] tuned) => Scan([.. tuned.Select(_ => Steps)], tuned);

    public static RowScanResult Scan(float[][] before, float[][] tuned, RowPairing? pairing = null) =>
        RowScan.Run(Matrix(before), Matrix(tuned), new() { Threads = 1, Pairing = pairing });

    public static TicketOrigin Origin(RowScanResult scan) => new()
    {
        Tensor = "e\"m\u202eb\n",
        BaseType = scan.BaseType,
        TunedType = scan.TunedType,
        Rows = scan.Rows.Count,
        Width = scan.Width,
        BaseFingerprint = "sha256:0123456789abcdef",
        TunedFingerprint = "sha256:fedcba9876543210",
        IsTied = null,
        CheckpointParameters = 1000,
    };

    private static RowMatrix Matrix(float[][] rows)
    {
        byte[] bytes = MemoryMarshal.AsBytes<float>(rows.SelectMany(r => r).ToArray()).ToArray();
        return RowMatrix.FromMemory(bytes, ElementType.F32, rows.Length, rows.Length == 0 ? Width : rows[0].Length);
    }
}
