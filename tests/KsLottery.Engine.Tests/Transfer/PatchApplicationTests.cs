using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Transfer;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class PatchApplicationTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Base => _folder.File("base.safetensors");

    private string Tuned => _folder.File("tuned.safetensors");

    private string Patch => _folder.File(TicketPatch.FileName);

    private string Output => _folder.File("out");

    private string Reverted => _folder.File("back");

    public void Dispose() => _folder.Dispose();

    [TestCase(true)]
    [TestCase(false)]
    public void The_real_ticket_goes_into_the_base_and_comes_out_again(bool map)
    {
        CheckpointOptions options = new() { UseMemoryMap = map };
        string folder = TicketFixture.CopyRealBase(_folder);
        string model = Path.Combine(folder, "model.safetensors");
        TicketFixture.WriteRealPatch(Patch, model);
        byte[] expected = TicketFixture.WithRows(model, TicketFixture.RealTunedFile, TicketFixture.RealTicket());
        Assert.That(expected.AsSpan().SequenceEqual(File.ReadAllBytes(model)), Is.False);

        PatchResult result = PatchApplication.Apply(folder, Patch, Output, new() { Reading = options });
        Assert.That(File.ReadAllBytes(Path.Combine(Output, "model.safetensors")).AsSpan().SequenceEqual(expected), Is.True);
        Assert.That((result.Tensors[0].Mask.Units.Count, result.Tensors[0].Mask.Grid.Columns, result.InexactValues, result.WrittenFiles[0]),
            Is.EqualTo((94L, 64L, 0L, "model.safetensors")));
        Assert.That((result.OutputPath, result.Tensors.Single().Name, result.IsTied),
            Is.EqualTo((Output, TicketFixture.Embedding, (bool?)true)));
        Assert.That(TicketFixture.Names(Output), Is.EqualTo(TicketFixture.Names(folder)));
        Assert.That(result.LinkedFiles.Concat(result.CopiedFiles).Concat(result.WrittenFiles),
            Is.EquivalentTo(TicketFixture.Names(folder)));

        using TicketPatch patch = TicketPatch.Open(Patch);
        Assert.That(result.Tensors[0].Fingerprint, Is.Not.EqualTo(patch.Tensors[0].BaseFingerprint));
        Assert.That(PatchApplication.Revert(Output, Patch, Reverted, options).Tensors[0].Fingerprint,
            Is.EqualTo(patch.Tensors[0].BaseFingerprint));
        foreach (string name in TicketFixture.Names(folder))
            TicketFixture.AssertSame(Path.Combine(Reverted, name), Path.Combine(folder, name));
    }

    [TestCase("model.bf16.safetensors")]
    [TestCase("model.f16.safetensors")]
    public void A_narrow_base_takes_tuned_F32_rows_rounded_and_gives_its_own_bytes_back(string name)
    {
        string file = Path.Combine(TicketFixture.CopyRealBase(_folder), name);
        TicketFixture.WriteRealPatch(Patch, file);

        PatchResult result = PatchApplication.Apply(file, Patch, Output);
        Assert.That(result.InexactValues, Is.InRange(5000, 94 * 64), "few of a training's values have 16 zero bits at their end");
        Assert.That(result.OverflowedValues, Is.Zero);
        Assert.That(result.Notes, Has.Some.Contains($"{result.InexactValues} of 6016 F32 values are not exact in"));
        Assert.That(TicketFixture.Names(Output), Is.EqualTo(new[] { "config.json", name }));

        PatchApplication.Revert(Path.Combine(Output, name), Patch, Reverted);
        TicketFixture.AssertSame(Path.Combine(Reverted, name), file);
    }

    [Test]
    public void Rounded_rows_are_the_nearest_that_the_base_can_hold([Values(ElementType.BF16, ElementType.F16)] ElementType type)
    {
        SafetensorsWriter.Write(Base, [TensorSource.FromBytes("e", type, [2, 2], new byte[8])]);
        float[] values = [1.00390625f, 1.01171875f, 1e-9f, 70000f];
        byte[] bytes = [.. values.SelectMany(BitConverter.GetBytes)];
        SafetensorsWriter.Write(Tuned, [TensorSource.FromBytes("e", ElementType.F32, [2, 2], bytes)]);
        TicketFixture.WritePatch(Patch, Base, Tuned, [0, 1]);

        PatchOptions options = new() { AllowsNonFinite = true };
        if (type == ElementType.F16)
            Assert.That(() => PatchApplication.Apply(Base, Patch, Output),
                Throws.TypeOf<NotFiniteNumberException>().With.Message.Contains("rows 1 (1) would hold").And.Message.Contains("as F16"));
        AssertNothingLeft();
        PatchResult result = PatchApplication.Apply(Base, Patch, Output, options);
        using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(Output, "base.safetensors"));
        // 1 + 2^-8 and 1 + 3 * 2^-8 lie in the middle of two BF16 numbers, and the even ones are 1 and 1 + 2^-6.
        ushort[] expected = type == ElementType.BF16 ? [0x3f80, 0x3f82, 0x3089, 0x4789] : [0x3c04, 0x3c0c, 0, 0x7c00];
        Assert.That((ushort[])[.. file.Tensors[0].GetRow<ushort>(0), .. file.Tensors[0].GetRow<ushort>(1)], Is.EqualTo(expected));
        Assert.That((result.InexactValues, result.OverflowedValues), Is.EqualTo(type == ElementType.BF16 ? (4L, 0L) : (2L, 1L)));
        Assert.That(result.Notes, type == ElementType.BF16 ? Has.Count.EqualTo(1) : Has.Some.Contains("became infinite"));
    }

    [Test]
    public void Any_bits_of_any_types_come_back(
        [Values(ElementType.F32, ElementType.F16, ElementType.BF16)] ElementType before,
        [Values(ElementType.F32, ElementType.F16, ElementType.BF16)] ElementType after)
    {
        TicketFixture.WriteMatrix(Base, before, 40, 33, 3);
        TicketFixture.WriteMatrix(Tuned, after, 40, 33, 4);
        TicketFixture.WritePatch(Patch, Base, Tuned, [0, 1, 7, 38, 39]);

        PatchApplication.Apply(Base, Patch, Output, new() { AllowsNonFinite = true });
        string patched = Path.Combine(Output, "base.safetensors");
        Assert.That(File.ReadAllBytes(patched).AsSpan().SequenceEqual(File.ReadAllBytes(Base)), Is.False);
        if (before == after)
            Assert.That(File.ReadAllBytes(patched).AsSpan().SequenceEqual(TicketFixture.WithRows(Base, Tuned, [0, 1, 7, 38, 39])), Is.True);
        PatchApplication.Revert(patched, Patch, Reverted);
        TicketFixture.AssertSame(Path.Combine(Reverted, "base.safetensors"), Base);
    }

    [Test]
    public void A_file_of_another_writer_keeps_its_odd_header_and_offset()
    {
        byte[] data = [.. Enumerable.Range(0, 19).Select(i => (byte)i)];
        string json =
            """{ "odd":{"shape":[3],"dtype":"U8","data_offsets":[0,3]},"e":{"dtype":"F32","data_offsets":[3,19],"shape":[2,2]}}   """;
        File.WriteAllBytes(Base, Checkpoints.SafetensorsBytes.File(json, data));
        TicketFixture.WriteMatrix(Tuned, ElementType.F32, 2, 2, 5, "e");
        using (SafetensorsFile before = SafetensorsFile.Open(Base))
        using (SafetensorsFile after = SafetensorsFile.Open(Tuned))
            TicketPatch.Write(Patch, [TicketFixture.Rows(before.GetTensor("e"), after.GetTensor("e"), 1)], new() { Signature = "" });

        PatchApplication.Apply(Base, Patch, Output);
        byte[] expected = [.. Checkpoints.SafetensorsBytes.File(json, data)[..^8], .. File.ReadAllBytes(Tuned)[^8..]];
        Assert.That(File.ReadAllBytes(Path.Combine(Output, "base.safetensors")), Is.EqualTo(expected));
    }

    [TestCase(float.NaN), TestCase(float.PositiveInfinity), TestCase(float.NegativeInfinity)]
    public void A_value_that_is_not_finite_is_written_only_where_it_is_asked_for(float value)
    {
        SafetensorsWriter.Write(Base, [TensorSource.FromBytes("e", ElementType.F32, [3, 2], new byte[24])]);
        byte[] bytes = [.. ((float[])[1, 2, 3, value, 5, 6]).SelectMany(BitConverter.GetBytes)];
        SafetensorsWriter.Write(Tuned, [TensorSource.FromBytes("e", ElementType.F32, [3, 2], bytes)]);
        TicketFixture.WritePatch(Patch, Base, Tuned, [0, 1]);
        using (SafetensorsFile file = SafetensorsFile.Open(Patch)) Assert.That(file.Metadata["tensors"], Does.Contain("\"non_finite\":[1]"),
            "the patch says so");

        Assert.That(() => PatchApplication.Apply(Base, Patch, Output),
            Throws.TypeOf<NotFiniteNumberException>().With.Message.Contains("of the patch's 2 rows 1 (1)").And.Message
                .Contains($"{Remedy.AllowNonFinite}"));
        AssertNothingLeft();
        PatchResult result = PatchApplication.Apply(Base, Patch, Output, new() { AllowsNonFinite = true });
        Assert.That(result.Notes, Has.Some.Contains("1 (1) of the rows hold a NaN or an infinity now"));
        PatchApplication.Revert(Path.Combine(Output, "base.safetensors"), Patch, Reverted);
        TicketFixture.AssertSame(Path.Combine(Reverted, "base.safetensors"), Base);

        TicketFixture.WritePatch(Patch, Base, Tuned, [0, 2]);
        using SafetensorsFile without = SafetensorsFile.Open(Patch);
        Assert.That(without.Metadata["tensors"], Does.Not.Contain("non_finite"));
    }

    // The head's presence and the configuration's word are two things.
    [TestCase("{\"tie_word_embeddings\":true}", false, true, "reads \"model.embed_tokens.weight\" as well")]
    [TestCase("{\"tie_word_embeddings\":true}", true, true, "only \"model.embed_tokens.weight\", which the patch names, was changed")]
    [TestCase("{\"tie_word_embeddings\":false}", true, false, null)]
    [TestCase("{\"tie_word_embeddings\":false}", false, false, null)]
    [TestCase("{\"tie_word_embeddings\":false}", true, true, "made for a base that is tied; this one is not tied")]
    public void What_tying_means_for_the_result_is_said(string config, bool hasHead, bool wasTied, string? note)
    {
        string folder = Directory.CreateDirectory(_folder.File("base")).FullName;
        string model = Path.Combine(folder, "model.safetensors");
        byte[] bytes = new byte[16];
        SafetensorsWriter.Write(model, ((string[])[TicketFixture.Embedding, .. hasHead ? ["lm_head.weight"] : Array.Empty<string>()])
            .Select(n => TensorSource.FromBytes(n, ElementType.F32, [2, 2], bytes)));
        File.WriteAllText(Path.Combine(folder, "config.json"), config);
        TicketFixture.WriteMatrix(Tuned, ElementType.F32, 2, 2, 5);
        using (SafetensorsFile before = SafetensorsFile.Open(model))
        using (SafetensorsFile after = SafetensorsFile.Open(Tuned))
            TicketPatch.Write(Patch, [TicketFixture.Rows(before.GetTensor(TicketFixture.Embedding), after.Tensors[0], 0)],
                new() { Signature = "", IsTied = wasTied });

        PatchResult result = PatchApplication.Apply(folder, Patch, Output);
        Assert.That(result.IsTied, Is.EqualTo(config.Contains("true", StringComparison.Ordinal)));
        Assert.That(result.Notes, Has.Count.EqualTo(note is null ? 0 : 1));
        if (note is not null) Assert.That(result.Notes[0], Does.Contain(note));
        if (hasHead)
        {
            using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(Output, "model.safetensors"));
            Assert.That(file.GetTensor("lm_head.weight").GetRow<uint>(0).ToArray(), Is.EqualTo(new uint[2]), "the head was not touched");
        }
    }

    [Test]
    public void A_head_beside_its_embedding_is_changed_alone_whatever_the_configuration_says()
    {
        string folder = Directory.CreateDirectory(_folder.File("base")).FullName, model = Path.Combine(folder, "model.safetensors");
        SafetensorsWriter.Write(model, ((string[])[TicketFixture.Embedding, "lm_head.weight"])
            .Select(n => TensorSource.FromBytes(n, ElementType.F32, [2, 2], new byte[16])));
        File.WriteAllText(Path.Combine(folder, "config.json"), "{\"tie_word_embeddings\":true}");
        SafetensorsWriter.Write(Tuned, [TensorSource.FromBytes("lm_head.weight", ElementType.F32, [2, 2],
            (byte[])[.. ((float[])[1, 2, 3, 4]).SelectMany(BitConverter.GetBytes)])]);
        using (SafetensorsFile before = SafetensorsFile.Open(model), after = SafetensorsFile.Open(Tuned))
            TicketPatch.Write(Patch, [TicketFixture.Rows(before.GetTensor("lm_head.weight"), after.Tensors[0], 1)],
                new() { Signature = "", IsTied = true });

        PatchResult result = PatchApplication.Apply(folder, Patch, Output);
        Assert.That(result.Notes, Is.EqualTo(new[] { "The configuration says tied, yet the checkpoint holds \"model.embed_tokens.weight\" "
            + "and \"lm_head.weight\": only \"lm_head.weight\", which the patch names, was changed. A loader that follows the "
            + "configuration reads the input embedding alone." }));
        using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(Output, "model.safetensors"));
        Assert.That((file.GetTensor("lm_head.weight").GetRow<float>(1).ToArray(),
            file.GetTensor(TicketFixture.Embedding).GetRow<float>(1).ToArray()), Is.EqualTo(((float[])[3, 4], (float[])[0, 0])));
    }

    [Test]
    public void A_head_without_an_embedding_needs_no_word_of_tying()
    {
        string folder = Directory.CreateDirectory(_folder.File("base")).FullName, model = Path.Combine(folder, "model.safetensors");
        TicketFixture.WriteMatrix(model, ElementType.I8, 2, 2, 1, "lm_head.weight");
        TicketFixture.WriteMatrix(Tuned, ElementType.I8, 2, 2, 2, "lm_head.weight");
        File.WriteAllText(Path.Combine(folder, "config.json"), "{\"tie_word_embeddings\":true}");
        TicketFixture.WritePatch(Patch, model, Tuned, [1]);
        Assert.That(PatchApplication.Apply(folder, Patch, Output).Notes, Is.Empty);
    }

    [Test]
    public void Of_many_rows_that_differ_the_first_are_named()
    {
        TicketFixture.WriteMatrix(Base, ElementType.F32, 12, 4, 1);
        TicketFixture.WriteMatrix(Tuned, ElementType.F32, 12, 4, 2);
        TicketFixture.WritePatch(Patch, Base, Tuned, [.. Enumerable.Range(1, 10)]);
        (int start, int length) = TicketFixture.Place(Base);
        for (int row = 1; row <= 8; row++) TicketFixture.Flip(Base, start + (row * length));
        Assert.That(() => PatchApplication.Apply(Base, Patch, Output),
            Throws.TypeOf<PatchMismatchException>().With.Message.Contains("rows 8 (1, 2, 3, 4, 5, 6, 7, 8) differ"));
        TicketFixture.Flip(Base, start + (9 * length));
        Assert.That(() => PatchApplication.Apply(Base, Patch, Output),
            Throws.TypeOf<PatchMismatchException>().With.Message.Contains("rows 9 (1, 2, 3, 4, 5, 6, 7, 8, …) differ"));
    }

    [Test]
    public void A_base_that_drifted_is_refused_with_both_fingerprints_and_the_rows()
    {
        Ordinary();
        (int start, int length) = TicketFixture.Place(Base);
        TicketFixture.Flip(Base, start + 3 * length + 1);
        PatchMismatchException e = Assert.Throws<PatchMismatchException>(() => PatchApplication.Apply(Base, Patch, Output))!;
        Assert.That(e.Message, Does.Contain(e.ExpectedFingerprint).And.Contain(e.ActualFingerprint).And.Contain("rows 1 (3) differ")
            .And.Contain("Take the base that the patch was made from"));
        Assert.That((e.Path, e.ExpectedFingerprint), Is.EqualTo((Base, PatchBaseFingerprint())));

        TicketFixture.Flip(Base, start + 3 * length + 1);
        TicketFixture.Flip(Base, start + 2 * length);
        e = Assert.Throws<PatchMismatchException>(() => PatchApplication.Apply(Base, Patch, Output))!;
        Assert.That(e.Message, Does.Contain("The patch's 2 rows are as they should be, others are not"));
        AssertNothingLeft();
    }

    [Test]
    public void A_patch_is_not_applied_twice_nor_reverted_twice()
    {
        Ordinary();
        PatchApplication.Apply(Base, Patch, Output);
        string patched = Path.Combine(Output, "base.safetensors");

        Assert.That(Assert.Throws<PatchMismatchException>(() => PatchApplication.Apply(patched, Patch, Reverted))!.Message,
            Does.Contain("applied already"));
        Assert.That(Assert.Throws<PatchMismatchException>(() => PatchApplication.Revert(Base, Patch, Reverted))!.Message,
            Does.Contain("nothing to revert"));
        Assert.That(Directory.Exists(Reverted), Is.False);
    }

    [Test]
    public void Reverting_what_changed_since_is_refused()
    {
        Ordinary();
        PatchApplication.Apply(Base, Patch, Output);
        string patched = Path.Combine(Output, "base.safetensors");
        (int start, int length) = TicketFixture.Place(patched);

        TicketFixture.Flip(patched, start + 5 * length);
        Assert.That(Assert.Throws<PatchMismatchException>(() => PatchApplication.Revert(patched, Patch, Reverted))!.Message,
            Does.Contain("other rows changed since").And.Contain(PatchBaseFingerprint()));
        TicketFixture.Flip(patched, start + 4 * length);
        Assert.That(Assert.Throws<PatchMismatchException>(() => PatchApplication.Revert(patched, Patch, Reverted))!.Message,
            Does.Contain("of its 2 rows 1 (4) do not hold its tuned values"));
        Assert.That(TicketFixture.Names(_folder.Path),
            Is.EqualTo(new[] { "base.safetensors", "out", "patch.safetensors", "tuned.safetensors" }));
    }

    [Test]
    public void A_base_of_another_type_shape_or_name_is_refused()
    {
        Ordinary();
        TicketFixture.WriteMatrix(Base, ElementType.BF16, 6, 4, 1);
        Assert.That(Assert.Throws<PatchMismatchException>(() => PatchApplication.Apply(Base, Patch, Output))!.Message,
            Does.Contain("BF16 [6,4]").And.Contain("F32 [6,4]"));
        TicketFixture.WriteMatrix(Base, ElementType.F32, 7, 4, 1);
        Assert.That(Assert.Throws<PatchMismatchException>(() => PatchApplication.Revert(Base, Patch, Output))!.Message,
            Does.Contain("F32 [7,4]"));
        TicketFixture.WriteMatrix(Base, ElementType.F32, 6, 4, 1, "model.embed_token.weight");
        Assert.That(Assert.Throws<KeyNotFoundException>(() => PatchApplication.Apply(Base, Patch, Output))!.Message,
            Does.Contain("Nearest"));
        AssertNothingLeft();
    }

    private string PatchBaseFingerprint()
    {
        using TicketPatch patch = TicketPatch.Open(Patch);
        return patch.Tensors[0].BaseFingerprint;
    }

    private void Ordinary()
    {
        TicketFixture.WriteMatrix(Base, ElementType.F32, 6, 4, 1);
        TicketFixture.WriteMatrix(Tuned, ElementType.F32, 6, 4, 2);
        TicketFixture.WritePatch(Patch, Base, Tuned, [3, 4]);
    }

    private void AssertNothingLeft() =>
        Assert.That(TicketFixture.Names(_folder.Path), Is.EqualTo(new[] { "base.safetensors", "patch.safetensors", "tuned.safetensors" }));
}
