using System.IO.Compression;
using System.Text;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Text.Corpora;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
internal sealed class ParallelTextTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [TestCase("tatoeba/eng-dan.attributed.tsv", 25_944, "Go.", "Gå!")]
    [TestCase("tatoeba/eng-nld.tsv.gz", 28_547, "Hi.", "Hoi.")]
    [TestCase("tatoeba/eng-ron.tsv", 8_215, "Run!", "Fugi!")]
    [TestCase("catalan/globalvoices.en-ca.en,catalan/globalvoices.en-ca.ca", 21_342,
        "Africa Cup of Nations: David knows kung fu and he’s Googled you! &middot; Global Voices",
        "Copa Africana de Nacions: David sap kungfu i t'ha googlejat!", Description = "entities stay, the space at the end goes")]
    [TestCase("catalan/tatoeba.en-ca.en,catalan/tatoeba.en-ca.ca", 5_500, "\"Ah!\" is an interjection.", "\"Ah!\" és una interjecció.")]
    [TestCase("ro-sts/RO-STS.train.en,ro-sts/RO-STS.train.ro", 11_498, "A plane is taking off.", "Un avion decolează.")]
    [TestCase("ro-sts/RO-STS.dev.en,ro-sts/RO-STS.dev.ro", 3_000, "A man with a hard hat is dancing.",
        "Un bărbat cu o cască de protecție dansează.")]
    [TestCase("ro-sts/RO-STS.test.en,ro-sts/RO-STS.test.ro", 2_758, "A girl is styling her hair.", "O fată își aranjează părul.")]
    public void The_shared_corpora_read_whole(string paths, int count, string source, string target)
    {
        ParallelText pairs =
            ParallelText.Read(string.Join(',', paths.Split(',').Select(path => SharedData.Path(["corpora", .. path.Split('/')]))));
        Assert.That((pairs.Count, pairs[0].Source, pairs[0].Target, pairs[0].Line), Is.EqualTo((count, source, target, 1)));
        Assert.That(pairs[^1].Line, Is.EqualTo(count));
    }

    [TestCase("ary_Arab"), TestCase("fur_Latn"), TestCase("lij_Latn"), TestCase("lim_Latn"), TestCase("lmo_Latn"), TestCase("scn_Latn"),
        TestCase("vec_Latn")]
    public void Nllb_seed_aligns_with_its_English(string language) => Assert.That(
        ParallelText.Read(SharedData.Path("corpora", "nllb-seed", "eng_Latn.gz"),
            SharedData.Path("corpora", "nllb-seed", $"{language}.gz")),
        Has.Count.EqualTo(6_193));

    [Test]
    public void Columns_line_endings_and_a_byte_order_mark_are_understood()
    {
        string path = Write("pairs.tsv", "\uFEFFa\tb\tc\r\n d \te\t f\n");
        Assert.That(Sides(ParallelText.Read(path)), Is.EqualTo(new[] { ("a", "b"), ("d", "e") }));
        Assert.That(Sides(ParallelText.Read(path, new() { SourceColumn = 3, TargetColumn = 1 })),
            Is.EqualTo(new[] { ("c", "a"), ("f", "d") }));
        Assert.That(() => ParallelText.Read(path, new() { SourceColumn = 0 }), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Plain_and_packed_files_read_the_same_whatever_their_name()
    {
        byte[] text = Encoding.UTF8.GetBytes("Gå!\tGo.\n");
        File.WriteAllBytes(_folder.File("packed.tsv"), Pack(text));
        File.WriteAllBytes(_folder.File("plain.tsv.gz"), text);
        foreach (string name in (string[])["packed.tsv", "plain.tsv.gz"])
            Assert.That(Sides(ParallelText.Read(_folder.File(name))), Is.EqualTo(new[] { ("Gå!", "Go.") }), name);
    }

    [TestCase("pairs.jsonl", """
        {"prefix":"Translate:\n","text":" Hola ","more":1}
        {"prefix":"p","text":"t"}
        """)]
    [TestCase("pairs.json", """
        [ {"prefix":"Translate:\n","text":" Hola ","more":1},
          {"prefix":"p",
           "text":"t"} ]
        """)]
    public void Whole_prompts_are_kept_to_the_letter(string name, string json)
    {
        ParallelText pairs = ParallelText.Read(Write(name, json));
        Assert.That(pairs.Select(pair => (pair.Prompt, pair.Target, pair.Line)),
            Is.EqualTo(new[] { ("Translate:\n", " Hola ", 1), ("p", "t", 2) }));
        Assert.That(PromptTemplate.Alpaca.Format(pairs[0]), Is.EqualTo("Translate:\n"));
    }

    [Test]
    public void Instructions_and_translations_are_understood()
    {
        string path =
            Write("pairs.json", """[{"instruction":"Say it in Catalan.","input":"Hi","output":"Hola"},{"source":"a","target":"b"}]""");
        ParallelText pairs = ParallelText.Read(path);
        Assert.That(Sides(pairs), Is.EqualTo(new[] { ("Hi", "Hola"), ("a", "b") }));
        Assert.That(PromptTemplate.Alpaca.Format(pairs[0]), Does.Contain("### Instruction:\nSay it in Catalan.\n\n### Input:\nHi\n\n"));
        path = Write("pairs.jsonl", """{"translation":{"da":"Hej","en":"Hi"}}""");
        Assert.That(Sides(ParallelText.Read(path, new() { SourceKey = "en", TargetKey = "da" })), Is.EqualTo(new[] { ("Hi", "Hej") }));
        Assert.That(() => ParallelText.Read(path),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("line 1: a translation with the keys da, en"));
    }

    [TestCase("a.tsv", "a\tb\nc\n", "line 2: 1 columns with tabs between them, but columns 1 and 2 are asked for")]
    [TestCase("a.tsv", "a\tb\n\tc\n", "line 2: the source is empty")]
    [TestCase("a.tsv", "a\tb\nc\t \n", "line 2: the target is empty")]
    [TestCase("a.tsv", "a\tb\n\nc\td\n", "line 2: 1 columns")]
    [TestCase("a.tsv", "a\tb\nc\rd\te\n", "line 2: a carriage return within the line")]
    [TestCase("a.jsonl", "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"}]}",
        "line 1: messages of the roles user; a pair has one of user")]
    [TestCase("a.jsonl", "{\"messages\":[{\"role\":\"user\",\"content\":\"a\"},{\"role\":\"assistant\",\"content\":\"b\"},"
        + "{\"role\":\"user\",\"content\":\"c\"},{\"role\":\"assistant\",\"content\":\"d\"}]}",
        "line 1: messages of the roles user, assistant, user, assistant;")]
    [TestCase("a.jsonl", "{\"messages\":[{\"role\":\"user\",\"content\":[]},{\"role\":\"assistant\",\"content\":\"b\"}]}",
        "line 1: a message whose content is no text")]
    [TestCase("a.tsv", "", "no sentence pair in it (0 incomplete")]
    [TestCase("a.jsonl", "{\"prefix\":\"a\",\"text\":\"b\"}\n{\"prefix\":\"a\"}", "line 2: no key text; there are prefix")]
    [TestCase("a.jsonl", "{\"source\":\"a\",\"target\":5}", "line 1: target is a number where text is asked for")]
    [TestCase("a.jsonl", "{\"instruction\":\"a\",\"input\":[],\"output\":\"b\"}", "line 1: input is a list where text is asked for")]
    [TestCase("a.jsonl", "{\"prefix\":\"a\",\"text\":\"b\"}\n{\"prefix\":\"a\"", "line 2: invalid JSON at column 14 (Expected")]
    [TestCase("a.jsonl", "{\"prefix\":\"a\",\"text\":\"b\"}\n\n3", "line 3: Number where an object")]
    [TestCase("a.jsonl", "{\"prefix\":\"a\",\"text\":\"\\ud800\"}", "line 1: a string that is not Unicode")]
    [TestCase("a.json", "[[{\"prefix\":\"a\",\"text\":\"b\"}]]", "line 1: StartArray where an object")]
    [TestCase("a.json", "[\n{\"src\":\"a\",\"tgt\":\"b\"}]", "line 2: an object with the keys src, tgt, known are prefix and text;")]
    [TestCase("a.json", "[{\"instruction\":\" \",\"input\":\"\",\"output\":\"b\"}]", "line 1: the source is empty")]
    public void What_is_wrong_is_named_by_file_and_line(string name, string text, string what)
    {
        string path = Write(name, text);
        Assert.That(() => ParallelText.Read(path), Throws.TypeOf<InvalidDataException>().With.Message.StartsWith($"{path}: {what}"));
    }

    [TestCase("a.tsv"), TestCase("a.jsonl")]
    public void Bytes_that_are_not_UTF_8_are_refused(string name)
    {
        File.WriteAllBytes(_folder.File(name), [.. "{\"source\":\"a\",\t\n\"target\":\t\"\u00e9\"\n"u8, 0xE9, .. "\"}\n\xff"u8]);
        Assert.That(() => ParallelText.Read(_folder.File(name)),
            Throws.TypeOf<InvalidDataException>().With.Message.StartsWith($"{_folder.File(name)}: line 3: bytes that are not UTF-8"));
    }

    [Test]
    public void A_packed_file_that_is_cut_or_damaged_is_refused()
    {
        byte[] packed = Pack(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 5_000).Select(i => $"{i}\t{i * i}\n"))));
        foreach (byte[] damaged in (byte[][])[packed[..^1], packed[..^9], packed[..(packed.Length / 2)], packed[..2],
            [.. packed[..40], 255, 255, .. packed[42..]]])
        {
            File.WriteAllBytes(_folder.File("a.tsv.gz"), damaged);
            Assert.That(() => ParallelText.Read(_folder.File("a.tsv.gz")),
                Throws.TypeOf<InvalidDataException>().With.Message.StartsWith($"{_folder.File("a.tsv.gz")}: the gzip data are"),
                    $"{damaged.Length} bytes");
        }
    }

    [Test]
    public void Packed_files_may_have_several_members_and_a_cut_in_the_last_is_seen()
    {
        byte[] first = Pack("a\tb\n"u8.ToArray()), second =
            Pack(Encoding.UTF8.GetBytes(string.Concat(Enumerable.Range(0, 3_000).Select(i => $"{i}\t{i * i}\n"))));
        File.WriteAllBytes(_folder.File("a.tsv.gz"), [.. first, .. second, .. first]);
        Assert.That(ParallelText.Read(_folder.File("a.tsv.gz")), Has.Count.EqualTo(3_002));
        foreach (byte[] damaged in (byte[][])[[.. first, .. second[..^1]], [.. first, .. second[..^9]],
            [.. first, .. second[..(second.Length / 2)]], [.. first, .. "more"u8]])
        {
            File.WriteAllBytes(_folder.File("a.tsv.gz"), damaged);
            Assert.That(() => ParallelText.Read(_folder.File("a.tsv.gz")),
                Throws.TypeOf<InvalidDataException>().With.Message.Contains("the gzip data are"));
        }
    }

    [TestCase("a\tb\nc\td\n\n"), TestCase("a\tb\r\nc\td\r\n \r\n\r\n"), TestCase("a\tb\rc\td\r"), TestCase("a\tb\rc\td\r\r"),
        TestCase("a\tb\r\r\nc\td")]
    public void Lines_end_as_the_whole_file_says_and_may_be_blank_at_its_end(string text)
    {
        Assert.That(Sides(ParallelText.Read(Write("a.tsv", text))), Is.EqualTo(new[] { ("a", "b"), ("c", "d") }));
        string aligned = text.Replace("\tb", "", StringComparison.Ordinal).Replace("\td", "", StringComparison.Ordinal);
        Assert.That(Sides(ParallelText.Read(Write("one", aligned), Write("other", "b\nd"))), Is.EqualTo(new[] { ("a", "b"), ("c", "d") }));
    }

    [Test]
    public void A_blank_line_at_the_end_of_one_side_is_a_missing_side_where_the_other_has_a_text()
    {
        (string one, string other) = (Write("one", "a\n\n"), Write("other", "b\nd\n"));
        Assert.That(() => ParallelText.Read(one, other), Throws.TypeOf<InvalidDataException>().With.Message
            .Contains("line 2: the source is empty"));
        Assert.That(ParallelText.Read(one, other, new() { SkipIncomplete = true }).SkippedCount, Is.EqualTo(1));
    }

    [TestCase("""{"en":"the cat","da":"katten"}""", "the cat"), TestCase("""{"translation":{"en":"the cat","da":"katten"}}""", "the cat")]
    [TestCase("""{"input":"x","output":"y","instruction":"z","en":"the cat","da":"katten"}""", "the cat",
        Description = "keys that were named go first")]
    public void Keys_of_an_object_and_of_its_translation_are_found(string json, string source) =>
        Assert.That(Sides(ParallelText.Read(Write("a.jsonl", json), new() { SourceKey = "en", TargetKey = "da" })),
            Is.EqualTo(new[] { (source, "katten") }));

    [TestCase("""{"en":"the dog","de":"Hund","source":"s2","target":"t2"}""", "no key da; there are en, de, source, target")]
    [TestCase("""{"en":"the dog","de":"Hund"}""", "no key da; there are en, de")]
    [TestCase("""{"source":"the cat","target":"katten"}""", "no key en; there are source, target")]
    [TestCase("""{"translation":{"en":"the dog","de":"Hund"},"da":"x"}""", "no key da; there are en, de")]
    [TestCase("""{"prompt":"the dog","completion":"Hund"}""", "no key en; there are prompt, completion")]
    [TestCase("""{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Hej"}]}""", "no key en; there are messages")]
    [TestCase("""{"en":"the dog","da":5}""", "da is a number where text is asked for")]
    [TestCase("""{"en":null,"da":"hunden","instruction":"x","output":"y"}""", "en is null where text is asked for")]
    [TestCase("{}", "no key en; there are none")]
    public void Only_the_keys_that_are_named_count(string record, string what)
    {
        string path = Write("keys.jsonl", """{"source":"old","target":"alt","en":"the cat","da":"katten"}""" + "\n" + record);
        ParallelTextOptions options = new() { SourceKey = "en", TargetKey = "da" };
        Assert.That(() => ParallelText.Read(path, options),
            Throws.TypeOf<InvalidDataException>().With.Message
                .StartsWith($"{path}: line 2: {what}; complete the pair, or skip incomplete pairs"));
        ParallelText pairs = ParallelText.Read(path, options with { SkipIncomplete = true });
        Assert.That(Sides(pairs), Is.EqualTo(new[] { ("the cat", "katten") }));
        Assert.That(pairs.SkippedCount, Is.EqualTo(1));
    }

    [Test]
    public void A_key_named_alone_goes_with_the_usual_one_of_the_other_side()
    {
        string path = Write("a.jsonl", """{"en":"the cat","source":"s","target":"katten","da":"en kat"}""");
        Assert.That(Sides(ParallelText.Read(path, new() { SourceKey = "en" })), Is.EqualTo(new[] { ("the cat", "katten") }));
        Assert.That(Sides(ParallelText.Read(path, new() { TargetKey = "da" })), Is.EqualTo(new[] { ("s", "en kat") }));
    }

    [Test]
    public void Chats_and_completions_are_understood()
    {
        ParallelText pairs = ParallelText.Read(Write("a.jsonl", """
            {"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Hej"}]}
            {"messages":[{"role":"system","content":"Say it in Danish."},{"role":"user","content":"Hi"},{"role":"assistant","content":" Hej "}]}
            {"prompt":"the cat","completion":" katten"}
            {"prompt":[{"role":"user","content":"Hi"}],"completion":[{"role":"assistant","content":"Hej"}]}
            """));
        Assert.That(pairs.Select(p => (p.Prompt, p.Instruction, p.Source, p.Target)), Is.EqualTo(new[]
        {
            (null, null, "Hi", "Hej"), (null, "Say it in Danish.", "Hi", " Hej "), ("the cat", null, "", " katten"),
                ((string?)null, (string?)null, "Hi", "Hej"),
        }));
        Assert.That(PromptTemplate.Minimal.Format(pairs[2]), Is.EqualTo("the cat"));
    }

    [Test]
    public void An_instruction_without_input_is_the_whole_question()
    {
        ParallelText pairs =
            ParallelText.Read(Write("a.json",
                """[{"instruction":"Translate: the cat","input":"","output":"katten"},{"instruction":"Say hi","output":"hej"}]"""));
        Assert.That(pairs.Select(p => (p.Question, p.Target)), Is.EqualTo(new[] { ("Translate: the cat", "katten"), ("Say hi", "hej") }));
        // The prompt of Stanford Alpaca's examples without an input, and the authors' form of it.
        Assert.That(PromptTemplate.Alpaca.Format(pairs[1]),
            Is.EqualTo("Below is an instruction that describes a task. Write a response that appropriately "
            + "completes the request.\n\n### Instruction:\nSay hi\n\n### Response:"));
        Assert.That(PromptTemplate.AlpacaSingleNewline.Format(pairs[1]),
            Is.EqualTo("Below is an instruction that describes a task. Write a response that "
            + "appropriately completes the request.\n### Instruction:\nSay hi\n### Response:"));
        Assert.That(PromptTemplate.Minimal.Format(pairs[1]), Is.EqualTo("Say hi\n"));
        Assert.That(PromptTemplate.From("{instruction} {source}:").Format(pairs[1]), Is.EqualTo("Say hi :"));
    }

    [Test]
    public void Incomplete_pairs_are_skipped_and_counted_when_asked_to()
    {
        ParallelText pairs = ParallelText.Read(Write("a.tsv", "a\tb\nc\n\t\n\nd\te"), new() { SkipIncomplete = true });
        Assert.That((pairs.Count, pairs.SkippedCount, pairs[1].Line), Is.EqualTo((2, 3, 5)));
        Assert.That(() => ParallelText.Read(Write("b.tsv", "a\n"), new() { SkipIncomplete = true }),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("(1 incomplete ones were skipped)"));
    }

    [Test]
    public void Aligned_files_of_different_lengths_are_refused_with_both_counts()
    {
        (string one, string other) = (Write("one", "a\nb\n"), Write("other", "a\nb\nc"));
        Assert.That(() => ParallelText.Read($"{one},{other}"),
            Throws.TypeOf<InvalidDataException>().With.Message.StartsWith($"{one} has 2 lines and {other} has 3:"));
        Assert.That(Sides(ParallelText.Read(Write("with,comma", "a\tb"))), Is.EqualTo(new[] { ("a", "b") }));
    }

    private static IEnumerable<(string, string)> Sides(ParallelText pairs) => pairs.Select(pair => (pair.Source, pair.Target));

    private string Write(string name, string text)
    {
        File.WriteAllText(_folder.File(name), text, new UTF8Encoding(false));
        return _folder.File(name);
    }

    private static byte[] Pack(byte[] bytes)
    {
        using MemoryStream packed = new();
        using (GZipStream gzip = new(packed, CompressionLevel.Fastest)) gzip.Write(bytes);
        return packed.ToArray();
    }
}
