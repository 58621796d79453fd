using System.Globalization;
using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Transfer;

/// <summary>Patches of any units of several tensors, with every payload, against a rule applied element by element.</summary>
internal sealed class TicketPayloadTests
{
    private static readonly ElementType[] Types = [ElementType.F32, ElementType.F16, ElementType.BF16];

    private static readonly (ElementType, ElementType)[] AllTypes = [.. Types.SelectMany(b => Types.Select(a => (b, a)))];

    private static readonly TicketUnit[] Units =
        [TicketUnit.Rows, TicketUnit.Elements, TicketUnit.Columns, TicketUnit.Blocks(2, 3), TicketUnit.Blocks(3, 0)];

    [Test]
    public void What_is_applied_is_what_the_payload_says_and_reverting_gives_every_file_back(
        [Values] TicketPayload payload, [ValueSource(nameof(Units))] TicketUnit unit)
    {
        (ElementType, ElementType)[] some = [(ElementType.BF16, ElementType.BF16), (ElementType.F16, ElementType.F32)];
        foreach ((ElementType before, ElementType after) in unit == TicketUnit.Elements ? AllTypes : some)
        {
            using PayloadFixture model = new(before, after);
            TicketMask mask = PayloadFixture.MaskOf(unit);
            Check(model, mask, payload, payload != TicketPayload.Drop, $"{before} {after}");
        }
    }

    [Test]
    public void Kept_values_of_the_base_are_not_stored([ValueSource(nameof(Units))] TicketUnit unit)
    {
        using PayloadFixture model = new(ElementType.BF16, ElementType.BF16);
        TicketMask mask = PayloadFixture.MaskOf(unit);
        Check(model, mask, TicketPayload.Keep, hasTuned: false, "keep");
        using (TicketPatch patch = TicketPatch.Open(model.Patch))
        {
            Assert.That(patch.Tensors.Select(t => t.Values), Has.All.Null);
            Assert.That(patch.Tensors.Sum(t => t.ChangedElements), Is.EqualTo(mask.ElementCount - mask.Parameters));
            Assert.That(patch.Tensors[0].TunedFingerprint, Is.Null);
            foreach (PatchedTensor tensor in patch.Tensors)
                Assert.That(tensor.ChangedRows, Is.EqualTo(tensor.Mask.ToElements().Units.Complement()
                    .Select(element => element / tensor.Mask.Grid.Columns).Distinct()), tensor.Name);
        }

        using Checkpoint before = Checkpoint.Open(model.Base);
        TicketPatch.Write(model.Patch, before, before, mask, TicketPayload.Keep, new() { Signature = "" });
        using TicketPatch same = TicketPatch.Open(model.Patch);
        Assert.That(same.Tensors.Select(t => t.Values), Has.All.Null, "the tuned values are the base's");
    }

    [Test]
    public void Any_bits_come_back([Values] TicketPayload payload)
    {
        foreach ((ElementType before, ElementType after) in AllTypes)
        {
            using PayloadFixture model = new(before, after, anyBits: true);
            model.Write(PayloadFixture.MaskOf(TicketUnit.Elements), payload, payload != TicketPayload.Drop);
            PatchApplication.Apply(model.Base, model.Patch, model.Output, new() { AllowsNonFinite = true });
            PatchApplication.Revert(model.Output, model.Patch, model.Back);
            model.AssertHolds(model.Back, model.Before, $"{before} {after}");
        }
    }

