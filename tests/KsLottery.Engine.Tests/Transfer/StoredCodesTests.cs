using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Transfer;

/// <summary>Patches of rows of types that are readable and not native: bytes in, the same bytes out.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class StoredCodesTests : IDisposable
{
    private const int Rows = 6, Width = 5;
    private const string Scale = TicketFixture.Embedding + "_scale";

    private static readonly int[] Chosen = [1, 4];

    private readonly TemporaryFolder _folder = new();

    private string Base => _folder.File("base.safetensors");

    private string Tuned => _folder.File("tuned.safetensors");

    private string Patch => _folder.File(TicketPatch.FileName);

    private string Output => _folder.File("out");

    public void Dispose() => _folder.Dispose();

    [TestCase(ElementType.F64), TestCase(ElementType.F8E4M3), TestCase(ElementType.F8E5M2), TestCase(ElementType.I8)]
    [TestCase(ElementType.U8)]
    public void Rows_go_in_and_come_out_byte_by_byte(ElementType type)
    {
        TicketFixture.WriteMatrix(Base, type, Rows, Width, 1);
        TicketFixture.WriteMatrix(Tuned, type, Rows, Width, 2);
        TicketFixture.WritePatch(Patch, Base, Tuned, Chosen);
        AssertApplied();
    }

    [Test]
    public void Codes_with_the_same_scale_on_both_sides_are_moved()
    {
        Write(Base, 1, [1, 2, 3, 4, 5, 6]);
        Write(Tuned, 2, [9, 2, 3, 4, 5, 9]);
        WritePatch();
        using (TicketPatch patch = TicketPatch.Open(Patch)) Assert.That(patch.Tensors[0].BaseScaleFingerprint, Is.Not.Null);
        AssertApplied();
    }

    [Test]
    public void Codes_with_another_scale_are_not_moved()
    {
        Write(Base, 1, [1, 2, 3, 4, 5, 6]);
        Write(Tuned, 2, [1, 2, 3, 4, 9, 6]);
        Assert.That(WritePatch, Throws.ArgumentException.With.Message.Contains("row 4 has another scale in the tuned tensor"));
        Write(Tuned, 2, null);
        Assert.That(WritePatch, Throws.ArgumentException.With.Message.Contains("row 1 has another scale"));
        TicketFixture.WriteMatrix(Tuned, ElementType.BF16, Rows, Width, 2);
        Assert.That(WritePatch, Throws.ArgumentException.With.Message.Contains("rows of BF16 cannot be stored as F8_E4M3"));
        Assert.That(File.Exists(Patch), Is.False);
    }

    [Test]
    public void Codes_of_paired_rows_have_the_scale_of_their_counterpart()
    {
        Write(Base, 1, [1, 2, 3, 4, 5, 6]);
        Write(Tuned, 2, [2, 1, 3, 4, 5, 9]);
        using Checkpoint before = Checkpoint.Open(Base), after = Checkpoint.Open(Tuned);
        string? Reason(RowPairing? pairing, params int[] rows) => StoredCodes.WhyNotMovable(before.GetTensor(TicketFixture.Embedding),
            after.GetTensor(TicketFixture.Embedding), TensorMask.OfRows("", Width, IndexSet.Of(Rows, rows)), pairing);
        RowPairing exchanged = RowPairing.Of([1, 0, 2, 3, 4, 5], Rows);
        Assert.That((Reason(exchanged, 0, 1, 2), Reason(null, 2)), Is.EqualTo(((string?)null, (string?)null)));
        const string Other = " has another scale in the tuned tensor, so that its codes would mean other values in the base";
        Assert.That((Reason(null, 1, 2), Reason(exchanged, 0, 5)), Is.EqualTo(("row 1" + Other, "row 5" + Other)));
    }

    [Test]
    public void A_base_with_the_same_codes_and_another_scale_is_refused()
    {
        Write(Base, 1, [1, 2, 3, 4, 5, 6]);
        Write(Tuned, 2, [1, 2, 3, 4, 5, 6]);
        WritePatch();
        Write(Base, 1, [1, 2, 3, 4, 5, 7]);
        Assert.That(() => PatchApplication.Apply(Base, Patch, Output),
            Throws.TypeOf<PatchMismatchException>().With.Message.Contains("the scale beside them is not"));
        Write(Base, 1, null);
        Assert.That(() => PatchApplication.Apply(Base, Patch, Output),
            Throws.TypeOf<PatchMismatchException>().With.Message.Contains("none, for there is no scale"));
    }

    [Test]
    public void No_trained_rows_and_no_adapter_are_made_of_codes()
    {
        TicketFixture.WriteMatrix(Base, ElementType.I8, Rows, Width, 1);
        TicketFixture.WriteMatrix(Tuned, ElementType.I8, Rows, Width, 2);
        TicketFixture.WritePatch(Patch, Base, Tuned, Chosen);
        using Checkpoint checkpoint = Checkpoint.Open(Base);
        PatchSource rows = PatchSource.OfRows(checkpoint.GetTensor(TicketFixture.Embedding), IndexSet.Of(Rows, Chosen));
        Assert.That(() => TicketPatch.Write(Patch, [rows with { Values = new float[2 * Width] }],
            new() { Signature = "ks|test" }), Throws.ArgumentException.With.Message.Contains("whose codes no trained values replace"));
        using TicketPatch patch = TicketPatch.Open(Patch);
        Assert.That(() => PeftAdapter.Write(patch, Output, "base", isTied: true),
            Throws.TypeOf<NotSupportedException>().With.Message.Contains("the rows are I8, of which no adapter can be made"));
    }

    /// <summary>As <c>find</c> does for rows by their test: the ticket, and why there is no patch.</summary>
    [Test]
    public void A_ticket_of_units_whose_codes_cannot_be_moved_is_written_without_a_patch([Values] bool hasRows)
    {
        Write(Base, 1, [1, 2, 3, 4, 5, 6]);
        TicketFixture.WriteMatrix(Tuned, ElementType.F32, Rows, Width, 2);
        using Checkpoint before = Checkpoint.Open(Base), after = Checkpoint.Open(Tuned);
        TicketRecipe recipe = new()
        {
            Scope = new(TensorChoice.Parse(TicketFixture.Embedding), hasRows ? TicketUnit.Rows : TicketUnit.Elements),
            Score = TicketScore.Named("movement"),
            Selection = new TopUnits(3),
        };
        UnitTicketResult found = TicketFinder.Find(before, after, recipe);
        using (TicketFolder folder = new(Output))
        {
            Assert.That(folder.Write(found), Is.EqualTo(new[] { TicketFile.FileName }));
            Assert.That(folder.WhyNoPatch, Is.EqualTo($"\"{TicketFixture.Embedding}\": rows of F32 cannot be stored as F8_E4M3, and a "
                + "patch holds rows as they are stored"));
        }
        Assert.That(Directory.GetFiles(Output).Select(Path.GetFileName), Is.EqualTo(new[] { TicketFile.FileName }));
        using TicketFolder dropping = new(_folder.File("drop"));
        dropping.Write(TicketFinder.Find(before, after, recipe with { Payload = TicketPayload.Drop }));
        Assert.That((dropping.WhyNoPatch, File.Exists(Path.Combine(_folder.File("drop"), TicketPatch.FileName))),
            Is.EqualTo(((string?)null, true)), "what takes no values needs no scale");
    }

    private void AssertApplied()
    {
        byte[] expected = TicketFixture.WithRows(Base, Tuned, Chosen);
        PatchResult result = PatchApplication.Apply(Base, Patch, Output, new() { AllowsNonFinite = true });
        string applied = Path.Combine(Output, Path.GetFileName(Base));
        Assert.That(File.ReadAllBytes(applied), Is.EqualTo(expected));
        Assert.That((result.InexactValues, result.OverflowedValues), Is.EqualTo((0L, 0L)));
        PatchApplication.Revert(applied, Patch, _folder.File("back"));
        TicketFixture.AssertSame(Path.Combine(_folder.File("back"), Path.GetFileName(Base)), Base);
    }

    private void WritePatch()
    {
        using Checkpoint before = Checkpoint.Open(Base), after = Checkpoint.Open(Tuned);
        (Tensor rows, Tensor tuned) = (before.GetTensor(TicketFixture.Embedding), after.GetTensor(TicketFixture.Embedding));
        TicketPatch.Write(Patch, [TicketFixture.Rows(rows, tuned, Chosen)],
            new() { Signature = "ks|test" });
    }

    private static void Write(string path, int seed, float[]? scales)
    {
        byte[] codes = new byte[Rows * Width];
        new Random(seed).NextBytes(codes);
        SafetensorsWriter.Write(path, [TensorSource.FromBytes(TicketFixture.Embedding, ElementType.F8E4M3, [Rows, Width], codes),
            .. scales is null ? (TensorSource[])[] : [TensorSource.FromBytes(Scale, ElementType.F32, [Rows, 1],
                MemoryMarshal.AsBytes<float>(scales).ToArray())]]);
    }
}
