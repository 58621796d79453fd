using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Transfer;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class TicketPatchTests : IDisposable
{
    private const int Rows = 6;
    private const int Width = 4;

    private readonly TemporaryFolder _folder = new();

    private string Base => _folder.File("base.safetensors");

    private string Tuned => _folder.File("tuned.safetensors");

    private string Patch => _folder.File(TicketPatch.FileName);

    public void Dispose() => _folder.Dispose();

    [TestCase(true)]
    [TestCase(false)]
    public void A_patch_holds_the_rows_of_both_sides_and_where_they_come_from(bool map)
    {
        Pair(ElementType.F32, ElementType.F32);
        TicketFixture.WritePatch(Patch, Base, Tuned, [1, 5], isTied: false);

        using SafetensorsFile before = SafetensorsFile.Open(Base);
        using SafetensorsFile after = SafetensorsFile.Open(Tuned);
        using TicketPatch patch = TicketPatch.Open(Patch, new CheckpointOptions { UseMemoryMap = map });
        PatchRows rows = patch.Rows!;
        Assert.That(rows.Indices, Is.EqualTo(new[] { 1, 5 }));
        Assert.That((rows.TensorName, patch.IsTied), Is.EqualTo((TicketFixture.Embedding, (bool?)false)));
        Assert.That((rows.Width, rows.BaseRowCount), Is.EqualTo((Width, (long)Rows)));
        Assert.That((rows.BaseElementType, patch.Signature), Is.EqualTo((ElementType.F32, "ks|test")));
        Assert.That(rows.BaseFingerprint, Is.EqualTo(Fingerprint.OfTensor(before.Tensors[0])));
        Assert.That(rows.TunedFingerprint, Is.EqualTo(Fingerprint.OfTensor(after.Tensors[0])));
        foreach ((int i, long row) in rows.Indices.Index())
        {
            Assert.That(rows.TunedRows.GetRow<uint>(i).ToArray(), Is.EqualTo(after.Tensors[0].GetRow<uint>(row).ToArray()));
            Assert.That(rows.BaseRows.GetRow<uint>(i).ToArray(), Is.EqualTo(before.Tensors[0].GetRow<uint>(row).ToArray()));
        }
    }

    /// <summary>The kind of the stored fingerprint says how a base is known again.</summary>
    [Test]
    public void A_patch_of_either_kind_of_fingerprint_fits_its_base_alone([Values] FingerprintKind kind)
    {
        Pair(ElementType.F16, ElementType.F16);
        using (SafetensorsFile before = SafetensorsFile.Open(Base), after = SafetensorsFile.Open(Tuned))
            TicketPatch.Write(Patch, [TicketFixture.Rows(before.Tensors[0], after.Tensors[0], 1, 4)], new()
            {
                Signature = "",
                BaseFingerprint = Fingerprint.OfTensor(before.Tensors[0], kind),
                TunedFingerprint = Fingerprint.OfTensor(after.Tensors[0], kind),
            });
        PatchOptions options = new() { AllowsNonFinite = true };
        PatchResult applied = PatchApplication.Apply(Base, Patch, _folder.File("patched"), options);
        Assert.That(Fingerprint.KindOf(applied.Tensors[0].Fingerprint), Is.EqualTo(kind));
        PatchResult reverted = PatchApplication.Revert(_folder.File("patched/base.safetensors"), Patch, _folder.File("restored"));
        TicketFixture.AssertSame(_folder.File("restored/base.safetensors"), Base);
        using (SafetensorsFile before = SafetensorsFile.Open(Base))
            Assert.That(reverted.Tensors[0].Fingerprint, Is.EqualTo(Fingerprint.OfTensor(before.Tensors[0], kind)));
        Assert.That(() => PatchApplication.Apply(Tuned, Patch, _folder.File("x"), options), Throws.TypeOf<PatchMismatchException>());
        Assert.That(() => PatchApplication.Revert(Base, Patch, _folder.File("x")), Throws.TypeOf<PatchMismatchException>()
            .With.Message.Contains("this is the base already"));
    }

    [TestCase(null, "unknown")]
    [TestCase(true, "true")]
    public void The_file_is_plain_safetensors(bool? isTied, string tied)
    {
        Pair(ElementType.BF16, ElementType.BF16);
        TicketFixture.WritePatch(Patch, Base, Tuned, [0, 2, 3], isTied);

        using SafetensorsFile file = SafetensorsFile.Open(Patch);
        Assert.That(file.Tensors.Select(t => $"{t.Name} {t.DtypeName} [{string.Join(',', t.Shape)}]"), Is.EquivalentTo(new[]
        {
            $"units/{TicketFixture.Embedding} U8 [1]", $"values/{TicketFixture.Embedding} BF16 [3,4]",
            $"base_values/{TicketFixture.Embedding} BF16 [3,4]",
        }));
        Assert.That(file.GetTensor($"units/{TicketFixture.Embedding}").GetRow<byte>(0).ToArray(), Is.EqualTo(new byte[] { 0b1101 }));
        Assert.That(file.Metadata.Keys,
            Is.EquivalentTo(new[] { "format", "format_version", "tied", "signature", "tensors", "checksum" }));
        Assert.That((file.Metadata["format_version"], file.Metadata["tied"]), Is.EqualTo(("2", tied)));
        Assert.That(file.Metadata["tensors"], Does.StartWith("""
            [{"name":"model.embed_tokens.weight","base_dtype":"BF16","base_shape":[6,4],"unit":[1,4],"coding":"bits","payload":"replace",
            """.ReplaceLineEndings("").Trim()));
    }

    [Test]
    public void Known_fingerprints_are_taken_over_and_false_ones_refused()
    {
        Pair(ElementType.F16, ElementType.F16);
        string known = "sha256:" + new string('a', 64);
        using SafetensorsFile before = SafetensorsFile.Open(Base);
        TicketPatch.Write(Patch, [TicketFixture.Rows(before.Tensors[0], before.Tensors[0], 0)],
            new() { Signature = "", BaseFingerprint = known });
        using (TicketPatch patch = TicketPatch.Open(Patch)) Assert.That(patch.Tensors[0].BaseFingerprint, Is.EqualTo(known));

        foreach (string wrong in (string[])["", "sha256:", known.ToUpperInvariant(), known + "a", "sha256:" + new string('g', 64)])
            Assert.That(() => TicketPatch.Write(Patch, [TicketFixture.Rows(before.Tensors[0], before.Tensors[0], 0)],
                new() { Signature = "", TunedFingerprint = wrong }),
                Throws.ArgumentException.With.Message.Contains("no fingerprint"), wrong);
    }

    [TestCase("", "at least one of its rows")]
    [TestCase("1,0", "index 0 stands behind 1 in a set of 6")]
    [TestCase("3,3", "index 3 stands behind 3")]
    [TestCase("-1", "index -1 stands")]
    [TestCase("0,6", "ascend from 0 to 5")]
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
    [TestCase("format_version", "3", "version is \"3\"")]
    [TestCase("tensor", null, "no \"tensor\"")]
    [TestCase("signature", null, "no \"signature\"")]
    [TestCase("tied", "yes", "tied is \"yes\"")]
    [TestCase("base_dtype", "I32", "base_dtype is \"I32\"")]
    [TestCase("base_dtype", "F8_E4M3", "values of a base of F8_E4M3 are of its own type")]
    [TestCase("base_scale_fingerprint", "sha256:00", "base_scale_fingerprint is \"sha256:00\"")]
    [TestCase("base_fingerprint", "sha256:00", "base_fingerprint is \"sha256:00\"")]
    [TestCase("tuned_fingerprint", null, "no \"tuned_fingerprint\"")]
    [TestCase("base_shape", "[6,5]", "base_shape is \"[6,5]\"")]
    [TestCase("base_shape", ",4]", "base_shape")]
    [TestCase("base_shape", "[-6,4]", "base_shape")]
    [TestCase("base_shape", "[5,4]", "index 5 at place 1 is no row")]
    public void Metadata_that_makes_no_sense_is_refused(string key, string? value, string message) =>
        ExpectDefect(TicketFixture.FirstVersion, message, (tensors, metadata) =>
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
    [TestCase("base_rows", ElementType.F16, new long[] { 2, 4 }, "its type or BF16")]
    public void Tensors_of_another_form_are_refused(string name, ElementType type, long[] shape, string message) =>
        ExpectDefect(TicketFixture.FirstVersion, message, (tensors, _) => tensors[name] = TensorSource.FromBytes(name, type, shape,
            new byte[shape.Aggregate(1L, (a, b) => a * b) * type.ByteSize()]));

    [TestCase(1, 1, "index 1 at place 1 follows 1")]
    [TestCase(5, 1, "index 1 at place 1 follows 5")]
    [TestCase(-1, 1, "index -1 at place 0")]
    [TestCase(1, 6, "index 6 at place 1")]
    public void Indices_that_cannot_be_rows_are_refused(int first, int second, string message) =>
        ExpectDefect(TicketFixture.FirstVersion, message, (tensors, _) => tensors["indices"] =
            TensorSource.FromBytes("indices", ElementType.I32, [2],
            (byte[])[.. BitConverter.GetBytes(first), .. BitConverter.GetBytes(second)]));

    [Test]
    public void A_tensor_that_is_missing_is_named() =>
        ExpectDefect(TicketFixture.FirstVersion, "no such tensor", (tensors, _) => tensors.Remove("base_rows"));

    [Test]
    public void A_patch_of_the_first_version_is_read_applied_and_reverted_as_ever([Values(true, false)] bool map)
    {
        Pair(ElementType.BF16, ElementType.F32);
        string own = _folder.File("own.safetensors");
        TicketFixture.WritePatch(own, Base, Tuned, [1, 5], isTied: true);
        using (TicketPatch first = TicketPatch.Open(TicketFixture.FirstVersion, new() { UseMemoryMap = map }), now = TicketPatch.Open(own))
        {
            Assert.That((first.FormatVersion, now.FormatVersion), Is.EqualTo((1, 2)));
            Assert.That((first.Mask, first.Signature, first.IsTied), Is.EqualTo((now.Mask, now.Signature, now.IsTied)));
            Assert.That((first.Rows!.IsResized, now.Rows!.IsResized), Is.EqualTo((false, false)));
            using SafetensorsFile before = SafetensorsFile.Open(Base), after = SafetensorsFile.Open(Tuned);
            Assert.That((first.Rows.BaseFingerprint, first.Rows.TunedFingerprint),
                Is.EqualTo((Fingerprint.OfTensor(before.Tensors[0]), Fingerprint.OfTensor(after.Tensors[0]))));
            Assert.That(first.Rows.TunedRows.GetRow<uint>(1).ToArray(), Is.EqualTo(now.Rows.TunedRows.GetRow<uint>(1).ToArray()));
            Assert.That(first.Notes.Single(), Does.Contain("has no checksum"));
            Assert.That(now.Notes, Is.Empty);
        }
        PatchApplication.Apply(Base, TicketFixture.FirstVersion, _folder.File("first"), new() { AllowsNonFinite = true });
        PatchApplication.Apply(Base, own, _folder.File("now"), new() { AllowsNonFinite = true });
        TicketFixture.AssertSame(_folder.File("first/base.safetensors"), _folder.File("now/base.safetensors"));
        PatchApplication.Revert(_folder.File("now/base.safetensors"), TicketFixture.FirstVersion, _folder.File("back"));
        TicketFixture.AssertSame(_folder.File("back/base.safetensors"), Base);

        using TicketPatch paired = TicketPatch.Open(TicketFixture.FirstVersionByText);
        Assert.That((paired.Rows!.IsResized, paired.Rows.IsPairedByText, paired.Rows.TunedRowCount), Is.EqualTo((true, true, 7L)));
        Assert.That((paired.Rows.Indices, paired.Rows.TunedIndices), Is.EqualTo((new[] { 0, 3 }, new[] { 2, 4 })));
    }

    [Test]
    public void Damage_anywhere_is_refused_unless_its_checksum_is_to_be_ignored()
    {
        Pair(ElementType.F32, ElementType.F32);
        TicketFixture.WritePatch(Patch, Base, Tuned, [1, 5]);
        byte[] whole = File.ReadAllBytes(Patch);
        int wrong = 0;
        for (int place = 0; place < whole.Length; place += 3)
        {
            byte[] damaged = [.. whole];
            damaged[place] ^= 1;
            File.WriteAllBytes(Patch, damaged);
            CheckpointFormatException? e = null;
            try
            {
                TicketPatch.Open(Patch).Dispose();
            }
            catch (CheckpointFormatException caught)
            {
                e = caught;
            }
            // Layout that no tensor and no entry shows in, such as a space of padding, is no damage; a renamed checksum is none at all.
            if (e is null) Assert.That(Meaning(damaged), Is.EqualTo(Meaning(whole)).Or.Contains("has no checksum"), $"byte {place}");
            else if (e.Kind == CheckpointDefect.WrongChecksum)
            {
                wrong++;
                Assert.That(e.Message, Does.Contain($"{Remedy.IgnoreChecksum}").And.Contain("changed or damaged"));
            }
        }
        Assert.That(wrong, Is.GreaterThan(whole.Length / 9));

        using (SafetensorsFile file = SafetensorsFile.Open(Patch))
            whole[file.GetTensor($"values/{TicketFixture.Embedding}").FileOffset] ^= 1;
        File.WriteAllBytes(Patch, whole);
        using TicketPatch read = TicketPatch.Open(Patch, new() { IgnoresChecksum = true });
        Assert.That(read.Notes.Single(), Does.Contain("It was ignored, as asked."));

        string Meaning(byte[] bytes)
        {
            File.WriteAllBytes(Patch, bytes);
            using SafetensorsFile file = SafetensorsFile.Open(Patch);
            using TicketPatch patch = TicketPatch.Open(Patch);
            return string.Join(' ', patch.Notes) + string.Join('|', file.Metadata.OrderBy(m => m.Key).Select(m => m.Key + m.Value))
                + string.Join('|', file.Tensors.Select(t => t.Name + Fingerprint.OfTensor(t)));
        }
    }

    [Test]
    public void A_patch_that_is_damaged_is_what_revert_names([Values] bool isOfBase)
    {
        Pair(ElementType.F32, ElementType.F32);
        TicketFixture.WritePatch(Patch, Base, Tuned, [1, 5]);
        PatchApplication.Apply(Base, Patch, _folder.File("out"), new() { AllowsNonFinite = true });
        string patched = _folder.File("out/base.safetensors");
        byte[] bytes = File.ReadAllBytes(Patch);
        using (SafetensorsFile file = SafetensorsFile.Open(Patch))
            bytes[file.GetTensor($"{(isOfBase ? "base_values" : "values")}/{TicketFixture.Embedding}").FileOffset] ^= 1;
        File.WriteAllBytes(Patch, bytes);
        Assert.That(() => PatchApplication.Revert(patched, Patch, _folder.File("back")), Throws.TypeOf<CheckpointFormatException>()
            .With.Message.StartsWith($"{Patch}: the checksum is"));
        PatchMismatchException refusal = Assert.Throws<PatchMismatchException>(() =>
            PatchApplication.Revert(patched, Patch, _folder.File("back"), new() { IgnoresChecksum = true }))!;
        Assert.That(refusal.Message, Does.Contain(Patch).And.EndWith("or the patch itself is damaged, which no checksum rules out: copy or "
            + "write it again."));
    }

    [Test]
    public void Damaged_files_are_read_to_the_end_or_refused_by_the_documented_exception([Values] TicketPayload payload)
    {
        using PayloadFixture model = new(ElementType.F32, ElementType.F16);
        model.Write(PayloadFixture.MaskOf(TicketUnit.Blocks(2, 3)), payload, payload != TicketPayload.Drop);
        byte[] whole = File.ReadAllBytes(model.Patch);
        Random random = new(5);
        using Checkpoint before = Checkpoint.Open(model.Base);
        (int read, int refused) = (0, 0);
        for (int i = 0; i < 300; i++)
        {
            byte[] damaged = [.. whole];
            int start = i % 2 == 0 ? 8 : 8 + BitConverter.ToInt32(whole);
            for (int n = random.Next(1, 4); n > 0; n--) damaged[random.Next(start, damaged.Length)] = (byte)random.Next(256);
            if (i % 9 == 0) damaged = damaged[..random.Next(damaged.Length)];
            File.WriteAllBytes(model.Patch, damaged);
            try
            {
                using TicketPatch patch = TicketPatch.Open(model.Patch, new() { IgnoresChecksum = true });
                foreach (PatchedTensor tensor in patch.Tensors)
                    foreach (PatchSide side in (PatchSide[])[PatchSide.Base, PatchSide.Tuned])
                        new PatchRewriter(tensor, side).Rewrite(0,
                            new byte[tensor.Mask.Grid.ElementCount * tensor.BaseElementType.ByteSize()]);
                read++;
            }
            catch (CheckpointFormatException)
            {
                refused++;
            }
        }
        TestContext.Out.WriteLine($"{payload}: {read} read, {refused} refused");
        Assert.That((read > 20, refused > 50), Is.EqualTo((true, true)));
    }

    // Entries of the list of tensors, each of which is wrong in one thing.
    [TestCase("\"payload\":\"replace\"", "\"payload\":\"swap\"", "this version knows replace, delta, keep, drop, sign, share")]
    [TestCase("\"payload\":\"replace\"", "\"payload\":\"share\"", "share: it is missing")]
    [TestCase("\"unit\":[1,4]", "\"unit\":[1,5]", "tensors[0].unit[1]: it must be a whole number from 1 to 4")]
    [TestCase("\"unit\":[1,4]", "\"unit\":[4]", "it must be two numbers")]
    [TestCase("\"unit\":[1,4]", "\"unit\":[1,2]", "indices")]
    [TestCase("\"coding\":\"bits\"", "\"coding\":\"list\"", "it must be bits or steps")]
    [TestCase("\"base_shape\":[6,4]", "\"base_shape\":[9223372036854775807,4]", "it is too large")]
    [TestCase("\"base_shape\":[6,4]", "\"base_shape\":[2000000000000,4]", "it is too large")]
    [TestCase("\"base_shape\":[6,4]", "\"base_shape\":[-1,4]", "whole number from 0")]
    [TestCase("\"base_dtype\":\"F32\"", "\"base_dtype\":\"I64\"", "base_dtype is \"I64\"")]
    [TestCase("\"base_dtype\":\"F32\"", "\"base_dtype\":\"F16\"", "it should be F16 [2,4]")]
    [TestCase("\"name\":\"model.embed_tokens.weight\"", "\"name\":\"other\"", "no such tensor")]
    [TestCase("\"base_fingerprint\":\"sha256:", "\"base_fingerprint\":\"sha256:0", "it should be sha256:")]
    [TestCase("\"tuned_fingerprint\":", "\"fingerprint\":", "tensors[0].tuned_fingerprint: it is missing")]
    [TestCase("[{", "{", "no JSON of unique keys")]
    [TestCase("\"payload\":", "\"name\":\"x\",\"payload\":", "no JSON of unique keys")]
    public void A_list_of_tensors_that_makes_no_sense_is_refused(string part, string other, string message)
    {
        Pair(ElementType.F32, ElementType.F32);
        TicketFixture.WritePatch(Patch, Base, Tuned, [1, 5]);
        ExpectDefect(Patch, message, (_, metadata) =>
        {
            Assert.That(metadata["tensors"], Does.Contain(part));
            metadata["tensors"] = metadata["tensors"].Replace(part, other, StringComparison.Ordinal);
            metadata.Remove("checksum");
        });
    }

    [TestCase("units/", new byte[] { 0x40 }, "a bit behind the last of 6")]
    [TestCase("units/", new byte[] { 2, 0 }, "2 bytes of bits")]
    [TestCase("units/", new byte[] { 0x02 }, "it should be " + ElementTypes.ReadableNames + " [1,4]")]
    [TestCase("values/", new byte[] { 1 }, "it should be")]
    [TestCase("base_values/", new byte[] { 1 }, "it should be F32 [2,4]")]
    [TestCase("values/", null, "no such tensor")]
    public void Parts_of_another_form_are_refused(string name, byte[]? bytes, string message)
    {
        Pair(ElementType.F32, ElementType.F32);
        TicketFixture.WritePatch(Patch, Base, Tuned, [1, 5]);
        name += TicketFixture.Embedding;
        ExpectDefect(Patch, message, (tensors, metadata) =>
        {
            if (bytes is null) tensors.Remove(name);
            else tensors[name] = TensorSource.FromBytes(name, ElementType.U8, [bytes.Length], bytes);
            metadata.Remove("checksum");
        });
    }

    [Test]
    public void Rows_paired_by_text_need_not_ascend_in_the_tuned_tensor()
    {
        Pair(ElementType.F32, ElementType.F32);
        TicketFixture.WriteMatrix(Tuned, ElementType.F32, Rows + 3, Width, 2);
        using SafetensorsFile before = SafetensorsFile.Open(Base), after = SafetensorsFile.Open(Tuned);
        TicketPatch.Write(Patch, [TicketFixture.Rows(before.Tensors[0], after.Tensors[0], 1, 5)],
            new() { Signature = "", Pairing = RowPairing.Of([0, 8, 1, 2, -1, 3], Rows + 3) });
        using (TicketPatch patch = TicketPatch.Open(Patch))
        {
            PatchRows rows = patch.Rows!;
            Assert.That((rows.IsPairedByText, rows.IsResized, rows.BaseRowCount, rows.TunedRowCount), Is.EqualTo((true, true, 6L, 9L)));
            Assert.That((rows.Indices, rows.TunedIndices), Is.EqualTo(((int[])[1, 5], (int[])[8, 3])));
            for (int i = 0; i < 2; i++)
                Assert.That(rows.TunedRows.GetRow<uint>(i).ToArray(),
                    Is.EqualTo(after.Tensors[0].GetRow<uint>(rows.TunedIndices[i]).ToArray()));
        }
        File.Delete(Patch);
        Assert.That(() => TicketPatch.Write(Patch, [TicketFixture.Rows(before.Tensors[0], after.Tensors[0], 1, 4, 5)],
            new() { Signature = "", Pairing = RowPairing.Of([0, 8, 1, 2, -1, 3], Rows + 3) }),
            Throws.ArgumentException.With.Message.Contains("row 4 has no counterpart").And.Message.Contains(Tuned));
        Assert.That(() => TicketPatch.Write(Patch, [TicketFixture.Rows(before.Tensors[0], after.Tensors[0], 1)],
            new() { Signature = "", Pairing = RowPairing.ById(Rows, Rows) }), Throws.ArgumentException.With.Message.Contains("one shape"));
        Assert.That(File.Exists(Patch), Is.False);
    }

    [TestCase("id", "[6,4]", false)]
    [TestCase("id", "[9,4]", true)]
    public void A_patch_of_another_number_of_tuned_rows_is_a_resized_ones(string pairs, string shape, bool isResized)
    {
        string damaged = Damage(TicketFixture.FirstVersion, (_, metadata) => (metadata["pairs"], metadata["tuned_shape"]) = (pairs, shape));
        using TicketPatch patch = TicketPatch.Open(damaged);
        Assert.That((patch.Rows!.IsResized, patch.Rows.IsPairedByText, patch.Rows.TunedIndices),
            Is.EqualTo((isResized, false, patch.Rows.Indices)));
    }

    [TestCase("name", "[6,4]", new[] { 0, 1 }, "pairs is \"name\", allowed are \"id\" and \"text\"")]
    [TestCase("id", "[6,5]", new[] { 0, 1 }, "tuned_shape is \"[6,5]\", it should be \"[rows,4]\"")]
    [TestCase("id", "[5,4]", new[] { 0, 1 }, "tuned_shape has 5 rows, and row 5 is taken from it")]
    [TestCase("text", "[6,4]", new int[0], "no such tensor")]
    [TestCase("text", "[6,4]", new[] { 0, 1, 2 }, "I32 [3], it should be I32 [2] as indices")]
    [TestCase("text", "[6,4]", new[] { 6, 0 }, "index 6 at place 0 is no row of a tensor whose rows go from 0 to 5")]
    public void Pairs_that_cannot_be_are_refused(string pairs, string shape, int[] tuned, string message)
    {
        void Pairs(Dictionary<string, TensorSource> tensors)
        {
            if (tuned.Length > 0)
                tensors["tuned_indices"] = TensorSource.FromBytes("tuned_indices", ElementType.I32, [tuned.Length],
                    (byte[])[.. tuned.SelectMany(BitConverter.GetBytes)]);
        }
        ExpectDefect(TicketFixture.FirstVersion, message, (tensors, metadata) =>
        {
            (metadata["pairs"], metadata["tuned_shape"]) = (pairs, shape);
            Pairs(tensors);
        });
        Pair(ElementType.F32, ElementType.F32);
        TicketFixture.WritePatch(Patch, Base, Tuned, [1, 5]);
        string own = message.Contains("[rows,4]", StringComparison.Ordinal) ? "tuned_shape: it must be two numbers" : message;
        ExpectDefect(Patch, own, (tensors, metadata) =>
        {
            metadata["tensors"] = metadata["tensors"].Replace("}", $",\"pairs\":\"{pairs}\",\"tuned_shape\":{shape}}}",
                StringComparison.Ordinal);
            metadata.Remove("checksum");
            Pairs(tensors);
        });
    }

    [Test]
    public void Numbers_of_tuned_rows_have_the_type_of_those_of_the_base() =>
        ExpectDefect(TicketFixture.FirstVersion, "it is U32 [2], it should be I32 [2]", (tensors, metadata) =>
        {
            metadata["pairs"] = "text";
            tensors["tuned_indices"] = TensorSource.FromBytes("tuned_indices", ElementType.U32, [2], new byte[8]);
        });

    [Test]
    public void A_folder_without_a_patch_says_what_it_holds_and_what_to_do()
    {
        Assert.That(() => TicketPatch.PathOf(_folder.Path),
            Throws.TypeOf<FileNotFoundException>().With.Message.Contains($"{Remedy.NamePatch}"));
        File.WriteAllText(_folder.File("ticket.json"), "{}");
        Assert.That(() => TicketPatch.PathOf(_folder.Path), Throws.TypeOf<FileNotFoundException>().With.Message
            .Contains($"The ticket.json in it is empty or was moved alone: find the ticket again, with {Remedy.SelectOther}"));
        File.WriteAllText(_folder.File("adapter_config.json"), "{}");
        Assert.That(() => TicketPatch.PathOf(_folder.Path), Throws.TypeOf<FileNotFoundException>().With.Message
            .Contains($"It holds a PEFT adapter, {Remedy.MergeAdapter}"));
        File.WriteAllText(Patch, "");
        Assert.That(TicketPatch.PathOf(_folder.Path), Is.EqualTo(Patch));
    }

    [Test]
    public void Trained_rows_are_as_many_values_as_the_rows_have()
    {
        Pair(ElementType.F32, ElementType.F32);
        using SafetensorsFile before = SafetensorsFile.Open(Base);
        PatchOrigin origin = new() { Signature = "" };
        PatchSource rows = PatchSource.OfRows(before.Tensors[0], IndexSet.Of(Rows, (int[])[1, 2]));
        Assert.That(() => TicketPatch.Write(Patch, [rows with { Values = new float[7] }], origin),
            Throws.ArgumentException.With.Message.Contains("have 8 values, 7 are given. Nothing was written."));
        Assert.That(File.Exists(Patch), Is.False);
        TicketPatch.Write(Patch, [rows with { Values = (float[])[0, 1, 2, 3, 4, 5, float.NaN, 7] }], origin);
        using SafetensorsFile file = SafetensorsFile.Open(Patch);
        using TicketPatch patch = TicketPatch.Open(Patch);
        Assert.That(file.Metadata["tensors"], Does.Contain("\"non_finite\":[2]"));
        Assert.That(patch.Rows!.TunedRows.GetRow<float>(0).ToArray(), Is.EqualTo((float[])[0, 1, 2, 3]));
        byte[] tuned = File.ReadAllBytes(Base);
        Buffer.BlockCopy((float[])[0, 1, 2, 3, 4, 5, float.NaN, 7], 0, tuned, tuned.Length - (5 * 16), 32);
        File.WriteAllBytes(Tuned, tuned);
        using SafetensorsFile after = SafetensorsFile.Open(Tuned);
        Assert.That(patch.Rows.TunedFingerprint, Is.EqualTo(Fingerprint.OfTensor(after.Tensors[0])), "of the base with these rows");
    }

    private string Damage(string patchFile, Action<Dictionary<string, TensorSource>, Dictionary<string, string>> damage)
    {
        string damaged = _folder.File("damaged.safetensors");
        using SafetensorsFile whole = SafetensorsFile.Open(patchFile);
        Dictionary<string, TensorSource> tensors = whole.Tensors.ToDictionary(t => t.Name, TensorSource.FromTensor);
        Dictionary<string, string> metadata = new(whole.Metadata);
        damage(tensors, metadata);
        SafetensorsWriter.Write(damaged, tensors.Values, metadata);
        return damaged;
    }

    private void ExpectDefect(string patchFile, string message, Action<Dictionary<string, TensorSource>, Dictionary<string, string>> damage)
    {
        string damaged = Damage(patchFile, damage);
        CheckpointFormatException e = Assert.Throws<CheckpointFormatException>(() => TicketPatch.Open(damaged))!;
        Assert.That((e.Kind, e.Path), Is.EqualTo((CheckpointDefect.InvalidRowPatch, damaged)));
        Assert.That(e.Message, Does.Contain(message).And.Contain("Write the patch again"));
        Assert.DoesNotThrow(() => AtomicFile.WriteText(damaged, "closed"));
    }

    private void Pair(ElementType before, ElementType after)
    {
        TicketFixture.WriteMatrix(Base, before, Rows, Width, 1);
        TicketFixture.WriteMatrix(Tuned, after, Rows, Width, 2);
    }
}
