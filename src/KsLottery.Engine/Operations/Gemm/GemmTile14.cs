using System.Runtime.CompilerServices;

namespace KsLottery.Engine.Operations;

/// <summary>Fourteen rows of two vectors: 28 sums, two vectors of B and one element of A fit 32 registers.</summary>
/// <remarks>Written out because only named locals are kept in registers; the two tiles are meant as twins.</remarks>
/// <typeparam name="TLanes">The vectors' operations.</typeparam>
/// <typeparam name="TVector">The vector.</typeparam>
internal readonly struct GemmTile14<TLanes, TVector> : IGemmTile where TLanes : struct, IGemmLanes<TVector> where TVector : struct
{
    /// <summary>So many rows alone, of which 16 sums are enough to keep both units busy, take that much less time.</summary>
    private const int FewRows = 8;

    /// <summary>How many steps before their turn panels are fetched: a panel of each is more than the first cache holds.</summary>
    private const int AheadOfA = 16, AheadOfB = 8;

    public static int Rows => 14;

    public static int Columns => 2 * TLanes.Count;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Multiply(int depth, ref readonly float a, ref readonly float b, ref float c, nint stride, bool add, int rows)
    {
        if (rows > FewRows) MultiplyAll(depth, in a, in b, ref c, stride, add);
        else MultiplyFew(depth, in a, in b, ref c, stride, add);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyAll(int depth, ref readonly float a, ref readonly float b, ref float c, nint stride, bool add)
    {
        ref float left = ref Unsafe.AsRef(in a), right = ref Unsafe.AsRef(in b);
        for (int i = 0; i < Rows; i++) Interop.Cache.Prefetch(in c, i * stride);
        TVector l0 = default, r0 = default, l1 = default, r1 = default;
        TVector l2 = default, r2 = default, l3 = default, r3 = default;
        TVector l4 = default, r4 = default, l5 = default, r5 = default;
        TVector l6 = default, r6 = default, l7 = default, r7 = default;
        TVector l8 = default, r8 = default, l9 = default, r9 = default;
        TVector l10 = default, r10 = default, l11 = default, r11 = default;
        TVector l12 = default, r12 = default, l13 = default, r13 = default;
        for (; depth > 0; depth--)
        {
            Interop.Cache.PrefetchNear(in left, Rows * AheadOfA);
            Interop.Cache.PrefetchNear(in right, 2 * TLanes.Count * AheadOfB);
            Interop.Cache.PrefetchNear(in right, ((2 * AheadOfB) + 1) * TLanes.Count);
            TVector x0 = TLanes.Load(in right, 0), x1 = TLanes.Load(in right, TLanes.Count), y;
            y = TLanes.Broadcast(in left, 0); l0 = TLanes.MultiplyAdd(y, x0, l0); r0 = TLanes.MultiplyAdd(y, x1, r0);
            y = TLanes.Broadcast(in left, 1); l1 = TLanes.MultiplyAdd(y, x0, l1); r1 = TLanes.MultiplyAdd(y, x1, r1);
            y = TLanes.Broadcast(in left, 2); l2 = TLanes.MultiplyAdd(y, x0, l2); r2 = TLanes.MultiplyAdd(y, x1, r2);
            y = TLanes.Broadcast(in left, 3); l3 = TLanes.MultiplyAdd(y, x0, l3); r3 = TLanes.MultiplyAdd(y, x1, r3);
            y = TLanes.Broadcast(in left, 4); l4 = TLanes.MultiplyAdd(y, x0, l4); r4 = TLanes.MultiplyAdd(y, x1, r4);
            y = TLanes.Broadcast(in left, 5); l5 = TLanes.MultiplyAdd(y, x0, l5); r5 = TLanes.MultiplyAdd(y, x1, r5);
            y = TLanes.Broadcast(in left, 6); l6 = TLanes.MultiplyAdd(y, x0, l6); r6 = TLanes.MultiplyAdd(y, x1, r6);
            y = TLanes.Broadcast(in left, 7); l7 = TLanes.MultiplyAdd(y, x0, l7); r7 = TLanes.MultiplyAdd(y, x1, r7);
            y = TLanes.Broadcast(in left, 8); l8 = TLanes.MultiplyAdd(y, x0, l8); r8 = TLanes.MultiplyAdd(y, x1, r8);
            y = TLanes.Broadcast(in left, 9); l9 = TLanes.MultiplyAdd(y, x0, l9); r9 = TLanes.MultiplyAdd(y, x1, r9);
            y = TLanes.Broadcast(in left, 10); l10 = TLanes.MultiplyAdd(y, x0, l10); r10 = TLanes.MultiplyAdd(y, x1, r10);
            y = TLanes.Broadcast(in left, 11); l11 = TLanes.MultiplyAdd(y, x0, l11); r11 = TLanes.MultiplyAdd(y, x1, r11);
            y = TLanes.Broadcast(in left, 12); l12 = TLanes.MultiplyAdd(y, x0, l12); r12 = TLanes.MultiplyAdd(y, x1, r12);
            y = TLanes.Broadcast(in left, 13); l13 = TLanes.MultiplyAdd(y, x0, l13); r13 = TLanes.MultiplyAdd(y, x1, r13);
            left = ref Unsafe.Add(ref left, 14);
            right = ref Unsafe.Add(ref right, 2 * TLanes.Count);
        }
        Put(l0, r0, ref c, add);
        Put(l1, r1, ref c = ref Unsafe.Add(ref c, stride), add);
        Put(l2, r2, ref c = ref Unsafe.Add(ref c, stride), add);
        Put(l3, r3, ref c = ref Unsafe.Add(ref c, stride), add);
        Put(l4, r4, ref c = ref Unsafe.Add(ref c, stride), add);
        Put(l5, r5, ref c = ref Unsafe.Add(ref c, stride), add);
        Put(l6, r6, ref c = ref Unsafe.Add(ref c, stride), add);
        Put(l7, r7, ref c = ref Unsafe.Add(ref c, stride), add);
        Put(l8, r8, ref c = ref Unsafe.Add(ref c, stride), add);
        Put(l9, r9, ref c = ref Unsafe.Add(ref c, stride), add);
        Put(l10, r10, ref c = ref Unsafe.Add(ref c, stride), add);
        Put(l11, r11, ref c = ref Unsafe.Add(ref c, stride), add);
        Put(l12, r12, ref c = ref Unsafe.Add(ref c, stride), add);
        Put(l13, r13, ref c = ref Unsafe.Add(ref c, stride), add);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyFew(int depth, ref readonly float a, ref readonly float b, ref float c, nint stride, bool add)
    {
        ref float left = ref Unsafe.AsRef(in a), right = ref Unsafe.AsRef(in b);
        for (int i = 0; i < FewRows; i++) Interop.Cache.Prefetch(in c, i * stride);
        TVector l0 = default, r0 = default, l1 = default, r1 = default;
        TVector l2 = default, r2 = default, l3 = default, r3 = default;
        TVector l4 = default, r4 = default, l5 = default, r5 = default;
        TVector l6 = default, r6 = default, l7 = default, r7 = default;
        for (; depth > 0; depth--)
        {
            TVector x0 = TLanes.Load(in right, 0), x1 = TLanes.Load(in right, TLanes.Count), y;
            y = TLanes.Broadcast(in left, 0); l0 = TLanes.MultiplyAdd(y, x0, l0); r0 = TLanes.MultiplyAdd(y, x1, r0);
            y = TLanes.Broadcast(in left, 1); l1 = TLanes.MultiplyAdd(y, x0, l1); r1 = TLanes.MultiplyAdd(y, x1, r1);
            y = TLanes.Broadcast(in left, 2); l2 = TLanes.MultiplyAdd(y, x0, l2); r2 = TLanes.MultiplyAdd(y, x1, r2);
            y = TLanes.Broadcast(in left, 3); l3 = TLanes.MultiplyAdd(y, x0, l3); r3 = TLanes.MultiplyAdd(y, x1, r3);
            y = TLanes.Broadcast(in left, 4); l4 = TLanes.MultiplyAdd(y, x0, l4); r4 = TLanes.MultiplyAdd(y, x1, r4);
            y = TLanes.Broadcast(in left, 5); l5 = TLanes.MultiplyAdd(y, x0, l5); r5 = TLanes.MultiplyAdd(y, x1, r5);
            y = TLanes.Broadcast(in left, 6); l6 = TLanes.MultiplyAdd(y, x0, l6); r6 = TLanes.MultiplyAdd(y, x1, r6);
            y = TLanes.Broadcast(in left, 7); l7 = TLanes.MultiplyAdd(y, x0, l7); r7 = TLanes.MultiplyAdd(y, x1, r7);
            left = ref Unsafe.Add(ref left, 14);
            right = ref Unsafe.Add(ref right, 2 * TLanes.Count);
        }
        Put(l0, r0, ref c, add);
        Put(l1, r1, ref c = ref Unsafe.Add(ref c, stride), add);
        Put(l2, r2, ref c = ref Unsafe.Add(ref c, stride), add);
        Put(l3, r3, ref c = ref Unsafe.Add(ref c, stride), add);
        Put(l4, r4, ref c = ref Unsafe.Add(ref c, stride), add);
        Put(l5, r5, ref c = ref Unsafe.Add(ref c, stride), add);
        Put(l6, r6, ref c = ref Unsafe.Add(ref c, stride), add);
        Put(l7, r7, ref c = ref Unsafe.Add(ref c, stride), add);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Put(TVector left, TVector right, ref float c, bool add)
    {
        if (add) (left, right) = (TLanes.Add(TLanes.Load(in c, 0), left), TLanes.Add(TLanes.Load(in c, TLanes.Count), right));
        TLanes.Store(left, ref c, 0);
        TLanes.Store(right, ref c, TLanes.Count);
    }
}
