using System.Text;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Text.Tokens;

internal sealed class TokenTableTests
{
    private const string Json = """{"model":{"vocab":{"json":0}}}""";

    [TestCase("en-da_input_embedding_hot_seed1")]
    [TestCase("en-da_input_embedding_seed1")]
    public void Pieces_equal_the_published_table_of_a_tuned_pair(string pair)
    {
        TokenTable table = TokenTable.Open(SharedData.Path("tokenizers", "tok512", "tok512.model"));
        string published = SharedData.Path("models", "tuned-pairs", pair, "ks_rows.tsv");
        string[][] rows = [.. File.ReadLines(published).Skip(1).Select(line => line.Split('\t'))];

        Assert.That(rows, Has.Length.EqualTo(table.Count));
        Assert.That(rows.Select(row => row[1]), Is.EqualTo(rows.Select(row => table.Piece(int.Parse(row[0], Invariant)))));
    }

    [TestCase("tok512.model")]
    [TestCase("tok512.bin")]
    public void Visible_text_is_the_same_from_either_form(string file)
    {
        TokenTable table = TokenTable.Open(SharedData.Path("tokenizers", "tok512", file));

        Assert.That(table.Source, Is.EqualTo(file));
        Assert.That(new[] { 0, 1, 13, 68, 265, 485, 498, 500, 511, 512 }.Select(table.Visible),
            Is.EqualTo(new[] { "<unk>", "<s>", "<0x0A>", "<0x41>", "␣the", "é", @"\u{A0}", @"\\", @"\u{200A}", "" }));
        Assert.That(new[] { 0, 2, 3, 258, 259, 512, int.MaxValue }.Select(table.Kind), Is.EqualTo(new[]
        {
            TokenKind.Special, TokenKind.Special, TokenKind.Byte, TokenKind.Byte, TokenKind.Normal, TokenKind.Padded, TokenKind.Padded,
        }));
        Assert.That(table.Bytes(13), Is.EqualTo("\n"u8.ToArray()));
    }

