using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using VBin = System.Runtime.Intrinsics.Vector256<ushort>;
using VCount = System.Runtime.Intrinsics.Vector256<sbyte>;
using VFloat = System.Runtime.Intrinsics.Vector256<float>;

namespace KsLottery.Engine.Kernels;

/// <summary>AVX2 and FMA.</summary>
/// <remarks>The three widths are meant as twins: the vector types share no public interface.</remarks>
internal readonly struct KsLanes256 : IKsLanes<VFloat, VBin, VCount>
{
    /// <summary>Asked by the kernel factory alone.</summary>
    public static bool IsSupported => Avx2.IsSupported && Fma.IsSupported;

    public static int Bytes => 32;
    public static string Name => "vector256";

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static VFloat Broadcast(float value) => Vector256.Create(value);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VFloat Load(ref readonly float source, nint offset) =>
        Vector256.LoadUnsafe(in source, (nuint)offset);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VFloat MultiplyAdd(VFloat x, VFloat y, VFloat z) =>
        Vector256.FusedMultiplyAdd(x, y, z);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VFloat Clamp(VFloat value, VFloat limit) =>
        Avx.Max(Avx.Min(value, limit), -limit);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AreSame(VFloat x0, VFloat y0, VFloat x1, VFloat y1) =>
    ((x0.AsInt32() ^ y0.AsInt32()) | (x1.AsInt32() ^ y1.AsInt32())) == Vector256<int>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static bool AnyNaN(VFloat value) => !Vector256.EqualsAll(value, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VBin Pack(VFloat low, VFloat high) =>
        Avx2.PackUnsignedSaturate(Avx.ConvertToVector256Int32WithTruncation(low), Avx.ConvertToVector256Int32WithTruncation(high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VBin PackLow(VFloat low, VFloat high) =>
        Avx2.PackUnsignedSaturate(Avx.ConvertToVector256Int32WithTruncation(low) & Vector256.Create(0xffff),
            Avx.ConvertToVector256Int32WithTruncation(high) & Vector256.Create(0xffff));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VBin PackUpperBits(VFloat low, VFloat high) =>
        Avx2.PackUnsignedSaturate(low.AsInt32() >>> 16, high.AsInt32() >>> 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static VBin BroadcastBin(ushort value) => Vector256.Create(value);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VBin LoadBin(ref readonly ushort source, nint offset) =>
        Vector256.LoadUnsafe(in source, (nuint)offset);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static bool AreSame(VBin x, VBin y) => Vector256.EqualsAll(x, y);
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
        Vector256.SubtractSaturate(x, y);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static VBin Max(VBin x, VBin y) => Vector256.Max(x, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint WhereEqual(VBin x, VBin y) => Vector256.Equals(x, y).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int StoreWhereDifferent(VBin keyX, VBin keyY, VBin x, VBin y, ref ushort targetX, ref ushort targetY)
    {
        uint different = ~WhereEqual(keyX, keyY) & 0xffff;
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
        VFloat cutX = Vector256.MinNative(Vector256.MaxNative(x, least), most);
        VFloat cutY = Vector256.MinNative(Vector256.MaxNative(y, least), most);
        uint different = ~Vector256.Equals(cutX, cutY).ExtractMostSignificantBits();
        int count = 0;
        for (int i = 0; i < VFloat.Count; i++, different >>= 1)
        {
            Unsafe.Add(ref targetX, count) = cutX[i];
            Unsafe.Add(ref targetY, count) = cutY[i];
            count += (int)(different & 1);
        }
        return count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static VCount BroadcastCount(sbyte value) => Vector256.Create(value);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VCount LoadCount(ref readonly sbyte source, nint offset) =>
        Vector256.LoadUnsafe(in source, (nuint)offset);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreCount(VCount counts, ref sbyte target, nint offset) =>
        counts.StoreUnsafe(ref target, (nuint)offset);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static VCount AddSaturate(VCount x, VCount y) => Vector256.AddSaturate(x, y);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VCount SubtractSaturate(VCount x, VCount y) =>
        Vector256.SubtractSaturate(x, y);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static VCount Max(VCount x, VCount y) => Vector256.Max(x, y);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static VCount Min(VCount x, VCount y) => Vector256.Min(x, y);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VBin WidenLower(VCount counts) =>
        Vector256.WidenLower(counts).AsUInt16();
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VBin WidenUpper(VCount counts) =>
        Vector256.WidenUpper(counts).AsUInt16();
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static VCount Or(VCount x, VCount y) => x | y;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static VCount Add(VCount x, VCount y) => x + y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Outside(VCount high, VCount upper, VCount low, VCount lower) =>
        (Vector256.GreaterThan(high, upper) | Vector256.LessThan(low, lower)).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static ulong Negative(VCount counts) => counts.ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VBin AddUnsigned(VBin total, VCount counts) =>
        (total.AsUInt64() + Avx2.SumAbsoluteDifferences(counts.AsByte(), Vector256<byte>.Zero).AsUInt64()).AsUInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static long Sum(VBin total) => Vector256.Sum(total.AsInt64());
}
