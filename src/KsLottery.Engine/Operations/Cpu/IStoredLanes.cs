using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace KsLottery.Engine.Operations;

/// <summary>Eight stored values as F32, read where they lie; widening is exact, so that sums have the bits of the widened
/// matrix.</summary>
internal interface IStoredLanes
{
    /// <summary>Values i to i + 7 of a row that begins at any byte.</summary>
    static abstract Vector256<float> Load(ref readonly byte row, nint i);
}

/// <summary>binary32.</summary>
internal readonly struct SingleLanes : IStoredLanes
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(ref readonly byte row, nint i) =>
        Vector256.LoadUnsafe(ref Unsafe.As<byte, float>(ref Unsafe.AsRef(in row)), (nuint)i);
}

/// <summary>bfloat16: the upper half of a binary32.</summary>
internal readonly struct BFloat16Lanes : IStoredLanes
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Load(ref readonly byte row, nint i) =>
        (Vector256.WidenLower(Vector128.LoadUnsafe(ref Unsafe.As<byte, ushort>(ref Unsafe.AsRef(in row)), (nuint)i).ToVector256Unsafe())
            << 16).AsSingle();
}
