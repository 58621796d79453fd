using System.Runtime.CompilerServices;

namespace KsLottery.Engine.Operations;

/// <summary>The sums of eight elements of a product at once.</summary>
/// <remarks>
/// A block of products is one chain, so its speed is a multiply-add's latency. Lanes are blocks, and eight elements keep two units busy
/// that take four cycles each.
/// </remarks>
/// <typeparam name="TLanes">The vectors' operations.</typeparam>
/// <typeparam name="TVector">The vector.</typeparam>
internal static class SampledTile<TLanes, TVector> where TLanes : struct, IGemmLanes<TVector> where TVector : struct
{
    /// <summary>Multiplies lines of rows and columns.</summary>
    /// <param name="length">Floats of a line: the products of a block times the lanes.</param>
    /// <param name="rows">The rows' lines.</param>
    /// <param name="columns">The columns' lines.</param>
    /// <param name="a">Four elements.</param>
    /// <param name="b">Four more; may be the same.</param>
    /// <param name="sums">(8, lanes).</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply(nint length, ref readonly float rows, ref readonly float columns, in SampledQuad a, in SampledQuad b,
        ref float sums)
    {
        ref float row = ref Unsafe.AsRef(in rows), column = ref Unsafe.AsRef(in columns);
        ref float y0 = ref Unsafe.Add(ref row, a.Row), y1 = ref Unsafe.Add(ref row, b.Row);
        ref float x0 = ref Unsafe.Add(ref column, a.Column0), x1 = ref Unsafe.Add(ref column, a.Column1),
            x2 = ref Unsafe.Add(ref column, a.Column2), x3 = ref Unsafe.Add(ref column, a.Column3),
            x4 = ref Unsafe.Add(ref column, b.Column0), x5 = ref Unsafe.Add(ref column, b.Column1),
            x6 = ref Unsafe.Add(ref column, b.Column2), x7 = ref Unsafe.Add(ref column, b.Column3);
        TVector s0 = default, s1 = default, s2 = default, s3 = default, s4 = default, s5 = default, s6 = default, s7 = default;
        for (nint i = 0; i < length; i += TLanes.Count)
        {
            TVector y = TLanes.Load(in y0, i);
            s0 = TLanes.MultiplyAdd(y, TLanes.Load(in x0, i), s0);
            s1 = TLanes.MultiplyAdd(y, TLanes.Load(in x1, i), s1);
            s2 = TLanes.MultiplyAdd(y, TLanes.Load(in x2, i), s2);
            s3 = TLanes.MultiplyAdd(y, TLanes.Load(in x3, i), s3);
            y = TLanes.Load(in y1, i);
            s4 = TLanes.MultiplyAdd(y, TLanes.Load(in x4, i), s4);
            s5 = TLanes.MultiplyAdd(y, TLanes.Load(in x5, i), s5);
            s6 = TLanes.MultiplyAdd(y, TLanes.Load(in x6, i), s6);
            s7 = TLanes.MultiplyAdd(y, TLanes.Load(in x7, i), s7);
        }
        TLanes.Store(s0, ref sums, 0);
        TLanes.Store(s1, ref sums, TLanes.Count);
        TLanes.Store(s2, ref sums, 2 * TLanes.Count);
        TLanes.Store(s3, ref sums, 3 * TLanes.Count);
        TLanes.Store(s4, ref sums, 4 * TLanes.Count);
        TLanes.Store(s5, ref sums, 5 * TLanes.Count);
        TLanes.Store(s6, ref sums, 6 * TLanes.Count);
        TLanes.Store(s7, ref sums, 7 * TLanes.Count);
    }
}
