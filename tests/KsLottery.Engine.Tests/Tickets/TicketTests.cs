using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Statistics;
using KsLottery.Engine.Tests.Transfer;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Tickets;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Tickets;

public sealed class TicketTests
{
    [Test]
    public void A_ticket_counts_its_rows_and_their_share()
    {
        RowScanResult scan = SmallMatrices.Scan(SmallMatrices.Lifted(0), SmallMatrices.Lifted(6), SmallMatrices.Lifted(1),
            SmallMatrices.Lifted(8));
        Ticket ticket = Ticket.Select(new(scan), SmallMatrices.Origin(scan));
        Assert.That(ticket.Entries.Select(e => e.Id), Is.EqualTo(new[] { 3, 1 }));
        Assert.That(ticket.Ids, Is.EqualTo(new[] { 1, 3 }));
        Assert.That((ticket.Parameters, ticket.ShareOfTensor, ticket.ShareOfCheckpoint), Is.EqualTo((16L, 0.5, 0.016)));
        Assert.That((ticket.Unchanged, ticket.Changed, ticket.IsByRank, ticket.BelowAlpha), Is.EqualTo((1L, 3L, false, 2)));
        Assert.That(ticket.Selection.Method, Is.EqualTo(KsMethod.Exact), "what auto came to");
    }

    [Test]
    public void Top_takes_exactly_the_best_rows_whatever_alpha()
    {
        RowScanResult weak = SmallMatrices.Scan(SmallMatrices.Lifted(1), SmallMatrices.Lifted(3), SmallMatrices.Lifted(2));
        Ticket empty = Ticket.Select(new(weak), SmallMatrices.Origin(weak));
        Assert.That((empty.Entries.Count, empty.IsByRank), Is.EqualTo((0, false)));
        Ticket ranked = Ticket.Select(new(weak, new TopUnits(2)), SmallMatrices.Origin(weak));
        Assert.That((ranked.IsByRank, ranked.Entries.Select(e => e.Id).ToArray()), Is.EqualTo((true, new[] { 1, 2 })));

        RowScanResult strong = SmallMatrices.Scan(SmallMatrices.Lifted(8), SmallMatrices.Lifted(3), SmallMatrices.Lifted(7));
        Ticket Top(int top) => Ticket.Select(new(strong, new TopUnits(top)), SmallMatrices.Origin(strong));
        Assert.That((Top(1).IsByRank, Top(1).Entries.Select(e => e.Id).ToArray(), Top(1).BelowAlpha), Is.EqualTo((true, new[] { 0 }, 1)),
            "a second row is below alpha, and is left out");
        Assert.That((Top(3).Entries.Select(e => e.Id).ToArray(), Top(3).BelowAlpha), Is.EqualTo((new[] { 0, 2, 1 }, 2)));
        Assert.That(Top(9).Entries, Has.Count.EqualTo(3), "no more rows changed");
        Assert.That(Top(3).Signature.ToString(), Does.Contain("|method:exact|top:3|rows:3|").And.Not.Contain("alpha").And.Not
            .Contain("adj"));
    }

    [Test]
    public void Rows_that_moved_alike_rank_by_their_number()
    {
        RowScanResult scan = SmallMatrices.Scan([.. Enumerable.Range(0, 60).Select(id => SmallMatrices.Lifted(id == 3 ? 7 : 6))]);
        Ticket ticket = Ticket.Select(new(scan, new TopUnits(30)), SmallMatrices.Origin(scan), new(null, new() { EosTokenIds = [0] }));
        Assert.That(ticket.Entries.Select(e => e.Id), Is.EqualTo([3, 0, 1, 2, .. Enumerable.Range(4, 26)]));
        Assert.That(ticket.Entries.Take(2).Select(e => e.Category), Is.EqualTo(new[] { "changed", "changed,special" }));
    }

