using System.Text;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using static KsLottery.Engine.Tests.Checkpoints.SafetensorsBytes;

namespace KsLottery.Engine.Tests.Checkpoints;

internal sealed class SafetensorsHeaderTests
{
    private const string Vector = """{"dtype":"U8","shape":[4],"data_offsets":[0,4]}""";

    private static readonly object[] BrokenJson =
    [
        "", " ", "{", "[]", "null", "1", "\"x\"", "{}{}", "{},", "{} x", "{}\0", "\uFEFF{}",
        "{\"a\":1}", "{\"a\":null}", "{\"a\":[]}", "{\"a\":{}}", "{'a':{}}",
        $$"""{"a":{{Vector}},}""", $"{{/**/\"a\":{Vector}}}", $$"""{"a":{{Vector}},"a":{{Vector}}}""", $$"""{"a":{{Vector}},"\u0061":{{Vector}}}""",
        """{"a":{"dtype":"U8","dtype":"U8","shape":[4],"data_offsets":[0,4]}}""",
        """{"a":{"dtype":"U8","shape":[4],"shape":[4],"data_offsets":[0,4]}}""",
        """{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4],"data_offsets":[0,4]}}""",
        """{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4],"stride":[1]}}""",
        """{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4],"":1}}""",
        """{"a":{"dtype":"U8","shape":[4]}}""", """{"a":{"dtype":"U8","data_offsets":[0,4]}}""",
            """{"a":{"shape":[4],"data_offsets":[0,4]}}""",
        """{"a":{"dtype":1,"shape":[4],"data_offsets":[0,4]}}""", """{"a":{"dtype":null,"shape":[4],"data_offsets":[0,4]}}""",
        """{"a":{"dtype":"U8","shape":4,"data_offsets":[0,4]}}""", """{"a":{"dtype":"U8","shape":["4"],"data_offsets":[0,4]}}""",
        """{"a":{"dtype":"U8","shape":[4.0],"data_offsets":[0,4]}}""", """{"a":{"dtype":"U8","shape":[4e0],"data_offsets":[0,4]}}""",
        """{"a":{"dtype":"U8","shape":[-4],"data_offsets":[0,4]}}""", """{"a":{"dtype":"U8","shape":[-0],"data_offsets":[0,0]}}""",
        """{"a":{"dtype":"U8","shape":[04],"data_offsets":[0,4]}}""", """{"a":{"dtype":"U8","shape":[[4]],"data_offsets":[0,4]}}""",
        """{"a":{"dtype":"U8","shape":[18446744073709551616],"data_offsets":[0,4]}}""",
        """{"a":{"dtype":"U8","shape":[4],"data_offsets":[]}}""", """{"a":{"dtype":"U8","shape":[4],"data_offsets":[0]}}""",
        """{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4,4]}}""", """{"a":{"dtype":"U8","shape":[4],"data_offsets":{"0":4}}}""",
        """{"a":["U8",[4],[0,4]]}""", $$"""{"\ud800":{{Vector}}}""", """{"a":{"dtype":"\udc00","shape":[4],"data_offsets":[0,4]}}""",
        """{"__metadata__":null}""", """{"__metadata__":[]}""", """{"__metadata__":"pt"}""",
        """{"__metadata__":{"format":1}}""", """{"__metadata__":{"format":null}}""",
        """{"__metadata__":{"format":{}}}""", """{"__metadata__":{"a":"b","a":"b"}}""", """{"__metadata__":{},"__metadata__":{}}""",
    ];

    [TestCaseSource(nameof(BrokenJson))]
    public void A_header_of_another_form_is_refused(string json) =>
        Assert.That(Refusal(json, 4).Kind, Is.EqualTo(CheckpointDefect.InvalidHeaderDeserialization));

    [TestCase("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[1,5]}}""", 5, CheckpointDefect.InvalidOffset,
        TestName = "a hole at the start")]
    [TestCase("""{"a":{"dtype":"U8","shape":[0],"data_offsets":[4,0]}}""", 4, CheckpointDefect.InvalidOffset,
        TestName = "an end before the start")]
    [TestCase("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[1],"data_offsets":[3,4]}}""", 4,
        CheckpointDefect.InvalidOffset, TestName = "a hole between two")]
    [TestCase("""{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[3],"data_offsets":[1,4]}}""", 4,
        CheckpointDefect.InvalidOffset, TestName = "an overlap")]
    [TestCase("""{"a":{"dtype":"X9","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[1],"data_offsets":[3,4]}}""", 4,
        CheckpointDefect.InvalidHeaderDeserialization, TestName = "a type that the format lacks before a hole")]
    [TestCase("""{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,4]}}""", 4, CheckpointDefect.TensorInvalidInfo,
        TestName = "a shape that is too small")]
    [TestCase("""{"a":{"dtype":"BF16","shape":[4],"data_offsets":[0,4]}}""", 4, CheckpointDefect.TensorInvalidInfo,
        TestName = "a type that is too large")]
    [TestCase("""{"a":{"dtype":"F6_E2M3","shape":[5],"data_offsets":[0,4]}}""", 4, CheckpointDefect.MisalignedSlice,
        TestName = "six bits that leave a rest")]
    [TestCase("""{"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,4]}}""", 4, CheckpointDefect.ValidationOverflow,
        TestName = "an overflow")]
    [TestCase("""{"a":{"dtype":"U8","shape":[9223372036854775808,0],"data_offsets":[0,0]}}""", 0, CheckpointDefect.ValidationOverflow,
        TestName = "a dimension above the signed range")]
    [TestCase("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}""", 3, CheckpointDefect.MetadataIncompleteBuffer,
        TestName = "a cut file")]
    [TestCase("""{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}}""", 5, CheckpointDefect.MetadataIncompleteBuffer,
        TestName = "a tail")]
    [TestCase("""{}""", 1, CheckpointDefect.MetadataIncompleteBuffer, TestName = "data without tensors")]
    [TestCase("""{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,18446744073709551615]}}""", 4, CheckpointDefect.TensorInvalidInfo,
        TestName = "an end above the signed range")]
    public void A_tensor_that_does_not_fit_is_refused(string json, int dataLength, CheckpointDefect kind) =>
        Assert.That(Refusal(json, dataLength).Kind, Is.EqualTo(kind));

