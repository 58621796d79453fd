using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Transfer;

public sealed class TicketFolderTests
{
    private static readonly string[] All = ["patch.safetensors", "rows.tsv", "ticket.json"];

    [Test]
    public void A_ticket_a_table_and_a_patch_appear_together()
    {
        using TemporaryFolder folder = new();
        using Find find = new(folder);
        using (TicketFolder target = new(folder.File("out")))
            Assert.That(target.Write(find.Ticket, find.Rows, RowTokens.None, find.Base, find.Tuned), Is.EquivalentTo(All));
        Assert.That(Names(folder.File("out")), Is.EqualTo(All));
        using TicketPatch patch = TicketPatch.Open(Path.Combine(folder.File("out"), TicketPatch.FileName));
        Assert.That(patch.Rows!.Indices, Is.EqualTo(find.Ticket.Ids).And.Not.Empty);
        Assert.That(patch.Signature, Is.EqualTo(find.Ticket.Signature.ToString()));
        Assert.That(patch.Rows.BaseFingerprint, Is.EqualTo(find.Ticket.Origin.BaseFingerprint));
        Assert.That(TicketFile.Read(Path.Combine(folder.File("out"), TicketFile.FileName)).Ids, Is.EqualTo(patch.Rows!.Indices));
        Assert.That(Names(folder.Path), Is.EqualTo(new[] { "base.safetensors", "out", "tuned.safetensors" }), "nothing temporary stays");
    }

    [Test]
    public void An_empty_ticket_has_no_patch()
    {
        using TemporaryFolder folder = new();
        using Find find = new(folder, new BelowAlpha { Alpha = 1e-9 });
        using (TicketFolder target = new(folder.File("out"))) target.Write(find.Ticket, find.Rows, RowTokens.None, find.Base, find.Tuned);
        Assert.That(Names(folder.File("out")), Is.EqualTo(new[] { "rows.tsv", "ticket.json" }));
    }

    [Test]
    public void An_earlier_result_is_replaced_only_where_that_is_allowed()
    {
        using TemporaryFolder folder = new();
        using Find full = new(folder), empty = new(folder, new BelowAlpha { Alpha = 1e-9 });
        string path = folder.File("out");
        using (TicketFolder target = new(path)) target.Write(full.Ticket, full.Rows, RowTokens.None, full.Base, full.Tuned);
        Assert.That(() => new TicketFolder(path), Throws.InstanceOf<IOException>().With.Message.Contains($"{Remedy.Replace}"));
        Assert.That(Names(path), Is.EqualTo(All));
        using (TicketFolder target = new(path, replace: true)) target.Write(empty.Ticket, empty.Rows, RowTokens.None, empty.Base,
            empty.Tuned);
        Assert.That(Names(path), Is.EqualTo(new[] { "rows.tsv", "ticket.json" }), "the earlier patch does not stay beside a new ticket");
        Assert.That(Names(folder.Path), Is.EqualTo(new[] { "base.safetensors", "out", "tuned.safetensors" }));
    }

    [Test]
    public void Files_of_others_are_never_replaced([Values] bool replace)
    {
        using TemporaryFolder folder = new();
        Directory.CreateDirectory(folder.File("out"));
        File.WriteAllText(Path.Combine(folder.File("out"), "thesis.tex"), "years");
        File.WriteAllText(Path.Combine(folder.File("out"), "ticket.json"), "{}");
        Assert.That(() => new TicketFolder(folder.File("out"), replace),
            Throws.InstanceOf<IOException>().With.Message.Contains("not empty"));
        Assert.That(Names(folder.File("out")), Is.EqualTo(new[] { "thesis.tex", "ticket.json" }));
        Assert.That(Names(folder.Path), Is.EqualTo(new[] { "out" }));
    }

    [Test]
    public void A_cancelled_write_leaves_nothing_and_keeps_the_earlier_result()
    {
        using TemporaryFolder folder = new();
        using Find find = new(folder);
        string path = folder.File("out");
        using (TicketFolder target = new(path)) target.Write(find.Ticket, find.Rows, RowTokens.None, find.Base, find.Tuned);
        byte[] before = File.ReadAllBytes(Path.Combine(path, "ticket.json"));
        using (TicketFolder target = new(path, replace: true))
            Assert.That(() => target.Write(find.Ticket, find.Rows, RowTokens.None, find.Base, find.Tuned,
                cancellationToken: new CancellationToken(canceled: true)),
                Throws.InstanceOf<OperationCanceledException>());
        Assert.That(Names(folder.Path), Is.EqualTo(new[] { "base.safetensors", "out", "tuned.safetensors" }));
        Assert.That(File.ReadAllBytes(Path.Combine(path, "ticket.json")), Is.EqualTo(before));
    }

