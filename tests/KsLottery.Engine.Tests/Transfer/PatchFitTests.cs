using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Transfer;

/// <summary>A base that is not the patch's, in the whole words of the refusal: both fingerprints, the units that differ, what to
/// do.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class PatchFitTests : IDisposable
{
    private const string Scale = TicketFixture.Embedding + "_scale";

    private readonly TemporaryFolder _folder = new();

    private string Base => _folder.File("base.safetensors");

    private string Tuned => _folder.File("tuned.safetensors");

    private string Patch => _folder.File(TicketPatch.FileName);

    public void Dispose() => _folder.Dispose();

    [Test]
    public void Another_base_is_told_by_what_differs()
    {
        WriteSmall();
        TicketFixture.WritePatch(Patch, Base, Tuned, [3, 4]);
        string expected = PrintOf(Base);
        byte[] whole = File.ReadAllBytes(Base);
        (int start, int length) = TicketFixture.Place(Base);
        const string Other = "Take the base that the patch was made from, or find the ticket again with this one.";

        File.WriteAllBytes(Base, TicketFixture.WithRows(Base, Tuned, [3, 4]));
        RefusedBase(expected, "All 2 rows hold the tuned values: this patch is applied already. Take the checkpoint from before.");
        File.WriteAllBytes(Base, whole);
        TicketFixture.Flip(Base, start);
        RefusedBase(expected, $"The patch's 2 rows are as they should be, others are not. {Other}");
        TicketFixture.Flip(Base, start + (3 * length));
        RefusedBase(expected, $"Of the patch's 2 rows 1 (3) differ from its base rows. {Other}");
    }

    [Test]
    public void Rows_that_were_not_changed_do_not_make_a_base_patched()
    {
        WriteSmall();
        TicketFixture.WritePatch(Patch, Base, Base, [3, 4]);
        string expected = PrintOf(Base);
        TicketFixture.Flip(Base, TicketFixture.Place(Base).Start);
        RefusedBase(expected, "The patch's 2 rows are as they should be, others are not. Take the base that the patch was made from, or "
            + "find the ticket again with this one.");
    }

    [Test]
    public void A_patch_without_a_checksum_may_be_what_is_wrong()
    {
        TicketFixture.WriteMatrix(Base, ElementType.BF16, 6, 4, 1);
        string expected = PrintOf(Base);
        TicketFixture.Flip(Base, TicketFixture.Place(Base).Start);
        RefusedBase(expected, "The patch's 2 rows are as they should be, others are not. Take the base that the patch was made from, or "
            + "find the ticket again with this one; or the patch itself is damaged, which no checksum rules out: copy or write it again.",
            TicketFixture.FirstVersion);
    }

    [Test]
    public void What_cannot_be_reverted_is_told_by_what_differs()
    {
        WriteSmall();
        TicketFixture.WritePatch(Patch, Base, Tuned, [3, 4]);
        RefusedToRevert($"{Place}: this is the base already, there is nothing to revert. Give the patched checkpoint.");
        string expected = PrintOf(Base);
        (int start, int length) = TicketFixture.Place(Base);
        const string Again = "Give the checkpoint that was written by applying it.";
        File.WriteAllBytes(Base, TicketFixture.WithRows(Base, Tuned, [3, 4]));
        TicketFixture.Flip(Base, start + (4 * length));
        RefusedToRevert($"{Place}: the patch {Patch} cannot be reverted, for of its 2 rows 1 (4) do not hold its tuned values. {Again}");
        TicketFixture.Flip(Base, start + (4 * length));
        TicketFixture.Flip(Base, start);
        PatchMismatchException e = RefusedToRevert(null);
        Assert.That((e.Path, e.ExpectedFingerprint), Is.EqualTo((Base, expected)));
        Assert.That(e.Message, Is.EqualTo($"{Place}: this tensor does not become the base again. Its fingerprint is {e.ActualFingerprint}, "
            + $"the patch {Patch} asks for {expected}. The patch's 2 rows were put back, so other rows changed since it was applied. "
            + Again));
    }

    [Test]
    public void A_base_of_another_form_is_told_with_both()
    {
        WriteSmall();
        TicketFixture.WritePatch(Patch, Base, Tuned, [3, 4]);
        TicketFixture.WriteMatrix(Base, ElementType.F32, 7, 4, 1);
        string message = $"{Place}: this is F32 [7,4], the patch {Patch} was made for F32 [6,4]. Take the base that the patch was made "
            + "from.";
        Assert.That(() => PatchApplication.Apply(Base, Patch, _folder.File("out")),
            Throws.TypeOf<PatchMismatchException>().With.Message.EqualTo(message));
        RefusedToRevert(message);
    }

    [TestCase(true, false), TestCase(false, true), TestCase(true, true)]
    public void The_scale_of_codes_is_part_of_the_base(bool hadScale, bool hasScale)
    {
        WriteCodes(Base, hadScale ? 1 : null);
        WriteCodes(Tuned, hadScale ? 1 : null, seed: 2);
        using (Checkpoint before = Checkpoint.Open(Base), after = Checkpoint.Open(Tuned))
            TicketPatch.Write(Patch, [TicketFixture.Rows(before.GetTensor(TicketFixture.Embedding),
                after.GetTensor(TicketFixture.Embedding), 1)], new() { Signature = "" });
        string asked = hadScale ? PrintOf(Base, Scale) : "none";
        WriteCodes(Base, hasScale ? 2 : null);
        string found = hasScale ? PrintOf(Base, Scale) : "none, for there is no scale";
        PatchMismatchException e = Assert.Throws<PatchMismatchException>(() => PatchApplication.Apply(Base, Patch, _folder.File("out")))!;
        Assert.That(e.Message, Is.EqualTo($"{Place}: the codes are those of the patch's base, the scale beside them is not. Its "
            + $"fingerprint is {found}, the patch {Patch} asks for {asked}. Take the base that the patch was made from, all its tensors."));
    }

    [Test]
    public void Two_names_of_one_tensor_are_refused()
    {
        SafetensorsWriter.Write(Base, ((string[])["kept", "removed"]).Select(name => TensorSource.FromBytes(name, ElementType.F32, [2, 2],
            new byte[16])));
        using (Checkpoint before = Checkpoint.Open(Base))
            TicketPatch.Write(Patch, before, null, new(((string[])["kept", "removed"]).Select(name => TensorMask.OfRows(name, 2,
                IndexSet.Of(2, [0L])))), TicketPayload.Drop, new() { Signature = "" });
        string shared = _folder.File("shared.safetensors");
        SafetensorsWriter.Write(shared, [TensorSource.FromBytes("kept", ElementType.F32, [2, 2], new byte[16])],
            new Dictionary<string, string> { ["removed"] = "kept" });
        Assert.That(() => PatchApplication.Apply(shared, Patch, _folder.File("out")), Throws.TypeOf<PatchMismatchException>()
            .With.Message.EqualTo($"{shared}: \"kept\" and \"removed\" are one tensor in it, and two in the patch {Patch}. Take the base "
                + "that the patch was made from."));
    }

    /// <summary>A sign says nothing of the size that it goes with; a value that is kept does.</summary>
    [Test]
    public void Only_values_of_the_patch_are_looked_at_for_infinities()
    {
        float[] values = [float.PositiveInfinity, 2, 3, -4];
        foreach (string path in (string[])[Base, Tuned])
            SafetensorsWriter.Write(path, [TensorSource.FromBytes("w", ElementType.F32, [4], MemoryMarshal.AsBytes<float>(
                path == Base ? values : [-1, float.NaN, -3, 4]).ToArray())]);
        using Checkpoint before = Checkpoint.Open(Base), after = Checkpoint.Open(Tuned);
        void Write(TicketPayload payload, Checkpoint? tuned) => TicketPatch.Write(Patch, before, tuned, new([new("w",
            TicketUnit.Elements.Cut(1, 4), IndexSet.Of(4, [0L, 1]))]), payload, new() { Signature = "" });
        Write(TicketPayload.Sign, after);
        Assert.That(() => PatchApplication.Apply(Base, Patch, _folder.File("signs")), Throws.Nothing);
        Write(TicketPayload.Keep, null);
        Assert.That(() => PatchApplication.Apply(Base, Patch, _folder.File("kept")), Throws.Nothing);
        Write(TicketPayload.Keep, after);
        Assert.That(() => PatchApplication.Apply(Base, Patch, _folder.File("out")), Throws.TypeOf<NotFiniteNumberException>()
            .With.Message.EqualTo($"{Patch}: of the patch's 2 elements 1 (1) would hold a NaN or an infinity as F32, with which no model "
                + "works. Find the ticket again, which leaves such rows out, take a base of a wider type, or ask for them "
                + "(PatchOptions.AllowsNonFinite)."));
    }

    [Test]
    public void Rounding_is_counted_over_all_tensors()
    {
        using PayloadFixture model = new(ElementType.F16, ElementType.F32);
        TicketMask mask = PayloadFixture.MaskOf(TicketUnit.Elements);
        model.Write(mask, TicketPayload.Replace);
        PatchResult result = PatchApplication.Apply(model.Base, model.Patch, model.Output);
        Assert.That(result.Notes, Is.EqualTo(new[] { $"{result.InexactValues} of {mask.Parameters} F32 values are not exact in F16 and "
            + "were rounded to nearest, ties to even." }));
        float[] large = [.. Enumerable.Repeat(70_000f, 4)];
        SafetensorsWriter.Write(Tuned, [TensorSource.FromBytes("other", ElementType.F32, [2, 2],
            MemoryMarshal.AsBytes<float>(large).ToArray())]);
        using (Checkpoint before = Checkpoint.Open(model.Base), after = Checkpoint.Open(Tuned))
            TicketPatch.Write(model.Patch, before, after, new([TensorMask.OfRows("other", 2, IndexSet.Of(2, [1L]))]), TicketPayload.Replace,
                new() { Signature = "" });
        Assert.That(PatchApplication.Apply(model.Base, model.Patch, _folder.File("large"), new() { AllowsNonFinite = true }).Notes,
            Is.EqualTo(new[]
            {
                "As asked, 1 (1) of the rows hold a NaN or an infinity now: the model will not work.",
                "2 of 2 F32 values are not exact in F16 and were rounded to nearest, ties to even.",
                "2 values lie beyond the range of F16 and became infinite. Take a base of a wider type.",
            }));
    }

    private string Place => $"{Base}, tensor \"{TicketFixture.Embedding}\"";

    private static string PrintOf(string path, string name = TicketFixture.Embedding)
    {
        using SafetensorsFile file = SafetensorsFile.Open(path);
        return Fingerprint.OfTensor(file.GetTensor(name));
    }

    private void WriteSmall()
    {
        TicketFixture.WriteMatrix(Base, ElementType.F32, 6, 4, 1);
        TicketFixture.WriteMatrix(Tuned, ElementType.F32, 6, 4, 2);
    }

    private static void WriteCodes(string path, float? scale, int seed = 1)
    {
        byte[] codes = new byte[6];
        new Random(seed).NextBytes(codes);
        SafetensorsWriter.Write(path, [TensorSource.FromBytes(TicketFixture.Embedding, ElementType.F8E4M3, [2, 3], codes),
            .. scale is null ? (TensorSource[])[] : [TensorSource.FromBytes(Scale, ElementType.F32, [1],
                BitConverter.GetBytes(scale.Value))]]);
    }

    private void RefusedBase(string expected, string state, string? patch = null)
    {
        patch ??= Patch;
        PatchMismatchException e = Assert.Throws<PatchMismatchException>(() => PatchApplication.Apply(Base, patch, _folder.File("out")))!;
        Assert.That(e.Message, Is.EqualTo($"{Place}: this tensor is not the base that the patch was made for. Its fingerprint is "
            + $"{PrintOf(Base)}, the patch {patch} asks for {expected}. {state}"));
        Assert.That((e.Path, e.ExpectedFingerprint, e.ActualFingerprint), Is.EqualTo((Base, expected, PrintOf(Base))));
    }

    private PatchMismatchException RefusedToRevert(string? message)
    {
        PatchMismatchException e = Assert.Throws<PatchMismatchException>(() => PatchApplication.Revert(Base, Patch, _folder.File("out")))!;
        if (message is not null) Assert.That(e.Message, Is.EqualTo(message));
        return e;
    }
}