    [Test]
    public void Each_touched_file_is_written_once_and_no_other()
    {
        using PayloadFixture model = new(ElementType.F32, ElementType.F32);
        TicketMask mask = PayloadFixture.MaskOf(TicketUnit.Elements);
        model.Write(mask, TicketPayload.Replace);
        PatchResult result = PatchApplication.Apply(model.Base, model.Patch, model.Output);
        Assert.That(result.WrittenFiles, Is.EqualTo(PayloadFixture.Shards));
        Assert.That(result.Tensors.Select(t => (t.Name, t.File)), Is.EqualTo(new[] { ("a", PayloadFixture.Shards[0]),
            ("v", PayloadFixture.Shards[1]), ("t", PayloadFixture.Shards[1]), ("empty", PayloadFixture.Shards[0]) }));
        Assert.That(result.LinkedFiles, Is.Empty);
        Directory.Delete(model.Output, recursive: true);

        model.Write(new(mask.Tensors.Where(t => t.Name is "v" or "t")), TicketPayload.Drop, hasTuned: false);
        result = PatchApplication.Apply(model.Base, model.Patch, model.Output);
        Assert.That((result.WrittenFiles.Single(), result.LinkedFiles.Single()),
            Is.EqualTo((PayloadFixture.Shards[1], PayloadFixture.Shards[0])));
        using Checkpoint written = Checkpoint.Open(model.Output);
        foreach (PatchedTensorResult tensor in result.Tensors)
            Assert.That(tensor.Fingerprint, Is.EqualTo(Fingerprint.OfTensor(written.GetTensor(tensor.Name), FingerprintKind.Tree)));
    }

    [Test]
    public void A_patch_has_the_mask_it_was_written_with([ValueSource(nameof(Units))] TicketUnit unit, [Values(true, false)] bool map)
    {
        using PayloadFixture model = new(ElementType.F32, ElementType.F16);
        TicketMask mask = PayloadFixture.MaskOf(unit);
        model.Write(mask, TicketPayload.Replace);
        using TicketPatch patch = TicketPatch.Open(model.Patch, new() { UseMemoryMap = map });
        using Checkpoint after = Checkpoint.Open(model.Tuned);
        Assert.That(patch.Mask, Is.EqualTo(mask));
        Assert.That(patch.Rows, Is.Null);
        foreach (PatchedTensor tensor in patch.Tensors)
            Assert.That(tensor.ChangedRows, Is.EqualTo(tensor.Mask.ToElements().Units
                .Select(element => element / tensor.Mask.Grid.Columns).Distinct()), tensor.Name);
        Assert.That((patch.FormatVersion, patch.Signature, patch.Notes.Count), Is.EqualTo((2, "test|", 0)));
        Assert.That(patch.Tensors.Select(t => t.TunedFingerprint),
            Is.EqualTo(mask.Tensors.Select(t => Fingerprint.OfTensor(after.GetTensor(t.Name), FingerprintKind.Tree))));
        Assert.That(() => patch.GetRows("export it"),
            Throws.TypeOf<NotSupportedException>().With.Message.Contains("to export it takes").And.Message.Contains("of \"a\""));
    }

    [Test]
    public void A_base_that_drifted_or_was_patched_is_told_by_its_units()
    {
        using PayloadFixture model = new(ElementType.F32, ElementType.F32);
        TicketMask mask = new([new("a", TicketUnit.Elements.Cut(7, 5), IndexSet.Of(35, [4L, 18]))]);
        model.Write(mask, TicketPayload.Replace);
        PatchApplication.Apply(model.Base, model.Patch, model.Output);
        Assert.That(() => PatchApplication.Apply(model.Output, model.Patch, model.Back),
            Throws.TypeOf<PatchMismatchException>().With.Message.Contains("All 2 elements hold the tuned values"));
        Assert.That(() => PatchApplication.Revert(model.Base, model.Patch, model.Back),
            Throws.TypeOf<PatchMismatchException>().With.Message.Contains("nothing to revert"));
        string shard = Path.Combine(model.Output, PayloadFixture.Shards[0]);
        TicketFixture.Flip(shard, TicketFixture.Place(shard, "a").Start + (18 * 4));
        Assert.That(() => PatchApplication.Revert(model.Output, model.Patch, model.Back),
            Throws.TypeOf<PatchMismatchException>().With.Message.Contains("of its 2 elements 1 (18) do not hold"));
    }