    [Test]
    public void An_earlier_result_that_came_meanwhile_is_not_replaced_either()
    {
        using TemporaryFolder folder = new();
        using Find find = new(folder);
        using TicketFolder target = new(folder.File("out"));
        Directory.CreateDirectory(folder.File("out"));
        File.WriteAllText(Path.Combine(folder.File("out"), "ticket.json"), "{}");
        Assert.That(() => target.Write(find.Ticket, find.Rows, RowTokens.None, find.Base, find.Tuned),
            Throws.TypeOf<IOException>().With.Message.Contains("ticket.json came into it meanwhile"));
    }

    /// <summary>Of two tensors the second has no unit in the ticket.</summary>
    [Test]
    public void A_ticket_of_units_is_written_with_the_tensors_that_its_payload_changes(
        [Values(TicketPayload.Replace, TicketPayload.Delta, TicketPayload.Keep, TicketPayload.Drop, TicketPayload.Sign)]
        TicketPayload payload)
    {
        using TemporaryFolder folder = new();
        foreach (string path in (string[])[folder.File("base"), folder.File("tuned")])
            SafetensorsWriter.Write(path, ((string[])["a", "b"]).Select(name => TensorSource.FromBytes(name, ElementType.F32, [2, 2],
                (byte[])[.. ((float[])[1, name == "a" && path.EndsWith("tuned", StringComparison.Ordinal) ? -9 : 2, 3, 4])
                    .SelectMany(BitConverter.GetBytes)])));
        using Checkpoint before = Checkpoint.Open(folder.File("base")), after = Checkpoint.Open(folder.File("tuned"));
        UnitTicketResult found = TicketFinder.Find(before, after, new()
        {
            Scope = new(TensorChoice.Parse("*"), TicketUnit.Elements),
            Score = TicketScore.Named("movement"),
            Selection = new TopUnits(1),
            Payload = payload,
        });
        using (TicketFolder target = new(folder.File("out")))
            Assert.That(target.Write(found), Is.EqualTo(new[] { TicketFile.FileName, TicketPatch.FileName }));
        using TicketPatch patch = TicketPatch.Open(Path.Combine(folder.File("out"), TicketPatch.FileName));
        Assert.That(patch.Tensors.Select(t => t.Name), Is.EqualTo(payload == TicketPayload.Keep ? new[] { "a", "b" } : ["a"]));
        Assert.That(patch.Tensors[0].TunedFingerprint,
            Is.EqualTo(payload == TicketPayload.Drop ? null : found.Ticket.Tensors[0].TunedFingerprint));
        Assert.That(patch.Tensors[0].BaseFingerprint, Is.EqualTo(found.Ticket.Tensors[0].BaseFingerprint));
        if (payload == TicketPayload.Drop)
            Assert.That(patch.Tensors[0].Values, Is.Null);

        UnitTicketResult none = found with
        {
            Ticket = found.Ticket with
            {
                Tensors = [.. found.Ticket.Tensors.Select(t => t with { Mask = t.Mask with { Units = IndexSet.Empty(4) } })],
            },
        };
        using TicketFolder empty = new(folder.File("empty"));
        Assert.That(empty.Write(none), Is.EqualTo(new[] { TicketFile.FileName }));
    }

    private static string?[] Names(string folder) =>
        [.. Directory.GetFileSystemEntries(folder).Select(Path.GetFileName).Order(StringComparer.Ordinal)];

    /// <summary>A scan of two files of four short rows, two of which are below alpha.</summary>
    private sealed class Find : IDisposable
    {
        private readonly SafetensorsFile _base, _tuned;

        public Find(TemporaryFolder folder, TicketSelection? selection = null)
        {
            _base = Open(folder.File("base.safetensors"), 0, 0, 0, 0);
            _tuned = Open(folder.File("tuned.safetensors"), 0, 8, 1, 7);
            (Base, Tuned) = (_base.GetTensor("e"), _tuned.GetTensor("e"));
            Rows = new(RowScan.Run(RowMatrix.FromTensor(Base), RowMatrix.FromTensor(Tuned)), selection);
            Ticket = Ticket.Select(Rows, new()
            {
                Tensor = "e",
                Rows = 4,
                Width = 8,
                BaseType = ElementType.F32,
                TunedType = ElementType.F32,
                CheckpointParameters = 32,
                IsTied = false,
                BaseFingerprint = Fingerprint.OfTensor(Base),
                TunedFingerprint = Fingerprint.OfTensor(Tuned),
            });
        }

        public Tensor Base { get; }

        public Tensor Tuned { get; }

        public ScoredRows Rows { get; }

        public Ticket Ticket { get; }

        public void Dispose()
        {
            _base.Dispose();
            _tuned.Dispose();
        }

        private static SafetensorsFile Open(string path, params int[] counts)
        {
            byte[] bytes = [.. counts.SelectMany(Tickets.SmallMatrices.Lifted).SelectMany(BitConverter.GetBytes)];
            if (!File.Exists(path))
                SafetensorsWriter.Write(path, [TensorSource.FromBytes("e", ElementType.F32, [counts.Length, 8], bytes)]);
            return SafetensorsFile.Open(path);
        }
    }
}