    [Test]
    public void A_degenerate_row_that_passes_is_in_the_ticket_and_marked()
    {
        float[] dead = [.. SmallMatrices.Steps.Select(x => x * 1e-20f)], noise = [.. SmallMatrices.Steps.Select(x => x * 0.001f)];
        float[][] before = [dead, SmallMatrices.Steps, SmallMatrices.Steps];
        RowScanResult scan = SmallMatrices.Scan(before, [noise, SmallMatrices.Lifted(8), SmallMatrices.Steps]);
        Ticket ticket = Ticket.Select(new(scan), SmallMatrices.Origin(scan));
        Assert.That(ticket.Entries.Select(e => (e.Id, e.Category)), Is.EqualTo(new[] { (0, "degenerate"), (1, "changed") }));
        Assert.That(ticket.Degenerate, Is.EqualTo(1));
    }

    [Test]
    public void An_origin_of_another_shape_is_refused()
    {
        RowScanResult scan = SmallMatrices.Scan(SmallMatrices.Lifted(1));
        Assert.That(() => Ticket.Select(new(scan), SmallMatrices.Origin(scan) with { Rows = 2 }),
            Throws.ArgumentException.With.Message.Contains("2 rows of 8").And.Message.Contains("1 of 8 were scanned"));
    }

    [Test]
    public void An_origin_of_another_scan_is_named_with_what_was_scanned()
    {
        RowScanResult scan = SmallMatrices.Scan(SmallMatrices.Lifted(1));
        TicketOrigin origin = SmallMatrices.Origin(scan);
        void Says(TicketOrigin other, string message) =>
            Assert.That(() => Ticket.Select(new(scan), other),
                Throws.ArgumentException.With.Message.StartWith(message + " Give the origin of this scan."));
        Says(origin with { Rows = 2 }, "the origin has 2 rows of 8, 1 of 8 were scanned.");
        Says(origin with { Width = 9 }, "the origin has 1 rows of 9, 1 of 8 were scanned.");
        Says(origin with { TunedRows = 2 }, "the origin has 2 tuned rows, by id, and other pairs of 1 were scanned.");
        Says(origin with { IsPairedByText = true }, "the origin has 1 tuned rows, by text, and other pairs of 1 were scanned.");
        Assert.That(() => Ticket.Select(null!, origin), Throws.ArgumentNullException);
        Assert.That(() => Ticket.Select(new(scan), null!), Throws.ArgumentNullException);
        Assert.That(() => Ticket.Describe(null!, []), Throws.ArgumentNullException);
        Assert.That(() => new ScoredRows(null!), Throws.ArgumentNullException);
    }

    [Test]
    public void Shares_of_nothing_are_0()
    {
        RowScanResult none = SmallMatrices.Scan(before: [], tuned: []);
        Ticket ticket = Ticket.Select(new(none), SmallMatrices.Origin(none) with { CheckpointParameters = 0 });
        Assert.That((ticket.Parameters, ticket.ShareOfTensor, ticket.ShareOfCheckpoint), Is.EqualTo((0L, 0.0, 0.0)));
    }

    [Test]
    public void Rows_paired_by_text_keep_the_tuned_rows_number()
    {
        RowScanResult scan = SmallMatrices.Scan([SmallMatrices.Steps, SmallMatrices.Steps, SmallMatrices.Steps],
            [SmallMatrices.Steps, SmallMatrices.Lifted(8), SmallMatrices.Steps, SmallMatrices.Steps], RowPairing.Of([1, 0, -1], 4));
        Ticket ticket = Ticket.Select(new(scan), SmallMatrices.Origin(scan) with { TunedRows = 4, IsPairedByText = true });
        Assert.That(ticket.Entries.Select(e => (e.Id, e.TunedId)), Is.EqualTo(new[] { (0, 1) }));
        Assert.That((ticket.Unchanged, ticket.Changed, ticket.Dropped, ticket.Added), Is.EqualTo((1L, 1L, 1L, 2L)));
        Assert.That(ticket.Signature.ToString(), Does.Contain("|rows:3/4|pairs:text|"));
        using TemporaryFolder folder = new();
        TicketFile.Write(folder.File("t"), ticket);
        Ticket read = TicketFile.Read(folder.File("t"));
        Assert.That(read.Entries, Is.EqualTo(ticket.Entries));
        Assert.That(read with { Entries = ticket.Entries }, Is.EqualTo(ticket));
        const string Shape = "\"tuned_shape\": [\n    4,\n    8\n  ]";
        const string TwoNumbers = "tuned_shape: it must be two numbers, rows and the width in shape";
        foreach ((string right, string wrong, string message) in ((string, string, string)[])
            [("\"pairs\": \"text\"", "\"pairs\": \"name\"", "pairs: it must be \"id\" or \"text\""),
             (Shape, "\"tuned_shape\": [4,7]", TwoNumbers), (Shape, "\"tuned_shape\": [4]", TwoNumbers),
             ("\"tuned_id\": 1", "\"tuned_id\": 4", "entries[0].tuned_id: it must be a whole number from 0 to 3"),
             ("\"added\": 2", "\"added\": 5", "added: it must be a whole number from 0 to 4"),
             ("\"dropped\": 1", "\"dropped\": 2", "unchanged: with changed, degenerate, dropped and non_finite it must come to 3 rows")])
        {
            TicketFile.Write(folder.File("t"), ticket);
            string text = File.ReadAllText(folder.File("t"));
            Assert.That(text, Does.Contain(right));
            File.WriteAllText(folder.File("t"), text.Replace(right, wrong));
            Assert.That(() => TicketFile.Read(folder.File("t")),
                Throws.TypeOf<InvalidDataException>().With.Message.Contains(", " + message + ". "));
        }
    }

