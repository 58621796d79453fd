using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Transfer;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class RowPatchTests : IDisposable
{
    private const int Rows = 6;
    private const int Width = 4;

    private readonly TemporaryFolder _folder = new();

    private string Base => _folder.File("base.safetensors");

    private string Tuned => _folder.File("tuned.safetensors");

    private string Patch => _folder.File(RowPatch.FileName);

    private string Damaged => _folder.File("damaged.safetensors");

    public void Dispose() => _folder.Dispose();

    [TestCase(true)]
    [TestCase(false)]
    public void A_patch_holds_the_rows_of_both_sides_and_where_they_come_from(bool map)
    {
        Pair(ElementType.F32, ElementType.F32);
        TicketFixture.WritePatch(Patch, Base, Tuned, [1, 5], isTied: false);

        using SafetensorsFile before = SafetensorsFile.Open(Base);
        using SafetensorsFile after = SafetensorsFile.Open(Tuned);
        using RowPatch patch = RowPatch.Open(Patch, new CheckpointOptions { UseMemoryMap = map });
        Assert.That(patch.Indices, Is.EqualTo(new[] { 1, 5 }));
        Assert.That((patch.TensorName, patch.IsTied), Is.EqualTo((TicketFixture.Embedding, (bool?)false)));
        Assert.That((patch.Width, patch.BaseRowCount), Is.EqualTo((Width, (long)Rows)));
        Assert.That((patch.BaseElementType, patch.Signature), Is.EqualTo((ElementType.F32, "ks|test")));
        Assert.That(patch.BaseFingerprint, Is.EqualTo(Fingerprint.OfTensor(before.Tensors[0])));
        Assert.That(patch.TunedFingerprint, Is.EqualTo(Fingerprint.OfTensor(after.Tensors[0])));
        for (int i = 0; i < 2; i++)
        {
            Assert.That(patch.Rows.GetRow<uint>(i).ToArray(), Is.EqualTo(after.Tensors[0].GetRow<uint>(patch.Indices[i]).ToArray()));
            Assert.That(patch.BaseRows.GetRow<uint>(i).ToArray(), Is.EqualTo(before.Tensors[0].GetRow<uint>(patch.Indices[i]).ToArray()));
        }
    }

    [TestCase(null, "unknown")]
    [TestCase(true, "true")]
    public void The_file_is_plain_safetensors(bool? isTied, string tied)
    {
        Pair(ElementType.BF16, ElementType.BF16);
        TicketFixture.WritePatch(Patch, Base, Tuned, [0, 2, 3], isTied);

        using SafetensorsFile file = SafetensorsFile.Open(Patch);
        Assert.That(file.Tensors.Select(t => $"{t.Name} {t.DtypeName} [{string.Join(',', t.Shape)}]"),
            Is.EquivalentTo(new[] { "indices I32 [3]", "rows BF16 [3,4]", "base_rows BF16 [3,4]" }));
        Assert.That(file.GetTensor("indices").GetRow<int>(0).ToArray(), Is.EqualTo(new[] { 0, 2, 3 }));
        Assert.That(file.Metadata.Keys, Is.EquivalentTo(new[]
        {
            "format", "format_version", "tensor", "base_dtype", "base_shape", "base_fingerprint", "tuned_fingerprint", "tied", "signature",
        }));
        Assert.That((file.Metadata["base_shape"], file.Metadata["base_dtype"], file.Metadata["tied"]), Is.EqualTo(("[6,4]", "BF16", tied)));
    }

    // 1.0 is the same number in each type; 1 + 2^-23 is one in F32 alone.
    [TestCase(ElementType.BF16, ElementType.F32, 0x3f800000u, ElementType.F32)]
    [TestCase(ElementType.F32, ElementType.BF16, 0x3f800000u, ElementType.BF16)]
    [TestCase(ElementType.F32, ElementType.BF16, 0x3f800001u, ElementType.F32)]
    [TestCase(ElementType.F32, ElementType.F16, 0x3f800001u, ElementType.F32)]
    public void Base_rows_take_the_tuned_type_unless_bits_would_be_lost(ElementType before, ElementType after, uint bits,
        ElementType expected)
    {
        byte[] values = new byte[Rows * Width * before.ByteSize()];
        for (int i = 0; i < Rows * Width; i++)
            BitConverter.GetBytes(bits).AsSpan(sizeof(uint) - before.ByteSize()).CopyTo(values.AsSpan(i * before.ByteSize()));
        SafetensorsWriter.Write(Base, [TensorSource.FromBytes(TicketFixture.Embedding, before, [Rows, Width], values)]);
        TicketFixture.WriteMatrix(Tuned, after, Rows, Width, 2);
        TicketFixture.WritePatch(Patch, Base, Tuned, [1, 4]);

        using RowPatch patch = RowPatch.Open(Patch);
        Assert.That((patch.Rows.ElementType, patch.BaseRows.ElementType, patch.BaseElementType), Is.EqualTo((after, expected, before)));
    }

    /// <summary>The kind of the stored fingerprint says how a base is known again; only the new one needs the new format.</summary>
    [Test]
    public void A_patch_of_either_kind_of_fingerprint_fits_its_base_alone([Values] FingerprintKind kind)
    {
        Pair(ElementType.BF16, ElementType.BF16);
        using (SafetensorsFile before = SafetensorsFile.Open(Base), after = SafetensorsFile.Open(Tuned))
            RowPatch.Write(Patch, before.Tensors[0], after.Tensors[0], [1, 4], new()
            {
                Signature = "",
                BaseFingerprint = Fingerprint.OfTensor(before.Tensors[0], kind),
                TunedFingerprint = Fingerprint.OfTensor(after.Tensors[0], kind),
            });
        using (SafetensorsFile patch = SafetensorsFile.Open(Patch))
            Assert.That(patch.Metadata["format_version"], Is.EqualTo(kind == FingerprintKind.Stream ? "1" : "2"));
        PatchResult applied = PatchApplication.Apply(Base, Patch, _folder.File("patched"));
        Assert.That(Fingerprint.KindOf(applied.Fingerprint), Is.EqualTo(kind));
        PatchResult reverted = PatchApplication.Revert(_folder.File("patched/base.safetensors"), Patch, _folder.File("restored"));
        Assert.That(File.ReadAllBytes(_folder.File("restored/base.safetensors")), Is.EqualTo(File.ReadAllBytes(Base)));
        using (SafetensorsFile before = SafetensorsFile.Open(Base))
            Assert.That(reverted.Fingerprint, Is.EqualTo(Fingerprint.OfTensor(before.Tensors[0], kind)));
        Assert.That(() => PatchApplication.Apply(Tuned, Patch, _folder.File("x")), Throws.TypeOf<PatchMismatchException>());
        Assert.That(() => PatchApplication.Revert(Base, Patch, _folder.File("x")), Throws.TypeOf<PatchMismatchException>()
            .With.Message.Contains("this is the base already"));
    }

    [Test]
    public void Known_fingerprints_are_taken_over_and_false_ones_refused()
    {
        Pair(ElementType.F16, ElementType.F16);
        string known = "sha256:" + new string('a', 64);
        using SafetensorsFile before = SafetensorsFile.Open(Base);
        RowPatch.Write(Patch, before.Tensors[0], before.Tensors[0], [0], new() { Signature = "", BaseFingerprint = known });
        using (RowPatch patch = RowPatch.Open(Patch)) Assert.That(patch.BaseFingerprint, Is.EqualTo(known));

        foreach (string wrong in (string[])["", "sha256:", known.ToUpperInvariant(), known + "a", "sha256:" + new string('g', 64)])
            Assert.That(() => RowPatch.Write(Patch, before.Tensors[0], before.Tensors[0], [0],
                new() { Signature = "", TunedFingerprint = wrong }),
                Throws.ArgumentException.With.Message.Contains("no fingerprint"), wrong);
    }

    [TestCase("", "at least one row")]
    [TestCase("1,0", "row 0 at place 1 follows 1")]
    [TestCase("3,3", "row 3 at place 1 follows 3")]
    [TestCase("-1", "row -1 at place 0 does not exist")]
    [TestCase("0,6", "go from 0 to 5")]
    public void Rows_that_cannot_be_taken_are_refused(string indices, string message)
    {
        Pair(ElementType.F32, ElementType.F32);
        int[] rows = [.. indices.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];
        Assert.That(() => TicketFixture.WritePatch(Patch, Base, Tuned, rows), Throws.ArgumentException.With.Message.Contains(message));
        Assert.That(File.Exists(Patch), Is.False);
    }

    [Test]
    public void Tensors_that_do_not_fit_are_refused()
    {
        TicketFixture.WriteMatrix(Base, ElementType.F32, Rows, Width, 1);
        TicketFixture.WriteMatrix(Tuned, ElementType.F32, Width, Rows, 2);
        Assert.That(() => TicketFixture.WritePatch(Patch, Base, Tuned, [0]), Throws.ArgumentException.With.Message.Contains("one shape"));

        TicketFixture.WriteMatrix(Tuned, ElementType.I32, Rows, Width, 2);
        Assert.That(() => TicketFixture.WritePatch(Patch, Base, Tuned, [0]), Throws.ArgumentException.With.Message.Contains("I32 [6,4]"));

        SafetensorsWriter.Write(Tuned, [TensorSource.FromBytes("v", ElementType.F32, [2], new byte[8])]);
        Assert.That(() => TicketFixture.WritePatch(Patch, Base, Tuned, [0]), Throws.ArgumentException.With.Message.Contains("F32 [2]"));
    }

    [Test]
    public void Writing_over_an_input_is_refused()
    {
        Pair(ElementType.F32, ElementType.F32);
        byte[] content = File.ReadAllBytes(Base);
        Assert.That(() => TicketFixture.WritePatch(Base, Base, Tuned, [0]), Throws.InstanceOf<IOException>());
        Assert.That(File.ReadAllBytes(Base), Is.EqualTo(content));
    }

    [TestCase("format", "other", "the format is \"other\"")]
    [TestCase("format_version", "3", "version is \"3\", this version reads \"1\" and \"2\"")]
    [TestCase("tensor", null, "no \"tensor\"")]
    [TestCase("signature", null, "no \"signature\"")]
    [TestCase("tied", "yes", "tied is \"yes\"")]
    [TestCase("base_dtype", "I32", "base_dtype is \"I32\"")]
    [TestCase("base_dtype", "F8_E4M3", "rows of a base of F8_E4M3 are of its own type")]
    [TestCase("base_scale_fingerprint", "sha256:00", "base_scale_fingerprint is \"sha256:00\"")]
    [TestCase("base_fingerprint", "sha256:00", "base_fingerprint is \"sha256:00\"")]
    [TestCase("tuned_fingerprint", null, "no \"tuned_fingerprint\"")]
    [TestCase("base_shape", "[6,5]", "base_shape is \"[6,5]\"")]
    [TestCase("base_shape", ",4]", "base_shape")]
    [TestCase("base_shape", "[-6,4]", "base_shape")]
    [TestCase("base_shape", "[5,4]", "index 5 at place 1 is no row")]
    public void Metadata_that_makes_no_sense_is_refused(string key, string? value, string message) =>
        ExpectDefect(message, (tensors, metadata) =>
        {
            if (value is null) metadata.Remove(key);
            else metadata[key] = value;
        });

    [TestCase("indices", ElementType.U32, new long[] { 2 }, "U32 [2], it should be I32")]
    [TestCase("indices", ElementType.I32, new long[] { 0 }, "I32 [0]")]
    [TestCase("indices", ElementType.I32, new long[] { 2, 1 }, "I32 [2,1]")]
    [TestCase("rows", ElementType.I32, new long[] { 2, 4 }, "I32 [2,4]")]
    [TestCase("rows", ElementType.F32, new long[] { 3, 4 }, "F32 [3,4], it should be " + ElementTypes.ReadableNames + " [2,d]")]
    [TestCase("rows", ElementType.F32, new long[] { 2, 0 }, "F32 [2,0]")]
    [TestCase("base_rows", ElementType.F32, new long[] { 2, 3 }, "it should have the shape of rows")]
    [TestCase("base_rows", ElementType.F16, new long[] { 2, 4 }, "its type or F32")]
    public void Tensors_of_another_form_are_refused(string name, ElementType type, long[] shape, string message) =>
        ExpectDefect(message, (tensors, _) => tensors[name] = TensorSource.FromBytes(name, type, shape,
            new byte[shape.Aggregate(1L, (a, b) => a * b) * type.ByteSize()]));

    [TestCase(1, 1, "index 1 at place 1 follows 1")]
    [TestCase(5, 1, "index 1 at place 1 follows 5")]
    [TestCase(-1, 1, "index -1 at place 0")]
    [TestCase(1, 6, "index 6 at place 1")]
    public void Indices_that_cannot_be_rows_are_refused(int first, int second, string message) =>
        ExpectDefect(message, (tensors, _) => tensors["indices"] = TensorSource.FromBytes("indices", ElementType.I32, [2],
            (byte[])[.. BitConverter.GetBytes(first), .. BitConverter.GetBytes(second)]));

    [Test]
    public void A_tensor_that_is_missing_is_named() =>
        ExpectDefect("no such tensor", (tensors, _) => tensors.Remove("base_rows"));

    [Test]
    public void Rows_paired_by_text_need_not_ascend_in_the_tuned_tensor()
    {
        Pair(ElementType.F32, ElementType.F32);
        TicketFixture.WriteMatrix(Tuned, ElementType.F32, Rows + 3, Width, 2);
        using SafetensorsFile before = SafetensorsFile.Open(Base), after = SafetensorsFile.Open(Tuned);
        RowPatch.Write(Patch, before.Tensors[0], after.Tensors[0], [1, 5],
            new() { Signature = "", Pairing = RowPairing.Of([0, 8, 1, 2, -1, 3], Rows + 3) });
        using (RowPatch patch = RowPatch.Open(Patch))
        {
            Assert.That((patch.IsPairedByText, patch.IsResized, patch.BaseRowCount, patch.TunedRowCount), Is.EqualTo((true, true, 6L, 9L)));
            Assert.That((patch.Indices, patch.TunedIndices), Is.EqualTo(((int[])[1, 5], (int[])[8, 3])));
            for (int i = 0; i < 2; i++)
                Assert.That(patch.Rows.GetRow<uint>(i).ToArray(),
                    Is.EqualTo(after.Tensors[0].GetRow<uint>(patch.TunedIndices[i]).ToArray()));
        }
        File.Delete(Patch);
        Assert.That(() => RowPatch.Write(Patch, before.Tensors[0], after.Tensors[0], [1, 4, 5],
            new() { Signature = "", Pairing = RowPairing.Of([0, 8, 1, 2, -1, 3], Rows + 3) }),
            Throws.ArgumentException.With.Message.Contains("row 4 has no counterpart").And.Message.Contains(Tuned));
        Assert.That(() => RowPatch.Write(Patch, before.Tensors[0], after.Tensors[0], [1],
            new() { Signature = "", Pairing = RowPairing.ById(Rows, Rows) }), Throws.ArgumentException.With.Message.Contains("one shape"));
        Assert.That(File.Exists(Patch), Is.False);
    }

    [TestCase("id", "[6,4]", false)]
    [TestCase("id", "[9,4]", true)]
    public void A_patch_of_another_number_of_tuned_rows_is_a_resized_ones(string pairs, string shape, bool isResized)
    {
        Damage((_, metadata) => (metadata["pairs"], metadata["tuned_shape"]) = (pairs, shape));
        using RowPatch patch = RowPatch.Open(Damaged);
        Assert.That((patch.IsResized, patch.IsPairedByText, patch.TunedIndices), Is.EqualTo((isResized, false, patch.Indices)));
    }

    [TestCase("name", "[6,4]", new[] { 0, 1 }, "pairs is \"name\", allowed are \"id\" and \"text\"")]
    [TestCase("id", "[6,5]", new[] { 0, 1 }, "tuned_shape is \"[6,5]\", it should be \"[rows,4]\"")]
    [TestCase("id", "[5,4]", new[] { 0, 1 }, "tuned_shape has 5 rows, and row 5 is taken from it")]
    [TestCase("text", "[6,4]", new int[0], "no such tensor; a row patch has indices, rows and base_rows")]
    [TestCase("text", "[6,4]", new[] { 0, 1, 2 }, "I32 [3], it should be I32 [2] as indices")]
    [TestCase("text", "[6,4]", new[] { 6, 0 }, "index 6 at place 0 is no row of a tensor whose rows go from 0 to 5")]
    public void Pairs_that_cannot_be_are_refused(string pairs, string shape, int[] tuned, string message) =>
        ExpectDefect(message, (tensors, metadata) =>
        {
            (metadata["pairs"], metadata["tuned_shape"]) = (pairs, shape);
            if (tuned.Length > 0)
                tensors["tuned_indices"] = TensorSource.FromBytes("tuned_indices", ElementType.I32, [tuned.Length],
                    (byte[])[.. tuned.SelectMany(BitConverter.GetBytes)]);
        });

    [Test]
    public void Numbers_of_tuned_rows_have_the_type_of_those_of_the_base() =>
        ExpectDefect("it is U32 [2], it should be I32 [2]", (tensors, metadata) =>
        {
            metadata["pairs"] = "text";
            tensors["tuned_indices"] = TensorSource.FromBytes("tuned_indices", ElementType.U32, [2], new byte[8]);
        });

    [Test]
    public void A_folder_without_a_patch_says_what_it_holds_and_what_to_do()
    {
        Assert.That(() => RowPatch.PathOf(_folder.Path),
            Throws.TypeOf<FileNotFoundException>().With.Message.Contains($"{Remedy.NamePatch}"));
        File.WriteAllText(_folder.File("ticket.json"), "{}");
        Assert.That(() => RowPatch.PathOf(_folder.Path), Throws.TypeOf<FileNotFoundException>().With.Message
            .Contains($"The ticket.json in it is empty or was moved alone: find the ticket again, with {Remedy.SelectOther}"));
        File.WriteAllText(_folder.File("adapter_config.json"), "{}");
        Assert.That(() => RowPatch.PathOf(_folder.Path), Throws.TypeOf<FileNotFoundException>().With.Message
            .Contains($"It holds a PEFT adapter, {Remedy.MergeAdapter}"));
        File.WriteAllText(Patch, "");
        Assert.That(RowPatch.PathOf(_folder.Path), Is.EqualTo(Patch));
    }

    [Test]
    public void Trained_rows_are_as_many_values_as_the_rows_have()
    {
        Pair(ElementType.F32, ElementType.F32);
        using SafetensorsFile before = SafetensorsFile.Open(Base);
        RowPatchOrigin origin = new() { Signature = "" };
        Assert.That(() => RowPatch.Write(Patch, before.Tensors[0], [1, 2], new float[7], origin), Throws.ArgumentException.With.Message
            .Contains("2 rows of 4 values are 8, 7 are given. Nothing was written."));
        Assert.That(File.Exists(Patch), Is.False);
        RowPatch.Write(Patch, before.Tensors[0], [1, 2], (float[])[0, 1, 2, 3, 4, 5, float.NaN, 7], origin);
        using SafetensorsFile patch = SafetensorsFile.Open(Patch);
        Assert.That((patch.Metadata["non_finite_rows"], patch.GetTensor("rows").GetRow<float>(0).ToArray()),
            Is.EqualTo(("2", (float[])[0, 1, 2, 3])));
        byte[] tuned = File.ReadAllBytes(Base);
        Buffer.BlockCopy((float[])[0, 1, 2, 3, 4, 5, float.NaN, 7], 0, tuned, tuned.Length - (5 * 16), 32);
        File.WriteAllBytes(Tuned, tuned);
        using SafetensorsFile after = SafetensorsFile.Open(Tuned);
        Assert.That(patch.Metadata["tuned_fingerprint"], Is.EqualTo(Fingerprint.OfTensor(after.Tensors[0])), "of the base with these rows");
    }

    private void ExpectDefect(string message, Action<Dictionary<string, TensorSource>, Dictionary<string, string>> damage)
    {
        Damage(damage);
        CheckpointFormatException e = Assert.Throws<CheckpointFormatException>(() => RowPatch.Open(Damaged))!;
        Assert.That((e.Kind, e.Path), Is.EqualTo((CheckpointDefect.InvalidRowPatch, Damaged)));
        Assert.That(e.Message, Does.Contain(message).And.Contain("Write the patch again"));
        Assert.DoesNotThrow(() => AtomicFile.WriteText(Damaged, "closed"));
    }

    private void Damage(Action<Dictionary<string, TensorSource>, Dictionary<string, string>> damage)
    {
        Pair(ElementType.F32, ElementType.F32);
        TicketFixture.WritePatch(Patch, Base, Tuned, [1, 5]);
        using SafetensorsFile whole = SafetensorsFile.Open(Patch);
        Dictionary<string, TensorSource> tensors = whole.Tensors.ToDictionary(t => t.Name, TensorSource.FromTensor);
        Dictionary<string, string> metadata = new(whole.Metadata);
        damage(tensors, metadata);
        SafetensorsWriter.Write(Damaged, tensors.Values, metadata);
    }

    private void Pair(ElementType before, ElementType after)
    {
        TicketFixture.WriteMatrix(Base, before, Rows, Width, 1);
        TicketFixture.WriteMatrix(Tuned, after, Rows, Width, 2);
    }
}
