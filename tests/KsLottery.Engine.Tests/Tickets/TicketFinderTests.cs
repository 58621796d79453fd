using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Ranks;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Statistics;
using KsLottery.Engine.Tests.Transfer;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;

namespace KsLottery.Engine.Tests.Tickets;

public sealed class TicketFinderTests
{
    private static readonly string[] Moved = ["t3", "t9"];

    /// <summary>Step by step, as the parts are documented, the same ticket comes out.</summary>
    [Test]
    public void The_ticket_of_two_checkpoints_is_that_of_its_steps([Values] bool isResized)
    {
        using VocabularyFixture files = new(VocabularyFixture.Tokens(20), VocabularyFixture.Tokens(20, unnamed: isResized ? 4 : 0), Moved);
        using Checkpoint before = Checkpoint.Open(files.Base), after = Checkpoint.Open(files.Tuned);
        TicketResult found = TicketFinder.FindRows(before, after);
        Ticket expected = files.Find();
        Assert.That(found.Ticket.Entries.Select(e => e.Piece), Is.EquivalentTo(Moved));
        Assert.That(found.Ticket with { Entries = [] }, Is.EqualTo(expected with { Entries = [] }));
        Assert.That(found.Ticket.Entries, Is.EqualTo(expected.Entries));
        Assert.That((found.Tokens.Piece(3), found.TunedTensor.File.Path, found.Vocabulary!.Rows.Added.Count),
            Is.EqualTo(("t3", after.GetInputEmbedding().File.Path, isResized ? 4 : 0)));

        using TicketFolder folder = new(files.File("finder"));
        folder.Write(found);
        using (TicketPatch patch = TicketPatch.Open(files.File("finder"))) Assert.That(found.Ticket.Mask, Is.EqualTo(patch.Mask));
        VocabularyFixture.AssertSameFolder(files.File("finder"), files.Found);
    }

    /// <summary>Parts in files, joined, leave the same bytes as one search, whichever way rows are paired.</summary>
    [Test]
    public void Joined_parts_leave_the_files_of_one_search([Values] RowPairs pairs, [Values(1, 2, 3, 7, 30)] int parts)
    {
        string?[] tokens = VocabularyFixture.Tokens(20);
        using VocabularyFixture files = new(tokens, pairs switch
        {
            RowPairs.Plain => tokens,
            RowPairs.Longer => VocabularyFixture.Tokens(20, unnamed: 4),
            _ => [.. tokens[1..].Reverse()],
        }, Moved);
        RowPairingMode mode = pairs == RowPairs.Reordered ? RowPairingMode.Text : RowPairingMode.Auto;
        files.Find(mode);
        using Checkpoint before = Checkpoint.Open(files.Base), after = Checkpoint.Open(files.Tuned);
        CheckpointPair pair = new(before, after, mode: mode);
        Tensor a = before.GetInputEmbedding(), b = after.GetInputEmbedding();
        VocabularyPairing vocabulary = pair.PairRows(a, b)!;
        for (int part = 1; part <= parts; part++)
            RowScan.RunPart(RowMatrix.FromTensor(a), RowMatrix.FromTensor(b), RowRange.OfPart(20, part, parts),
                new() { Pairing = vocabulary.Rows }).Write(files.File($"{part}"));
        RowScanResult joined = RowScanResult.Of([.. Enumerable.Range(1, parts).Select(part => RowScanPart.Read(files.File($"{part}")))]);
        using TicketFolder folder = new(files.File("joined"));
        folder.Write(TicketFinder.FindRows(before, a, b, new()
        {
            Scanned = joined,
            Tokens = pair.FindTokens(a),
            Vocabulary = vocabulary,
        }));
        VocabularyFixture.AssertSameFolder(files.File("joined"), files.Found);
    }

    public enum RowPairs
    {
        Plain,
        Longer,
        Reordered,
    }

