using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using VBin = System.Runtime.Intrinsics.Vector128<ushort>;
using VCount = System.Runtime.Intrinsics.Vector128<sbyte>;
using VFloat = System.Runtime.Intrinsics.Vector128<float>;

namespace KsLottery.Engine.Kernels;

/// <summary>128-bit vectors of any processor.</summary>
/// <remarks>The three widths are meant as twins: the vector types share no public interface.</remarks>
internal readonly struct KsLanes128 : IKsLanes<VFloat, VBin, VCount>
{
    /// <summary>Asked by the kernel factory alone.</summary>
    public static bool IsSupported => Vector128.IsHardwareAccelerated;

    public static int Bytes => 16;
    public static string Name => "vector128";

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static VFloat Broadcast(float value) => Vector128.Create(value);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VFloat Load(ref readonly float source, nint offset) =>
        Vector128.LoadUnsafe(in source, (nuint)offset);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VFloat MultiplyAdd(VFloat x, VFloat y, VFloat z) =>
        Vector128.MultiplyAddEstimate(x, y, z);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VFloat Clamp(VFloat value, VFloat limit) =>
        Vector128.MaxNative(Vector128.MinNative(value, limit), -limit);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AreSame(VFloat x0, VFloat y0, VFloat x1, VFloat y1) =>
    ((x0.AsInt32() ^ y0.AsInt32()) | (x1.AsInt32() ^ y1.AsInt32())) == Vector128<int>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static bool AnyNaN(VFloat value) => !Vector128.EqualsAll(value, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VBin Pack(VFloat low, VFloat high) =>
        Vector128.NarrowWithSaturation(Vector128.ConvertToInt32Native(low).AsUInt32(), Vector128.ConvertToInt32Native(high).AsUInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VBin PackLow(VFloat low, VFloat high) =>
        Vector128.Narrow(Vector128.ConvertToInt32Native(low), Vector128.ConvertToInt32Native(high)).AsUInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VBin PackUpperBits(VFloat low, VFloat high) => Vector128.Narrow(low.AsUInt32() >>> 16, high.AsUInt32() >>> 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static VBin BroadcastBin(ushort value) => Vector128.Create(value);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VBin LoadBin(ref readonly ushort source, nint offset) =>
        Vector128.LoadUnsafe(in source, (nuint)offset);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static bool AreSame(VBin x, VBin y) => Vector128.EqualsAll(x, y);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreBin(VBin bins, ref ushort target, nint offset) =>
        bins.StoreUnsafe(ref target, (nuint)offset);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static VBin ShiftLeft(VBin bins, int bits) => bins << bits;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static VBin ShiftRight(VBin bins, int bits) => bins >>> bits;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static VBin SignFill(VBin bins) => (bins.AsInt16() >> 15).AsUInt16();
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static VBin And(VBin x, VBin y) => x & y;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static VBin Or(VBin x, VBin y) => x | y;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static VBin Xor(VBin x, VBin y) => x ^ y;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static VBin Add(VBin x, VBin y) => x + y;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static VBin Subtract(VBin x, VBin y) => x - y;
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VBin SubtractSaturate(VBin x, VBin y) =>
        Vector128.SubtractSaturate(x, y);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static VBin Max(VBin x, VBin y) => Vector128.Max(x, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint WhereEqual(VBin x, VBin y) => Vector128.Equals(x, y).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int StoreWhereDifferent(VBin keyX, VBin keyY, VBin x, VBin y, ref ushort targetX, ref ushort targetY)
    {
        uint different = ~WhereEqual(keyX, keyY) & 0xff;
        int count = 0;
        for (; different != 0; different &= different - 1, count++)
        {
            int i = BitOperations.TrailingZeroCount(different);
            Unsafe.Add(ref targetX, count) = x[i];
            Unsafe.Add(ref targetY, count) = y[i];
        }
        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int StoreCut(VFloat x, VFloat y, VFloat least, VFloat most, ref float targetX, ref float targetY)
    {
        VFloat cutX = Vector128.MinNative(Vector128.MaxNative(x, least), most);
        VFloat cutY = Vector128.MinNative(Vector128.MaxNative(y, least), most);
        uint different = ~Vector128.Equals(cutX, cutY).ExtractMostSignificantBits();
        int count = 0;
        for (int i = 0; i < VFloat.Count; i++, different >>= 1)
        {
            Unsafe.Add(ref targetX, count) = cutX[i];
            Unsafe.Add(ref targetY, count) = cutY[i];
            count += (int)(different & 1);
        }
        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static VCount BroadcastCount(sbyte value) => Vector128.Create(value);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VCount LoadCount(ref readonly sbyte source, nint offset) =>
        Vector128.LoadUnsafe(in source, (nuint)offset);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreCount(VCount counts, ref sbyte target, nint offset) =>
        counts.StoreUnsafe(ref target, (nuint)offset);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static VCount AddSaturate(VCount x, VCount y) => Vector128.AddSaturate(x, y);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VCount SubtractSaturate(VCount x, VCount y) =>
        Vector128.SubtractSaturate(x, y);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static VCount Max(VCount x, VCount y) => Vector128.Max(x, y);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static VCount Min(VCount x, VCount y) => Vector128.Min(x, y);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VBin WidenLower(VCount counts) =>
        Vector128.WidenLower(counts).AsUInt16();
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VBin WidenUpper(VCount counts) =>
        Vector128.WidenUpper(counts).AsUInt16();
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static VCount Or(VCount x, VCount y) => x | y;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static VCount Add(VCount x, VCount y) => x + y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Outside(VCount high, VCount upper, VCount low, VCount lower) =>
        (Vector128.GreaterThan(high, upper) | Vector128.LessThan(low, lower)).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static ulong Negative(VCount counts) => counts.ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VBin AddUnsigned(VBin total, VCount counts)
    {
        VBin pairs = Vector128.WidenLower(counts.AsByte()) + Vector128.WidenUpper(counts.AsByte());
        return (total.AsUInt32() + Vector128.WidenLower(pairs) + Vector128.WidenUpper(pairs)).AsUInt16();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static long Sum(VBin total) => Vector128.Sum(total.AsUInt32());
}
