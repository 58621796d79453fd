using System.Globalization;
using System.Runtime.InteropServices;
using System.Text.Json;
using KsLottery.Engine.Numerics;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Numerics;

[Category("instructions")]
public sealed class ElementCodecTests
{
    private static IEnumerable<ElementType> Readable => ElementTypes.All.Where(type => type.IsReadable());

    /// <summary>All 65,536 bit patterns of both types, against the runtime's conversion or the definition.</summary>
    [TestCase(ElementType.F16), TestCase(ElementType.BF16)]
    public void Widening_16_bits_is_exact_for_every_bit_pattern(ElementType type)
    {
        ushort[] bits = [.. Enumerable.Range(0, 65_536).Select(i => (ushort)i), 0x3c00, 0x8001, 0x7fff];  // a tail, too
        float[] values = Widen(type, MemoryMarshal.AsBytes<ushort>(bits));
        for (int i = 0; i < bits.Length; i++)
        {
            float expected = type == ElementType.F16 ? (float)BitConverter.UInt16BitsToHalf(bits[i])
                : BitConverter.Int32BitsToSingle(bits[i] << 16);
            AssertBits(values[i], expected, $"{bits[i]:x4}");
        }
    }

    /// <summary>Every code of both forms, against a table that was made elsewhere.</summary>
    [Test]
    public void All_codes_of_both_8_bit_floats_have_their_values()
    {
        string[][] table = [.. File.ReadLines(SharedData.Path("systems", "fp8.tsv")).Skip(1).Select(line => line.Split('\t'))];
        Assert.That(table, Has.Length.EqualTo(256));
        foreach (string[] row in table)
        {
            byte code = byte.Parse(row[0], CultureInfo.InvariantCulture);
            AssertBits(Widen(ElementType.F8E4M3, [code])[0], OfBits(row[2]), $"E4M3 {code}");
            AssertBits(Widen(ElementType.F8E5M2, [code])[0], OfBits(row[4]), $"E5M2 {code}");
        }
        static float OfBits(string text) => text == "nan" ? float.NaN
            : BitConverter.UInt32BitsToSingle(uint.Parse(text, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
    }

    /// <summary>To nearest, of two the even code, and beyond the range NaN or infinity: not saturating.</summary>
    [Test]
    public void Values_are_rounded_to_8_bits_as_the_reference_rounds_them()
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(SharedData.Path("systems", "fp8_encode.json")));
        JsonElement[] cases = [.. golden.RootElement.GetProperty("encode").EnumerateArray()];
        Assert.That(cases, Has.Length.EqualTo(48));
        foreach (JsonElement item in cases)
        {
            float value = (float)Value(item);
            Assert.That((Narrow(ElementType.F8E4M3, value)[0], Narrow(ElementType.F8E5M2, value)[0]),
                Is.EqualTo((item.GetProperty("e4m3fn").GetByte(), item.GetProperty("e5m2").GetByte())), $"{value:R}");
        }
    }

