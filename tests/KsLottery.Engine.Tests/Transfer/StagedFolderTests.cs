using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Transfer;

/// <summary>Folders that appear whole, and the files that go along.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class StagedFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Output => _folder.File("out");

    public void Dispose() => _folder.Dispose();

    [Test]
    public void Work_that_another_does_is_refused_and_free_again_when_it_ends()
    {
        string staging;
        using (StagedFolder first = StagedFolder.Resume(Output, "work"))
        {
            staging = first.Staging;
            Assert.That(() => StagedFolder.Resume(Output, "work"), Throws.TypeOf<IOException>().With.Message.EqualTo(
                $"{Output}: another process writes it, in {staging}. Wait for it, or end it."));
        }
        Assert.That(Directory.Exists(staging), Is.False, "nothing was finished");
        using StagedFolder second = StagedFolder.Resume(Output, "work");
        Assert.That(second.Staging, Is.EqualTo(staging));
    }

    [Test]
    public void Only_files_that_are_whole_are_kept_for_the_next_try()
    {
        using (StagedFolder first = StagedFolder.Resume(Output, "work"))
        {
            File.WriteAllText(Path.Combine(first.Staging, "a" + StagedFolder.PartialSuffix), "");
            Assert.That(first.Finished, Is.Empty);
        }
        Assert.That(TicketFixture.Names(_folder.Path), Is.Empty);
        using (StagedFolder second = StagedFolder.Resume(Output, "work")) File.WriteAllText(Path.Combine(second.Staging, "a"), "whole");
        using StagedFolder third = StagedFolder.Resume(Output, "work");
        Assert.That(third.Finished, Is.EqualTo(new[] { "a" }));
        third.Commit(default);
        Assert.That((TicketFixture.Names(_folder.Path).Single(), TicketFixture.Names(Output).Single()), Is.EqualTo(("out", "a")));
    }

    [Test]
    public void A_folder_that_was_cancelled_gets_no_name()
    {
        using (StagedFolder folder = new(Output))
            Assert.That(() => folder.Commit(new CancellationToken(canceled: true)), Throws.InstanceOf<OperationCanceledException>());
        Assert.That(TicketFixture.Names(_folder.Path), Is.Empty);
    }

    [Test]
    public void A_disk_may_be_filled_to_its_end() => Assert.That(() => DiskSpace.ThrowIfTooLittle("out", 1000, 1000), Throws.Nothing);

    [Test]
    public void What_came_into_the_target_meanwhile_is_named()
    {
        using StagedFolder folder = new(Output);
        Directory.CreateDirectory(Output);
        File.WriteAllText(Path.Combine(Output, "mine"), "");
        Assert.That(() => folder.Commit(default), Throws.TypeOf<IOException>().With.Message.EqualTo(
            $"{Output}: mine came into it meanwhile. Name a new folder for the output."));
    }

    [Test, Platform("Linux")]
    public void A_place_that_takes_no_folder_is_told_by_the_name_that_was_given() =>
        Assert.That(() => new StagedFolder("/proc/out"), Throws.InstanceOf<Exception>().With.Message.EqualTo(
            "/proc/out: cannot be written here: name a folder that you may write to."));

    [Test]
    public void A_tokenizers_files_are_found_in_order()
    {
        foreach (string name in (string[])["vocab.txt", "tokenizer.json", "added_tokens.json", "config.json", "merges.txt"])
            File.WriteAllText(_folder.File(name), "");
        Assert.That(CarriedFiles.FindTokenizer(_folder.Path),
            Is.EqualTo(new[] { "added_tokens.json", "merges.txt", "tokenizer.json", "vocab.txt" }));
    }

    [Test]
    public void Companions_are_the_other_shards_and_what_configures_the_model()
    {
        string model = Directory.CreateDirectory(_folder.File("model")).FullName, target = Directory.CreateDirectory(Output).FullName;
        string[] shards = ["a.safetensors", "b.safetensors"];
        foreach (string shard in shards) TicketFixture.WriteMatrix(Path.Combine(model, shard), ElementType.F32, 2, 2, 1, shard[..1]);
        File.WriteAllText(Path.Combine(model, "model.safetensors.index.json"),
            "{\"weight_map\":{\"a\":\"a.safetensors\",\"b\":\"b.safetensors\"}}");
        foreach (string name in (string[])["config.json", "tokenizer.json", "notes.txt"])
            File.WriteAllText(Path.Combine(model, name), "{}");
        File.WriteAllText(Path.Combine(target, "config.json"), "an earlier try's");
        using Checkpoint checkpoint = Checkpoint.Open(model);
        CarriedFiles carried = CarriedFiles.CarryCompanions(checkpoint, new HashSet<string>(shards[..1]) { "tokenizer.json" }, target,
            default);
        Assert.That((carried.Linked.Concat(carried.Copied), carried.OtherWeights.Count),
            Is.EqualTo((new[] { "b.safetensors", "config.json" }, 0)));
        Assert.That(TicketFixture.Names(target), Is.EqualTo(new[] { "b.safetensors", "config.json" }));
        TicketFixture.AssertSame(Path.Combine(target, "config.json"), Path.Combine(model, "config.json"));
    }
}