    [Test]
    public void A_scan_of_other_tensors_is_refused()
    {
        using VocabularyFixture files = new(VocabularyFixture.Tokens(20), VocabularyFixture.Tokens(20), Moved);
        using VocabularyFixture others = new(VocabularyFixture.Tokens(20), VocabularyFixture.Tokens(20), ["t4"]);
        using Checkpoint before = Checkpoint.Open(files.Base), after = Checkpoint.Open(files.Tuned), other = Checkpoint.Open(others.Tuned);
        Tensor a = before.GetInputEmbedding(), b = after.GetInputEmbedding();
        RowScanResult Scan(Tensor x, Tensor y, bool prints = true) => RowScan.Run(RowMatrix.FromTensor(x), RowMatrix.FromTensor(y),
            new() { TakesFingerprints = prints });
        Assert.That(TicketFinder.FindRows(before, a, b, new() { Scanned = Scan(a, b) }).Ticket.Entries, Has.Count.EqualTo(2));
        Assert.That(() => TicketFinder.FindRows(before, a, b, new() { Scanned = Scan(a, b, prints: false) }), Throws.ArgumentException);
        Assert.That(() => TicketFinder.FindRows(before, a, b, new() { Scanned = Scan(a, other.GetInputEmbedding()) }),
            Throws.TypeOf<TicketMismatchException>().With.Message.StartsWith(b.File.Path).And.Message.Contains("of its bytes 0 to 2559"));
        Tensor norm = before.GetTensor("model.norm.weight");
        Assert.That(() => TicketFinder.FindRows(before, norm, norm, new() { Scanned = Scan(a, b) }),
            Throws.TypeOf<TicketMismatchException>().With.Message.Contains("were scanned of \"model.embed_tokens.weight\""));
        RowScanResult text = RowScan.Run(RowMatrix.FromTensor(a), RowMatrix.FromTensor(b),
            new() { TakesFingerprints = true, Pairing = RowPairing.Of([.. Enumerable.Range(0, 20).Reverse()], 20) });
        Assert.That(() => TicketFinder.FindRows(before, a, b, new() { Scanned = text }), Throws.TypeOf<TicketMismatchException>()
            .With.Message.Contains("pair other rows"));
    }

    [Test]
    public void Two_tensors_are_compared_by_id_and_without_names_and_a_known_fingerprint_is_not_taken_again()
    {
        using VocabularyFixture files = new(VocabularyFixture.Tokens(20), VocabularyFixture.Tokens(20), Moved);
        using Checkpoint before = Checkpoint.Open(files.Base), after = Checkpoint.Open(files.Tuned);
        TicketResult found = TicketFinder.FindRows(before, before.GetInputEmbedding(), after.GetInputEmbedding(),
            new() { Selection = new TopUnits(1), BaseFingerprint = "sha256:known" });
        Assert.That((found.Ticket.Entries.Single().Piece, found.Vocabulary), Is.EqualTo(("", (VocabularyPairing?)null)));
        Assert.That((found.Ticket.Origin.BaseFingerprint, found.Ticket.Origin.TunedFingerprint),
            Is.EqualTo(("sha256:known", Fingerprint.OfTensor(after.GetInputEmbedding()))));
    }

