using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using VBin = System.Runtime.Intrinsics.Vector512<ushort>;
using VCount = System.Runtime.Intrinsics.Vector512<sbyte>;
using VFloat = System.Runtime.Intrinsics.Vector512<float>;

namespace KsLottery.Engine.Kernels;

/// <summary>AVX-512 (F, BW, DQ, VBMI2).</summary>
/// <remarks>The three widths are meant as twins: the vector types share no public interface.</remarks>
internal readonly struct KsLanes512 : IKsLanes<VFloat, VBin, VCount>
{
    /// <summary>Asked by the kernel factory alone.</summary>
    public static bool IsSupported => Avx512BW.IsSupported && Avx512DQ.IsSupported && Avx512Vbmi2.IsSupported;

    public static int Bytes => 64;
    public static string Name => "vector512";

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static VFloat Broadcast(float value) => Vector512.Create(value);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VFloat Load(ref readonly float source, nint offset) =>
        Vector512.LoadUnsafe(in source, (nuint)offset);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VFloat MultiplyAdd(VFloat x, VFloat y, VFloat z) =>
        Vector512.FusedMultiplyAdd(x, y, z);
    // 2 = the smaller magnitude, with the sign of the first operand.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VFloat Clamp(VFloat value, VFloat limit) =>
        Avx512DQ.Range(value, limit, 2);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static bool AreSame(VFloat x0, VFloat y0, VFloat x1, VFloat y1) =>
    ((x0.AsInt32() ^ y0.AsInt32()) | (x1.AsInt32() ^ y1.AsInt32())) == Vector512<int>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static bool AnyNaN(VFloat value) => !Vector512.EqualsAll(value, value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VBin Pack(VFloat low, VFloat high) =>
        Avx512BW.PackUnsignedSaturate(Avx512F.ConvertToVector512Int32WithTruncation(low),
            Avx512F.ConvertToVector512Int32WithTruncation(high));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VBin PackLow(VFloat low, VFloat high) =>
        Avx512BW.PackUnsignedSaturate(Avx512F.ConvertToVector512Int32WithTruncation(low) & Vector512.Create(0xffff),
            Avx512F.ConvertToVector512Int32WithTruncation(high) & Vector512.Create(0xffff));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VBin PackUpperBits(VFloat low, VFloat high) =>
        Avx512BW.PackUnsignedSaturate(low.AsInt32() >>> 16, high.AsInt32() >>> 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static VBin BroadcastBin(ushort value) => Vector512.Create(value);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VBin LoadBin(ref readonly ushort source, nint offset) =>
        Vector512.LoadUnsafe(in source, (nuint)offset);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static bool AreSame(VBin x, VBin y) => Vector512.EqualsAll(x, y);
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
        Vector512.SubtractSaturate(x, y);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static VBin Max(VBin x, VBin y) => Vector512.Max(x, y);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint WhereEqual(VBin x, VBin y) => (uint)Vector512.Equals(x, y).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int StoreWhereDifferent(VBin keyX, VBin keyY, VBin x, VBin y, ref ushort targetX, ref ushort targetY)
    {
        VBin different = ~Vector512.Equals(keyX, keyY);
        Avx512Vbmi2.Compress(VBin.Zero, different, x).StoreUnsafe(ref targetX);
        Avx512Vbmi2.Compress(VBin.Zero, different, y).StoreUnsafe(ref targetY);
        return BitOperations.PopCount(different.ExtractMostSignificantBits());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int StoreCut(VFloat x, VFloat y, VFloat least, VFloat most, ref float targetX, ref float targetY)
    {
        VFloat cutX = Vector512.MinNative(Vector512.MaxNative(x, least), most);
        VFloat cutY = Vector512.MinNative(Vector512.MaxNative(y, least), most);
        VFloat different = ~Vector512.Equals(cutX, cutY);
        Avx512F.Compress(VFloat.Zero, different, cutX).StoreUnsafe(ref targetX);
        Avx512F.Compress(VFloat.Zero, different, cutY).StoreUnsafe(ref targetY);
        return BitOperations.PopCount(different.ExtractMostSignificantBits());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static VCount BroadcastCount(sbyte value) => Vector512.Create(value);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VCount LoadCount(ref readonly sbyte source, nint offset) =>
        Vector512.LoadUnsafe(in source, (nuint)offset);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void StoreCount(VCount counts, ref sbyte target, nint offset) =>
        counts.StoreUnsafe(ref target, (nuint)offset);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static VCount AddSaturate(VCount x, VCount y) => Vector512.AddSaturate(x, y);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VCount SubtractSaturate(VCount x, VCount y) =>
        Vector512.SubtractSaturate(x, y);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static VCount Max(VCount x, VCount y) => Vector512.Max(x, y);
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static VCount Min(VCount x, VCount y) => Vector512.Min(x, y);
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VBin WidenLower(VCount counts) =>
        Vector512.WidenLower(counts).AsUInt16();
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VBin WidenUpper(VCount counts) =>
        Vector512.WidenUpper(counts).AsUInt16();
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static VCount Or(VCount x, VCount y) => x | y;
    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static VCount Add(VCount x, VCount y) => x + y;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ulong Outside(VCount high, VCount upper, VCount low, VCount lower) =>
        (Vector512.GreaterThan(high, upper) | Vector512.LessThan(low, lower)).ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static ulong Negative(VCount counts) => counts.ExtractMostSignificantBits();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static VBin AddUnsigned(VBin total, VCount counts) =>
        (total.AsUInt64() + Avx512BW.SumAbsoluteDifferences(counts.AsByte(), Vector512<byte>.Zero).AsUInt64()).AsUInt16();

    [MethodImpl(MethodImplOptions.AggressiveInlining)] public static long Sum(VBin total) => Vector512.Sum(total.AsInt64());
}
