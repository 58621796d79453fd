using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Transfer;

/// <summary>A made-up checkpoint in two shards, pruned.</summary>
public sealed class ModelPruningTests
{
    private static readonly TensorChoice Scope = TensorChoice.Parse("*,!other");

    private TemporaryFolder _folder = null!;

    [SetUp]
    public void MakeFolder() => _folder = new();

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [Test]
    public void What_is_kept_has_its_bits_and_all_else_in_the_scope_is_zero(
        [Values(ElementType.F32, ElementType.BF16, ElementType.F16)] ElementType type, [Values] bool isMapped)
    {
        using PayloadFixture fixture = new(type, type);
        PruneResult result = ModelPruning.Prune(fixture.Base, fixture.Output, Recipe(60), _folder.File("ticket"),
            new() { UseMemoryMap = isMapped });
        // 35 + 6 + 24 + 9 elements, of which ⌊0.4·74⌋ are kept: the largest of all, by a sort of their magnitudes.
        Assert.That((result.Kept.ElementCount, result.Kept.Parameters, result.CheckpointParameters), Is.EqualTo((74L, 29L, 78L)));
        using (Checkpoint checkpoint = Checkpoint.Open(fixture.Base))
        {
            (string Name, int Index, float Magnitude)[] ranked = [.. checkpoint.Tensors.Where(t => t.Name != "other").SelectMany(t =>
            {
                float[] values = new float[t.ElementCount];
                ElementCodec.Of(type).Widen(fixture.Before[t.Name], values);
                return values.Select((v, i) => (t.Name, i, Math.Abs(v)));
            }).OrderByDescending(v => v.Item3)];
            foreach (TensorMask one in result.Kept.Tensors)
                Assert.That(one.Units, Is.EqualTo(ranked.Take(29).Where(v => v.Name == one.Name).Select(v => (long)v.Index).Order()));
        }
        fixture.AssertHolds(fixture.Output, fixture.Expect(result.Kept, TicketPayload.Keep, hasTuned: false), "pruned");
        Assert.That(result.TicketFiles, Is.EqualTo((string[])[TicketFile.FileName, TicketPatch.FileName]));

        PatchApplication.Apply(fixture.Base, _folder.File("ticket"), _folder.File("applied"));
        fixture.AssertHolds(_folder.File("applied"), fixture.Expect(result.Kept, TicketPayload.Keep, hasTuned: false), "applied");
        PatchApplication.Revert(fixture.Output, _folder.File("ticket"), fixture.Back);
        fixture.AssertHolds(fixture.Back, fixture.Before, "reverted");
    }

    [Test]
    public void Every_tensor_keeps_its_part_or_N_of_M()
    {
        using PayloadFixture fixture = new(ElementType.F32, ElementType.F32);
        Assert.That(() => ModelPruning.Prune(fixture.Base, _folder.File("each"), Recipe(50), _folder.File("each")),
            Throws.ArgumentException.With.Message.Contains("model and ticket would be in one folder"));
        PruneResult each = ModelPruning.Prune(fixture.Base, _folder.File("each"), Recipe(50, isPerTensor: true));
        Assert.That(each.Kept.Tensors.Select(t => t.Parameters), Is.EquivalentTo((long[])[17, 3, 12, 4]));
        PruneResult groups = ModelPruning.Prune(fixture.Base, _folder.File("groups"),
            ModelPruning.RecipeOf(TicketScore.Named("magnitude"), new GroupPattern(1, 2), Scope));
        fixture.AssertHolds(_folder.File("groups"), fixture.Expect(groups.Kept, TicketPayload.Keep, hasTuned: false), "1:2");
        // Rows of 5, 6, 4 and 3: ⌈width / 2⌉ of each.
        Assert.That(groups.Kept.Tensors.Select(t => t.Parameters), Is.EquivalentTo((long[])[21, 3, 12, 6]));
        PruneResult drawn = ModelPruning.Prune(fixture.Base, _folder.File("drawn"),
            ModelPruning.RecipeOf(TicketScore.Named("random", 3), ModelPruning.KeptOf(new(0.5m)), Scope));
        Assert.That(drawn.Kept.Parameters, Is.EqualTo(37));
        Assert.That(drawn.Kept.Jaccard(each.Kept), Is.InRange(0.1, 0.6));
    }