    [TestCase(ElementType.F64), TestCase(ElementType.F16), TestCase(ElementType.BF16), TestCase(ElementType.I8), TestCase(ElementType.U8)]
    public void Samples_of_the_other_types_have_their_values(ElementType type)
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllText(SharedData.Path("systems", "fp8_encode.json")));
        JsonElement[] samples = [.. golden.RootElement.GetProperty($"other_{type.ToName()}").EnumerateArray()];
        Assert.That(samples, Is.Not.Empty);
        foreach (JsonElement sample in samples)
        {
            string bytes = (sample.TryGetProperty("bytes_le", out JsonElement hex) ? hex : sample.GetProperty("byte")).GetString()!;
            AssertBits(Widen(type, Convert.FromHexString(bytes))[0], (float)Value(sample), bytes);
        }
    }

    /// <summary>Every 8-bit code, and samples of the wider types.</summary>
    [TestCaseSource(nameof(Readable))]
    public void A_value_that_was_read_is_stored_with_the_same_bits(ElementType type)
    {
        byte[] bytes = Numbers(type);
        float[] values = Widen(type, bytes);
        byte[] stored = new byte[bytes.Length];
        ElementCodec.Of(type).Narrow(values, stored);
        int size = type.ByteSize();
        for (int i = 0; i < values.Length; i++)
            if (float.IsFinite(values[i]))
                Assert.That(stored[(i * size)..((i + 1) * size)], Is.EqualTo(bytes[(i * size)..((i + 1) * size)]), $"{values[i]:R}");
    }

    /// <summary>The key is that of the F32 value: all types sort into one order.</summary>
    [TestCaseSource(nameof(Readable))]
    public void Keys_sort_as_values_do(ElementType type)
    {
        float[] values = [.. Widen(type, Numbers(type)).Where(v => !float.IsNaN(v)).Order()];
        Assert.That(values.Length, Is.InRange(200, 70_000));
        for (int i = 1; i < values.Length; i++)
        {
            uint before = SortableKey.FromSingle(values[i - 1]), key = SortableKey.FromSingle(values[i]);
            if (before.CompareTo(key) != values[i - 1].CompareTo(values[i])) Assert.Fail($"{values[i - 1]:R} and {values[i]:R}");
        }
    }

    [TestCaseSource(nameof(Readable))]
    public void What_is_not_finite_is_found_in_every_place(ElementType type)
    {
        int size = type.ByteSize();
        ElementCodec codec = ElementCodec.Of(type);
        byte[][] all = [.. Numbers(type).Chunk(size)];
        byte[][] finite = [.. all.Where(bytes => float.IsFinite(Widen(type, bytes)[0]))];
        byte[][] others = [.. all.Where(bytes => !float.IsFinite(Widen(type, bytes)[0]))];
        Assert.That(others.Length > 0, Is.EqualTo(type is not (ElementType.I8 or ElementType.U8)));
        byte[] values = [.. Enumerable.Range(0, 193).SelectMany(i => finite[i % finite.Length])];
        Assert.That(codec.IndexOfNonFinite(values), Is.EqualTo(-1));
        foreach (int place in (int[])[192, 130, 64, 1, 0])
        {
            others.FirstOrDefault(finite[0]).CopyTo(values, place * size);
            Assert.That(codec.IndexOfNonFinite(values), Is.EqualTo(others.Length > 0 ? place : -1));
        }
    }

    [Test]
    public void The_8_bit_forms_differ_in_what_is_no_number()
    {
        Assert.That(Enumerable.Range(0, 256).Where(c => ElementCodec.Of(ElementType.F8E4M3).IndexOfNonFinite([(byte)c]) == 0),
            Is.EqualTo(new[] { 0x7F, 0xFF }));
        Assert.That(Enumerable.Range(0, 256).Where(c => ElementCodec.Of(ElementType.F8E5M2).IndexOfNonFinite([(byte)c]) == 0),
            Is.EqualTo(new[] { 0x7C, 0x7D, 0x7E, 0x7F, 0xFC, 0xFD, 0xFE, 0xFF }));
    }

    [TestCase(ElementType.I8, 127.6f, (byte)127), TestCase(ElementType.I8, -1e9f, (byte)0x80), TestCase(ElementType.I8, 2.5f, (byte)2)]
    [TestCase(ElementType.I8, -3.5f, (byte)0xFC), TestCase(ElementType.I8, float.NaN, (byte)0), TestCase(ElementType.U8, -0.6f, (byte)0)]
    [TestCase(ElementType.U8, 254.5f, (byte)254), TestCase(ElementType.U8, float.PositiveInfinity, (byte)255)]
    public void Integers_are_rounded_to_the_even_one_and_clamped(ElementType type, float value, byte expected) =>
        Assert.That(Narrow(type, value)[0], Is.EqualTo(expected));

    [Test]
    public void Doubles_are_rounded_once_to_the_nearest_and_what_they_lose_is_counted()
    {
        double[] values = [1 + Math.ScaleB(1, -24), 1 + Math.ScaleB(3, -24), 1e300, -1e-50, 0.5, double.NaN, double.NegativeInfinity];
        float[] stored = new float[values.Length];
        RoundingLoss loss = RowRounding.Convert(MemoryMarshal.AsBytes<double>(values), ElementType.F64,
            MemoryMarshal.AsBytes(stored.AsSpan()), ElementType.F32);
        Assert.That(stored, Is.EqualTo(new[]
        {
            1f, 1 + MathF.ScaleB(1, -22), float.PositiveInfinity, -0f, 0.5f, float.NaN, float.NegativeInfinity,
        }));
        Assert.That(loss, Is.EqualTo(new RoundingLoss(4, 1)));
        foreach ((int place, bool isReversible) in new[] { (4, true), (0, false) })
            Assert.That(RowRounding.IsReversible(MemoryMarshal.AsBytes<double>(values.AsSpan(place, 1)), ElementType.F64, ElementType.F32),
                Is.EqualTo(isReversible));
    }

    [Test]
    public void Readable_and_native_are_what_messages_say()
    {
        string[] Names(string text) => text.Split([", ", " or "], StringSplitOptions.None);
        Assert.That(Names(ElementTypes.ReadableNames), Is.EquivalentTo(Readable.Select(t => t.ToName())));
        Assert.That(Names(ElementTypes.NativeNames), Is.EquivalentTo(ElementTypes.All.Where(t => t.IsNative()).Select(t => t.ToName())));
        Assert.That(ElementTypes.All.Where(t => t.IsNative() && !t.IsReadable()), Is.Empty);
        foreach (ElementType type in ElementTypes.All.Except(Readable))
            Assert.That(() => ElementCodec.Of(type), Throws.TypeOf<NotSupportedException>().With.Message.Contains(type.ToName()));
    }

    private static float[] Widen(ElementType type, ReadOnlySpan<byte> bytes)
    {
        float[] values = new float[bytes.Length / type.ByteSize()];
        ElementCodec.Of(type).Widen(bytes, values);
        return values;
    }

    private static byte[] Narrow(ElementType type, float value)
    {
        byte[] bytes = new byte[type.ByteSize()];
        ElementCodec.Of(type).Narrow([value], bytes);
        return bytes;
    }

    /// <summary>Every value of a type of 8 or 16 bits; of the wider ones those that 16 bits hold.</summary>
    private static byte[] Numbers(ElementType type)
    {
        ushort[] half = [.. Enumerable.Range(0, 65_536).Select(i => (ushort)i)];
        return type.ByteSize() switch
        {
            1 => [.. Enumerable.Range(0, 256).Select(i => (byte)i)],
            2 => MemoryMarshal.AsBytes<ushort>(half).ToArray(),
            4 => MemoryMarshal.AsBytes<float>(Widen(ElementType.BF16, MemoryMarshal.AsBytes<ushort>(half))).ToArray(),
            8 => [.. Widen(ElementType.F16, MemoryMarshal.AsBytes<ushort>(half)).SelectMany(v => BitConverter.GetBytes((double)v))],
            int size => throw new NotSupportedException($"{size} bytes"),
        };
    }

    private static double Value(JsonElement item)
    {
        JsonElement value = item.GetProperty("value");
        return value.ValueKind == JsonValueKind.Number ? value.GetDouble() : value.GetString() switch
        {
            "Infinity" => double.PositiveInfinity,
            "-Infinity" => double.NegativeInfinity,
            "NaN" => double.NaN,
            string other => throw new FormatException(other),
            null => throw new FormatException("null"),
        };
    }

    private static void AssertBits(float actual, float expected, string what)
    {
        if (float.IsNaN(expected)) Assert.That(actual, Is.NaN, what);
        else Assert.That(BitConverter.SingleToInt32Bits(actual), Is.EqualTo(BitConverter.SingleToInt32Bits(expected)), what);
    }
}
