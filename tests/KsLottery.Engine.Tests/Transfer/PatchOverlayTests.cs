using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Transfer;

internal sealed class PatchOverlayTests
{
    private static readonly TokenBatch Batch = TokenBatch.OfPrompt([1, 403, 407, 261, 378, 432, 383, 286, 268, 414, 395, 10, 511]);

    [TestCase("model"), TestCase("model.bf16"), TestCase("model.f16")]
    public void A_patch_in_place_computes_the_bits_of_the_checkpoint_that_apply_writes(string file)
    {
        using TemporaryFolder folder = new();
        string baseFile = Path.Combine(TicketFixture.RealBase, file + ".safetensors"), patchFile = folder.File("patch.safetensors");
        TicketFixture.WriteRealPatch(patchFile, baseFile);
        PatchResult applied = PatchApplication.Apply(baseFile, patchFile, folder.File("patched"));
        using CpuOperations operations = new(2);
        using Checkpoint checkpoint = Checkpoint.Open(baseFile),
            patched = Checkpoint.Open(Path.Combine(folder.File("patched"), applied.WrittenFiles[0]));
        LlamaConfig config = LlamaConfig.Load(baseFile);
        using LlamaWeights weights = LlamaWeights.Open(checkpoint, config, operations),
            expected = LlamaWeights.Open(patched, config, operations);
        using LlamaModel model = new(weights, operations), reference = new(expected, operations);
        float[] before = model.Logits(Batch);
        using (TicketPatch patch = TicketPatch.Open(patchFile))
            Assert.That(PatchOverlay.Apply(patch, checkpoint, weights),
                Is.EqualTo(applied.Notes.Where(note => !note.StartsWith("Other weights", StringComparison.Ordinal))));
        Assert.That(model.Logits(Batch), Is.EqualTo(reference.Logits(Batch)).And.Not.EqualTo(before));
    }

    [TestCase("model"), TestCase("model.bf16")]
    public void A_patched_checkpoint_holds_the_bytes_that_apply_writes(string file)
    {
        using TemporaryFolder folder = new();
        string baseFile = Path.Combine(TicketFixture.RealBase, file + ".safetensors"), patchFile = folder.File("patch.safetensors");
        TicketFixture.WriteRealPatch(patchFile, baseFile);
        PatchResult applied = PatchApplication.Apply(baseFile, patchFile, folder.File("patched"));
        using Checkpoint checkpoint = Checkpoint.Open(baseFile), written = Checkpoint.Open(
            Path.Combine(folder.File("patched"), applied.WrittenFiles[0]));
        using PatchedCheckpoint patched = PatchedCheckpoint.Open(checkpoint, patchFile);
        Assert.That(patched.Checkpoint.Tensors.Select(t => (t.Name, Fingerprint.OfTensor(t))),
            Is.EqualTo(written.Tensors.Select(t => (t.Name, Fingerprint.OfTensor(t)))));
        using Checkpoint other = Checkpoint.Open(TicketFixture.RealTunedFile);
        Assert.That(() => PatchedCheckpoint.Open(other, patchFile), Throws.TypeOf<PatchMismatchException>());
    }

    [Test]
    public void Another_base_is_refused_as_apply_refuses_it()
    {
        using TemporaryFolder folder = new();
        TicketFixture.WriteRealPatch(folder.File("patch.safetensors"), Path.Combine(TicketFixture.RealBase, "model.safetensors"));
        using TicketPatch patch = TicketPatch.Open(folder.File("patch.safetensors"));
        using Checkpoint other = Checkpoint.Open(TicketFixture.RealTunedFile);
        using CpuOperations operations = new(1);
        using LlamaWeights weights = LlamaWeights.Open(other, LlamaConfig.Load(TicketFixture.RealTunedFile), operations);
        Assert.That(() => PatchOverlay.Apply(patch, other, weights),
            Throws.TypeOf<PatchMismatchException>().With.Message.Contains("fingerprint"));
        Assert.That(weights.Ticket, Is.Null);
    }

    [Test]
    public void A_tensor_that_the_model_does_not_read_is_refused()
    {
        using TemporaryFolder folder = new();
        TinyLlama model = new(isTied: false);
        model.Config["tie_word_embeddings"] = true;
        using Checkpoint tied = Checkpoint.Open(model.Write(folder.File("model")));
        TicketPatch.Write(folder.File("patch.safetensors"),
            [TicketFixture.Rows(tied.GetTensor(TinyLlama.Head), tied.GetTensor(TinyLlama.Embedding), 3, 4)],
            new() { Signature = "ks|test" });
        using TicketPatch patch = TicketPatch.Open(folder.File("patch.safetensors"));
        using CpuOperations operations = new(1);
        using LlamaWeights weights = LlamaWeights.Open(tied, LlamaConfig.Load(tied), operations);
        Assert.That(() => PatchOverlay.Apply(patch, tied, weights),
            Throws.TypeOf<NotSupportedException>().With.Message.Contains("lm_head.weight").And.Message.Contains("does not read"));
    }
}