    [Test]
    public void Work_that_was_broken_off_goes_on_where_a_shard_was_finished()
    {
        using PayloadFixture fixture = new(ElementType.F32, ElementType.F32);
        string pruned = _folder.File("pruned");
        using CancellationTokenSource cancel = new();
        ProgressRelay<PatchProgress> second = new(report => { if (report.File == PayloadFixture.Shards[1]) cancel.Cancel(); });
        Assert.That(() => ModelPruning.Prune(fixture.Base, pruned, Recipe(50), _folder.File("ticket"), progress: second,
            cancellationToken: cancel.Token), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(Directory.Exists(pruned) || Directory.Exists(_folder.File("ticket")), Is.False);
        Assert.That(ModelPruning.Prune(fixture.Base, _folder.File("b"), Recipe(60)).ResumedFiles, Is.Empty, "another work begins anew");
        PruneResult result = ModelPruning.Prune(fixture.Base, pruned, Recipe(50), _folder.File("ticket"));
        Assert.That(result.ResumedFiles, Is.EqualTo(PayloadFixture.Shards[..1]));
        fixture.AssertHolds(pruned, fixture.Expect(result.Kept, TicketPayload.Keep, hasTuned: false), "resumed");
        Assert.That(Directory.EnumerateFileSystemEntries(_folder.Path, ".*"), Is.Empty);
    }

    [Test]
    public void What_cannot_be_pruned_is_refused_and_nothing_is_left()
    {
        using PayloadFixture fixture = new(ElementType.F32, ElementType.F32);
        Assert.That(() => ModelPruning.Prune(fixture.Base, fixture.Output, Recipe(99)),
            Throws.ArgumentException.With.Message.Contains("none would be kept"));
        Assert.That(() => ModelPruning.Prune(fixture.Base, fixture.Output, Recipe(50) with { Payload = TicketPayload.Drop }),
            Throws.ArgumentException.With.Message.Contains("drop"));
        Assert.That(() => ModelPruning.Prune(fixture.Base, fixture.Output,
            ModelPruning.RecipeOf(TicketScore.Named("tuned-magnitude"), ModelPruning.KeptOf(new(0.5m)), Scope)),
            Throws.ArgumentException.With.Message.Contains("there is no tuned one"));
        Assert.That(() => ModelPruning.Prune(fixture.Base, fixture.Output, ModelPruning.RecipeOf(TicketScore.Named("magnitude"),
            ModelPruning.KeptOf(new(0.5m)))), Throws.InstanceOf<KeyNotFoundException>().With.Message.Contains("self_attn"));
        Assert.That(() => ModelPruning.Prune(fixture.Base, fixture.Base, Recipe(50)), Throws.InstanceOf<IOException>());
        string odd = _folder.File("odd.safetensors");
        SafetensorsWriter.Write(odd, [TensorSource.FromBytes("a", ElementType.F32, [1, 2], new byte[] { 0, 0, 0xc0, 0x7f, 0, 0, 0, 0 })]);
        TicketRecipe half = ModelPruning.RecipeOf(TicketScore.Named("magnitude"), ModelPruning.KeptOf(new(0.5m)), TensorChoice.Parse("a"));
        Assert.That(() => ModelPruning.Prune(odd, fixture.Output, half),
            Throws.InstanceOf<CheckpointFormatException>().With.Message.Contains("NaN or infinite"));
        Assert.That(Path.Exists(fixture.Output), Is.False);
        Assert.That(Directory.EnumerateFileSystemEntries(_folder.Path, ".*"), Is.Empty);
    }

    private static TicketRecipe Recipe(int percent, bool isPerTensor = false) => ModelPruning.RecipeOf(TicketScore.Named("magnitude"),
        ModelPruning.KeptOf(new(percent / 100m), isPerTensor), Scope);
}