    [Test]
    public void What_cannot_be_written_is_refused()
    {
        using PayloadFixture model = new(ElementType.F32, ElementType.F32);
        using Checkpoint before = Checkpoint.Open(model.Base), after = Checkpoint.Open(model.Tuned);
        TicketMask mask = PayloadFixture.MaskOf(TicketUnit.Rows);
        PatchOrigin origin = new() { Signature = "" };
        void Refused(string message, Action write) =>
            Assert.That(() => write(), Throws.ArgumentException.With.Message.Contains(message));
        Refused("has no tuned values", () => TicketPatch.Write(model.Patch, before, null, mask, TicketPayload.Replace, origin));
        Refused("takes none", () => TicketPatch.Write(model.Patch, before, after, mask, TicketPayload.Drop, origin));
        Refused("at least one unit", () => TicketPatch.Write(model.Patch, before, null, mask.Except(mask), TicketPayload.Drop, origin));
        Refused("there are 4 tensors", () => TicketPatch.Write(model.Patch, before, after, mask, TicketPayload.Replace,
            origin with { BaseFingerprint = "sha256:" + new string('0', 64) }));
        Refused("the mask has", () => TicketPatch.Write(model.Patch, before, after,
            TicketMask.OfRows("a", 7, 4, [1]), TicketPayload.Replace, origin));
        Refused("takes an array", () => TicketPatch.Write(model.Patch, before, null, mask, TicketPayload.Share, origin));
        Refused("one array", () => TicketPatch.Write(model.Patch, [.. PayloadFixture.Share(before, mask)
            .Select(s => s with { Shared = s.Shared!.Value with { Array = new float[] { 1 } } })], origin));
        Refused("from 0 to below", () => TicketPatch.Write(model.Patch, [.. PayloadFixture.Share(before, mask)
            .Select(s => s with { Shared = s.Shared!.Value with { Map = new(-1, 0, 0, 0, 1) } })], origin));
        Refused("3 are given", () => TicketPatch.Write(model.Patch,
            [new(before.GetTensor("a"), mask.Find("a")!, TicketPayload.Replace) { Values = new float[3] }], origin));
        Assert.That(File.Exists(model.Patch), Is.False);
    }

    [Test]
    public void Trained_values_of_a_mask_are_a_patch([ValueSource(nameof(Units))] TicketUnit unit)
    {
        using PayloadFixture model = new(ElementType.BF16, ElementType.F32);
        using Checkpoint before = Checkpoint.Open(model.Base);
        TensorMask mask = PayloadFixture.MaskOf(unit).Find("a")!;
        float[] values = [.. mask.Grid.ToElements(mask.Units).Select(i => BitConverter.ToSingle(model.After["a"], (int)i * 4))];
        TicketPatch.Write(model.Patch, [new(before.GetTensor("a"), mask, TicketPayload.Replace) { Values = values }],
            new() { Signature = "" });
        PatchApplication.Apply(model.Base, model.Patch, model.Output);
        model.AssertHolds(model.Output, model.Expect(new([mask]), TicketPayload.Replace), "trained");
    }

