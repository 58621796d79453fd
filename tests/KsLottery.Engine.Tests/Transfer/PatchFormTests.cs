using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Transfer;

/// <summary>What cannot be written as a patch, in the whole words of the refusal: which tensor, what it is, what is taken, what to
/// do.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class PatchFormTests : IDisposable
{
    private const string Readable = "F64, F32, F16, BF16, F8_E4M3, F8_E5M2, I8 or U8";

    private readonly TemporaryFolder _folder = new();
    private readonly SafetensorsFile _base, _tuned;

    public PatchFormTests()
    {
        (ElementType Type, string Name, long[] Shape)[] tensors =
        [
            (ElementType.F32, "a", [2, 3]), (ElementType.F32, "b", [2, 3]), (ElementType.F32, "wide", [2, 4]),
            (ElementType.F32, "vector", [6]), (ElementType.F32, "empty", [0, 3]), (ElementType.F32, "thin", [2, 0]),
            (ElementType.I32, "ids", [2, 3]), (ElementType.I8, "bytes", [2, 3]), (ElementType.F8E4M3, "codes", [2, 3]),
        ];
        SafetensorsFile Write(string name)
        {
            SafetensorsWriter.Write(_folder.File(name), tensors.Select(t => TensorSource.FromBytes(t.Name, t.Type, t.Shape,
                new byte[t.Shape.Aggregate(1L, (a, b) => a * b) * t.Type.ByteSize()])));
            return SafetensorsFile.Open(_folder.File(name));
        }
        (_base, _tuned) = (Write("base"), Write("tuned"));
    }

    private string Patch => _folder.File(TicketPatch.FileName);

    public void Dispose()
    {
        _base.Dispose();
        _tuned.Dispose();
        _folder.Dispose();
    }

    [Test]
    public void A_tensor_of_another_type_or_shape_is_told_with_what_is_taken() => Assert.Multiple(() =>
    {
        Refused(Of("ids"), $"{Base("ids")} is I32 [2,3]; a patch changes tensors of {Readable}. Leave it out.");
        Refused(Of("a") with { Tuned = Tuned("ids") }, $"{Place(Tuned("ids"))} is I32 [2,3]; values can be taken from {Readable}. Name "
            + "another tensor.");
        Refused(Of("a") with { Tuned = Tuned("wide") }, $"base and tuned tensor must have one shape: {Base("a")} is F32 [2,3], "
            + $"{Place(Tuned("wide"))} is F32 [2,4]. Nothing was written.");
        Refused(Of("wide", mask: "a"), $"{Base("wide")} is F32 [2,4], the mask has 2 units of 1 x 3 in [2,3]. Take the mask of this "
            + "tensor. Nothing was written.");
        Refused(Of("codes") with { Tuned = Tuned("a") }, $"{Place(Tuned("a"))} for {Base("codes")} rows of F32 cannot be stored as "
            + "F8_E4M3, and a patch holds rows as they are stored. Convert both to F32, F16 or BF16 first. Nothing was written.");
    });

    [Test]
    public void A_payload_that_says_nothing_about_a_type_is_refused() => Assert.Multiple(() =>
    {
        Refused(Of("codes", TicketPayload.Delta), $"{Base("codes")} is F8_E4M3 [2,3], to whose codes no differences are added. Take "
            + "another payload. Nothing was written.");
        Refused(Of("codes", TicketPayload.Share), $"{Base("codes")} is F8_E4M3 [2,3], to whose codes no values are rounded. Take another "
            + "payload. Nothing was written.");
        Refused(Of("bytes", TicketPayload.Sign), $"{Base("bytes")} is I8 [2,3], whose values have no sign bit of their own. Take another "
            + "payload. Nothing was written.");
        Refused(Of("codes") with { Tuned = null, Values = new float[3] }, $"{Base("codes")} is F8_E4M3 [2,3], whose codes no trained "
            + "values replace. Convert it to F32, F16 or BF16. Nothing was written.");
    });

    [Test]
    public void Values_that_are_missing_or_too_many_are_told() => Assert.Multiple(() =>
    {
        Refused(Of("a") with { Tuned = null }, $"{Base("a")} has no tuned values, and the payload replace takes some. Give the tuned "
            + "tensor. Nothing was written.");
        string none = $"{Base("a")} has tuned values, and the payload drop takes none. Leave them out. Nothing was written.";
        Refused(Of("a", TicketPayload.Drop), none);
        Refused(Of("a", TicketPayload.Drop) with { Tuned = null, Values = new float[3] }, none);
        Refused(Of("a", rows: [0, 1]) with { Tuned = null, Values = new float[5] }, $"2 rows of {Base("a")} have 6 values, 5 are given. "
            + "Nothing was written.");
    });

    [Test]
    public void A_shared_array_is_told_of_where_it_does_not_fit() => Assert.Multiple(() =>
    {
        SharedWeights shared = new(new(1, 2, 3, 0, 1), new float[] { 1 });
        PatchSource share = Of("a", TicketPayload.Share) with { Tuned = null };
        string pair = $"{Base("a")[..^1]}: the payload share takes an array and a map, and no other does. Nothing was written.";
        Refused(share, pair);
        Refused(Of("a") with { Shared = shared }, pair);
        string values = $"{Base("a")} has tuned values, and the payload share takes an array. Leave them out. Nothing was written.";
        Refused(share with { Shared = shared, Tuned = Tuned("a") }, values);
        Refused(share with { Shared = shared, Values = new float[3] }, values);
        string Unfit(SharedWeights weights) => $"{Base("a")[..^1]}: the array has {weights.Array.Length} values and the map is "
            + $"{weights.Map}; an array has 1 at least, coefficients are from 0 to below 2038074743, the offset from 0 to 1099511627776, "
            + "the scale is finite. Nothing was written.";
        SharedWeights empty = shared with { Array = Array.Empty<float>() },
            unscaled = shared with { Map = shared.Map with { Scale = float.NaN } };
        Refused(share with { Shared = empty }, Unfit(empty));
        Refused(share with { Shared = unscaled }, Unfit(unscaled));
    });

    [Test]
    public void Rows_are_paired_where_whole_rows_are_replaced_that_have_a_counterpart()
    {
        RowPairing first = RowPairing.Of([-1, 0], 2);
        Refused(Of("a", rows: [0, 1]) with { Pairing = first }, $"row 0 has no counterpart in {Place(Tuned("a"))} which could take its "
            + "place. Nothing was written.");
        Refused(new(_base.GetTensor("a"), new("a", TicketUnit.Elements.Cut(2, 3), IndexSet.Of(6, [4L])), TicketPayload.Replace)
        {
            Tuned = Tuned("a"),
            Pairing = first,
        }, $"{Base("a")[..^1]}: rows are paired where whole rows of a matrix are replaced. Nothing was written.");
        Assert.That(() => Write(Of("a", rows: [1]) with { Pairing = first }), Throws.Nothing, "its counterpart is row 0");
    }

    [Test]
    public void What_several_tensors_share_is_given_once_and_nothing_twice()
    {
        PatchSource[] both = [Of("a"), Of("b")];
        string message = "the origin has a pairing or a fingerprint, and there are 2 tensors. Give them with their tensor (PatchSource). "
            + "(Parameter 'origin')", fingerprint = "sha256:" + new string('0', 64);
        PatchOrigin plain = new() { Signature = "" };
        foreach (PatchOrigin origin in (PatchOrigin[])[plain with { Pairing = RowPairing.ById(2, 3) },
            plain with { BaseFingerprint = fingerprint }, plain with { TunedFingerprint = fingerprint }])
            Assert.That(() => TicketPatch.Write(Patch, both, origin), Throws.ArgumentException.With.Message.EqualTo(message));
        Assert.That(() => TicketPatch.Write(Patch, [both[0], Of("a", rows: [1])], plain),
            Throws.ArgumentException.With.Message.EqualTo($"{Base("a")} is given twice. Unite its units. (Parameter 'tensors')"));
        Assert.That(File.Exists(Patch), Is.False);
    }

    [Test]
    public void Only_rows_of_a_matrix_that_has_some_are_selected()
    {
        IndexSet one = IndexSet.Of(2, [1L]);
        foreach ((string name, string form) in ((string, string)[])[("ids", "I32 [2,3]"), ("vector", "F32 [6]"), ("empty", "F32 [0,3]"),
            ("thin", "F32 [2,0]")])
            Assert.That(() => PatchSource.OfRows(_base.GetTensor(name), one), Throws.ArgumentException.With.Message.EqualTo(
                $"{Base(name)} is {form}; rows can be taken from {Readable} [rows,d] with d from 1 to 268435455. Name another tensor. "
                + "(Parameter 'baseTensor')"));
        foreach ((IndexSet rows, string said) in ((IndexSet, string)[])[(IndexSet.Empty(2), "0 of 2"), (IndexSet.Of(3, [1L]), "1 of 3")])
            Assert.That(() => PatchSource.OfRows(_base.GetTensor("a"), rows), Throws.ArgumentException.With.Message.EqualTo(
                $"the set has {said} rows, {Base("a")} has 2. Select at least one of its rows, or write no patch. (Parameter 'rows')"));
    }

    [Test]
    public void A_patch_of_differences_by_rows_is_no_patch_of_replaced_rows()
    {
        Write(Of("a", TicketPayload.Delta));
        using TicketPatch patch = TicketPatch.Open(Patch);
        Assert.That(patch.Rows, Is.Null);
        Assert.That(() => patch.GetRows("export it"), Throws.TypeOf<NotSupportedException>().With.Message.EqualTo($"{Patch}: to export it "
            + "takes a patch that replaces whole rows of one matrix; this one is to delta 1 rows of \"a\". Apply it, and go on with the "
            + "checkpoint that is written."));
    }

    [Test]
    public void Of_many_tensors_the_first_three_are_named([Values(3, 4)] int count)
    {
        TicketPatch.Write(Patch, [.. ((string[])["a", "b", "wide", "vector"]).Take(count)
            .Select(name => Of(name, TicketPayload.Drop, [0], name) with { Tuned = null })], new() { Signature = "" });
        using TicketPatch patch = TicketPatch.Open(Patch);
        Assert.That(() => patch.GetRows("x"), Throws.TypeOf<NotSupportedException>().With.Message.Contains("this one is to drop 1 rows of "
            + $"\"a\", drop 1 rows of \"b\", drop 1 rows of \"wide\"{(count > 3 ? ", …" : "")}. Apply it"));
    }

    [Test]
    public void Keeping_everything_changes_nothing_unless_values_are_given()
    {
        PatchSource keep = Of("a", TicketPayload.Keep, rows: [0, 1]) with { Tuned = null };
        Assert.That(() => Write(keep), Throws.ArgumentException.With.Message.EqualTo("a patch needs at least one unit, none is given. "
            + "Select some, or write no patch. (Parameter 'tensors')"));
        Write(keep with { Values = (float[])[1, 2, 3, 4, 5, 6] });
        using TicketPatch patch = TicketPatch.Open(Patch);
        Assert.That(patch.Tensors[0].Values!.GetRow<float>(1).ToArray(), Is.EqualTo((float[])[4, 5, 6]));
        Assert.That((patch.Tensors[0].ChangedElements, patch.Tensors[0].ChangedRows.Count), Is.EqualTo((6L, 2L)));
    }

    [Test]
    public void What_is_kept_has_the_fingerprint_that_it_came_from()
    {
        using SafetensorsFile narrow = SafetensorsFile.Open(NarrowFile());
        Write(Of("a", TicketPayload.Keep) with { Tuned = narrow.Tensors[0] });
        using TicketPatch patch = TicketPatch.Open(Patch);
        Assert.That(patch.Tensors[0].TunedFingerprint, Is.EqualTo(Fingerprint.OfTensor(narrow.Tensors[0])));
        Assert.That((patch.Tensors[0].ChangedElements, patch.Tensors[0].ChangedRows.Count), Is.EqualTo((6L, 2L)), "zeros beside it");
    }

    [Test]
    public void What_is_known_of_a_tensor_goes_before_what_is_known_of_all()
    {
        string Print(char digit) => "sha256:" + new string(digit, 64);
        PatchSource rows = Of("a", rows: [1]) with
        {
            BaseFingerprint = Print('1'),
            TunedFingerprint = Print('2'),
            Pairing = RowPairing.Of([-1, 0], 2),
        };
        PatchOrigin origin = new()
        {
            Signature = "",
            BaseFingerprint = Print('3'),
            TunedFingerprint = Print('4'),
            Pairing = RowPairing.Of([0, 1], 2),
        };
        void Check(PatchSource source, char before, char after, int row)
        {
            TicketPatch.Write(Patch, [source], origin);
            using TicketPatch patch = TicketPatch.Open(Patch);
            Assert.That((patch.Rows!.BaseFingerprint, patch.Rows.TunedFingerprint, patch.Rows.TunedIndices.Single()),
                Is.EqualTo((Print(before), Print(after), row)));
        }
        Check(rows, '1', '2', 0);
        Check(rows with { BaseFingerprint = null, TunedFingerprint = null, Pairing = null }, '3', '4', 1);
    }

    [Test]
    public void Keeping_nothing_is_zeros_and_names_stay_as_they_are_spelt()
    {
        using SafetensorsFile narrow = SafetensorsFile.Open(NarrowFile());
        Write(Of("a", TicketPayload.Keep, rows: []) with { Tuned = narrow.Tensors[0] });
        SafetensorsWriter.Write(_folder.File("named"), [TensorSource.FromBytes("größe", ElementType.F32, [2, 3], new byte[24])]);
        using SafetensorsFile named = SafetensorsFile.Open(_folder.File("named"));
        Write(new(named.Tensors[0], TensorMask.OfRows("größe", 3, IndexSet.Of(2, [0L])), TicketPayload.Drop));
        using SafetensorsFile file = SafetensorsFile.Open(Patch);
        Assert.That(file.Metadata["tensors"], Does.StartWith("[{\"name\":\"größe\","));
    }

    [Test]
    public void No_element_is_moved_where_none_is_named()
    {
        byte[] stretch = [1, 2, 3, 4];
        Elements.Gather(stretch, [], []);
        Elements.Scatter([], [], stretch);
        Assert.That(stretch, Is.EqualTo(new byte[] { 1, 2, 3, 4 }));
    }

    [Test]
    public void What_is_dropped_is_0_whatever_stood_there()
    {
        byte[] target = [1, 2, 3, 4];
        Payloads.Apply(TicketPayload.Drop, [], ElementType.F32, [], ElementType.F32, target, ElementType.F32);
        Assert.That(target, Is.EqualTo(new byte[4]));
        Assert.That(() => Payloads.Apply((TicketPayload)9, [], ElementType.F32, [], ElementType.F32, [], ElementType.F32),
            Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.StartsWith("there is no such payload. (Parameter 'payload')"));
    }

    [Test]
    public void Nothing_in_place_of_an_argument_is_refused()
    {
        PatchOrigin origin = new() { Signature = "" };
        using Checkpoint checkpoint = Checkpoint.Open(_folder.File("base"));
        void Refused(Action call) => Assert.That(() => call(), Throws.InstanceOf<ArgumentException>());
        Assert.Multiple(() =>
        {
            Refused(() => PatchSource.OfRows(null!, IndexSet.Empty(2)));
            Refused(() => PatchSource.OfRows(_base.GetTensor("a"), null!));
            Refused(() => TicketPatch.Write(Patch, null!, origin));
            Refused(() => TicketPatch.Write(Patch, [Of("a")], null!));
            Refused(() => new StagedFolder("").Dispose());
            Refused(() => TicketPatch.Write(Patch, null!, null, new TicketMask([Of("a").Mask]), TicketPayload.Drop, origin));
            Refused(() => TicketPatch.Write(Patch, checkpoint, null, null!, TicketPayload.Drop, origin));
            Refused(() => PatchMerging.Merge("a", ["b"], "c", null!));
            Refused(() => PatchMerging.Merge("a", [], "c", new()));
            Refused(() => AdaptedCheckpoint.IsAdapter(""));
            Refused(() => AdaptedCheckpoint.Open(null!, "a"));
            Refused(() => AdaptedCheckpoint.Open(checkpoint, ""));
            Refused(() => PeftAdapter.Write(null!, "a", "b"));
            Refused(() => PeftAdapter.Read(""));
            Refused(() => new TicketFolder("").Dispose());
            using TicketFolder folder = new(_folder.File("ticket"));
            Refused(() => folder.Write((TicketResult)null!));
            Refused(() => folder.Write((UnitTicketResult)null!));
        });
    }

    private string NarrowFile()
    {
        string path = _folder.File("narrow");
        SafetensorsWriter.Write(path, [TensorSource.FromBytes("a", ElementType.F16, [2, 3], new byte[12])]);
        return path;
    }

    private static string Place(Tensor tensor) => $"{tensor.File.Path}, tensor \"{tensor.Name}\",";

    private string Base(string name) => Place(_base.GetTensor(name));

    private Tensor Tuned(string name) => _tuned.GetTensor(name);

    /// <summary>The first row, or others, with the tuned tensor of the same name where it has values.</summary>
    private PatchSource Of(string name, TicketPayload payload = TicketPayload.Replace, long[]? rows = null, string? mask = null)
    {
        (long count, long width) = mask is null ? (2, 3) : _base.GetTensor(mask).RowShape;
        return new(_base.GetTensor(name), TensorMask.OfRows(name, width, IndexSet.Of(count, rows ?? (mask == "a" ? [0, 1] : [0]))), payload)
        {
            Tuned = Tuned(name),
        };
    }

    private void Write(PatchSource source) => TicketPatch.Write(Patch, [source], new() { Signature = "" });

    private void Refused(PatchSource source, string message)
    {
        Assert.That(() => Write(source), Throws.ArgumentException.With.Message.EqualTo($"{message} (Parameter 'source')"));
        Assert.That(File.Exists(Patch), Is.False);
    }
}