    /// <summary>Rows, units and the map treat widths alike at which no p-value can be below alpha.</summary>
    [TestCase(1), TestCase(2), TestCase(3), TestCase(4)]
    public void Rows_too_short_for_alpha_are_refused_as_units_are_and_remarked_in_a_map(int width)
    {
        using ScoreFixture pair = new([8, width], [.. Enumerable.Range(0, 8 * width).Select(i => (float)i)],
            [.. Enumerable.Range(0, 8 * width).Select(i => i + 100f)]);
        (Checkpoint before, Checkpoint after) = pair.Checkpoints;
        TicketResult Rows(TicketSelection selection) => TicketFinder.FindRows(before, before.GetTensor("t"), after.GetTensor("t"),
            new() { Selection = selection });
        UnitTicketResult Units(TicketSelection selection) => TicketFinder.Find(before, after,
            new() { Scope = new(TensorChoice.Parse("t"), TicketUnit.Rows), Selection = selection });
        BelowAlpha level = new();
        string[] remarks = [.. TensorMap.Of(RankGroup.Alone, new(before, after)).WidthRemarks];
        if (width < 4)
        {
            string refusal = Assert.Throws<ArgumentException>(() => Rows(level))!.Message;
            Assert.That(refusal, Does.StartWith($"t: no unit of {width} element").And.Contain("the smallest p-value is"));
            Assert.That(Assert.Throws<ArgumentException>(() => Units(level))!.Message, Is.EqualTo(refusal));
            Assert.That(remarks.Single(), Does.StartWith($"\"t\": no unit of {width} element"));
        }
        else
        {
            Assert.That((Rows(level).Ticket.Entries.Count, Units(level).Ticket.Count, remarks.Length), Is.EqualTo((8, 8L, 0)));
            BelowAlpha corrected = new() { Adjustment = PValueAdjustment.Bonferroni };
            Assert.That((Rows(corrected).Ticket.Entries.Count, Units(corrected).Ticket.Count), Is.EqualTo((0, 0L)),
                "how much a correction asks for is the number of tests' to say, and no reason to refuse");
        }
        Assert.That(Rows(new TopUnits(2)).Ticket.Entries, Has.Count.EqualTo(2));
        if (width > 1) Assert.That(Units(new TopUnits(2)).Ticket.Count, Is.EqualTo(2));
        double reached = 1.001 * TicketScore.Ks.MinPValue(width);
        if (reached < 1)
            Assert.That((Rows(new BelowAlpha { Alpha = reached }).Ticket.Entries.Count,
                Units(new BelowAlpha { Alpha = reached }).Ticket.Count), Is.EqualTo((8, 8L)));
    }

    [Test]
    public void A_search_that_is_cancelled_says_so_and_a_damaged_tokenizer_is_a_remark()
    {
        using VocabularyFixture files = new(VocabularyFixture.Tokens(20), VocabularyFixture.Tokens(20), Moved);
        using Checkpoint before = Checkpoint.Open(files.Base), after = Checkpoint.Open(files.Tuned);
        Assert.That(() => TicketFinder.FindRows(before, after, cancellationToken: new(canceled: true)),
            Throws.InstanceOf<OperationCanceledException>());
        File.WriteAllText(TokenTable.LocateBeside(files.Base)!, "{");
        File.WriteAllText(TokenTable.LocateBeside(files.Tuned)!, "{");
        List<string> remarks = [];
        CheckpointPair pair = new(before, after);
        Assert.That(pair.FindTokens(before.GetInputEmbedding(), remarks.Add).Source, Is.Null);
        Assert.That(remarks, Has.Count.EqualTo(2).And.All.StartWith("rows go without this tokenizer's names"));
    }

    [Test]
    public void The_map_of_all_tensors_comes_back_from_its_file()
    {
        using VocabularyFixture files = new(VocabularyFixture.Tokens(20), VocabularyFixture.Tokens(24), Moved, isTied: false);
        using Checkpoint before = Checkpoint.Open(files.Base), after = Checkpoint.Open(files.Tuned);
        TensorMap map = TensorMap.Of(RankGroup.Alone, new(before, after));
        Assert.That(map.Lines.Select(l => (l.Name, l.Rows, l.TicketRows)),
            Is.EquivalentTo(new[] { ("lm_head.weight", 20L, 0L), (TicketFixture.Embedding, 20L, 2L) }));
        Assert.That((map.OtherCount, map.ChangedOthers.Count, map.Uncompared.Count, map.Resized.Count), Is.EqualTo((1, 0, 0, 2)));
        TensorMapFile file = new(files.File("map"));
        file.Write(map.Lines);
        Assert.That(TensorMapFile.Read(file.FilePath), Is.EqualTo(map.Lines.Select(l => l with { Elapsed = default })));
        File.AppendAllText(file.FilePath, "x\tF33\tF32\t1\t1\t0\t0\t0\t0\t0\t0\t0\t0\n");
        Assert.That(() => TensorMapFile.Read(file.FilePath),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("line 4, base_dtype is \"F33\""));
        Assert.That(() => new TensorMapFile(files.File("map")), Throws.InstanceOf<IOException>().With.Message.Contains("earlier result"));
    }
}
