using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Transfer;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class PeftAdapterTests : IDisposable
{
    private const string InputKey = "base_model.model.model.embed_tokens.trainable_tokens_delta";
    private const string HeadKey = "base_model.model.lm_head.trainable_tokens_delta";
    private const string WrappedKey = "base_model.model.model.embed_tokens.token_adapter.trainable_tokens_delta";
    private const string Config = "adapter_config.json";
    private const string Weights = "adapter_model.safetensors";

    private readonly TemporaryFolder _folder = new();

    private string Patch => _folder.File(TicketPatch.FileName);

    private string Output => _folder.File("adapter");

    public void Dispose() => _folder.Dispose();

    // PEFT itself recorded 49,424 bytes for two rows of Llama-3.2-3B, which is tied and 3072 wide.
    [TestCase(true, 49_424, 264, """
        {"__metadata__":{"format":"pt"},"base_model.model.lm_head.trainable_tokens_delta":{"dtype":"F32","shape":[2,3072],"data_offsets":[0,24576]},"base_model.model.model.embed_tokens.trainable_tokens_delta":{"dtype":"F32","shape":[2,3072],"data_offsets":[24576,49152]}}
        """)]
    [TestCase(false, 24_736, 152, """
        {"__metadata__":{"format":"pt"},"base_model.model.model.embed_tokens.trainable_tokens_delta":{"dtype":"F32","shape":[2,3072],"data_offsets":[0,24576]}}
        """)]
    public void The_weights_have_the_bytes_that_PEFT_writes(bool tied, int length, int headerLength, string header)
    {
        WritePair(ElementType.BF16, 5, 3072, [1, 4]);
        using TicketPatch patch = TicketPatch.Open(Patch);
        PeftAdapter.Write(patch, Output, "meta-llama/Llama-3.2-3B", tied);

        byte[] file = File.ReadAllBytes(Path.Combine(Output, Weights));
        Assert.That(file, Has.Length.EqualTo(length));
        Assert.That(BinaryPrimitives.ReadUInt64LittleEndian(file), Is.EqualTo(headerLength));
        Assert.That(Encoding.UTF8.GetString(file, 8, headerLength).TrimEnd(' '), Is.EqualTo(header.Trim()));
        for (int copy = 0; copy < (tied ? 2 : 1); copy++)
        {
            for (int row = 0; row < 2; row++)
            {
                ReadOnlySpan<byte> written = file.AsSpan(8 + headerLength + (copy * 2 + row) * 4 * 3072, 4 * 3072);
                uint[] expected = Array.ConvertAll(patch.Rows!.TunedRows.GetRow<ushort>(row).ToArray(), b => (uint)b << 16);
                Assert.That(MemoryMarshal.Cast<byte, uint>(written).SequenceEqual(expected), Is.True,
                    "the rows themselves, no differences");
            }
        }
    }

    [Test]
    public void The_configuration_is_the_one_that_PEFT_reads()
    {
        WritePair(ElementType.F32, 5, 4, [1, 4], isTied: true);
        using TicketPatch patch = TicketPatch.Open(Patch);
        PeftAdapter.Write(patch, Output, "a/\"b\"\n");

        Assert.That(File.ReadAllText(Path.Combine(Output, Config)), Is.EqualTo("""
            {
              "peft_type": "TRAINABLE_TOKENS",
              "task_type": "CAUSAL_LM",
              "base_model_name_or_path": "a/\u0022b\u0022\n",
              "token_indices": [
                1,
                4
              ],
              "target_modules": [
                "embed_tokens"
              ],
              "init_weights": true,
              "inference_mode": true,
              "auto_mapping": null,
              "revision": null
            }
            """.ReplaceLineEndings("\n")));
        Assert.That(TicketFixture.Names(Output), Is.EqualTo(new[] { "README.md", Config, Weights }));
        string card = File.ReadAllText(Path.Combine(Output, "README.md"));
        Assert.That(card, Does.StartWith("---\nbase_model: \"a/\\u0022b\\u0022\\n\"\nlibrary_name: peft\n---\n"));
        Assert.That(card, Does.Contain("ks|test").And.Contain(patch.Rows!.BaseFingerprint).And.Contain("token ids: 1, 4\n"));
    }

    [TestCase("model.embed_tokens.weight", "lm_head", "embed_tokens")]
    [TestCase("gpt_neox.embed_in.weight", "embed_out", "embed_in")]
    [TestCase("transformer.wte.weight", "lm_head", "wte")]
    [TestCase("language_model.model.embed_tokens.weight", "language_model.lm_head", "embed_tokens")]
    public void Modules_are_named_after_the_patched_tensor(string tensor, string head, string target)
    {
        WritePair(ElementType.F16, 5, 4, [0], isTied: true, tensor);
        using TicketPatch patch = TicketPatch.Open(Patch);
        PeftAdapter.Write(patch, Output, "base");

        using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(Output, Weights));
        Assert.That(file.Tensors.Select(t => t.Name), Is.EquivalentTo(new[]
        {
            $"base_model.model.{head}.trainable_tokens_delta",
            $"base_model.model.{tensor.Replace(".weight", "", StringComparison.Ordinal)}.trainable_tokens_delta",
        }));
        Assert.That(File.ReadAllText(Path.Combine(Output, Config)), Does.Contain($"\"{target}\""));
        Assert.That(PeftAdapter.Read(Output).IsTied, Is.True);
    }

    [Test]
    public void The_real_ticket_is_read_back([Values] bool tied)
    {
        TicketFixture.WriteRealPatch(Patch, Path.Combine(TicketFixture.RealBase, "model.safetensors"));
        using TicketPatch patch = TicketPatch.Open(Patch);
        PeftAdapter.Write(patch, Output, "stories260K", tied);

        PeftRows read = PeftAdapter.Read(Output);
        Assert.That((read.Module, read.Width, read.IsTied, read.OtherTensorCount), Is.EqualTo(("model.embed_tokens", 64, tied, 0)));
        Assert.That(read.Indices, Is.EqualTo(TicketFixture.RealTicket()));
        Assert.That(read.Values.Length, Is.EqualTo(94 * 64));
        for (int i = 0; i < 94; i++)
            Assert.That(read.Values.Span.Slice(i * 64, 64).SequenceEqual(patch.Rows!.TunedRows.GetRow<float>(i)), Is.True);
    }

    [Test]
    public void The_form_must_be_known_and_a_tied_head_is_no_start()
    {
        WritePair(ElementType.F32, 5, 4, [1]);
        using (TicketPatch patch = TicketPatch.Open(Patch))
            Assert.That(() => PeftAdapter.Write(patch, Output, "base"),
                Throws.ArgumentException.With.Message.Contains("Say tied or untied"));

        WritePair(ElementType.F32, 5, 4, [1], isTied: true, "lm_head.weight");
        using (TicketPatch patch = TicketPatch.Open(Patch))
        {
            Assert.That(() => PeftAdapter.Write(patch, Output, "base"), Throws.ArgumentException.With.Message.Contains("lm_head.weight"));
            Assert.That(Directory.Exists(Output), Is.False);
            PeftAdapter.Write(patch, Output, "base", isTied: false);
        }
        Assert.That(PeftAdapter.Read(Output).Module, Is.EqualTo("lm_head"));
    }

    [Test]
    public void Cancelling_and_a_full_folder_leave_what_was()
    {
        WritePair(ElementType.F32, 5, 4, [1], isTied: true);
        using TicketPatch patch = TicketPatch.Open(Patch);
        Assert.That(() => PeftAdapter.Write(patch, Output, "base", cancellationToken: new CancellationToken(canceled: true)),
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That(TicketFixture.Names(_folder.Path), Has.Length.EqualTo(3));

        Directory.CreateDirectory(Output);
        File.WriteAllText(Path.Combine(Output, "mine"), "");
        Assert.That(() => PeftAdapter.Write(patch, Output, "base"), Throws.InstanceOf<IOException>().With.Message.Contains("not empty"));
        Assert.That(TicketFixture.Names(Output), Is.EqualTo(new[] { "mine" }));
    }

    [TestCase("""{"peft_type":"LORA","trainable_token_indices":[7,3],"r":8}""")]
    [TestCase("""{"peft_type":"LORA","trainable_token_indices":{"embed_tokens":[7,3],"other":[1]}}""")]
    [TestCase("""{"peft_type":"LORA","token_indices":null,"trainable_token_indices":{"model.embed_tokens":[7,3]}}""")]
    [TestCase("""{"token_indices":[7,3],"new_key":{"x":[1]}}""")]
    public void Rows_beside_a_LoRA_are_read_and_sorted(string config)
    {
        Adapter(config, (WrappedKey, ElementType.BF16, [2, 2], [0x80, 0x3f, 0, 0x40, 0x40, 0x40, 0x80, 0x40]),
            ("base_model.model.x.lora_A.weight", ElementType.F32, [1], new byte[4]));

        PeftRows read = PeftAdapter.Read(Output);
        Assert.That((read.Module, read.IsTied, read.OtherTensorCount), Is.EqualTo(("model.embed_tokens", false, 1)));
        Assert.That(read.Indices, Is.EqualTo(new[] { 3, 7 }));
        Assert.That(read.Values.ToArray(), Is.EqualTo(new[] { 3f, 4f, 1f, 2f }));
    }

    [Test]
    public void Tied_copies_must_agree()
    {
        const string Ids = """{"token_indices":[3,7]}""";
        byte[] rows = [.. Enumerable.Range(0, 16).Select(i => (byte)i)];
        Adapter(Ids, (InputKey, ElementType.F32, [2, 2], rows), (HeadKey, ElementType.F32, [2, 2], rows));
        Assert.That(PeftAdapter.Read(Output).IsTied, Is.True);

        byte[] other = (byte[])rows.Clone();
        other[15] ^= 1;
        Adapter(Ids, (InputKey, ElementType.F32, [2, 2], rows), (HeadKey, ElementType.F32, [2, 2], other));
        ExpectDefect(Weights, "the first that differs is for token 7");
        Adapter(Ids, (InputKey, ElementType.F32, [2, 2], rows), (HeadKey, ElementType.BF16, [2, 2], new byte[8]));
        ExpectDefect(Weights, "rows of its own");
        Adapter("""{"trainable_token_indices":{"embed_tokens":[3,7],"lm_head":[3,8]}}""",
            (InputKey, ElementType.F32, [2, 2], rows), (HeadKey, ElementType.F32, [2, 2], rows));
        ExpectDefect(Weights, "rows of its own");
    }

    [TestCase("", "not JSON")]
    [TestCase("[]", "must hold a JSON object")]
    [TestCase("{}", "neither token_indices nor trainable_token_indices")]
    [TestCase("""{"token_indices":3}""", "must be a list")]
    [TestCase("""{"token_indices":[]}""", "is empty")]
    [TestCase("""{"token_indices":[1,-1]}""", "holds -1")]
    [TestCase("""{"token_indices":[1,2.5]}""", "holds 2.5")]
    [TestCase("""{"token_indices":[1,1]}""", "holds 1 twice")]
    [TestCase("""{"trainable_token_indices":{"a":[1],"b":[2]}}""", "no ids for \"embed_tokens\"")]
    public void A_configuration_without_usable_ids_is_refused(string config, string message)
    {
        Adapter(config, (InputKey, ElementType.F32, [2, 1], new byte[8]));
        ExpectDefect(Config, message);
    }

    [Test]
    public void Weights_of_another_form_are_refused()
    {
        const string Ids = """{"token_indices":[1,2]}""";
        Adapter(Ids, ("lora_A", ElementType.F32, [1], new byte[4]));
        ExpectDefect(Weights, "0 tensors end in");
        Adapter(Ids, (InputKey, ElementType.F32, [2, 1], new byte[8]), (WrappedKey, ElementType.F32, [2, 1], new byte[8]));
        ExpectDefect(Weights, "2 tensors end in");
        Adapter(Ids, (InputKey, ElementType.F32, [3, 1], new byte[12]));
        ExpectDefect(Weights, "F32 [3,1], expected is F32, F16 or BF16 [2,d]");
        Adapter(Ids, (InputKey, ElementType.F64, [2, 1], new byte[16]));
        ExpectDefect(Weights, "F64 [2,1]");
        Adapter(Ids, (InputKey, ElementType.F32, [2, 0], []));
        ExpectDefect(Weights, "F32 [2,0]");
        File.Delete(Path.Combine(Output, Config));
        Assert.That(() => PeftAdapter.Read(Output), Throws.InstanceOf<FileNotFoundException>().With.Message.Contains("Give the folder"));
    }

    [Test]
    public void The_whole_words_of_a_refusal_say_what_to_do()
    {
        WritePair(ElementType.F32, 5, 4, [1]);
        using (TicketPatch patch = TicketPatch.Open(Patch))
            Assert.That(() => PeftAdapter.Write(patch, Output, "base"), Throws.ArgumentException.With.Message.EqualTo($"{Patch}: the patch "
                + "does not say whether the base is tied, and the adapter's form depends on it. Say tied or untied. "
                + "(Parameter 'isTied')"));
        WritePair(ElementType.F32, 5, 4, [1], isTied: true, "lm_head.weight");
        using (TicketPatch patch = TicketPatch.Open(Patch))
            Assert.That(() => PeftAdapter.Write(patch, Output, "base"), Throws.ArgumentException.With.Message.EqualTo($"{Patch}: the rows "
                + "are those of \"lm_head.weight\", and a tied model's adapter starts from the input embedding. Write the untied form, or "
                + "find the ticket in the input embedding. (Parameter 'isTied')"));
        WritePair(ElementType.F64, 5, 4, [1], isTied: false);
        using (TicketPatch patch = TicketPatch.Open(Patch))
            Assert.That(() => PeftAdapter.Write(patch, Output, "base"), Throws.TypeOf<NotSupportedException>().With.Message.EqualTo(
                $"{Patch}: the rows are F64, of which no adapter can be made; of F32, F16 or BF16 it can. Convert base and tuned "
                + "checkpoint, and find the ticket again."));
        using (SafetensorsFile before = SafetensorsFile.Open(_folder.File("base.safetensors")))
            TicketPatch.Write(Patch, [new(before.Tensors[0], Engine.Tickets.TensorMask.OfRows(TicketFixture.Embedding, 4,
                IndexSet.Of(5, [1L])), Engine.Tickets.TicketPayload.Drop)], new() { Signature = "" });
        using (TicketPatch patch = TicketPatch.Open(Patch))
            Assert.That(() => PeftAdapter.Write(patch, Output, "base"), Throws.TypeOf<NotSupportedException>().With.Message.StartsWith(
                $"{Patch}: to write an adapter of replaced rows takes a patch that replaces whole rows"));
        Assert.That(Directory.Exists(Output), Is.False);
    }

    [Test]
    public void A_tensor_may_have_another_ending_and_a_file_no_prefix()
    {
        WritePair(ElementType.F32, 5, 4, [1], isTied: false, "tok");
        using (TicketPatch patch = TicketPatch.Open(Patch)) PeftAdapter.Write(patch, Output, "base");
        Assert.That(PeftAdapter.Read(Output).Module, Is.EqualTo("tok"));
        Adapter("""{"token_indices":[3]}""", ("model.tok.trainable_tokens_delta", ElementType.F32, [1, 2], new byte[8]));
        Assert.That(PeftAdapter.Read(Output).Module, Is.EqualTo("model.tok"));
    }

    [Test]
    public void A_tied_head_follows_the_one_module_that_is_listed()
    {
        byte[] rows = [.. Enumerable.Range(0, 16).Select(i => (byte)i)];
        Adapter("""{"trainable_token_indices":{"embed_tokens":[3,7]}}""",
            (InputKey, ElementType.F32, [2, 2], rows), (HeadKey, ElementType.F32, [2, 2], rows));
        Assert.That(PeftAdapter.Read(Output).IsTied, Is.True);
        Adapter("""{"token_indices":[3,7]}""", (InputKey, ElementType.F32, [2, 2], rows),
            (HeadKey, ElementType.BF16, [2, 2], new byte[8]));
        long place;
        using (SafetensorsFile file = SafetensorsFile.Open(Path.Combine(Output, Weights))) place = file.GetTensor(HeadKey).FileOffset;
        Assert.That(() => PeftAdapter.Read(Output), Throws.TypeOf<CheckpointFormatException>().With.Message.EqualTo(
            $"{Path.Combine(Output, Weights)}, tensor \"{HeadKey}\", byte {place}: it is no copy of the input embedding's rows, as a tied "
            + "model's is: the head has rows of its own, which cannot be read yet. Save the adapter again with PEFT."));
    }

    [Test]
    public void The_card_says_where_the_rows_come_from([Values] bool isTied, [Values(64, 65)] int rows)
    {
        WritePair(ElementType.F32, 70, 4, [.. Enumerable.Range(0, rows)]);
        using TicketPatch patch = TicketPatch.Open(Patch);
        Assert.That(PeftModelCard.Compose(patch.Rows!, "two\nlines", "some/model", isTied), Is.EqualTo($"""
            ---
            base_model: "some/model"
            library_name: peft
            ---

            # {rows} replaced embedding rows

            These rows of "model.embed_tokens.weight" take the place of the base model's; its other {70 - rows} rows stay.
            The model is {(isTied ? "tied: its output head changes in the same rows." : "not tied: no other matrix changes.")}

                from peft import PeftModel
                from transformers import AutoModelForCausalLM

                model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained("some/model"), ".")

            What `adapter_model.safetensors` calls a delta are the rows themselves, no differences. Servers that know only LoRA cannot load
            this form; `kslottery apply` writes a whole checkpoint with the same rows.

            - token ids: {string.Join(", ", Enumerable.Range(0, 64))}{(rows > 64 ? ", …" : "")}
            - base tensor: `{patch.Rows!.BaseFingerprint}`
            - tuned tensor: `{patch.Rows.TunedFingerprint}`

            How the rows were chosen:

                two lines

            """.ReplaceLineEndings("\n")));
    }

    private void ExpectDefect(string file, string message)
    {
        CheckpointFormatException e = Assert.Throws<CheckpointFormatException>(() => PeftAdapter.Read(Output))!;
        Assert.That((e.Kind, e.Path), Is.EqualTo((CheckpointDefect.InvalidAdapter, Path.Combine(Output, file))));
        Assert.That(e.Message, Does.Contain(message));
    }

    private void Adapter(string config, params (string Name, ElementType Type, long[] Shape, byte[] Bytes)[] tensors)
    {
        Directory.CreateDirectory(Output);
        File.WriteAllText(Path.Combine(Output, Config), config);
        SafetensorsWriter.Write(Path.Combine(Output, Weights),
            tensors.Select(t => TensorSource.FromBytes(t.Name, t.Type, t.Shape, t.Bytes)));
    }

    private void WritePair(ElementType type, int rows, int width, int[] indices, bool? isTied = null,
        string tensor = TicketFixture.Embedding)
    {
        TicketFixture.WriteMatrix(_folder.File("base.safetensors"), type, rows, width, 1, tensor);
        TicketFixture.WriteMatrix(_folder.File("tuned.safetensors"), type, rows, width, 2, tensor);
        TicketFixture.WritePatch(Patch, _folder.File("base.safetensors"), _folder.File("tuned.safetensors"), indices, isTied);
    }
}
