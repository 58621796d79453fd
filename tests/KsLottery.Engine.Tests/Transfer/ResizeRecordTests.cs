using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;

namespace KsLottery.Engine.Tests.Transfer;

/// <summary>What a resized checkpoint is refused for: tensors that have no part in it, records and files that do not fit.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ResizeRecordTests : IDisposable
{
    private const string Record = "resize.kslottery", Model = "model.safetensors";

    private readonly VocabularyFixture _pair = new(VocabularyFixture.Tokens(20), VocabularyFixture.Tokens(20, 0, "[PAD]"), ["t3"],
        isTied: false);

    private string Resized => _pair.File("resized");

    public void Dispose() => _pair.Dispose();

    [TestCase("format", "other", "it is no kslottery.resize of version 1")]
    [TestCase("format_version", "2", "it is no kslottery.resize of version 1")]
    [TestCase("taken", "..", "\"..\" is no name of a file")]
    [TestCase("taken", ".", "\".\" is no name of a file")]
    [TestCase("taken", null, "its metadata has no \"taken\"")]
    [TestCase("length/" + Model, "-1", "length/model.safetensors is no number")]
    [TestCase("length/" + Model, null, "its metadata has no \"length/model.safetensors\"")]
    public void A_record_whose_metadata_make_no_sense_is_refused(string key, string? value, string message) =>
        AssertRefused(message, (_, metadata) =>
        {
            if (value is null) metadata.Remove(key);
            else metadata[key] = value;
        });

    [Test]
    public void A_record_of_other_pairs_than_the_patch_has_rows_is_refused()
    {
        AssertRefused("pairs must be I32 [20]", (tensors, _) =>
            tensors["pairs"] = TensorSource.FromBytes("pairs", ElementType.I32, [19], new byte[4 * 19]));
        AssertRefused("pairs must be I32 [20]", (tensors, _) =>
            tensors["pairs"] = TensorSource.FromBytes("pairs", ElementType.U32, [20], new byte[4 * 20]));
        AssertRefused("it has no tensor \"pairs\"", (tensors, _) => tensors.Remove("pairs"));
        AssertRefused("it has no tensor \"dropped/lm_head.weight\"", (tensors, _) => tensors.Remove("dropped/lm_head.weight"));
    }

    [Test]
    public void A_record_of_another_patch_is_none()
    {
        Resize();
        Damage((_, metadata) => metadata["tuned_fingerprint"] = metadata["base_fingerprint"]);
        Assert.That(Revert, Throws.TypeOf<PatchMismatchException>().With.Message.Contains("reverted by the resize.kslottery"));
    }

    [Test]
    public void A_file_that_is_absent_or_has_the_bases_size_is_not_reverted()
    {
        Resize();
        Damage((tensors, metadata) =>
        {
            tensors["header/other.safetensors"] = tensors["header/" + Model] with { Name = "header/other.safetensors" };
            metadata["length/other.safetensors"] = metadata["length/" + Model];
        });
        Assert.That(Revert, Throws.TypeOf<FileNotFoundException>().With.Message.EqualTo(
            $"{Resized}: the file other.safetensors is absent, which the patch had rewritten. Give the checkpoint that apply wrote."));
        File.Copy(Path.Combine(_pair.Base, Model), Path.Combine(Resized, Model), overwrite: true);
        Assert.That(Revert, Throws.TypeOf<PatchMismatchException>().With.Message
            .Contains($"this is F32 [20,32], resized by the patch {_pair.Patch} it is F32 [21,32]"));
    }

    [Test]
    public void A_tensor_beside_embedding_and_head_has_no_vocabulary()
    {
        string before = _pair.File("before.safetensors"), after = _pair.File("after.safetensors"), patch = _pair.File("patch.safetensors");
        TicketFixture.WriteMatrix(before, ElementType.F32, 20, 4, 1, "model.other.weight");
        TicketFixture.WriteMatrix(after, ElementType.F32, 21, 4, 2, "model.other.weight");
        using (SafetensorsFile old = SafetensorsFile.Open(before), tuned = SafetensorsFile.Open(after))
            TicketPatch.Write(patch, [TicketFixture.Rows(old.Tensors[0], tuned.Tensors[0], 1)],
                new() { Signature = "", Pairing = RowPairing.ById(20, 21) });
        Assert.That(() => PatchApplication.Apply(before, patch, Resized, new() { ResizeAs = after }),
            Throws.TypeOf<NotSupportedException>().With.Message.EqualTo($"{patch}: the patch is for \"model.other.weight\", which is "
                + $"neither embedding nor output head: a vocabulary has no part in it. Apply it {Remedy.KeepSize}."));
    }

    [Test]
    public void A_head_of_another_size_or_with_a_bias_and_a_checkpoint_without_an_embedding_are_refused()
    {
        _pair.Find();
        TensorSource[] embedding = Sources(_pair.Base, name => name != "lm_head.weight"),
            tuned = Sources(_pair.Tuned, name => name != TicketFixture.Embedding && name != "lm_head.weight");
        TensorSource[] head = Sources(_pair.Base, name => name == "lm_head.weight");
        SafetensorsWriter.Write(Path.Combine(_pair.Base, Model),
            [.. embedding, TensorSource.FromBytes("lm_head.weight", ElementType.F32, [19, 32], new byte[4 * 19 * 32])]);
        Assert.That(Resize, Throws.TypeOf<NotSupportedException>().With.Message.EqualTo($"\"lm_head.weight\" is [19,32] in {_pair.Base} "
            + $"and [21,32] in {_pair.Tuned}, \"model.embed_tokens.weight\" has 20 and 21 rows: both cannot be resized together. Apply the "
            + $"patch {Remedy.KeepSize}."));
        SafetensorsWriter.Write(Path.Combine(_pair.Base, Model),
            [.. embedding, .. head, TensorSource.FromBytes("lm_head.bias", ElementType.F32, [20], new byte[80])]);
        Assert.That(Resize, Throws.TypeOf<NotSupportedException>().With.Message.EndsWith($"tensor \"lm_head.bias\": an output head with a "
            + $"bias cannot be resized. Apply the patch {Remedy.KeepSize}."));
        SafetensorsWriter.Write(Path.Combine(_pair.Tuned, Model), tuned);
        Assert.That(Resize, Throws.TypeOf<KeyNotFoundException>().With.Message.EqualTo($"{_pair.Tuned}: no tensor "
            + "\"model.embed_tokens.weight\" in it, nor another that could be its embedding. Give the tuned checkpoint that the ticket was "
            + "found with."));
        Assert.That(Directory.Exists(Resized), Is.False);
    }

    [Test]
    public void Tokenizers_that_pair_other_rows_than_the_patch_are_refused()
    {
        string?[] before = VocabularyFixture.Tokens(20);
        using VocabularyFixture pair = new(before, [.. before.Reverse()], ["t3"]);
        pair.Find(RowPairingMode.Text);
        string tokenizer = Path.Combine(pair.Tuned, "tokenizer.json");
        File.WriteAllText(tokenizer, File.ReadAllText(tokenizer).Replace("\"t3\":16,\"t2\":17", "\"t2\":16,\"t3\":17",
            StringComparison.Ordinal));
        Assert.That(() => PatchApplication.Apply(pair.Base, pair.Patch, pair.File("resized"), new() { ResizeAs = pair.Tuned }),
            Throws.TypeOf<InvalidDataException>().With.Message.EqualTo($"{pair.Patch}: the tokenizers beside {pair.Base} and {pair.Tuned} "
                + "pair other rows than the patch does. Put those there that the ticket was found with."));
    }

    [Test]
    public void A_generation_configuration_goes_with_the_tokenizer_and_comes_back()
    {
        File.WriteAllText(Path.Combine(_pair.Base, "generation_config.json"), "{\"eos_token_id\":2}");
        File.WriteAllText(Path.Combine(_pair.Tuned, "generation_config.json"), "{\"eos_token_id\":20}");
        Resize();
        Assert.That(File.ReadAllText(Path.Combine(Resized, "generation_config.json")), Is.EqualTo("{\"eos_token_id\":20}"));
        Revert();
        VocabularyFixture.AssertSameFolder(_pair.File("reverted"), _pair.Base);
    }

    [Test]
    public void A_tuned_checkpoint_without_a_tokenizer_leaves_the_bases_and_a_note_says_so()
    {
        _pair.Find();
        File.Delete(Path.Combine(_pair.Tuned, "tokenizer.json"));
        File.Delete(Path.Combine(_pair.Tuned, "added_tokens.json"));
        PatchResult result = PatchApplication.Apply(_pair.Base, _pair.Patch, Resized, new() { ResizeAs = _pair.Tuned });
        Assert.That(result.Notes, Has.One.EqualTo($"No tokenizer lies beside {_pair.Tuned}: that of {_pair.Base} knows nothing of the "
            + "added rows.").And.One.Contains("vocab_size and no tokenizer."));
        TicketFixture.AssertSame(Path.Combine(Resized, "tokenizer.json"), Path.Combine(_pair.Base, "tokenizer.json"));
        Revert();
        VocabularyFixture.AssertSameFolder(_pair.File("reverted"), _pair.Base);
    }

    [Test]
    public void An_index_without_a_total_is_carried_as_it_is()
    {
        using VocabularyFixture pair = new(VocabularyFixture.Tokens(20), VocabularyFixture.Tokens(20, 0, "[PAD]"), ["t3"], isTied: false,
            isSharded: true);
        string index = Path.Combine(pair.Base, "model.safetensors.index.json");
        File.WriteAllText(index, System.Text.RegularExpressions.Regex.Replace(File.ReadAllText(index), "\"total_size\":\\d+", ""));
        pair.Find();
        PatchApplication.Apply(pair.Base, pair.Patch, pair.File("resized"), new() { ResizeAs = pair.Tuned });
        TicketFixture.AssertSame(Path.Combine(pair.File("resized"), "model.safetensors.index.json"), index);
    }

    [TestCase("header/", "\"\" is no name of a file")]
    [TestCase("header/../a", "\"../a\" is no name of a file")]
    [TestCase("file/a/b", "\"a/b\" is no name of a file")]
    public void A_record_of_files_elsewhere_is_refused_and_released(string name, string message)
    {
        AssertRefused(message, (tensors, _) => tensors[name] = TensorSource.FromBytes(name, ElementType.U8, [1], new byte[1]));
        Assert.That(() => SafetensorsWriter.Write(Path.Combine(Resized, Record), []), Throws.Nothing, "nobody writes over an open file");
    }

    [Test]
    public void Notes_say_what_became_of_the_vocabulary()
    {
        _pair.Find();
        Assert.That(PatchApplication.Apply(_pair.Base, _pair.Patch, _pair.File("applied")).Notes, Is.EqualTo(new[] { "The tuned checkpoint "
            + "has 21 rows; the base keeps its 20, its order and its tokenizer. To resize it (ResizeAs) takes those of the tuned "
            + "checkpoint." }));
        Assert.That(PatchApplication.Apply(_pair.Base, _pair.Patch, Resized, new() { ResizeAs = _pair.Tuned }).Notes, Is.EqualTo(new[]
        {
            $"The vocabulary has 21 rows in place of 20, 1 of them from {_pair.Tuned}: \"model.embed_tokens.weight\" and "
                + "\"lm_head.weight\", vocab_size and added_tokens.json, tokenizer.json. resize.kslottery holds what reverting needs.",
        }));
        Assert.That(PatchApplication.Revert(Resized, _pair.Patch, _pair.File("reverted")).Notes, Is.EqualTo(new[]
        {
            "The vocabulary has 20 rows again, and the base's own config.json, tokenizer.json.",
        }));
        using VocabularyFixture other = new(VocabularyFixture.Tokens(20), [.. VocabularyFixture.Tokens(20).Reverse()], ["t3"]);
        other.Find(RowPairingMode.Text);
        Assert.That(PatchApplication.Apply(other.Base, other.Patch, _pair.File("by text")).Notes, Has.One.StartsWith("The tuned checkpoint "
            + "has 20 rows, paired by text; the base keeps its 20"));
    }

    [Test]
    public void What_cannot_be_resized_is_told_whole()
    {
        _pair.Find();
        using VocabularyFixture other = new(VocabularyFixture.Tokens(20), VocabularyFixture.Tokens(20, 0, "[PAD]"), ["t9"]);
        string found, asked;
        using (Checkpoint tuned = Checkpoint.Open(other.Tuned))
            found = Fingerprint.OfTensor(tuned.GetTensor(TicketFixture.Embedding), FingerprintKind.Tree);
        using (TicketPatch patch = TicketPatch.Open(_pair.Patch)) asked = patch.Rows!.TunedFingerprint;
        string place = Path.Combine(other.Tuned, Model);
        Assert.That(() => PatchApplication.Apply(_pair.Base, _pair.Patch, Resized, new() { ResizeAs = other.Tuned }),
            Throws.TypeOf<PatchMismatchException>().With.Message.EqualTo($"{place}, tensor \"model.embed_tokens.weight\": this is not the "
                + $"tuned checkpoint that the patch {_pair.Patch} was taken from. Its fingerprint is {found}, the patch names {asked}. "
                + "Give the tuned checkpoint that the ticket was found with."));
        using VocabularyFixture same = new(VocabularyFixture.Tokens(20), VocabularyFixture.Tokens(20), ["t3"]);
        same.Find();
        Assert.That(() => PatchApplication.Apply(same.Base, same.Patch, Resized, new() { ResizeAs = same.Tuned }),
            Throws.TypeOf<InvalidDataException>().With.Message.EqualTo($"{same.Patch}: the patch is of a tuned checkpoint with the base's "
                + "own vocabulary, so that there is nothing to resize. Apply it without PatchOptions.ResizeAs."));
        TicketFixture.WriteMatrix(_pair.File("before"), ElementType.F32, 2, 2, 1);
        using (Checkpoint before = Checkpoint.Open(_pair.File("before")))
            TicketPatch.Write(_pair.File("elements"), before, null, new([new(TicketFixture.Embedding, TicketUnit.Elements.Cut(2, 2),
                IndexSet.Of(4, [1L]))]), TicketPayload.Drop, new() { Signature = "" });
        Assert.That(() => PatchApplication.Apply(_pair.File("before"), _pair.File("elements"), Resized, new() { ResizeAs = _pair.Tuned }),
            Throws.TypeOf<NotSupportedException>().With.Message.StartsWith($"{_pair.File("elements")}: to resize a vocabulary takes a "
                + "patch that replaces whole rows"));
    }

    [Test]
    public void Rows_that_changed_since_are_told_whole()
    {
        Resize();
        string model = Path.Combine(Resized, Model);
        (int start, int length) = TicketFixture.Place(model);
        TicketFixture.Flip(model, start + (3 * length));
        Assert.That(Revert, Throws.TypeOf<PatchMismatchException>().With.Message.EqualTo($"{model}, tensor \"model.embed_tokens.weight\": "
            + $"the patch {_pair.Patch} cannot be reverted, for of its 1 rows 1 (3) do not hold its tuned values. Give the checkpoint that "
            + "was written by applying the patch."));
    }

    [Test]
    public void A_head_of_codes_is_not_resized([Values] bool hasScale)
    {
        _pair.Find();
        TensorSource Codes(int rows) => TensorSource.FromBytes("lm_head.weight", ElementType.F8E4M3, [rows, 32], new byte[32 * rows]);
        TensorSource[] scale = [TensorSource.FromBytes("lm_head.weight_scale", ElementType.F32, [1], BitConverter.GetBytes(1f))];
        SafetensorsWriter.Write(Path.Combine(_pair.Base, Model),
            [.. Sources(_pair.Base, name => name != "lm_head.weight"), Codes(20), .. hasScale ? scale : []]);
        if (hasScale) SafetensorsWriter.Write(Path.Combine(_pair.Tuned, Model),
            [.. Sources(_pair.Tuned, name => name != "lm_head.weight"), Codes(21), .. scale]);
        Assert.That(Resize, Throws.TypeOf<NotSupportedException>().With.Message.EqualTo($"\"lm_head.weight\" is F8_E4M3 in {_pair.Base}"
            + $"{(hasScale ? ", with a scale" : "")}, and {(hasScale ? "F8_E4M3" : "F32")} in {_pair.Tuned}: added rows would have no "
            + "scale there. Convert both to F32, F16 or BF16, or apply the patch without PatchOptions.ResizeAs."));
    }

    /// <summary>A tuned checkpoint may name its matrices otherwise, and have no head of its own.</summary>
    [Test]
    public void Matrices_are_found_by_their_part_where_names_differ([Values] bool hasHead)
    {
        _pair.Find();
        string model = Path.Combine(_pair.Tuned, Model);
        TensorSource[] tuned = Sources(_pair.Tuned, name => hasHead || name != "lm_head.weight");
        SafetensorsWriter.Write(model, tuned.Select(t => t with
        {
            Name = t.Name switch
            {
                TicketFixture.Embedding => "transformer.wte.weight",
                "lm_head.weight" => "embed_out.weight",
                var name => name,
            },
        }));
        File.Delete(Path.Combine(_pair.Tuned, "config.json"));
        Resize();
        using SafetensorsFile resized = SafetensorsFile.Open(Path.Combine(Resized, Model));
        Assert.That(resized.GetTensor(TicketFixture.Embedding).GetRow<float>(20).ToArray(), Is.EqualTo(VocabularyFixture.Row("[PAD]")));
        Assert.That(resized.GetTensor("lm_head.weight").GetRow<float>(20).ToArray(),
            Is.EqualTo(VocabularyFixture.Row(hasHead ? "[PAD]!" : "[PAD]")));
        using Checkpoint checkpoint = Checkpoint.Open(Resized);
        Assert.That((checkpoint.Config!.VocabularySize, checkpoint.Config.EosTokenIds.Single()), Is.EqualTo((21, 2)), "the base's own id");
    }

    [Test]
    public void Ids_of_special_tokens_are_the_tuned_models()
    {
        _pair.Find();
        string ids = "\"bos_token_id\":16,\"eos_token_id\":17,\"pad_token_id\":20,\"unk_token_id\":18";
        File.WriteAllText(Path.Combine(_pair.Base, "config.json"), "{\"vocab_size\":20,\"bos_token_id\":1}");
        File.WriteAllText(Path.Combine(_pair.Tuned, "config.json"), $"{{\"vocab_size\":21,\"hidden_size\":7,{ids}}}");
        Resize();
        Assert.That(System.Text.RegularExpressions.Regex.Replace(File.ReadAllText(Path.Combine(Resized, "config.json")), @"\s", ""),
            Is.EqualTo($"{{\"vocab_size\":21,{ids}}}"));
    }

    [Test]
    public void A_base_without_a_configuration_gets_none()
    {
        _pair.Find();
        File.Delete(Path.Combine(_pair.Base, "config.json"));
        Resize();
        Assert.That(File.Exists(Path.Combine(Resized, "config.json")), Is.False);
        Revert();
        VocabularyFixture.AssertSameFolder(_pair.File("reverted"), _pair.Base);
    }

    [Test]
    public void Rows_of_the_bases_own_may_hold_anything_and_several_added_ones_are_named()
    {
        using VocabularyFixture pair = new(VocabularyFixture.Tokens(20), VocabularyFixture.Tokens(20, 0, "[PAD]", "<s>"), ["t3"]);
        void Spoil(string folder, int row)
        {
            string model = Path.Combine(folder, Model);
            byte[] bytes = File.ReadAllBytes(model);
            (int start, int length) = TicketFixture.Place(model);
            BitConverter.GetBytes(float.NaN).CopyTo(bytes, start + (row * length));
            File.WriteAllBytes(model, bytes);
        }
        Spoil(pair.Base, 5);
        Spoil(pair.Tuned, 5);
        pair.Find();
        Assert.That(() => PatchApplication.Apply(pair.Base, pair.Patch, pair.File("resized"), new() { ResizeAs = pair.Tuned }),
            Throws.Nothing);
        Spoil(pair.Tuned, 20);
        Spoil(pair.Tuned, 21);
        pair.Find();
        Assert.That(() => PatchApplication.Apply(pair.Base, pair.Patch, pair.File("other"), new() { ResizeAs = pair.Tuned }),
            Throws.TypeOf<NotFiniteNumberException>().With.Message.Contains("2 (20, 21) would hold a NaN"));
    }

    /// <summary>The record of a resized checkpoint is no matter of a patch of other units.</summary>
    [Test]
    public void Another_patch_of_a_resized_checkpoint_goes_in_and_comes_out()
    {
        Resize();
        string patch = _pair.File("norm.safetensors");
        using (Checkpoint resized = Checkpoint.Open(Resized))
            TicketPatch.Write(patch, resized, null, new([new("lm_head.weight", TicketUnit.Elements.Cut(21, 32),
                IndexSet.Of(21 * 32, [1L]))]), TicketPayload.Drop, new() { Signature = "" });
        PatchApplication.Apply(Resized, patch, _pair.File("patched"));
        PatchApplication.Revert(_pair.File("patched"), patch, _pair.File("back"));
        VocabularyFixture.AssertSameFolder(_pair.File("back"), Resized);
    }

    private void AssertRefused(string message, Action<Dictionary<string, TensorSource>, Dictionary<string, string>> damage)
    {
        if (Directory.Exists(Resized)) Directory.Delete(Resized, recursive: true);
        Resize();
        Damage(damage);
        Assert.That(Revert, Throws.TypeOf<InvalidDataException>().With.Message.EqualTo($"{Path.Combine(Resized, Record)}: {message}. The "
            + "file was changed or cut short; apply the patch to the base again."));
        Assert.That(Directory.Exists(_pair.File("reverted")), Is.False);
    }

    private void Resize()
    {
        if (!File.Exists(_pair.Patch)) _pair.Find();
        PatchApplication.Apply(_pair.Base, _pair.Patch, Resized, new() { ResizeAs = _pair.Tuned });
    }

    private void Revert() => PatchApplication.Revert(Resized, _pair.Patch, _pair.File("reverted"));

    private void Damage(Action<Dictionary<string, TensorSource>, Dictionary<string, string>> damage)
    {
        string damaged = _pair.File("damaged");
        using (SafetensorsFile whole = SafetensorsFile.Open(Path.Combine(Resized, Record)))
        {
            Dictionary<string, TensorSource> tensors = whole.Tensors.ToDictionary(t => t.Name, TensorSource.FromTensor);
            Dictionary<string, string> metadata = new(whole.Metadata);
            damage(tensors, metadata);
            SafetensorsWriter.Write(damaged, tensors.Values, metadata);
        }
        File.Move(damaged, Path.Combine(Resized, Record), overwrite: true);
    }

    private static TensorSource[] Sources(string folder, Func<string, bool> isMeant)
    {
        using SafetensorsFile file = SafetensorsFile.Open(Path.Combine(folder, Model));
        return [.. file.Tensors.Where(t => isMeant(t.Name)).Select(t =>
            TensorSource.FromBytes(t.Name, t.ElementType, t.Shape, t.GetBytes(0, (int)t.ByteLength, new byte[t.ByteLength]).ToArray()))];
    }
}