    [Test]
    public void A_ticket_of_more_rows_paired_by_id_reads_back()
    {
        using TemporaryFolder folder = new();
        RowScanResult scan = SmallMatrices.Scan(
            [SmallMatrices.Steps], [SmallMatrices.Lifted(8), SmallMatrices.Steps], RowPairing.ById(1, 2));
        Ticket ticket = Ticket.Select(new(scan), SmallMatrices.Origin(scan) with { TunedRows = 2 });
        TicketFile.Write(folder.File("t"), ticket);
        Ticket read = TicketFile.Read(folder.File("t"));
        Assert.That(read with { Entries = ticket.Entries }, Is.EqualTo(ticket));
        Assert.That((read.Origin.IsPairedByText, read.Added, read.Entries.Single().TunedId), Is.EqualTo((false, 1L, 0)));
    }

    [Test]
    public void An_origin_says_where_two_tensors_come_from()
    {
        using VocabularyFixture pair = new(VocabularyFixture.Tokens(6), VocabularyFixture.Tokens(8), [], tunedType: ElementType.F16);
        using Checkpoint baseModel = Checkpoint.Open(pair.Base), tuned = Checkpoint.Open(pair.Tuned);
        Tensor before = baseModel.FindInputEmbedding()!, after = tuned.FindInputEmbedding()!;
        TicketOrigin origin = TicketOrigin.Of(baseModel, before, after, "sha256:1", "sha256:2", RowPairing.Of([0, 1, 2, 3, 4, 5], 8));
        Assert.That(origin, Is.EqualTo(new TicketOrigin
        {
            Tensor = TicketFixture.Embedding,
            Rows = 6,
            TunedRows = 8,
            IsPairedByText = true,
            Width = VocabularyFixture.Width,
            BaseType = ElementType.F32,
            TunedType = ElementType.F16,
            BaseFingerprint = "sha256:1",
            TunedFingerprint = "sha256:2",
            IsTied = true,
            CheckpointParameters = (6 * VocabularyFixture.Width) + 3,
        }));
        Assert.That((origin.IsResized, (origin with { TunedRows = 6 }).IsResized), Is.EqualTo((true, true)), "text may reorder");
        TicketOrigin plain = TicketOrigin.Of(baseModel, before, before, "sha256:1", "sha256:1");
        Assert.That((plain.TunedRows, plain.IsPairedByText, plain.IsResized), Is.EqualTo((6, false, false)));
        Assert.That(TicketOrigin.Of(baseModel, before, after, "1", "2", RowPairing.ById(6, 8)).IsPairedByText, Is.False);
        Assert.That(() => TicketOrigin.Of(null!, before, after, "1", "2"), Throws.ArgumentNullException);
        Assert.That(() => TicketOrigin.Of(baseModel, null!, after, "1", "2"), Throws.ArgumentNullException);
        Assert.That(() => TicketOrigin.Of(baseModel, before, null!, "1", "2"), Throws.ArgumentNullException);
    }

