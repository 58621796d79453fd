using System.Text;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Checkpoints;

[TestFixture(true)]
[TestFixture(false)]
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class TensorTests(bool map) : IDisposable
{
    private const long ManyRows = 1_050_001;
    private const int RowLength = 4096;

    private readonly CheckpointOptions _options = new() { UseMemoryMap = map };
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public void Rows_come_in_the_stored_type_from_any_byte()
    {
        float[] values = [1, -2.5f, float.NaN, 4, 5, float.PositiveInfinity];
        for (int padding = 0; padding < 8; padding++)
        {
            string json = """{"m":{"dtype":"F32","shape":[3,2],"data_offsets":[0,24]}}""" + new string(' ', padding);
            using SafetensorsFile file = Save(SafetensorsBytes.File(json, values.SelectMany(BitConverter.GetBytes).ToArray()));
            Tensor tensor = file.GetTensor("m");

            Assert.That(tensor.RowShape, Is.EqualTo((3L, 2L)));
            Assert.That(tensor.FileOffset, Is.EqualTo(8 + json.Length));
            for (int row = 0; row < 3; row++)
                Assert.That(tensor.GetRow<float>(row).ToArray(), Is.EqualTo(values[(2 * row)..(2 * row + 2)]),
                    $"row {row}, padding {padding}");
            Assert.That(tensor.GetRow<uint>(1)[0], Is.EqualTo(BitConverter.SingleToUInt32Bits(float.NaN)));
        }
    }

    [TestCase("[]", 1, 1, 1)]
    [TestCase("[24]", 24, 1, 24)]
    [TestCase("[4,6]", 24, 4, 6)]
    [TestCase("[4,2,3]", 24, 4, 6)]
    [TestCase("[0,6]", 0, 0, 6)]
    [TestCase("[6,0]", 0, 6, 0)]
    [TestCase("[0,6,7]", 0, 0, 0)]
    public void Rows_are_the_first_dimension(string shape, int bytes, long rows, long width)
    {
        using SafetensorsFile file = Save(SafetensorsBytes.File(SafetensorsBytes.Json(("m", "U8", shape, 0, bytes)), new byte[bytes]));

        Assert.That(file.Tensors[0].RowShape, Is.EqualTo((rows, width)));
        Assert.That(file.Tensors[0].ElementCount, Is.EqualTo(bytes));
    }

    [Test]
    public void A_wrong_range_row_or_type_is_refused()
    {
        using SafetensorsFile file = Save(SafetensorsBytes.File(SafetensorsBytes.Json(
            ("m", "BF16", "[2,2]", 0, 8), ("n", "U8", "[1]", 8, 9)), new byte[9]));
        Tensor tensor = file.GetTensor("m");
        byte[] buffer = new byte[16];

        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.GetBytes(0, 9, buffer));
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.GetBytes(8, 1, buffer));
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.GetBytes(-1, 1, buffer));
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.GetBytes(1, -1, buffer));
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.GetBytes(long.MaxValue, 1, buffer));
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.GetRow<ushort>(2));
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.GetRow<ushort>(-1));
        Assert.That(Assert.Throws<NotSupportedException>(() => tensor.GetRow<float>(0))!.Message,
            Does.Contain("16 bits").And.Contain("32"));
        Assert.That(tensor.GetBytes(8, 0, buffer).Length, Is.Zero);
    }

    /// <summary>As the reference implementation, whose list of types is closed.</summary>
    [TestCase("NF4"), TestCase("f32"), TestCase("F128"), TestCase("")]
    public void A_type_that_the_format_lacks_is_refused_by_name(string type)
    {
        byte[] bytes = SafetensorsBytes.File(SafetensorsBytes.Json(("q", type, "[3]", 0, 3), ("n", "U8", "[1]", 3, 4)), 1, 2, 3, 4);
        CheckpointFormatException e = Assert.Throws<CheckpointFormatException>(() => Save(bytes))!;
        Assert.That((e.Kind, e.Tensor), Is.EqualTo((CheckpointDefect.InvalidHeaderDeserialization, "q")));
        Assert.That(e.Message, Does.Contain($"\"{type}\" is none of the format's").And.Contain("F8_E8M0").And.Contain("F4"));
    }

    /// <summary>The 22 types of version 0.8 of the reference implementation, by their sizes in bits.</summary>
    [Test]
    public void Every_type_of_the_format_is_listed_and_carried()
    {
        (string Name, int Bits)[] types =
        [
            ("BOOL", 8), ("F4", 4), ("F6_E2M3", 6), ("F6_E3M2", 6), ("U8", 8), ("I8", 8), ("F8_E5M2", 8), ("F8_E4M3", 8), ("F8_E8M0", 8),
            ("F8_E4M3FNUZ", 8), ("F8_E5M2FNUZ", 8), ("I16", 16), ("U16", 16), ("F16", 16), ("BF16", 16), ("I32", 32), ("U32", 32),
                ("F32", 32),
            ("C64", 64), ("F64", 64), ("I64", 64), ("U64", 64),
        ];
        foreach ((string name, int bits) in types)
        {
            byte[] data = [.. Enumerable.Range(1, bits / 2).Select(b => (byte)b)];
            using SafetensorsFile file = Save(SafetensorsBytes.File(SafetensorsBytes.Json(("t", name, "[4]", 0, bits / 2)), data));
            using MemoryStream copy = new();
            TensorSource.FromTensor(file.GetTensor("t")).WriteTo(copy);
            Assert.That((file.GetTensor("t").DtypeName, file.GetTensor("t").ElementType.BitSize()), Is.EqualTo((name, bits)));
            Assert.That(copy.ToArray(), Is.EqualTo(data), name);
        }
    }

    [Test]
    public void Use_after_dispose_is_an_exception()
    {
        SafetensorsFile file = Save(SafetensorsBytes.File("""{"m":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}""", 1, 2, 3, 4));
        Tensor tensor = file.GetTensor("m");
        Assert.That(Encoding.UTF8.GetString(file.HeaderBytes), Does.StartWith("{\"m\":"));
        file.Dispose();
        file.Dispose();

        Assert.Throws<ObjectDisposedException>(() => tensor.GetBytes(0, 4, new byte[4]));
        Assert.Throws<ObjectDisposedException>(() => tensor.GetRow<byte>(0));
        Assert.Throws<ObjectDisposedException>(() => tensor.DontNeed(0, 4));
        Assert.Throws<ObjectDisposedException>(() => _ = file.HeaderBytes);
    }

    [Test]
    public void Disposing_releases_the_file_at_once()
    {
        SafetensorsFile file = Save(SafetensorsBytes.File("{}"));
        file.Dispose();
        using FileStream alone = new(file.Path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        Assert.That(alone.Length, Is.EqualTo(10));
    }

    [Test]
    public void A_tensor_above_4_GiB_at_an_odd_byte_is_read_anywhere()
    {
        long bytes = ManyRows * RowLength;
        byte[] header = SafetensorsBytes.File(SafetensorsBytes.Json(
            ("a", "U8", "[1]", 0, 1), ("big", "BF16", $"[{ManyRows},2048]", 1, 1 + bytes), ("z", "U8", "[2]", 1 + bytes, 3 + bytes)));
        string path = _folder.File("big.safetensors");
        using (FileStream stream = File.Create(path))
        {
            // Sparse where the file system can: only what is written takes space.
            stream.Write(header);
            stream.SetLength(header.Length + 3 + bytes);
            foreach (long row in (long[])[0, 524_289, ManyRows - 1])
            {
                stream.Position = header.Length + 1 + row * RowLength;
                stream.Write(Encoding.ASCII.GetBytes($"row {row}"));
            }
            stream.Position = header.Length + 1 + bytes;
            stream.Write([17, 18]);
        }

        using SafetensorsFile file = SafetensorsFile.Open(path, _options);
        Tensor big = file.GetTensor("big");
        byte[] buffer = new byte[16];
        Assert.That(big.ByteLength, Is.EqualTo(bytes) & Is.GreaterThan(1L << 32));
        Assert.That(big.FileOffset % 2, Is.EqualTo((header.Length + 1) % 2));
        foreach (long row in (long[])[0, 524_289, ManyRows - 1])
        {
            string text = Encoding.ASCII.GetString(big.GetBytes(row * RowLength, 16, buffer)).TrimEnd('\0');
            Assert.That(text, Is.EqualTo($"row {row}"));
            Assert.That(big.GetRow<ushort>(row)[0], Is.EqualTo('r' + ('o' << 8)));
            big.DontNeed(row * RowLength, RowLength);
            Assert.That(big.GetRow<ushort>(row)[1], Is.EqualTo('w' + (' ' << 8)), "dropped pages come back");
        }
        Assert.That(file.GetTensor("z").GetRow<byte>(0).ToArray(), Is.EqualTo(new byte[] { 17, 18 }));
    }

    [Test]
    public void Hints_for_any_range_leave_the_content_alone()
    {
        byte[] data = [.. Enumerable.Range(0, 3 * 4096 + 77).Select(i => (byte)(i * 31))];
        using SafetensorsFile file =
            Save(SafetensorsBytes.File(SafetensorsBytes.Json(("m", "U8", $"[{data.Length}]", 0, data.Length)), data));
        Tensor tensor = file.GetTensor("m");
        foreach ((int offset, int length) in ((int, int)[])[(0, 0), (0, 1), (4095, 2), (1, data.Length - 1), (data.Length, 0),
            (0, data.Length)])
        {
            tensor.DontNeed(offset, length);
            Assert.That(tensor.GetRow<byte>(0).ToArray(), Is.EqualTo(data));
        }
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.DontNeed(0, data.Length + 1));
        Assert.Throws<ArgumentOutOfRangeException>(() => tensor.DontNeed(1, data.Length));
    }

    [Test]
    public void A_name_that_is_not_there_lists_near_ones()
    {
        using SafetensorsFile file = Save(SafetensorsBytes.File(SafetensorsBytes.Json(
            ("model.embed_tokens.weight", "U8", "[0]", 0, 0), ("lm_head.weight", "U8", "[0]", 0, 0))));

        KeyNotFoundException e = Assert.Throws<KeyNotFoundException>(() => file.GetTensor("embed_tokens"))!;
        Assert.That(e.Message, Does.Contain("Nearest: \"model.embed_tokens.weight\", \"lm_head.weight\"."));
        Assert.That(file.TryGetTensor("embed_tokens", out _), Is.False);
    }

    private SafetensorsFile Save(byte[] bytes)
    {
        string path = _folder.File($"{Guid.NewGuid():n}.safetensors");
        File.WriteAllBytes(path, bytes);
        return SafetensorsFile.Open(path, _options);
    }
}
