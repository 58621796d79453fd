using System.Text.Json.Nodes;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Transfer;

/// <summary>Patches with one thing wrong, in the whole words of the refusal.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class PatchFileReaderTests : IDisposable
{
    private const string Numbers = "it must be a whole number from 0 to ", Fingerprints =
        "it should be sha256: or sha256-tree: and 64 lower-case hexadecimal digits";

    private readonly TemporaryFolder _folder = new();
    private readonly PayloadFixture _model = new(ElementType.F32, ElementType.F32);

    private string Damaged => _folder.File("damaged.safetensors");

    public void Dispose()
    {
        _model.Dispose();
        _folder.Dispose();
    }

    [TestCase("[]", "tensors: it must be a list of tensors")]
    [TestCase("{}", "tensors: it must be a list of tensors")]
    [TestCase("[{", "tensors is no JSON of unique keys")]
    public void What_is_no_list_of_tensors_is_refused(string list, string message) =>
        Refused(TicketPayload.Replace, message, (_, metadata) => metadata["tensors"] = list);

    [TestCase("base_shape", "[2000000000000,4]", "tensors[0].base_shape: it is too large")]
    [TestCase("payload", "\"swap\"", "tensors[0].payload: it is \"swap\", this version knows replace, delta, keep, drop, sign, share")]
    [TestCase("unit", "[1,2,3]", "tensors[0].unit: it must be two numbers, rows and columns of a unit")]
    [TestCase("unit", "[1,6]", "tensors[0].unit[1]: it must be a whole number from 1 to 5")]
    [TestCase("coding", "\"list\"", "tensors[0].coding: it must be bits or steps")]
    [TestCase("base_fingerprint", "\"sha256:00\"", "base_fingerprint is \"sha256:00\", " + Fingerprints)]
    [TestCase("tuned_fingerprint", "\"sha256:00\"", "tuned_fingerprint is \"sha256:00\", " + Fingerprints)]
    [TestCase("name", "\"v\"", "tensors names \"v\" twice")]
    public void An_entry_that_makes_no_sense_is_refused(string key, string value, string message) =>
        Refused(TicketPayload.Replace, message, (tensors, metadata) =>
        {
            // The first takes the place of the second, with all that it has.
            if (key == "name")
                foreach (string part in (string[])["units/", "values/", "base_values/"])
                    tensors[part + "v"] = tensors[part + "a"] with { Name = part + "v" };
            Edit(metadata, list =>
            {
                list[0]![key] = JsonNode.Parse(value);
                if (key == "name") list[1] = list[0]!.DeepClone();
            });
        });

    [TestCase("a", "-1", Numbers + "2038074742")]
    [TestCase("b", "2038074743", Numbers + "2038074742")]
    [TestCase("c", "0.5", Numbers + "2038074742")]
    [TestCase("offset", "1099511627777", Numbers + "1099511627776")]
    [TestCase("scale", "null", "it must be a finite number of F32")]
    [TestCase("scale", "1e39", "it must be a finite number of F32")]
    [TestCase("sign_seed", "-1", Numbers + "18446744073709551615")]
    public void A_map_that_makes_no_sense_is_refused(string key, string value, string message) =>
        Refused(TicketPayload.Share, $"tensors[0].share.{key}: {message}", (_, metadata) =>
            Edit(metadata, list => list[0]!["share"]![key] = JsonNode.Parse(value)));

    [Test]
    public void Coefficients_and_seeds_go_to_their_ends()
    {
        Damage(TicketPayload.Share, (_, metadata) => Edit(metadata, list =>
        {
            foreach ((string key, string value) in ((string, string)[])[("a", "2038074742"), ("b", "0"), ("c", "0"),
                ("offset", "1099511627776"), ("sign_seed", "18446744073709551615")])
                list[0]!["share"]![key] = JsonNode.Parse(value);
        }));
        using TicketPatch patch = TicketPatch.Open(Damaged);
        Assert.That(patch.Tensors[0].Share, Is.EqualTo(new ShareMap(2_038_074_742, 0, 0, 1L << 40, 1, ulong.MaxValue)));
    }

    [TestCase(ElementType.F16, new long[] { 11 }, "F16 [11]")]
    [TestCase(ElementType.F32, new long[] { 0 }, "F32 [0]")]
    [TestCase(ElementType.F32, new long[] { 1, 11 }, "F32 [1,11]")]
    public void A_shared_array_of_another_form_is_refused(ElementType type, long[] shape, string form) =>
        Refused(TicketPayload.Share, $"it is {form}, it should be F32 [m] with m from 1 to {Array.MaxLength / 4}", (tensors, _) =>
            Put(tensors, "shared_values", type, shape), "shared_values");

    [TestCase(ElementType.I8, new long[] { 2 }, "I8 [2]")]
    [TestCase(ElementType.U8, new long[] { 1, 2 }, "U8 [1,2]")]
    public void Units_of_another_form_are_refused(ElementType type, long[] shape, string form) =>
        Refused(TicketPayload.Replace, $"it is {form}, it should be U8 [n]", (tensors, _) => Put(tensors, "units/a", type, shape),
            "units/a");

    [Test]
    public void Values_of_codes_for_a_base_of_numbers_are_refused()
    {
        long[] shape = [];
        Refused(TicketPayload.Replace, () => $"it is U8 [{string.Join(',', shape)}], and values of a base of F32 are of its own type",
            (tensors, _) => Put(tensors, "values/a", ElementType.U8, shape = [.. tensors["values/a"].Shape]), "values/a");
    }

    [Test]
    public void Differences_are_F32()
    {
        long[] shape = [];
        Refused(TicketPayload.Delta, () => $"it is F16 [{string.Join(',', shape)}], it should be F32 [{string.Join(',', shape)}]",
            (tensors, _) => Put(tensors, "values/a", ElementType.F16, shape = [.. tensors["values/a"].Shape]), "values/a");
    }

    [Test]
    public void A_matrix_of_millions_of_rows_is_not_too_large()
    {
        Damage(TicketPayload.Drop, (tensors, metadata) =>
        {
            Edit(metadata, list =>
            {
                foreach (JsonNode other in list.Skip(1).ToArray()!) list.Remove(other);
                JsonNode only = list[0]!;
                (only["base_shape"], only["unit"], only["coding"]) = (JsonNode.Parse("[40000000,5]"), JsonNode.Parse("[1,5]"), "steps");
            });
            tensors["units/a"] = TensorSource.FromBytes("units/a", ElementType.U8, [2], (byte[])[1, 4]);
            Put(tensors, "base_values/a", ElementType.F32, [2, 5]);
        });
        using TicketPatch patch = TicketPatch.Open(Damaged);
        Assert.That(patch.Tensors.Single().Mask.Units, Is.EqualTo(new[] { 1L, 5 }));
    }

    [Test]
    public void A_payload_that_says_nothing_about_codes_is_refused() =>
        Refused(TicketPayload.Sign, "tensors[0].payload: whose values have no sign bit of their own", (tensors, metadata) =>
            Edit(metadata, list => list[0]!["base_dtype"] = "I8"));

    [Test]
    public void A_patch_without_units_changes_nothing() =>
        Refused(TicketPayload.Drop, "the patch changes nothing: it has no units", (tensors, metadata) => Edit(metadata, list =>
        {
            JsonNode empty = list.Single(t => (string)t!["name"]! == "empty")!.DeepClone();
            list.Clear();
            list.Add(empty);
        }));

    [TestCase("tuned_fingerprint", "sha256:00", "tuned_fingerprint is \"sha256:00\", " + Fingerprints)]
    [TestCase("base_fingerprint", "sha256:00", "base_fingerprint is \"sha256:00\", " + Fingerprints)]
    [TestCase("base_scale_fingerprint", "sha256:00", "base_scale_fingerprint is \"sha256:00\", " + Fingerprints)]
    public void Metadata_of_the_first_version_that_make_no_sense_are_refused(string key, string value, string message) =>
        Refused(TicketFixture.FirstVersion, message, (_, metadata) => metadata[key] = value);

    [TestCase(6, 0, "index 6 at place 0 is no row of a tensor whose rows go from 0 to 5", 0)]
    [TestCase(1, -1, "index -1 at place 1 is no row of a tensor whose rows go from 0 to 5", 4)]
    [TestCase(2, 2, "index 2 at place 1 follows 2; indices must ascend and none may repeat", 4)]
    public void An_index_is_refused_with_its_place_in_the_file(int first, int second, string message, int place)
    {
        Damage(TicketFixture.FirstVersion, (tensors, _) => tensors["indices"] = TensorSource.FromBytes("indices", ElementType.I32, [2],
            (byte[])[.. BitConverter.GetBytes(first), .. BitConverter.GetBytes(second)]));
        long start;
        using (SafetensorsFile file = SafetensorsFile.Open(Damaged)) start = file.GetTensor("indices").FileOffset;
        AssertRefused($", tensor \"indices\", byte {start + place}: {message}");
    }

    [Test]
    public void The_first_version_has_no_checksum_and_another_may_be_passed_over()
    {
        using (TicketPatch first = TicketPatch.Open(TicketFixture.FirstVersion))
            Assert.That(first.Notes, Is.EqualTo(new[] { $"{first.Path} has no checksum: damage in its values would not show." }));
        Damage(TicketPayload.Drop, (_, metadata) => metadata["checksum"] = "sha256:00");
        Assert.That(() => TicketPatch.Open(Damaged), Throws.TypeOf<CheckpointFormatException>().With.Message
            .EndsWith("Copy or write the patch again; set CheckpointOptions.IgnoresChecksum to read it all the same."));
    }

    [Test]
    public void Rows_of_the_first_version_have_a_width() =>
        Refused(TicketFixture.FirstVersion, "it is F32 [2,0], it should be F64, F32, F16, BF16, F8_E4M3, F8_E5M2, I8 or U8 [2,d] with d "
            + "from 1 to 268435455", (tensors, _) => Put(tensors, "rows", ElementType.F32, [2, 0]), "rows");

    private static void Put(Dictionary<string, TensorSource> tensors, string name, ElementType type, long[] shape) => tensors[name] =
        TensorSource.FromBytes(name, type, shape, new byte[shape.Aggregate(1L, (a, b) => a * b) * type.ByteSize()]);

    private static void Edit(Dictionary<string, string> metadata, Action<JsonArray> edit)
    {
        JsonArray list = JsonNode.Parse(metadata["tensors"])!.AsArray();
        edit(list);
        metadata["tensors"] = list.ToJsonString();
    }

    private void Refused(TicketPayload payload, string message,
        Action<Dictionary<string, TensorSource>, Dictionary<string, string>> damage, string? tensor = null) =>
        Refused(payload, () => message, damage, tensor);

    private void Refused(TicketPayload payload, Func<string> message,
        Action<Dictionary<string, TensorSource>, Dictionary<string, string>> damage, string? tensor)
    {
        Damage(payload, damage);
        AssertRefused($"{(tensor is null ? "" : $", tensor \"{tensor}\"")}: {message()}");
    }

    private void Refused(string patchFile, string message,
        Action<Dictionary<string, TensorSource>, Dictionary<string, string>> damage, string? tensor = null)
    {
        Damage(patchFile, damage);
        AssertRefused($"{(tensor is null ? "" : $", tensor \"{tensor}\"")}: {message}");
    }

    private void AssertRefused(string message) => Assert.That(() => TicketPatch.Open(Damaged), Throws.TypeOf<CheckpointFormatException>()
        .With.Message.EqualTo($"{Damaged}{message}. Write the patch again with this version."));

    private void Damage(TicketPayload payload, Action<Dictionary<string, TensorSource>, Dictionary<string, string>> damage)
    {
        _model.Write(PayloadFixture.MaskOf(TicketUnit.Elements), payload, payload != TicketPayload.Drop);
        Damage(_model.Patch, damage);
    }

    private void Damage(string patchFile, Action<Dictionary<string, TensorSource>, Dictionary<string, string>> damage)
    {
        using SafetensorsFile whole = SafetensorsFile.Open(patchFile);
        Dictionary<string, TensorSource> tensors = whole.Tensors.ToDictionary(t => t.Name, TensorSource.FromTensor);
        Dictionary<string, string> metadata = new(whole.Metadata);
        metadata.Remove("checksum");
        damage(tensors, metadata);
        SafetensorsWriter.Write(Damaged, tensors.Values, metadata);
    }
}
