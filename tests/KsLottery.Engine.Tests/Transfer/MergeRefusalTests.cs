using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Transfer;

/// <summary>What is not merged, what is told before, and what makes it another merge.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class MergeRefusalTests : IDisposable
{
    private readonly PayloadFixture _model = new(ElementType.F32, ElementType.F32);
    private readonly TemporaryFolder _folder = new();

    private string Output => _folder.File("out");

    public void Dispose()
    {
        _model.Dispose();
        _folder.Dispose();
    }

    [Test]
    public void Patches_of_another_base_are_refused_and_leave_nothing()
    {
        _model.Write(PayloadFixture.MaskOf(TicketUnit.Elements), TicketPayload.Replace);
        string shard = Path.Combine(_model.Base, PayloadFixture.Shards[0]);
        TicketFixture.Flip(shard, TicketFixture.Place(shard, "a").Start);
        Assert.That(() => PatchMerging.Merge(_model.Base, [_model.Patch], Output, new()),
            Throws.TypeOf<PatchMismatchException>().With.Message.Contains("is not the base that the patch was made for"));
        Assert.That(Directory.Exists(Output), Is.False);
        TicketFixture.Flip(shard, TicketFixture.Place(shard, "a").Start);
        MergeOverlap? told = null;
        MergeResult result = PatchMerging.Merge(_model.Base, [_model.Patch], Output, new(), beforeWriting: overlap =>
        {
            told = overlap;
            Assert.That(Directory.Exists(Output), Is.False);
        });
        Assert.That(told, Is.SameAs(result.Overlap));
    }

    [Test]
    public void A_share_of_less_than_one_element_leaves_nothing()
    {
        _model.Write(PayloadFixture.MaskOf(TicketUnit.Elements), TicketPayload.Replace);
        MergeResult result = PatchMerging.Merge(_model.Base, [_model.Patch], Output,
            new() { Method = MergeMethod.Ties, Trim = new UnitShare(0.001m) });
        Assert.That(result.Overlap!.Union, Is.Zero);
        _model.AssertHolds(Output, _model.Before, "untouched");
    }

    [Test]
    public void What_is_refused_is_told_whole_and_released()
    {
        Assert.That(() => PatchMerging.Merge(_model.Base, [], Output, new()), Throws.ArgumentException.With.Message.EqualTo(
            "there is no patch to merge. Name one or several. (Parameter 'patchPaths')"));
        TicketMask mask = new([new("a", TicketUnit.Elements.Cut(7, 5), IndexSet.Of(35, [4L, 18]))]);
        _model.Write(mask, TicketPayload.Sign);
        Assert.That(() => PatchMerging.Merge(_model.Base, [_model.Patch], Output, new()), Throws.TypeOf<NotSupportedException>()
            .With.Message.EqualTo($"{_model.Patch}: the patch is to sign 2 elements of \"a\", which says what remains and has no change to "
                + "add. Merge patches with the payload replace or delta, and apply this one afterwards."));
        Assert.That(() => SafetensorsWriter.Write(_model.Patch, []), Throws.Nothing, "nobody writes over a file that is open");

        string before = _folder.File("before"), after = _folder.File("after"), patch = _folder.File("patch");
        TicketFixture.WriteMatrix(before, ElementType.F8E4M3, 2, 3, 1);
        TicketFixture.WriteMatrix(after, ElementType.F8E4M3, 2, 3, 2);
        TicketFixture.WritePatch(patch, before, after, [1]);
        Assert.That(() => PatchMerging.Merge(before, [patch], Output, new()), Throws.TypeOf<NotSupportedException>().With.Message.EqualTo(
            $"{patch}: \"model.embed_tokens.weight\" is F8_E4M3 [2,3]; values of F32, F16 and BF16 are merged. Convert the checkpoints, "
            + "and find the tickets again."));
    }

    [Test]
    public void A_checkpoint_of_another_form_is_not_reverted()
    {
        string before = _folder.File("before"), after = _folder.File("after"), patch = _folder.File("patch");
        TicketFixture.WriteMatrix(before, ElementType.F32, 6, 4, 1);
        TicketFixture.WriteMatrix(after, ElementType.F32, 6, 4, 2);
        TicketFixture.WritePatch(patch, before, after, [1]);
        TicketFixture.WriteMatrix(before, ElementType.F32, 7, 4, 1);
        Assert.That(() => PatchMerging.Revert(before, [patch], Output), Throws.TypeOf<PatchMismatchException>().With.Message.EqualTo(
            $"{before}, tensor \"model.embed_tokens.weight\": this is F32 [7,4], the patch {patch} was made for F32 [6,4]. Take the base "
            + "that the patch was made from."));
    }

    /// <summary>What was finished is taken only for the very same patches.</summary>
    [Test]
    public void A_merge_of_other_patches_begins_anew([Values("the same", "other units", "another payload")] string other)
    {
        _model.Write(PayloadFixture.MaskOf(TicketUnit.Elements), TicketPayload.Replace);
        using CancellationTokenSource cancel = new();
        Hearing second = new(report => { if (report.File == PayloadFixture.Shards[1]) cancel.Cancel(); });
        Assert.That(() => PatchMerging.Merge(_model.Base, [_model.Patch], Output, new(), progress: second, cancellationToken: cancel.Token),
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That(Path.GetFileName(Directory.GetDirectories(_folder.Path).Single()), Does.StartWith(".kslottery-merge-"));
        _model.Write(PayloadFixture.MaskOf(TicketUnit.Elements, seed: other == "other units" ? 3 : 2),
            other == "another payload" ? TicketPayload.Delta : TicketPayload.Replace);
        Assert.That(PatchMerging.Merge(_model.Base, [_model.Patch], Output, new()).ResumedFiles,
            Has.Count.EqualTo(other == "the same" ? 1 : 0));
    }

    private sealed class Hearing(Action<PatchProgress> hear) : IProgress<PatchProgress>
    {
        public void Report(PatchProgress value) => hear(value);
    }
}