    [Test]
    public void The_category_is_the_state_and_the_kind_of_token()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("tokenizer.json"), """
            {"model":{"type":"BPE","byte_fallback":true,"vocab":{"<unk>":0,"▁the":1,"<0x0A>":2,"<unused7>":3,"</s>":4},"merges":[]},
             "decoder":{"type":"ByteFallback"},"added_tokens":[{"id":0,"content":"<unk>","special":true}]}
            """);
        RowTokens tokens = new(TokenTable.FindBeside(folder.Path), new ModelConfig { EosTokenIds = [4], PadTokenIds = [9] });
        Assert.That(tokens.Source, Is.EqualTo("tokenizer.json"));
        Assert.That(Enumerable.Range(0, 6).Select(id => tokens.Category(id, RowState.Changed)), Is.EqualTo(new[]
        {
            "changed,special", "changed", "changed,byte", "changed,unused", "changed,special", "changed,padded",
        }));
        Assert.That(tokens.Category(9, RowState.Unchanged), Is.EqualTo("unchanged,padded"));
        Assert.That(tokens.Category(1, RowState.Degenerate), Is.EqualTo("degenerate"));
        Assert.That(tokens.Category(1, RowState.NonFinite), Is.EqualTo("non-finite"));
        Assert.That(tokens.Category(2, RowState.Dropped), Is.EqualTo("dropped,byte"));
        RowTokens none = RowTokens.None;
        Assert.That((none.Source is null, none.Piece(1), none.Kind(1)), Is.EqualTo((true, "", TokenKind.Normal)));
    }

    [Test]
    public void Without_a_tokenizer_the_configuration_still_knows_special_ids()
    {
        RowTokens tokens = new(null, new ModelConfig { BosTokenIds = [1], EosTokenIds = [2, 5], UnkTokenIds = [0] });
        Assert.That(Enumerable.Range(0, 6).Select(tokens.Kind), Is.EqualTo(new[]
        {
            TokenKind.Special, TokenKind.Special, TokenKind.Special, TokenKind.Normal, TokenKind.Normal, TokenKind.Special,
        }));
        Assert.That(tokens.Piece(3), Is.Empty);
    }

    [Test]
    public void The_signature_says_all_that_a_ticket_depends_on()
    {
        Signature signature = new()
        {
            Width = 4096,
            Selection = new TopUnits(18) { Alpha = 1.5625e-6, Method = KsMethod.Exact, Adjustment = PValueAdjustment.BenjaminiHochberg },
            Rows = 32_000,
            BaseType = ElementType.BF16,
            TunedType = ElementType.F32,
            BaseFingerprint = "sha256:1a2b3c4d5e6f",
            TunedFingerprint = "sha256:5e6f7a8b9c0d",
            Version = "0.1.0",
        };
        Assert.That(signature.ToString(),
            Is.EqualTo("KS|d:4096|alt:two-sided|method:exact|alpha:1.5625E-06|adj:bh|top:18|rows:32000|dtype:BF16/F32"
            + "|base:sha256:1a2b3c4d5e6f|tuned:sha256:5e6f7a8b9c0d|v:0.1.0"));
        Assert.That(signature.ToShortString(), Does.EndWith("|base:sha256:1a2b3c4d|tuned:sha256:5e6f7a8b|v:0.1.0"));
        Signature many = new() { Selection = new BelowAlpha { Method = KsMethod.Auto }, Rows = 7, Version = "0.1.0" };
        Assert.That(many.ToString(), Is.EqualTo("KS|alt:two-sided|method:auto|alpha:0.05|adj:none|rows:7|v:0.1.0"));
        Assert.That((many with { BaseFingerprint = "1a2b3c4d5e", TunedFingerprint = "sha256:1a" }).ToShortString(),
            Does.EndWith("|base:1a2b3c4d|tuned:sha256:1a|v:0.1.0"), "8 digits, or as many as there are");
        Assert.That((many with { TunedRows = 9, BaseType = ElementType.F16 }).ToString(), Does.EndWith("|rows:7/9|pairs:id|v:0.1.0"));
        Assert.That(LibraryVersion.Current, Does.Match(@"^\d+\.\d+\.\d+"));
    }
}
