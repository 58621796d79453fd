using System.Runtime.InteropServices;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;

namespace KsLottery.Engine.Tests.Rows;

[Category("instructions")]
public sealed class RowNormsTests
{
    private const int Count = 40;

    /// <summary>Norms and changes are read without a test; the scan says the same of them, bit for bit.</summary>
    [Test]
    public void Norms_and_changed_rows_are_those_of_a_scan(
        [Values(ElementType.F32, ElementType.F16, ElementType.BF16)] ElementType type, [Values(1, 31, 32, 100)] int width,
        [Values] bool isPaired)
    {
        byte[] before = Values(type, width), after = (byte[])before.Clone();
        int rowBytes = width * type.ByteSize();
        for (int row = 0; row < Count; row += 3) after[((row + 1) * rowBytes) - 1] ^= 1;
        RowMatrix a = RowMatrix.FromMemory(before, type, Count, width), b = RowMatrix.FromMemory(after, type, Count, width);
        RowPairing pairing = isPaired ? RowPairing.Of([-1, .. Enumerable.Range(1, Count - 1)], Count) : RowPairing.ById(Count, Count);
        RowScanResult scan = RowScan.Run(a, b, new() { Pairing = pairing });
        Assert.That(RowNorms.Each(a, 2, default), Is.EqualTo(scan.Rows.Select(row => row.BaseNorm)));
        Assert.That(ChangedRows.Of(a, b, pairing, default),
            Is.EqualTo(Enumerable.Range(0, Count).Where(row => scan.Rows[row].State is RowState.Changed or RowState.Degenerate)));
    }

    [Test]
    public void Types_that_differ_are_compared_as_F32_and_zeros_have_no_sign()
    {
        float[] values = [1, 2, 0, -0f, 1, 2, 0, 0.1f];
        RowMatrix wide = RowMatrix.FromMemory(MemoryMarshal.AsBytes<float>(values).ToArray(), ElementType.F32, 4, 2);
        ushort[] half = [.. values.Select(value => BitConverter.HalfToUInt16Bits((Half)value))];
        half[3] = 0;
        RowMatrix narrow = RowMatrix.FromMemory(MemoryMarshal.AsBytes<ushort>(half).ToArray(), ElementType.F16, 4, 2);
        Assert.That(ChangedRows.Of(wide, narrow, RowPairing.ById(4, 4), default), Is.EqualTo(new[] { 3 }), "0.1 is rounded");
    }

    [Test]
    public void Dead_rows_and_rows_without_a_norm_are_counted()
    {
        float[] values = [3, 4, 0, 0, 1e-9f, 0, float.NaN, 1, 5, 12, float.PositiveInfinity, 0, 8, 6];
        RowNorms norms = RowNorms.Of(RowMatrix.FromMemory(MemoryMarshal.AsBytes<float>(values).ToArray(), ElementType.F32, 7, 2));
        Assert.That(norms, Is.EqualTo(new RowNorms(7, 0, 5, 13, Zero: 1, NearlyZero: 1, NonFinite: 2)));
        RowNorms none = RowNorms.Of(RowMatrix.FromMemory(MemoryMarshal.AsBytes<float>([float.NaN]).ToArray(), ElementType.F32, 1, 1));
        Assert.That((double.IsNaN(none.Median), none.NonFinite), Is.EqualTo((true, 1L)));
    }

    private static byte[] Values(ElementType type, int width)
    {
        SplitMix64 random = new((ulong)width);
        byte[] bytes = new byte[Count * width * type.ByteSize()];
        for (int i = 0; i < Count * width; i++)
        {
            float value = (float)random.NextNormal();
            if (type == ElementType.F32) MemoryMarshal.Cast<byte, float>(bytes.AsSpan())[i] = value;
            else if (type == ElementType.F16) MemoryMarshal.Cast<byte, Half>(bytes.AsSpan())[i] = (Half)value;
            else MemoryMarshal.Cast<byte, ushort>(bytes.AsSpan())[i] = (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16);
        }
        return bytes;
    }
}
