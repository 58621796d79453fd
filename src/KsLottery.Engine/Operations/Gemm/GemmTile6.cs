using System.Runtime.CompilerServices;

namespace KsLottery.Engine.Operations;

/// <summary>Six rows of two vectors: twelve sums, two vectors of B and one element of A fit sixteen registers.</summary>
/// <remarks>Written out because only named locals are kept in registers; the two tiles are meant as twins.</remarks>
/// <typeparam name="TLanes">The vectors' operations.</typeparam>
/// <typeparam name="TVector">The vector.</typeparam>
internal readonly struct GemmTile6<TLanes, TVector> : IGemmTile where TLanes : struct, IGemmLanes<TVector> where TVector : struct
{
    public static int Rows => 6;

    public static int Columns => 2 * TLanes.Count;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(int depth, ref readonly float a, ref readonly float b, ref float c, nint stride, bool add, int rows)
    {
        ref float left = ref Unsafe.AsRef(in a), right = ref Unsafe.AsRef(in b);
        for (int i = 0; i < Rows; i++) Interop.Cache.Prefetch(in c, i * stride);
        TVector l0 = default, r0 = default, l1 = default, r1 = default;
        TVector l2 = default, r2 = default, l3 = default, r3 = default;
        TVector l4 = default, r4 = default, l5 = default, r5 = default;
        for (; depth > 0; depth--)
        {
            TVector x0 = TLanes.Load(in right, 0), x1 = TLanes.Load(in right, TLanes.Count), y;
            y = TLanes.Broadcast(in left, 0); l0 = TLanes.MultiplyAdd(y, x0, l0); r0 = TLanes.MultiplyAdd(y, x1, r0);
            y = TLanes.Broadcast(in left, 1); l1 = TLanes.MultiplyAdd(y, x0, l1); r1 = TLanes.MultiplyAdd(y, x1, r1);
            y = TLanes.Broadcast(in left, 2); l2 = TLanes.MultiplyAdd(y, x0, l2); r2 = TLanes.MultiplyAdd(y, x1, r2);
            y = TLanes.Broadcast(in left, 3); l3 = TLanes.MultiplyAdd(y, x0, l3); r3 = TLanes.MultiplyAdd(y, x1, r3);
            y = TLanes.Broadcast(in left, 4); l4 = TLanes.MultiplyAdd(y, x0, l4); r4 = TLanes.MultiplyAdd(y, x1, r4);
            y = TLanes.Broadcast(in left, 5); l5 = TLanes.MultiplyAdd(y, x0, l5); r5 = TLanes.MultiplyAdd(y, x1, r5);
            left = ref Unsafe.Add(ref left, 6);
            right = ref Unsafe.Add(ref right, 2 * TLanes.Count);
        }
        Put(l0, r0, ref c, add);
        Put(l1, r1, ref c = ref Unsafe.Add(ref c, stride), add);
        Put(l2, r2, ref c = ref Unsafe.Add(ref c, stride), add);
        Put(l3, r3, ref c = ref Unsafe.Add(ref c, stride), add);
        Put(l4, r4, ref c = ref Unsafe.Add(ref c, stride), add);
        Put(l5, r5, ref c = ref Unsafe.Add(ref c, stride), add);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(TVector left, TVector right, ref float c, bool add)
    {
        if (add) (left, right) = (TLanes.Add(TLanes.Load(in c, 0), left), TLanes.Add(TLanes.Load(in c, TLanes.Count), right));
        TLanes.Store(left, ref c, 0);
        TLanes.Store(right, ref c, TLanes.Count);
    }
}
