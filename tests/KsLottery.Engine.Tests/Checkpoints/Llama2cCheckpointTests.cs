using System.Buffers.Binary;
using KsLottery.Engine.Checkpoints;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Checkpoints;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class Llama2cCheckpointTests : IDisposable
{
    private static readonly CheckpointDefect[] Documented =
        [CheckpointDefect.InvalidLlama2cHeader, CheckpointDefect.UnsupportedLlama2cVersion, CheckpointDefect.Llama2cLengthMismatch];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestCase("stories260K/stories260K_v0.bin", 0, 512, 512, true, 260_032)]
    [TestCase("stories260K/stories260K_v1.bin", 1, 512, 512, true, 260_032)]
    [TestCase("tuned-pairs/en-da_input_embedding_seed1/model.bin", 0, 512, 512, false, 292_800)]
    public void The_header_of_a_real_file_is_read(string file, int version, int vocabulary, int sequence, bool isTied, long parameters)
    {
        using Llama2cCheckpoint checkpoint = Llama2cCheckpoint.Open(SharedData.Path(["models", .. file.Split('/')]));
        Assert.That(checkpoint.Header, Is.EqualTo(new Llama2cHeader
        {
            Version = version,
            Width = 64,
            HiddenWidth = 172,
            LayerCount = 5,
            HeadCount = 8,
            KeyValueHeadCount = 4,
            VocabularySize = vocabulary,
            SequenceLength = sequence,
            IsTied = isTied,
        }));
        Assert.That((checkpoint.Header.HeadWidth, checkpoint.ParameterCount), Is.EqualTo((8, parameters)));
    }

    [Test]
    public void A_file_that_ends_at_any_byte_but_its_last_is_refused(
        [ValueSource(typeof(Llama2cFile), nameof(Llama2cFile.All))] Llama2cFile file)
    {
        byte[] bytes = file.Bytes();
        for (int length = 0; length < bytes.Length; length++)
        {
            CheckpointFormatException e = Refused(bytes[..length], map: length % 2 == 0);
            Assert.That(e.Kind, Is.EqualTo(CheckpointDefect.Llama2cLengthMismatch), $"length {length}");
            Assert.That((e.ByteOffset, e.Message.Contains($" {length}", StringComparison.Ordinal)), Is.EqualTo(((long?)length, true)),
                e.Message);
            if (length >= file.HeaderLength) Assert.That(e.Message, Does.Contain($"{bytes.Length} bytes").And.Contain("cut short"));
        }
        Assert.DoesNotThrow(() => Open(bytes, map: true));
        Assert.DoesNotThrow(() => Open(bytes, map: false));
    }

    [Test]
    public void A_file_with_a_foreign_tail_is_refused([ValueSource(typeof(Llama2cFile), nameof(Llama2cFile.All))] Llama2cFile file)
    {
        byte[] bytes = file.Bytes();
        foreach (int tail in (int[])[1, 4, 4096])
        {
            CheckpointFormatException e = Refused([.. bytes, .. new byte[tail]]);
            Assert.That((e.Kind, e.ByteOffset), Is.EqualTo((CheckpointDefect.Llama2cLengthMismatch, (long?)bytes.Length)));
            Assert.That(e.Message, Does.Contain($"asks for {bytes.Length} bytes").And.Contain($"has {bytes.Length + tail}"));
        }
    }

    [TestCase(0, 0, "dim is 0")]
    [TestCase(0, -8, "dim is -8")]
    [TestCase(0, (1 << 24) + 1, "dim is 16777217, allowed are 1 to 16777216")]
    [TestCase(0, int.MinValue, "dim is -2147483648")]
    [TestCase(1, 0, "hidden_dim is 0")]
    [TestCase(1, int.MaxValue, "hidden_dim is 2147483647")]
    [TestCase(2, -1, "n_layers is -1")]
    [TestCase(3, 0, "n_heads is 0")]
    [TestCase(4, 0, "n_kv_heads is 0")]
    [TestCase(5, 0, "vocab_size is 0")]
    [TestCase(5, int.MinValue, "vocab_size is -2147483648")]
    [TestCase(6, 0, "seq_len is 0")]
    public void A_dimension_that_no_model_has_is_refused_with_its_name_and_byte(int field, int value, string message)
    {
        foreach (Llama2cFile file in Llama2cFile.All)
        {
            CheckpointFormatException e = Refused(WithField(file, field, value));
            Assert.That((e.Kind, e.ByteOffset), Is.EqualTo((CheckpointDefect.InvalidLlama2cHeader, (long?)file.FieldOffset(field))));
            Assert.That(e.Message, Does.Contain(message).And.Contain("export.py"));
        }
    }

    [TestCase(3, 3, 0, "dim 8 is no multiple of n_heads 3")]
    [TestCase(3, 16, 0, "dim 8 is no multiple of n_heads 16")]
    [TestCase(3, 8, 0, "8 / n_heads 8 = 1 is odd")]
    [TestCase(4, 4, 3, "n_heads 2 is no multiple of n_kv_heads 4")]
    public void Heads_that_do_not_divide_what_they_should_are_refused(int field, int value, int blamed, string message)
    {
        foreach (Llama2cFile file in Llama2cFile.All)
        {
            CheckpointFormatException e = Refused(WithField(file, field, value));
            Assert.That((e.Kind, e.ByteOffset), Is.EqualTo((CheckpointDefect.InvalidLlama2cHeader, (long?)file.FieldOffset(blamed))));
            Assert.That(e.Message, Does.Contain(message));
        }
    }

    [Test]
    public void The_largest_dimensions_do_not_overflow()
    {
        foreach (Llama2cFile file in Llama2cFile.All)
        {
            byte[] bytes = file.Bytes();
            foreach (int field in (int[])[0, 1, 2, 5, 6])
            {
                int sign = field == 5 && file is { Version: 0, IsTied: false } ? -1 : 1;
                BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(file.FieldOffset(field)), sign << 24);
            }
            CheckpointFormatException e = Refused(bytes);
            Assert.That(e.Kind, Is.EqualTo(CheckpointDefect.Llama2cLengthMismatch));
            // Five matrices of 2^48 values (k and v are half as large), 2^24 layers: more than 5 * 2^74 bytes.
            Assert.That(e.Message, Does.Match("asks for 1[0-9]{23} bytes").And.Contain($"has {bytes.Length}"));
        }
    }

    [TestCase(2, "version 2 (Q8_0, quantised to 8 bits) is not read")]
    [TestCase(0, "version 0 is not known")]
    [TestCase(3, "version 3 is not known")]
    [TestCase(-1, "version -1 is not known")]
    public void Other_versions_are_refused_by_name(int version, string message)
    {
        byte[] bytes = new Llama2cFile(1, true).Bytes();
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4), version);
        CheckpointFormatException e = Refused(bytes);
        Assert.That((e.Kind, e.ByteOffset), Is.EqualTo((CheckpointDefect.UnsupportedLlama2cVersion, (long?)4)));
        Assert.That(e.Message, Does.Contain(message).And.Contain("--version 1"));
    }

    [TestCase(0, 1, "magic ak42")]
    [TestCase(36, 2, "flag is 2")]
    [TestCase(37, 1, "padding")]
    [TestCase(255, 9, "padding")]
    public void What_stands_around_the_dimensions_is_checked_too(int offset, byte value, string message)
    {
        byte[] bytes = new Llama2cFile(1, true).Bytes();
        bytes[offset] = value;
        CheckpointFormatException e = Refused(bytes);
        Assert.That((e.Kind, e.ByteOffset), Is.EqualTo((CheckpointDefect.InvalidLlama2cHeader, (long?)offset)));
        Assert.That(e.Message, Does.Contain(message));
    }

    [Test]
    public void A_model_of_another_form_is_refused()
    {
        string other = SharedData.Path("models", "hf", "stories260K_hf", "model.safetensors");
        CheckpointFormatException e = Assert.Throws<CheckpointFormatException>(() => Llama2cCheckpoint.Open(other).Dispose())!;
        Assert.That((e.Kind, e.Path), Is.EqualTo((CheckpointDefect.InvalidLlama2cHeader, other)));
        Assert.That(() => Llama2cCheckpoint.Open(_folder.File("absent.bin")), Throws.InstanceOf<FileNotFoundException>());
        Assert.That(() => Llama2cCheckpoint.Open(_folder.Path), Throws.InstanceOf<UnauthorizedAccessException>());
    }

    [Test]
    public void Damaged_headers_are_refused_by_the_documented_exception_or_fit_the_file()
    {
        const int Cases = 6_000;
        Random random = new(42);
        Dictionary<CheckpointDefect, int> refused = [];
        int accepted = 0;
        Llama2cFile[] files = [.. Llama2cFile.All];
        for (int i = 0; i < Cases; i++)
        {
            Llama2cFile file = files[i % files.Length];
            byte[] bytes = file.Bytes();
            for (int injuries = random.Next(1, 4); injuries > 0; injuries--) Injure(bytes, file);
            try
            {
                using Llama2cCheckpoint checkpoint = Llama2cCheckpoint.Open(Write(bytes),
                    new CheckpointOptions { UseMemoryMap = i % 2 == 0 });
                long seen = 0;
                foreach (Llama2cTensor tensor in checkpoint.Tensors) tensor.Visit(piece => seen += piece.Length);
                Assert.That(seen, Is.EqualTo(4 * checkpoint.ParameterCount) & Is.LessThan(bytes.Length), $"case {i}");
                accepted++;
            }
            catch (CheckpointFormatException e)
            {
                refused[e.Kind] = refused.GetValueOrDefault(e.Kind) + 1;
            }
        }
        TestContext.Out.WriteLine($"{accepted} of {Cases} accepted, {string.Join(", ", refused)}");
        Assert.That(refused.Keys, Is.EquivalentTo(Documented));
        Assert.That(accepted, Is.GreaterThan(Cases / 100));

        void Injure(byte[] bytes, Llama2cFile file)
        {
            Span<byte> field = bytes.AsSpan(file.FieldOffset(random.Next(7)), 4);
            switch (random.Next(6))
            {
                case 0: bytes[random.Next(file.HeaderLength)] ^= (byte)(1 << random.Next(8)); break;
                case 1: BinaryPrimitives.WriteInt32LittleEndian(field, random.Next(-9, 10)); break;
                case 2: BinaryPrimitives.WriteInt32LittleEndian(field, random.Next(int.MinValue, int.MaxValue)); break;
                case 3: BinaryPrimitives.WriteInt32LittleEndian(field, -BinaryPrimitives.ReadInt32LittleEndian(field)); break;
                case 4: BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(4 * random.Next(2)), random.Next(4)); break;
                default: bytes[random.Next(bytes.Length)] = (byte)random.Next(256); break;
            }
        }
    }

    private static byte[] WithField(Llama2cFile file, int field, int value)
    {
        byte[] bytes = file.Bytes();
        BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(file.FieldOffset(field)), value);
        return bytes;
    }

    private CheckpointFormatException Refused(byte[] bytes, bool map = true)
    {
        CheckpointFormatException e = Assert.Throws<CheckpointFormatException>(() => Open(bytes, map))!;
        Assert.That(e.Message, Does.StartWith(_folder.Path));
        Assert.DoesNotThrow(() => OpenInputs.ThrowIfOpen(e.Path), "a refused file must not stay open");
        return e;
    }

    private void Open(byte[] bytes, bool map) =>
        Llama2cCheckpoint.Open(Write(bytes), new CheckpointOptions { UseMemoryMap = map }).Dispose();

    private string Write(byte[] bytes)
    {
        string path = _folder.File("model.bin");
        File.WriteAllBytes(path, bytes);
        return path;
    }
}