    /// <summary>Merged as float32 deltas and grafts by NumPy.</summary>
    [Test]
    public void Deltas_and_grafts_give_the_golden_values()
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(SharedData.Path("systems", "merge.json")));
        foreach (JsonElement test in golden.RootElement.GetProperty("cases").EnumerateArray())
        {
            byte[] sum = Bytes(test.GetProperty("base"));
            float[][] deltas = [.. test.GetProperty("deltas").EnumerateArray().Select(d => Floats(d))];
            JsonElement expected = test.GetProperty("expected");
            byte[] grafted = [.. sum];
            byte[] target = new byte[sum.Length];
            for (int d = 0; d < deltas.Length; d++)
            {
                Apply(TicketPayload.Delta, sum, deltas[d], target);
                // A graft takes the tuned value, which is the base moved by the delta.
                float[] before = Floats(test.GetProperty("base"));
                foreach (int i in expected.GetProperty("trimmed_kept")[d].EnumerateArray().Select(i => i.GetInt32()))
                    Apply(TicketPayload.Replace, [], [before[i] + deltas[d][i]], grafted.AsSpan(i * 4, 4));
                sum = [.. target];
            }
            Assert.That(Hex(sum), Is.EqualTo(Strings(expected.GetProperty("add_in_order_bits"))), test.GetProperty("name").GetString());
            Assert.That(Hex(grafted), Is.EqualTo(Hex(Bytes(expected.GetProperty("grafts_last_wins")))));
        }

        static void Apply(TicketPayload payload, ReadOnlySpan<byte> before, float[] values, Span<byte> target) => Payloads.Apply(payload,
            before, ElementType.F32, System.Runtime.InteropServices.MemoryMarshal.AsBytes(values.AsSpan()), ElementType.F32, target,
            ElementType.F32);
    }

    [Test]
    public void Signs_give_the_golden_values_in_the_mask_and_the_golden_bits()
    {
        using TemporaryFolder folder = new();
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(SharedData.Path("systems", "sharing_packing.json")));
        foreach (JsonElement test in golden.RootElement.GetProperty("signs").EnumerateArray())
        {
            int[] mask = [.. test.GetProperty("mask").EnumerateArray().Select(m => m.GetInt32())];
            if (mask.Sum() == 0) continue;
            SafetensorsWriter.Write(folder.File("base"), [TensorSource.FromBytes("w", ElementType.F32, [mask.Length],
                Bytes(test.GetProperty("w0")))]);
            SafetensorsWriter.Write(folder.File("tuned"), [TensorSource.FromBytes("w", ElementType.F32, [mask.Length],
                Bytes(test.GetProperty("scores")))]);
            long[] kept = [.. mask.Index().Where(m => m.Item == 1).Select(m => (long)m.Index)];
            string patchFile = folder.File("patch"), output = folder.File($"out{mask.Length}");
            using (Checkpoint before = Checkpoint.Open(folder.File("base")), after = Checkpoint.Open(folder.File("tuned")))
                TicketPatch.Write(patchFile, before, after, new([new("w", TicketUnit.Elements.Cut(1, mask.Length),
                    IndexSet.Of(mask.Length, kept))]), TicketPayload.Sign, new() { Signature = "" });
            using (TicketPatch patch = TicketPatch.Open(patchFile))
                Assert.That(Convert.ToHexStringLower(patch.Tensors[0].Values!.GetRow<byte>(0)),
                    Is.EqualTo(test.GetProperty("expected").GetProperty("payload_hex").GetString()));
            PatchApplication.Apply(folder.File("base"), patchFile, output);
            using Checkpoint written = Checkpoint.Open(Path.Combine(output, "base"));
            float[] w = written.GetTensor("w").GetRow<float>(0).ToArray(),
                expected = Floats(test.GetProperty("expected").GetProperty("w_magnitude_form"));
            Assert.That(kept.Select(i => BitConverter.SingleToInt32Bits(w[i])),
                Is.EqualTo(kept.Select(i => BitConverter.SingleToInt32Bits(expected[i]))));
        }
    }

    /// <summary>In memory a model computes as the applied checkpoint does, whatever is patched, and can learn from there.</summary>
    [Test]
    public void A_patch_in_memory_is_the_applied_checkpoint([Values] TicketPayload payload, [Values(true, false)] bool isTied)
    {
        using TemporaryFolder folder = new();
        string baseFolder = new TinyLlama(isTied).Write(folder.File("base"));
        string tunedFolder = new TinyLlama(isTied, seed: 7).Write(folder.File("tuned"));
        string patchFile = folder.File("patch.safetensors");
        using Checkpoint baseModel = Checkpoint.Open(baseFolder);
        TicketMask mask = new(baseModel.Tensors.Where(t => !t.Name.Contains("norm", StringComparison.Ordinal)).Select(t =>
            new TensorMask(t.Name, TicketUnit.Elements.Cut(t), IndexSet.Of(t.ElementCount,
                Enumerable.Range(0, (int)t.ElementCount).Where(i => i % 3 == 0)))));
        PatchOrigin origin = new() { Signature = "" };
        using (Checkpoint tuned = Checkpoint.Open(tunedFolder))
            if (payload == TicketPayload.Share) TicketPatch.Write(patchFile, PayloadFixture.Share(baseModel, mask), origin);
            else TicketPatch.Write(patchFile, baseModel, payload == TicketPayload.Drop ? null : tuned, mask, payload, origin);
        PatchApplication.Apply(baseFolder, patchFile, folder.File("patched"));

        using Checkpoint patched = Checkpoint.Open(folder.File("patched"));
        LlamaConfig config = LlamaConfig.Load(baseModel);
        using CpuOperations operations = new(1);
        using LlamaWeights weights = LlamaWeights.Open(baseModel, config, operations),
            expected = LlamaWeights.Open(patched, config, operations);
        using LlamaModel model = new(weights, operations), reference = new(expected, operations);
        TokenBatch batch = TokenBatch.OfPrompt([1, 2, 3, 4]);
        float[] before = model.Logits(batch);
        using (TicketPatch patch = TicketPatch.Open(patchFile)) PatchOverlay.Apply(patch, baseModel, weights);
        Assert.That(model.Logits(batch), Is.EqualTo(reference.Logits(batch)).And.Not.EqualTo(before));
        Assert.That(() => weights.MakeTrainable(TrainingScope.Full), Throws.Nothing);
    }

    [Test]
    public void Computed_elements_are_those_that_are_written_however_they_are_read([Values] TicketPayload payload)
    {
        using PayloadFixture model = new(ElementType.BF16, ElementType.F32);
        TicketMask mask = PayloadFixture.MaskOf(TicketUnit.Blocks(2, 3));
        model.Write(mask, payload, payload != TicketPayload.Drop);
        using Checkpoint before = Checkpoint.Open(model.Base);
        using TicketPatch patch = TicketPatch.Open(model.Patch);
        byte[] expected = model.Expect(mask, payload, payload != TicketPayload.Drop)["a"];
        Random random = new(3);
        Tensor computed = new PatchedElements(PatchTarget.Find(patch, before)[0]).ToTensor();
        for (int chunk = 1; chunk <= expected.Length; chunk += 3)
            for (int offset = 0; offset < expected.Length; offset += chunk)
            {
                byte[] buffer = new byte[Math.Min(chunk, expected.Length - offset)];
                Assert.That(computed.GetBytes(offset, buffer.Length, buffer).ToArray(),
                    Is.EqualTo(expected[offset..(offset + buffer.Length)]), $"{offset} + {chunk}");
                int start = random.Next(expected.Length);
                Assert.That(computed.GetBytes(start, 1, new byte[1])[0], Is.EqualTo(expected[start]), "back and forth");
            }
    }

    private static void Check(PayloadFixture model, TicketMask mask, TicketPayload payload, bool hasTuned, string message)
    {
        model.Write(mask, payload, hasTuned);
        PatchResult applied = PatchApplication.Apply(model.Base, model.Patch, model.Output);
        model.AssertHolds(model.Output, model.Expect(mask, payload, hasTuned), message);
        Assert.That(applied.Tensors.Select(t => t.Mask), Is.EqualTo(mask.Tensors));
        PatchResult reverted = PatchApplication.Revert(model.Output, model.Patch, model.Back);
        model.AssertHolds(model.Back, model.Before, message);
        using TicketPatch patch = TicketPatch.Open(model.Patch);
        Assert.That(reverted.Tensors.Select(t => t.Fingerprint), Is.EqualTo(patch.Tensors.Select(t => t.BaseFingerprint)));
    }

    private static float[] Floats(JsonElement list) => [.. list.EnumerateArray().Select(v => v.ValueKind == JsonValueKind.String
        ? float.Parse(v.GetString()!, CultureInfo.InvariantCulture) : v.GetSingle())];

    private static byte[] Bytes(JsonElement list) => [.. Floats(list).SelectMany(BitConverter.GetBytes)];

    private static string[] Strings(JsonElement list) => [.. list.EnumerateArray().Select(v => v.GetString()!)];

    private static string[] Hex(byte[] floats) => [.. floats.Chunk(4).Select(f => BitConverter.ToUInt32(f)
        .ToString("x8", CultureInfo.InvariantCulture))];
}