    [Test]
    public void A_cut_file_names_file_tensor_byte_and_next_step()
    {
        CheckpointFormatException e = Refusal(
            """{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[4],"data_offsets":[2,6]}}""", 3);

        Assert.That((e.Path, e.Tensor, e.ByteOffset), Is.EqualTo(("memory", "b", 8L + 105 + 3)));
        Assert.That(e.Message, Is.EqualTo("memory, tensor \"b\", byte 116: the tensors take 6 bytes, the file has 3 after its header: "
            + "it is cut short. Download or export the file again."));
    }

    [Test]
    public void A_defect_in_the_json_names_the_byte_of_the_file()
    {
        const string Text = """{"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4],"stride":[1]}}""";
        CheckpointFormatException e = Refusal(Text, 4);

        Assert.That(e.ByteOffset, Is.EqualTo(8 + Text.IndexOf("\"stride\"", StringComparison.Ordinal)));
        Assert.That(e.Message, Does.Contain("\"stride\" is not known"));
    }

    [Test]
    public void Order_of_keys_white_space_and_escapes_do_not_matter()
    {
        SafetensorsHeader header = Parse(File(
            "\r\n{ \"b\\u002e1\" :{\"data_offsets\":[2,4],\"shape\":[ 1 ],\"dtype\":\"F16\"},"
            + "\t\"\":{\"shape\":[2],\"dtype\":\"U8\",\"data_offsets\":[0,2]}} ", 1, 2, 3, 4));

        Assert.That(header.Tensors.Select(t => t.Name), Is.EqualTo(new[] { "", "b.1" }));
    }

    [Test]
    public void Empty_tensors_may_share_an_offset_and_keep_their_order()
    {
        SafetensorsHeader header = Parse(File("""
            {"z":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"y":{"dtype":"F32","shape":[3,0],"data_offsets":[0,0]},
             "x":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"w":{"dtype":"U8","shape":[0],"data_offsets":[1,1]}}
            """, 7));

        Assert.That(header.Tensors.Select(t => t.Name), Is.EqualTo(new[] { "z", "y", "x", "w" }));
    }

    [Test]
    public void A_zero_dimension_does_not_hide_an_overflow_before_it()
    {
        Assert.That(Refusal("""{"a":{"dtype":"U8","shape":[4294967296,4294967296,0],"data_offsets":[0,0]}}""", 0).Kind,
            Is.EqualTo(CheckpointDefect.ValidationOverflow));
        Assert.That(Parse(File("""{"a":{"dtype":"U8","shape":[0,4294967296,4294967296],"data_offsets":[0,0]}}""")).Tensors[0].Elements,
            Is.Zero);
    }

    [Test]
    public void Every_type_of_the_format_is_known_by_its_name()
    {
        foreach (ElementType type in ElementTypes.All)
        {
            TensorEntry tensor = Parse(File(Json(("a", type.ToName(), "[8]", 0, type.BitSize())), new byte[type.BitSize()])).Tensors[0];
            Assert.That(tensor.Type, Is.EqualTo(type));
        }
    }

    [Test]
    public void A_huge_claim_allocates_nothing()
    {
        byte[] prefix = BitConverter.GetBytes(99_999_999UL);
        long before = GC.GetAllocatedBytesForCurrentThread();
        CheckpointFormatException e = Assert.Throws<CheckpointFormatException>(() => SafetensorsHeader.ReadLength(prefix, 1000, "memory"))!;
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(100_000));
        Assert.That(e.Kind, Is.EqualTo(CheckpointDefect.InvalidHeaderLength));
    }

    [Test]
    public void A_message_shows_hostile_names_on_one_short_line()
    {
        string name = "a\\n\\u001b[31m\\u202e" + new string('x', 5000);
        CheckpointFormatException e = Refusal($$"""{"{{name}}":1}""", 0);

        Assert.That(e.Message, Does.Contain("\"a\\u000a\\u001b[31m\\u202exxx").And.Contain("characters)").And.Length
            .Matches(Is.LessThan(400)));
        Assert.That(e.Message.Any(char.IsControl), Is.False);
    }

    [Test]
    public void A_header_of_many_tensors_is_read_in_a_multiple_of_its_size()
    {
        StringBuilder json = new("{");
        for (int i = 0; i < 50_000; i++) json.Append(null, $"\"{i}\":{{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[{i},{i + 1}]}},");
        json[^1] = '}';
        byte[] file = File(json.ToString(), new byte[50_000]);

        long before = GC.GetAllocatedBytesForCurrentThread();
        Assert.That(Parse(file).Tensors, Has.Length.EqualTo(50_000));
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.LessThan(16L * file.Length));
    }
}
