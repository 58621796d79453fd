using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Rows;

/// <summary>Rows of types that are readable and not native, as they are and with the scale beside them.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class StoredTypesTests : IDisposable
{
    private const int Rows = 6, Width = 40;

    private static readonly ElementType[] NotNative = [.. ElementTypes.All.Where(type => type.IsReadable() && !type.IsNative())];

    private readonly TemporaryFolder _folder = new();

    private string Base => _folder.File("base.safetensors");

    private string Tuned => _folder.File("tuned.safetensors");

    public void Dispose() => _folder.Dispose();

    /// <summary>The scan and the norms say what they say of the same values in F32.</summary>
    [TestCaseSource(nameof(NotNative))]
    public void Rows_are_compared_as_their_values_in_F32(ElementType type)
    {
        byte[] before = Codes(type, seed: 1), after = [.. before];
        Codes(type, seed: 2).AsSpan(0, 3 * Width * type.ByteSize()).CopyTo(after);
        foreach (bool useMemoryMap in (bool[])[true, false])
        {
            RowScanResult found = Scan(useMemoryMap, (type, before), (type, after), new());
            AssertSame(found, Widened(type, before), Widened(type, after), new());
            Assert.That((found.BaseType, found.Unchanged), Is.EqualTo((type, 3L)));
        }
        RowMatrix memory = RowMatrix.FromMemory(before, type, Rows, Width);
        Assert.That(RowNorms.Of(memory), Is.EqualTo(RowNorms.Of(Widened(type, before))));
    }

    /// <summary>A device is given what is widened here: it has kernels for native types alone.</summary>
    [Test]
    public void A_device_compares_the_same_values()
    {
        const int Few = 2;
        SafetensorsWriter.Write(Base, [TensorSource.FromBytes("w", ElementType.F8E4M3, [Few, Width],
            Codes(ElementType.F8E4M3, 1).AsMemory(0, Few * Width)), Scale("w_scale", [Few], 0.61f, 0.37f)]);
        SafetensorsWriter.Write(Tuned, [TensorSource.FromBytes("w", ElementType.F64, [Few, Width],
            Codes(ElementType.F64, 1).AsMemory(0, Few * Width * sizeof(double)))]);
        using Checkpoint a = Checkpoint.Open(Base), b = Checkpoint.Open(Tuned);
        RowMatrix before = RowMatrix.FromTensor(a.GetTensor("w")), after = RowMatrix.FromTensor(b.GetTensor("w"));
        using KernelDevice device = new SimulatedDevice();
        AssertSame(RowScan.Run(before, after, new() { KernelDevice = device, ChunkBytes = 1 }), before, after, new());
    }

    /// <summary>NaN of E4M3, all bits set, makes a row that is not finite.</summary>
    [TestCase(ElementType.F8E4M3, (byte)0x7F), TestCase(ElementType.F8E4M3, (byte)0xFF), TestCase(ElementType.F8E5M2, (byte)0xFC)]
    public void A_row_with_a_code_that_is_no_number_is_not_finite(ElementType type, byte code)
    {
        byte[] before = Codes(type, seed: 1), after = [.. before];
        after[Width + 7] = code;
        RowScanResult found = Scan(true, (type, before), (type, after), new());
        Assert.That(found.Find(RowState.NonFinite), Is.EqualTo(new[] { 1 }));
    }

    [Test]
    public void Codes_without_a_scale_are_refused_against_anything_else(
        [Values(ElementType.F8E4M3, ElementType.F8E5M2, ElementType.I8, ElementType.U8)] ElementType type,
        [Values(ElementType.BF16, ElementType.F64)] ElementType other)
    {
        string message = $"{type.ToName()} without a scale in the base, {other.ToName()}";
        Assert.That(() => Scan(true, (type, Codes(type, 1)), (other, Codes(other, 1)), new()),
            Throws.TypeOf<NotSupportedException>().With.Message.Contains(message).And.Message.Contains("w_scale or w_scale_inv"));
        Assert.That(() => Scan(true, (type, Codes(type, 1)), (other, Codes(other, 1)), new() { Pairing = RowPairing.ById(Rows, Rows) }),
            Throws.TypeOf<NotSupportedException>().With.Message.Contains(message));
        Assert.That(() => Scan(true, (other, Codes(other, 1)), (type, Codes(type, 1)), new()), Throws.TypeOf<NotSupportedException>());
    }

    [Test]
    public void Codes_of_two_types_are_refused_without_scales() =>
        Assert.That(() => Scan(true, (ElementType.I8, Codes(ElementType.I8, 1)), (ElementType.U8, Codes(ElementType.U8, 1)), new()),
            Throws.TypeOf<NotSupportedException>().With.Message
                .Contains("I8 without a scale in the base, U8 without a scale in the tuned"));

    [Test]
    public void Codes_of_one_type_are_refused_where_only_one_side_has_a_scale()
    {
        (ElementType, byte[]) codes = (ElementType.F8E4M3, Codes(ElementType.F8E4M3, 1));
        Assert.That(() => Scan(true, codes, codes, new(), baseScale: Scale("w_scale", [], 2)),
            Throws.TypeOf<NotSupportedException>().With.Message.Contains("F8_E4M3 with a scale in the base, F8_E4M3 without a scale"));
    }

    /// <summary>One value, one a row, one for some columns of a row, and blocks of which the last are smaller.</summary>
    [TestCase("w_scale", new long[] { }, Rows, Width), TestCase("w_scale", new long[] { 1 }, Rows, Width)]
    [TestCase("w_scale_inv", new long[] { 1, 1 }, Rows, Width), TestCase("w_scale", new long[] { Rows }, 1, Width)]
    [TestCase("w_scale", new long[] { Rows, 1 }, 1, Width), TestCase("w_scale", new long[] { Rows, 4 }, 1, Width / 4)]
    [TestCase("w_scale_inv", new long[] { 2, 3 }, 4, 16)]
    public void A_value_is_its_code_times_the_scale_of_its_block(string name, long[] shape, int blockRows, int blockColumns)
    {
        File.WriteAllText(_folder.File("config.json"), "{\"quantization_config\": {\"weight_block_size\": [4, 16]}}");
        byte[] codes = Codes(ElementType.F8E4M3, 1);
        int count = (int)shape.Aggregate(1L, (a, b) => a * b), perRow = (Width + blockColumns - 1) / blockColumns;
        float[] scales = [.. Enumerable.Range(0, count).Select(i => 0.61f + (i * 0.37f))];
        float[] expected = Floats(ElementType.F8E4M3, codes);
        for (int i = 0; i < expected.Length; i++)
            expected[i] *= scales[(i / Width / blockRows * perRow) + (i % Width / blockColumns)];
        byte[] bfloat = RowRounding.ToBytes(expected, ElementType.BF16);

        RowScanResult found = Scan(true, (ElementType.F8E4M3, codes), (ElementType.BF16, bfloat), new(), Scale(name, shape, scales));
        AssertSame(found, Matrix(expected), RowMatrix.FromMemory(bfloat, ElementType.BF16, Rows, Width), new());
        Assert.That((found.BaseType, found.TunedType), Is.EqualTo((ElementType.F8E4M3, ElementType.BF16)));
        Assert.That(found.LargestStatistic is > 0 and < 0.2, Is.True, "rounding alone moves little");
    }

    /// <summary>DeepSeek-V3's blocks of 128 × 128, where nothing in a configuration names others.</summary>
    [Test]
    public void Blocks_are_128_by_128_where_nobody_says_otherwise()
    {
        const int Tall = 200, Wide = 300;
        byte[] codes = [.. Enumerable.Repeat((byte)0x38, Tall * Wide)];  // 1.0
        float[] scales = [1, 2, 3, 4, 5, 6];
        SafetensorsWriter.Write(Base,
            [TensorSource.FromBytes("w", ElementType.F8E4M3, [Tall, Wide], codes), Scale("w_scale_inv", [2, 3], scales)]);
        using Checkpoint checkpoint = Checkpoint.Open(Base);
        ReadOnlySpan<float> last = checkpoint.GetTensor("w").Values.GetRow<float>(128);
        Assert.That((last[127], last[128], last[256], last[299]), Is.EqualTo((4f, 5f, 6f, 6f)));
        Assert.That(checkpoint.GetTensor("w").Values.GetRow<float>(127)[299], Is.EqualTo(3f));
    }

    /// <summary>Equal codes with different scales are different values; different codes whose values are equal are not.</summary>
    [Test]
    public void Values_are_compared_and_not_codes_where_scales_differ()
    {
        byte[] codes = [.. Enumerable.Range(0, Rows * Width).Select(i => (byte)(1 + (i % 20)))];
        byte[] doubled = [.. codes.Select(c => (byte)(2 * c))];
        float[] half = [.. Enumerable.Repeat(0.5f, Rows)];
        RowScanResult found = Scan(true, (ElementType.I8, codes), (ElementType.I8, doubled), new(), Scale("w_scale", [], 1f),
            Scale("w_scale", [Rows, 1], half));
        Assert.That(found.Unchanged, Is.EqualTo(Rows));
        found = Scan(true, (ElementType.I8, codes), (ElementType.I8, codes), new(), Scale("w_scale", [], 1f),
            Scale("w_scale", [Rows, 1], [1, 1, 1, 1, 1, 0.5f]));
        Assert.That(found.Find(RowState.Changed), Is.EqualTo(new[] { Rows - 1 }));
    }

    [TestCase("w_scale", new long[] { 2, 7 }, "[2,7] fits no tensor"), TestCase("w_scale_inv", new long[] { 3 }, "[3] fits no tensor")]
    public void A_scale_of_another_shape_is_refused_by_name(string name, long[] shape, string message)
    {
        (ElementType, byte[]) codes = (ElementType.F8E4M3, Codes(ElementType.F8E4M3, 1));
        TensorSource scale = Scale(name, shape, new float[shape.Aggregate(1L, (a, b) => a * b)]);
        CheckpointFormatException refusal = Assert.Throws<CheckpointFormatException>(() => Scan(true, codes, codes, new(), scale, scale))!;
        Assert.That((refusal.Kind, refusal.Tensor), Is.EqualTo((CheckpointDefect.InvalidScale, name)));
        Assert.That(refusal.Message, Does.Contain(message).And.Contain("\"w\" [6,40]").And.Contain("Convert the tensor"));
    }

    [TestCase("w_zero_point"), TestCase("w_g_idx"), TestCase("w_scale")]
    public void What_makes_more_of_a_code_than_a_product_is_refused_by_name(string beside)
    {
        SafetensorsWriter.Write(Base, [TensorSource.FromBytes("w", ElementType.I8, [Rows, Width], Codes(ElementType.I8, 1)),
            Scale(beside == "w_scale" ? "w_scale_inv" : "w_scale", [], 1f),
            TensorSource.FromBytes(beside, ElementType.I8, [1], new byte[1])]);
        using Checkpoint checkpoint = Checkpoint.Open(Base);
        Assert.That(() => RowMatrix.FromTensor(checkpoint.GetTensor("w")),
            Throws.TypeOf<CheckpointFormatException>().With.Message.Contains($"beside it lies \"{beside}\""));
    }

    /// <summary>A scale is no code itself; exponents alone (E8M0) are not read.</summary>
    [Test]
    public void A_scale_of_another_type_is_refused_by_name()
    {
        SafetensorsWriter.Write(Base, [TensorSource.FromBytes("w", ElementType.I8, [Rows, Width], Codes(ElementType.I8, 1)),
            TensorSource.FromBytes("w_scale", ElementType.F8E8M0, [1], new byte[1])]);
        using Checkpoint checkpoint = Checkpoint.Open(Base);
        Assert.That(() => RowMatrix.FromTensor(checkpoint.GetTensor("w")),
            Throws.TypeOf<CheckpointFormatException>().With.Message.Contains("this one is F8_E8M0"));
    }

    [Test]
    public void A_scale_beside_numbers_has_no_part_in_them()
    {
        SafetensorsWriter.Write(Base, [TensorSource.FromBytes("w", ElementType.F32, [1, 2], new byte[8]), Scale("w_scale", [], 3f)]);
        using Checkpoint checkpoint = Checkpoint.Open(Base);
        Assert.That(checkpoint.GetTensor("w").Scale, Is.Null);
    }

    private RowScanResult Scan(bool useMemoryMap, (ElementType Type, byte[] Bytes) before, (ElementType Type, byte[] Bytes) after,
        RowScanOptions options, TensorSource? baseScale = null, TensorSource? tunedScale = null)
    {
        SafetensorsWriter.Write(Base, [TensorSource.FromBytes("w", before.Type, [Rows, Width], before.Bytes), .. Given(baseScale)]);
        SafetensorsWriter.Write(Tuned, [TensorSource.FromBytes("w", after.Type, [Rows, Width], after.Bytes), .. Given(tunedScale)]);
        CheckpointOptions reading = new() { UseMemoryMap = useMemoryMap };
        using Checkpoint a = Checkpoint.Open(Base, reading), b = Checkpoint.Open(Tuned, reading);
        return RowScan.Run(RowMatrix.FromTensor(a.GetTensor("w")), RowMatrix.FromTensor(b.GetTensor("w")), options);
        static TensorSource[] Given(TensorSource? source) => source is null ? [] : [source];
    }

    private static TensorSource Scale(string name, long[] shape, params float[] values) =>
        TensorSource.FromBytes(name, ElementType.F32, shape, MemoryMarshal.AsBytes<float>(values).ToArray());

    private static void AssertSame(RowScanResult found, RowMatrix before, RowMatrix after, RowScanOptions options)
    {
        RowScanResult expected = RowScan.Run(before, after, options);
        Assert.That(found.Rows, Is.EqualTo(expected.Rows));
    }

    private static RowMatrix Widened(ElementType type, byte[] bytes) => Matrix(Floats(type, bytes));

    private static RowMatrix Matrix(float[] values) =>
        RowMatrix.FromMemory(MemoryMarshal.AsBytes<float>(values).ToArray(), ElementType.F32, Rows, Width);

    private static float[] Floats(ElementType type, byte[] bytes)
    {
        float[] values = new float[Rows * Width];
        ElementCodec.Of(type).Widen(bytes, values);
        return values;
    }

    /// <summary>Finite values of a type.</summary>
    private static byte[] Codes(ElementType type, int seed)
    {
        Random random = new(seed);
        if (type.ByteSize() == 1)
            return [.. Enumerable.Range(0, Rows * Width).Select(_ => (byte)(random.Next(0x70) | (random.Next(2) << 7)))];
        float[] values = [.. Enumerable.Range(0, Rows * Width).Select(_ => (float)((random.NextDouble() - 0.5) / 3))];
        return type == ElementType.F64 ? MemoryMarshal.AsBytes<double>(values.Select(v => v / 3.0).ToArray()).ToArray()
            : RowRounding.ToBytes(values, type);
    }
}