    [Test]
    public void Ids_past_the_end_are_padded_and_negative_ones_an_error()
    {
        using TemporaryFolder folder = new();
        TokenTable table = TokenTable.Open(Write(folder, "tokenizer.json", Json));

        Assert.That((table.Count, table.Piece(1), table.Bytes(1).Length, table.Visible(1), table.Kind(1)),
            Is.EqualTo((1, "", 0, "", TokenKind.Padded)));
        Assert.That(() => table.Piece(-1), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void A_byte_of_a_byte_level_vocabulary_is_shown_as_a_byte()
    {
        using TemporaryFolder folder = new();
        string json = """{"decoder":{"type":"ByteLevel"},"model":{"vocab":{"æ":0,"Ċ":1,"<0x0A>":2}}}""";
        TokenTable table = TokenTable.Open(Write(folder, "t.json", json));

        Assert.That(Enumerable.Range(0, 3).Select(table.Visible), Is.EqualTo(new[] { @"\xe6", @"\n", "<0x0A>" }));
    }

    [Test]
    public void The_usual_names_are_found_in_their_order_beside_a_folder_or_a_file()
    {
        using TemporaryFolder folder = new();
        Assert.That(TokenTable.FindBeside(folder.Path), Is.Null);
        Assert.That(TokenTable.HasSeveralBeside(folder.Path, out _), Is.False);
        Assert.That(() => TokenTable.Open(folder.Path), Throws.TypeOf<FileNotFoundException>().With.Message
            .Contains("no tokenizer there; looked for tokenizer.json"));

        (string, string)[] files =
        [
            ("tok1.bin", Llama2c), ("x.model", Model), ("tokenizer.bin", Llama2c), ("tokenizer.model", Model), ("tokenizer.json", Json),
        ];
        foreach ((string name, string content) in files)
        {
            Write(folder, name, content);
            Assert.That(TokenTable.FindBeside(folder.Path)?.Source, Is.EqualTo(name));
            Assert.That(TokenTable.FindBeside(folder.File("model.safetensors"))?.Source, Is.EqualTo(name));
        }
    }

    [Test]
    public void Among_several_others_none_is_guessed_and_a_checkpoint_is_no_tokenizer()
    {
        using TemporaryFolder folder = new();
        Write(folder, "model.bin", "checkpoint");
        Write(folder, "a.model", Model);
        Write(folder, "b.model", Model);
        Assert.That(TokenTable.FindBeside(folder.Path), Is.Null);
        Assert.That(() => TokenTable.Open(folder.Path), Throws.TypeOf<FileNotFoundException>().With.Message
            .Contains("several tokenizers there, a.model, b.model"));
        Assert.That(TokenTable.HasSeveralBeside(folder.Path, out _), Is.True);
        Assert.That(() => Tokenizer.OpenBeside(folder.File("x.safetensors"), "Do this."),
            Throws.TypeOf<FileNotFoundException>().With.Message
                .EndsWith("and none is called tokenizer.json or tokenizer.model or tokenizer.bin. Do this."));

        Write(folder, "tok9.bin", Llama2c);
        Assert.That(TokenTable.FindBeside(folder.Path)?.Source, Is.EqualTo("tok9.bin"));
        Assert.That(TokenTable.Open(folder.Path).Source, Is.EqualTo("tok9.bin"));
    }

    [Test]
    public void A_folder_that_does_not_exist_has_no_tokenizer() =>
        Assert.That(TokenTable.FindBeside(Path.Combine("no", "such", "folder")), Is.Null);

    [TestCase("models/stories260K/stories260K_v0.bin", "tok512.bin")]
    [TestCase("models/babyllama/babyllama_tok105_model5000.bin", "tok105.model")]
    public void The_shared_checkpoints_have_theirs_beside_them(string checkpoint, string tokenizer) =>
        Assert.That(TokenTable.FindBeside(SharedData.Path(checkpoint.Split('/')))?.Source, Is.EqualTo(tokenizer));

    [Test]
    public void Any_other_name_is_opened_by_its_content()
    {
        using TemporaryFolder folder = new();
        Assert.That(TokenTable.Open(Write(folder, "a", Json)).Piece(0), Is.EqualTo("json"));
        Assert.That(TokenTable.Open(Write(folder, "b", Model)).Piece(0), Is.EqualTo("model"));
        Assert.That(TokenTable.Open(Write(folder, "c", Llama2c)).Piece(0), Is.EqualTo("bin"));
        // Longest pieces of 10 and 123 bytes: the first byte is that of a SentencePiece model, and of JSON.
        Assert.That(TokenTable.Open(Write(folder, "d", "\n" + Llama2c[1..])).Piece(0), Is.EqualTo("bin"));
        Assert.That(TokenTable.Open(Write(folder, "e", "{" + Llama2c[1..])).Piece(0), Is.EqualTo("bin"));
        Assert.That(() => TokenTable.Open(Write(folder, "f", "text")),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("f: byte 0: no known"));
        Assert.That(() => TokenTable.Open(Write(folder, "g", "")), Throws.TypeOf<InvalidDataException>());
        Assert.That(() => TokenTable.Open(folder.File("absent")), Throws.TypeOf<FileNotFoundException>());
    }

    [Test]
    public void A_file_too_large_for_a_tokenizer_is_refused_unread()
    {
        using TemporaryFolder folder = new();
        using (FileStream file = File.Create(folder.File("tokenizer.json"))) file.SetLength((256L << 20) + 1);
        Assert.That(() => TokenTable.FindBeside(folder.Path),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("268435457 bytes"));
    }

    [TestCase("<|reserved_special_token_12|>", true)]
    [TestCase("<unused12>", true)]
    [TestCase("[unused12]", true)]
    [TestCase("<|placeholder1|>", true)]
    [TestCase("<SPECIAL_12>", false)]
    [TestCase("<unused>", false)]
    [TestCase("unused12", false)]
    [TestCase("<unused 12>", false)]
    [TestCase("<12>", false)]
    [TestCase("<|>", false)]
    [TestCase("<", false)]
    public void Reserved_places_are_known_by_name(string name, bool expected) =>
        Assert.That(PieceNames.IsReserved(name), Is.EqualTo(expected));

    private static string Model => "\n\u0007\n\u0005model";

    private static string Llama2c => "\u0003\0\0\0" + "\0\0\0\0" + "\u0003\0\0\0" + "bin";

    private static System.Globalization.CultureInfo Invariant => System.Globalization.CultureInfo.InvariantCulture;

    private static string Write(TemporaryFolder folder, string name, string content)
    {
        File.WriteAllBytes(folder.File(name), Encoding.UTF8.GetBytes(content));
        return folder.File(name);
    }
}
