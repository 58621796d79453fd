using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Reports;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;

namespace KsLottery.Engine.Tests.Transfer;

/// <summary>Planted pairs whose vocabulary was resized or reordered: what is found, applied, resized and reverted.</summary>
public sealed class ResizedVocabularyTests
{
    private static readonly string[] Moved = ["t3", "t9", "t17"];

    /// <summary>The tuned checkpoint's rows that a case leaves of 20 tokens, by a name.</summary>
    private static VocabularyFixture Make(string name, bool isTied = true, bool isSharded = false, ElementType type = ElementType.F32)
    {
        string?[] before = VocabularyFixture.Tokens(20), reordered = [.. before.Reverse()];
        return name switch
        {
            "one pad" => new(before, VocabularyFixture.Tokens(20, 0, "[PAD]"), Moved, isTied, isSharded, type),
            "padded to 64" => new(before, VocabularyFixture.Tokens(20, 44), Moved, isTied, isSharded, type),
            "smaller" => new(VocabularyFixture.Tokens(20, 4), VocabularyFixture.Tokens(18), Moved, isTied, isSharded, type),
            "reordered" => new(before, reordered, Moved, isTied, isSharded, type),
            "reordered, some gone, some new" =>
                new(before, [.. reordered.Where(t => t is not ("t1" or "t12")), "new", "<|im_start|>", "more"], Moved, isTied,
                isSharded, type),
            _ => throw new ArgumentOutOfRangeException(nameof(name)),
        };
    }

    private static RowPairingMode ModeOf(string name) => name.StartsWith("reordered", StringComparison.Ordinal) ? RowPairingMode.Text
        : RowPairingMode.Auto;

    [Test]
    public void The_planted_rows_are_found_and_applied_at_the_bases_size_and_come_out_again(
        [Values("one pad", "padded to 64", "smaller", "reordered", "reordered, some gone, some new")] string name)
    {
        using VocabularyFixture pair = Make(name);
        Ticket ticket = pair.Find(ModeOf(name));
        Assert.That(ticket.Ids, Is.EqualTo(new[] { 3, 9, 17 }), "ids are the base's");
        PatchResult result = PatchApplication.Apply(pair.Base, pair.Patch, pair.File("applied"));
        Assert.That(result.Notes, Has.Some.Contains($"{Remedy.Resize}"));
        using (Checkpoint before = Checkpoint.Open(pair.Base), after = Checkpoint.Open(pair.File("applied")))
        {
            Tensor old = before.GetTensor(TicketFixture.Embedding), now = after.GetTensor(TicketFixture.Embedding);
            Assert.That(now.Shape, Is.EqualTo(old.Shape));
            for (int row = 0; row < now.Shape[0]; row++)
                Assert.That(now.GetRow<float>(row).ToArray(),
                    Is.EqualTo(Moved.Contains($"t{row}") ? VocabularyFixture.Row($"t{row}", 3) : old.GetRow<float>(row).ToArray()),
                        $"row {row}");
        }
        PatchApplication.Revert(pair.File("applied"), pair.Patch, pair.File("reverted"));
        VocabularyFixture.AssertSameFolder(pair.File("reverted"), pair.Base);
    }

