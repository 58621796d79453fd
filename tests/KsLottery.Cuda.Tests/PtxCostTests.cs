using System.Runtime.CompilerServices;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Numerics;
using KsLottery.Kernels;

namespace KsLottery.Cuda.Tests;

/// <summary>How many instructions the kernels that decide a device's speed issue: no measure of time, and the same on every
/// machine.</summary>
/// <remarks>
/// A multiprocessor issues up to four a cycle. The budgets lie a tenth above what was counted when they were set; a change that needs more
/// has found a reason to, or a bug. ILGPU's texts may issue half as many again for rows, and three for a lane's multiplication and addition
/// in products.
/// </remarks>
public sealed unsafe class PtxCostTests
{
    [TestCase("KsCount_F32_ValueBuckets_Buckets8192", "unrelated", 14_000)]
    [TestCase("KsCount_F32_ValueBuckets_Buckets8192", "noise-1e-3", 22_500)]
    [TestCase("KsCount_F32_ValueBuckets_Buckets8192", "ninety-percent-same", 14_000)]
    [TestCase("KsCount_F16_ValueBuckets_Buckets8192", "unrelated", 17_800)]
    [TestCase("KsCount_BF16_KeyBuckets_Buckets4096", "unrelated", 11_200)]
    [TestCase("KsCount_BF16_KeyBuckets_Buckets4096", "noise-1e-3", 11_500)]
    [TestCase("KsSort_F32_Rows4096", "few-values", 247_000)]
    public void Rows_of_4096(string kernel, string regime, long budget)
    {
        const int Width = 4096;
        ElementType type = kernel.Contains("_BF16", StringComparison.Ordinal) ? ElementType.BF16
            : kernel.Contains("_F16", StringComparison.Ordinal) ? ElementType.F16 : ElementType.F32;
        (byte[] before, byte[] after) = RowCases.Fill([regime], 1, Width, type, type);
        int[] numbers = kernel.StartsWith("KsSort", StringComparison.Ordinal) ? [Width, Width, 0] : [Width];
        AssertIssues(kernel, budget, null, [(new byte[8], 2), (before, Width), (after, Width)], numbers);
    }

    [TestCase("Tile64", 64, 20_300), TestCase("Tile128", 128, 56_200)]
    public void Products_of_a_tile_and_64_steps(string tile, int side, long budget)
    {
        const int Steps = 64;
        byte[] numbers = new byte[4 * side * Steps];
        AssertIssues($"MatMulForward_F32_{tile}", budget, 3 * side * side * Steps / 32,
            [(new byte[4 * side * side], side * side), (numbers, side * Steps), (numbers, side * Steps)], [side, side, Steps, 0]);
    }

    private static void AssertIssues(string kernel, long budget, long? ilgpuBudget, (byte[] Bytes, long Length)[] views, int[] numbers)
    {
        long own = Issued(PtxSources.Embedded[kernel], 3, views, numbers),
            ilgpu = Issued(InterpretedDevice.TextOf(KernelCatalog.Get(kernel)), 2, views, numbers);
        TestContext.Out.WriteLine($"{kernel}: {own} instructions, {ilgpu} through ILGPU");
        Assert.That(own, Is.InRange(budget / 2, budget));
        Assert.That(ilgpu, Is.InRange(budget / 2, ilgpuBudget ?? own * 3 / 2));
    }

    /// <summary>What the warps of one group issue.</summary>
    /// <param name="text">The kernel's text.</param>
    /// <param name="numbersOfView">What a view is: its base, where it starts where that is 3, and its length.</param>
    /// <param name="views">Views.</param>
    /// <param name="numbers">The parameters behind them.</param>
    private static long Issued(string text, int numbersOfView, (byte[] Bytes, long Length)[] views, int[] numbers)
    {
        byte[][] pinned = [.. views.Select(v => Pinned(v.Bytes))];
        PtxInterpreter interpreter = new(text, (address, bytes) => pinned.Any(p => IsIn(p, address, bytes)));
        int numbersOfViews = numbersOfView * views.Length;
        long[] parameters = GC.AllocateArray<long>(numbersOfViews + numbers.Length, pinned: true);
        for (int i = 0; i < views.Length; i++)
        {
            parameters[numbersOfView * i] = (long)(nint)Unsafe.AsPointer(ref pinned[i][0]);
            parameters[(numbersOfView * (i + 1)) - 1] = views[i].Length;
        }
        for (int i = 0; i < numbers.Length; i++) parameters[numbersOfViews + i] = numbers[i];
        // ILGPU's base and length are one parameter.
        int[] firsts = [.. Enumerable.Range(0, parameters.Length)
            .Where(i => numbersOfView == 3 || i >= numbersOfViews || i % numbersOfView == 0)];
        void*[] addresses = new void*[firsts.Length];
        for (int i = 0; i < addresses.Length; i++) addresses[i] = Unsafe.AsPointer(ref parameters[firsts[i]]);
        fixed (void** given = addresses) interpreter.Run(given, 1, 256);
        return interpreter.Instructions;
    }

    private static byte[] Pinned(byte[] bytes)
    {
        byte[] pinned = GC.AllocateArray<byte>(bytes.Length, pinned: true);
        bytes.CopyTo(pinned, 0);
        return pinned;
    }

    private static bool IsIn(byte[] piece, ulong address, int bytes)
    {
        ulong start = (ulong)(nint)Unsafe.AsPointer(ref piece[0]);
        return address >= start && address + (ulong)bytes <= start + (ulong)piece.Length;
    }
}
