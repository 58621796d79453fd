using KsLottery.Engine.Devices;
using KsLottery.Engine.Kernels;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;

namespace KsLottery.Engine.Verification;

/// <summary>Rows of every kind through every row kernel of a device: the results are those of the reference on the processor, bit for
/// bit.</summary>
internal static class RowCases
{
    /// <summary>Narrower and wider than each kernel's room, whole blocks and odd ends.</summary>
    private static readonly int[] Widths = [1, 3, 33, 64, 288, 600, 1000, 1025, 4096, 5000, 20_000];

    private const int Seeds = 3;

    /// <summary>All cases.</summary>
    public static IEnumerable<VerificationCase> All => [.. OneKind(), .. Widest(), .. TwoTypes()];

    /// <summary>Every 32nd: there are 33 kinds of rows, one after another, so that each is there once, over all types and widths.</summary>
    public static IEnumerable<VerificationCase> Sample => All.Where((_, i) => i % 32 == 0);

    private static IEnumerable<VerificationCase> OneKind() =>
        from type in ElementTypes.Native
        from width in Widths
        from regime in RowRegimes.Names
        select new VerificationCase($"rows {type.ToName()} {regime} d={width}", device => AllKernels(device.Kernels, width, type, regime));

    private static IEnumerable<VerificationCase> Widest() =>
        from type in ElementTypes.Native
        from width in (int[])[ushort.MaxValue, KsRowKernels.MaximumWidth]
        select new VerificationCase($"rows {type.ToName()} d={width}",
            device =>
                FirstDifference(device.Kernels, null, width, type, type, ["unrelated", "noise-1e-6", "constant-before", "two-values"], 1));

    private static IEnumerable<VerificationCase> TwoTypes() =>
        from before in ElementTypes.Native
        from after in ElementTypes.Native
        where before != after
        from width in (int[])[33, 600]
        select new VerificationCase($"rows {before.ToName()} and {after.ToName()} d={width}",
            device => FirstDifference(device.Kernels, null, width, before, after, RowRegimes.Names, 1));

    /// <summary>Scans rows on a device and on the processor; null where all results are equal, else the first that is not.</summary>
    /// <param name="device">The device; null for the processor's own fastest kernel.</param>
    /// <param name="kernel">A kernel's name; null takes the fastest.</param>
    /// <param name="width">d.</param>
    /// <param name="beforeType">The base's type.</param>
    /// <param name="afterType">The tuned matrix's.</param>
    /// <param name="regimes">Kinds of rows, in turn.</param>
    /// <param name="seeds">Rows of each kind; some hold a NaN or are unchanged.</param>
    public static string? FirstDifference(
        KernelDevice? device, string? kernel, int width, ElementType beforeType, ElementType afterType, IReadOnlyList<string> regimes,
            int seeds)
    {
        int rows = regimes.Count * seeds;
        (byte[] before, byte[] after) = Fill(regimes, rows, width, beforeType, afterType);
        RowMatrix a = RowMatrix.FromMemory(before, beforeType, rows, width), b = RowMatrix.FromMemory(after, afterType, rows, width);
        RowScanResult expected = RowScan.Run(a, b, new() { Threads = 1, Kernel = "reference" });
        RowScanResult actual = RowScan.Run(a, b, new() { Threads = 1, Kernel = kernel, KernelDevice = device });
        for (int row = 0; row < rows; row++)
        {
            RowResult x = expected.Rows[row], y = actual.Rows[row];
            if (x != y || BitConverter.SingleToInt32Bits(x.Location) != BitConverter.SingleToInt32Bits(y.Location))
                return $"{actual.Kernel}, {regimes[row % regimes.Count]}, row {row} of width {width}: expected {x}, got {y}";
        }
        return null;
    }

    /// <summary>Rows of the kinds in turn, one after another.</summary>
    public static (byte[] Before, byte[] After) Fill(IReadOnlyList<string> regimes, int rows, int width, ElementType beforeType,
        ElementType afterType)
    {
        List<byte> before = [], after = [];
        float[] a = new float[width], b = new float[width];
        for (int row = 0; row < rows; row++)
        {
            RowRegimes.Fill(regimes[row % regimes.Count], (row * 7919) + width, a, b);
            if (row % 31 == 30) a[width / 2] = float.NaN;
            if (row % 29 == 28) a.CopyTo(b, 0);
            before.AddRange(RowRounding.ToBytes(a, beforeType));
            after.AddRange(RowRounding.ToBytes(b, afterType));
        }
        return ([.. before], [.. after]);
    }

    private static string? AllKernels(KernelDevice? device, int width, ElementType type, string regime)
    {
        if (device is null) return FirstDifference(null, null, width, type, type, [regime], Seeds);
        foreach (string kernel in KsDeviceKernels.Names(device, type, width))
            if (FirstDifference(device, kernel, width, type, type, [regime], Seeds) is { } difference) return difference;
        return null;
    }
}