    [Test]
    public void With_the_tuned_vocabulary_the_result_is_the_tuned_checkpoint_and_reverts_to_the_exact_bytes(
        [Values("one pad", "padded to 64", "smaller", "reordered", "reordered, some gone, some new")] string name,
        [Values("tied", "untied", "sharded")] string form)
    {
        using VocabularyFixture pair = Make(name, form == "tied", form == "sharded");
        pair.Find(ModeOf(name));
        PatchResult result = PatchApplication.Apply(pair.Base, pair.Patch, pair.File("resized"), new() { ResizeAs = pair.Tuned });
        using (Checkpoint tuned = Checkpoint.Open(pair.Tuned), resized = Checkpoint.Open(pair.File("resized")))
        {
            Assert.That(resized.Tensors.Select(t => t.Name), Is.EquivalentTo(tuned.Tensors.Select(t => t.Name)));
            foreach (Tensor tensor in tuned.Tensors)
                Assert.That(Fingerprint.OfTensor(resized.GetTensor(tensor.Name)), Is.EqualTo(Fingerprint.OfTensor(tensor)), tensor.Name);
            Assert.That(result.Tensors[0].Fingerprint,
                Is.EqualTo(Fingerprint.OfTensor(tuned.GetTensor(TicketFixture.Embedding), FingerprintKind.Tree)));
            Assert.That((resized.Config!.VocabularySize, resized.Config.EosTokenIds.Single()),
                Is.EqualTo((tuned.Config!.VocabularySize, 9)), "as the tuned one has it");
        }
        using (JsonDocument config = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(pair.File("resized"), "config.json"))))
            Assert.That(config.RootElement.GetProperty("own").GetString(), Is.EqualTo("0"), "all else is the base's");
        foreach (string file in (string[])["tokenizer.json", "added_tokens.json"])
            TicketFixture.AssertSame(Path.Combine(pair.File("resized"), file), Path.Combine(pair.Tuned, file));
        if (form == "sharded")
        {
            using JsonDocument index =
                JsonDocument.Parse(File.ReadAllBytes(Path.Combine(pair.File("resized"), "model.safetensors.index.json")));
            using Checkpoint tuned = Checkpoint.Open(pair.Tuned);
            Assert.That(index.RootElement.GetProperty("metadata").GetProperty("total_size").GetInt64(),
                Is.EqualTo(tuned.Tensors.Sum(t => t.ByteLength)));
        }
        PatchApplication.Revert(pair.File("resized"), pair.Patch, pair.File("reverted"));
        VocabularyFixture.AssertSameFolder(pair.File("reverted"), pair.Base);
    }

    [Test]
    public void Rows_outside_the_ticket_stay_the_bases_and_added_ones_take_its_type()
    {
        using VocabularyFixture pair = Make("one pad", type: ElementType.F16);
        Assert.That(pair.Find(top: 1).Entries, Has.Count.EqualTo(1));
        int winner = pair.Find(top: 1).Entries[0].Id;
        PatchApplication.Apply(pair.Base, pair.Patch, pair.File("resized"), new() { ResizeAs = pair.Tuned });
        using Checkpoint before = Checkpoint.Open(pair.Base), after = Checkpoint.Open(pair.File("resized"));
        Tensor old = before.GetTensor(TicketFixture.Embedding), now = after.GetTensor(TicketFixture.Embedding);
        Assert.That((now.ElementType, now.Shape[0]), Is.EqualTo((ElementType.F32, 21L)));
        float[] Rounded(string token, float shift = 0) => [.. VocabularyFixture.Row(token, shift).Select(x => (float)(Half)x)];
        for (int row = 0; row < 20; row++)
            Assert.That(now.GetRow<float>(row).ToArray(),
                Is.EqualTo(row == winner ? Rounded($"t{row}", 3) : old.GetRow<float>(row).ToArray()), $"row {row}");
        Assert.That(now.GetRow<float>(20).ToArray(), Is.EqualTo(Rounded("[PAD]")));
        PatchApplication.Revert(pair.File("resized"), pair.Patch, pair.File("reverted"));
        VocabularyFixture.AssertSameFolder(pair.File("reverted"), pair.Base);
    }

    [Test]
    public void Rounding_and_overflow_are_counted_over_all_that_is_written_to_embedding_and_head()
    {
        using VocabularyFixture pair = new(VocabularyFixture.Tokens(20), VocabularyFixture.Tokens(20, 0, "[PAD]"), Moved, isTied: false,
            baseType: ElementType.F16);
        string model = Path.Combine(pair.Tuned, "model.safetensors");
        (int start, int length) = TicketFixture.Place(model, "lm_head.weight");
        byte[] bytes = File.ReadAllBytes(model);
        BitConverter.GetBytes(1e6f).CopyTo(bytes, start + (20 * length));
        File.WriteAllBytes(model, bytes);
        Assert.That(pair.Find().Ids, Is.EquivalentTo(new[] { 3, 9, 17 }));
        PatchResult result = PatchApplication.Apply(pair.Base, pair.Patch, pair.File("resized"),
            new() { ResizeAs = pair.Tuned, AllowsNonFinite = true });
        float[] head = VocabularyFixture.Row("[PAD]!");
        head[0] = 1e6f;
        float[] written = [.. Moved.SelectMany(token => VocabularyFixture.Row(token, 3)), .. VocabularyFixture.Row("[PAD]"), .. head];
        long inexact = written.LongCount(value => (float)(Half)value != value);
        Assert.That((written.Length, result.InexactValues, result.OverflowedValues),
            Is.EqualTo((5 * VocabularyFixture.Width, inexact, 1L)));
        Assert.That(result.Notes, Has.Some.StartsWith($"{inexact} of 160 F32 values are not exact in F16 ").And.Some
            .StartsWith("1 values lie beyond the range of F16 "));
    }

    [Test]
    public void Both_ids_of_a_row_are_recorded_where_text_paired_them()
    {
        using VocabularyFixture pair = Make("reordered, some gone, some new");
        Ticket ticket = pair.Find(RowPairingMode.Text);
        Ticket read = TicketFile.Read(Path.Combine(pair.Found, TicketFile.FileName));
        Assert.That(read.Entries, Is.EqualTo(ticket.Entries));
        Assert.That(read.Entries.OrderBy(e => e.Id).Select(e => (e.Id, e.TunedId, e.Piece)),
            Is.EqualTo(new[] { (3, 15, "t3"), (9, 9, "t9"), (17, 2, "t17") }));
        Assert.That((read.Origin.Rows, read.Origin.TunedRows, read.Origin.IsPairedByText, read.Dropped, read.Added),
            Is.EqualTo((20, 21, true, 2L, 3L)));
        Assert.That(read.Signature.ToString(), Is.EqualTo(ticket.Signature.ToString()).And.Contains("|rows:20/21|pairs:text|"));
        using TicketPatch patch = TicketPatch.Open(pair.Patch);
        Assert.That((patch.Rows!.TunedRowCount, patch.Rows.IsPairedByText), Is.EqualTo((21L, true)));
        Assert.That(patch.Rows.TunedIndices, Is.EqualTo(new[] { 15, 9, 2 }));
    }

    [Test]
    public void A_file_lists_every_row_that_does_not_stand_against_its_own_number()
    {
        using VocabularyFixture pair = Make("reordered, some gone, some new");
        pair.Find(RowPairingMode.Text);
        string[][] lines = [.. File.ReadLines(Path.Combine(pair.Found, VocabularyFile.FileName)).Select(l => l.Split('\t'))];
        Assert.That(lines[0], Is.EqualTo(VocabularyFile.Header.Split('\t')));
        Assert.That(lines.Where(l => l[0] == "dropped").Select(l => (l[1], l[2], l[3])),
            Is.EqualTo(new[] { ("1", "", "t1"), ("12", "", "t12") }));
        Assert.That(lines.Where(l => l[0] == "added").Select(l => (l[1], l[2], l[3])),
            Is.EqualTo(new[] { ("", "18", "new"), ("", "19", "<|im_start|>"), ("", "20", "more") }));
        Assert.That(lines.Where(l => l[0] == "moved").Select(l => l[1]), Does.Contain("3").And.Not.Contain("9"));
        double norm = Math.Sqrt(VocabularyFixture.Row("more").Sum(x => (double)x * x));
        Assert.That(double.Parse(lines.Single(l => l[3] == "more")[5], System.Globalization.CultureInfo.InvariantCulture),
            Is.EqualTo(norm).Within(1e-9));
        string[] dropped = File.ReadLines(Path.Combine(pair.Found, RowsFile.FileName)).ElementAt(13).Split('\t');
        Assert.That(dropped[..6], Is.EqualTo(new[] { "12", "t12", "dropped", "nan", "nan", "nan" }));
    }

    [Test]
    public void A_report_is_made_of_what_was_found([Values("padded to 64", "smaller", "reordered, some gone, some new")] string name)
    {
        using VocabularyFixture pair = Make(name);
        Ticket ticket = pair.Find(ModeOf(name));
        Report.FromFolder(pair.Found).WritePage(pair.File("page.html"));
        Assert.That(File.ReadAllText(pair.File("page.html")), Does.Contain($"{ticket.Added} added, {ticket.Dropped} dropped")
            .And.Contain(ticket.Origin.IsPairedByText ? "paired by text" : "paired by id"));
    }

    [Test]
    public void A_pair_of_one_vocabulary_has_the_files_that_it_had_before()
    {
        using VocabularyFixture pair = new(VocabularyFixture.Tokens(20), VocabularyFixture.Tokens(20), Moved);
        Ticket ticket = pair.Find();
        Assert.That(TicketFixture.Names(pair.Found), Is.EqualTo(new[] { "patch.safetensors", "rows.tsv", "ticket.json" }));
        Assert.That(ticket.Signature.ToString(), Does.Contain("|rows:20|dtype"));
        Assert.That(File.ReadAllText(Path.Combine(pair.Found, TicketFile.FileName)),
            Does.Not.Contain("tuned_shape").And.Not.Contains("added").And.Not.Contain("pairs"));
        using TicketPatch patch = TicketPatch.Open(pair.Patch);
        Assert.That((patch.Rows!.IsResized, patch.Rows.TunedRowCount), Is.EqualTo((false, 20L)));
        Assert.That(() => PatchApplication.Apply(pair.Base, pair.Patch, pair.File("resized"), new() { ResizeAs = pair.Tuned }),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains($"Apply it {Remedy.KeepSize}"));
    }

    [Test]
    public void A_checkpoint_that_was_resized_twice_is_reverted_twice()
    {
        using VocabularyFixture first = Make("one pad");
        using VocabularyFixture second = new(VocabularyFixture.Tokens(20), VocabularyFixture.Tokens(20, 0, "[PAD]", "<|user|>"),
            [.. Moved, "t5"]);
        first.Find();
        string once = first.File("once"), twice = first.File("twice");
        PatchApplication.Apply(first.Base, first.Patch, once, new() { ResizeAs = first.Tuned });
        Assert.That(second.Find(basePath: once).Ids, Is.EqualTo(new[] { 5 }));
        PatchApplication.Apply(once, second.Patch, twice, new() { ResizeAs = second.Tuned });
        PatchApplication.Revert(twice, second.Patch, first.File("back"));
        VocabularyFixture.AssertSameFolder(first.File("back"), once);
        PatchApplication.Revert(first.File("back"), first.Patch, first.File("further"));
        VocabularyFixture.AssertSameFolder(first.File("further"), first.Base);
    }

    [Test]
    public void Another_tuned_checkpoint_than_the_patchs_is_refused()
    {
        using VocabularyFixture pair = Make("one pad");
        using VocabularyFixture other = new(VocabularyFixture.Tokens(20), VocabularyFixture.Tokens(20, 0, "[PAD]"), ["t3"]);
        pair.Find();
        Assert.That(() => PatchApplication.Apply(pair.Base, pair.Patch, pair.File("resized"), new() { ResizeAs = other.Tuned }),
            Throws.TypeOf<PatchMismatchException>().With.Message.Contains("not the tuned checkpoint").And.Message.Contains("sha256-tree:"));
        Assert.That(Directory.Exists(pair.File("resized")), Is.False);
    }

    [Test]
    public void A_resized_checkpoint_that_changed_since_or_lost_its_record_is_not_reverted()
    {
        using VocabularyFixture pair = Make("one pad", isTied: false);
        pair.Find();
        string resized = pair.File("resized"), model = Path.Combine(resized, "model.safetensors");
        PatchApplication.Apply(pair.Base, pair.Patch, resized, new() { ResizeAs = pair.Tuned });
        foreach ((string tensor, int row, string message) in new[]
        {
            (TicketFixture.Embedding, 3, "1 (3) do not hold its tuned values"), (TicketFixture.Embedding, 4, "other rows changed"),
            ("lm_head.weight", 4, "rows changed since the patch was applied"),
        })
        {
            (int start, int length) = TicketFixture.Place(model, tensor);
            TicketFixture.Flip(model, start + (row * length));
            Assert.That(() => PatchApplication.Revert(resized, pair.Patch, pair.File("reverted")),
                Throws.TypeOf<PatchMismatchException>().With.Message.Contains(message));
            TicketFixture.Flip(model, start + (row * length));
        }
        File.Move(Path.Combine(resized, "resize.kslottery"), pair.File("lost"));
        Assert.That(() => PatchApplication.Revert(resized, pair.Patch, pair.File("reverted")),
            Throws.TypeOf<PatchMismatchException>().With.Message.Contains("reverted by the resize.kslottery in its folder"));
        File.WriteAllBytes(Path.Combine(resized, "resize.kslottery"), File.ReadAllBytes(pair.File("lost"))[..^4]);
        Assert.That(() => PatchApplication.Revert(resized, pair.Patch, pair.File("reverted")), Throws.TypeOf<CheckpointFormatException>());
        Assert.That(Directory.Exists(pair.File("reverted")), Is.False);
    }

    [Test]
    public void An_added_row_that_is_not_finite_is_written_only_where_it_is_asked_for()
    {
        using VocabularyFixture pair = Make("one pad");
        string model = Path.Combine(pair.Tuned, "model.safetensors");
        (int start, int length) = TicketFixture.Place(model);
        byte[] bytes = File.ReadAllBytes(model);
        BitConverter.GetBytes(float.NaN).CopyTo(bytes, start + (20 * length));
        File.WriteAllBytes(model, bytes);
        pair.Find();
        Assert.That(() => PatchApplication.Apply(pair.Base, pair.Patch, pair.File("resized"), new() { ResizeAs = pair.Tuned }),
            Throws.TypeOf<NotFiniteNumberException>().With.Message.Contains("1 (20)"));
        PatchApplication.Apply(pair.Base, pair.Patch, pair.File("applied"));
        PatchResult result = PatchApplication.Apply(pair.Base, pair.Patch, pair.File("resized"),
            new() { ResizeAs = pair.Tuned, AllowsNonFinite = true });
        Assert.That(result.Notes, Has.Some.Contains("1 (20) of the rows hold a NaN"));
    }
}
