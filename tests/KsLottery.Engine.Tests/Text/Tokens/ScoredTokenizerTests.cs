using System.Text;
using System.Text.Json;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Tests.Support;
using static KsLottery.Engine.Text.Tokens.SentencePieceType;

namespace KsLottery.Engine.Tests.Text.Tokens;

internal sealed class ScoredTokenizerTests
{
    private static readonly (string, float, SentencePieceType)[] Pieces =
    [
        ("<unk>", 0, Unknown), ("<s>", 0, Control), ("</s>", 0, Control), ("▁", -9, Normal), ("a", -9, Normal), ("b", -9, Normal),
        ("ab", -1, Normal), ("▁ab", -2, Normal), ("<x>", 0, UserDefined), ("bq", -3, Normal), ("a", 0, Normal), ("<xy", 0, UserDefined),
    ];

    [Test]
    public void The_published_vectors_hold()
    {
        Tokenizer tokenizer = Tokenizer.Open(SharedData.Path("tokenizers", "tok4096", "tokenizer4096.model"));
        using JsonDocument vectors = JsonDocument.Parse(File.ReadAllBytes(SharedData.Path("tokenizers", "vectors", "tok4096.json")));
        int cases = 0;
        foreach (JsonElement item in vectors.RootElement.GetProperty("cases").EnumerateArray())
        {
            string text = item.GetProperty("text").GetString()!;
            int[] ids = [.. item.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
            Assert.That(tokenizer.Encode(text), Is.EqualTo(ids), text);
            Assert.That(tokenizer.Decode(ids), Is.EqualTo(text));
            cases++;
        }
        Assert.That(cases, Is.EqualTo(17));
    }

    [TestCase("tok512/tok512")]
    [TestCase("tok4096/tokenizer4096")]
    public void The_two_forms_of_a_vocabulary_agree_where_their_rules_do(string name)
    {
        Tokenizer model = Tokenizer.Open(SharedData.Path("tokenizers", name + ".model"));
        Tokenizer binary = Tokenizer.Open(SharedData.Path("tokenizers", name + ".bin"));
        Assert.That((binary.BosId, binary.EosId, binary.UnknownId), Is.EqualTo((model.BosId, model.EosId, model.UnknownId)));
        int texts = 0;
        foreach (string random in TokenizerFixtures.RandomTexts(2_000))
        {
            // llama2.c keeps every space, and does not tell ▁ from other characters.
            string text = string.Join(' ', random.Replace("▁", "", StringComparison.Ordinal)
                .Split(' ', StringSplitOptions.RemoveEmptyEntries));
            Assert.That(binary.Encode(text), Is.EqualTo(model.Encode(text)), VisibleText.Escape(text));
            if (text.Length > 0) texts++;
        }
        Assert.That(texts, Is.GreaterThan(1_900));
    }

    [Test]
    public void Joining_equals_the_quadratic_search_for_the_best_pair()
    {
        Llama2cTokenizer file = Llama2cTokenizer.Open(SharedData.Path("tokenizers", "tok512", "tok512.bin"));
        Tokenizer tokenizer = Tokenizer.Open(SharedData.Path("tokenizers", "tok512", "tok512.bin"));
        Dictionary<string, int> ids = [];
        for (int id = 259; id < file.Count; id++) ids.Add(file.Piece(id), id);
        Random random = new(5);
        for (int time = 0; time < 300; time++)
        {
            string text = string.Concat(Enumerable.Range(0, random.Next(1, 60)).Select(_ => file.Piece(random.Next(259, file.Count))));
            Assert.That(tokenizer.Encode(text), Is.EqualTo(Greedy(file, ids, text)), text);
        }
    }

    [TestCase("ab", new[] { 7 })]
    [TestCase("abab", new[] { 7, 6 })]
    [TestCase("ba", new[] { 3, 5, 4 })]
    [TestCase("ab<x>ab", new[] { 7, 8, 6 }, Description = "a user-defined piece stays whole, and no space follows it")]
    [TestCase("<xyb<x", new[] { 3, 11, 5, 0 }, Description = "of two that start here the longest that is there")]
    [TestCase("<x><x>", new[] { 3, 8, 8 })]
    [TestCase("a??é!b", new[] { 3, 4, 0, 5 }, Description = "one unknown piece for a run")]
    [TestCase("bq", new[] { 3, 9 }, Description = "q is no piece by itself")]
    [TestCase("q", new[] { 3, 0 })]
    [TestCase("<s>", new[] { 3, 0 }, Description = "a control piece is not found in text")]
    [TestCase("  ab   ab ", new[] { 7, 7 }, Description = "extra spaces go")]
    [TestCase("", new int[0])]
    [TestCase("   ", new int[0])]
    public void A_hand_made_model_encodes_by_score(string text, int[] ids) =>
        Assert.That(TokenizerFixtures.Model(TokenizerFixtures.SentencePiece(Pieces)).Encode(text), Is.EqualTo(ids));

    [TestCase(new byte[] { 0x20, 0 }, " ab  a ", new[] { 3, 7, 3, 3, 4, 3 })]
    [TestCase(new byte[] { 0x20, 0 }, "  ", new[] { 3, 3, 3 })]
    [TestCase(new byte[] { 0x20, 0 }, "", new int[0])]
    [TestCase(new byte[] { 0x18, 0 }, "ab ab", new[] { 6, 7 })]
    [TestCase(new byte[] { 0x28, 0 }, "a b", new[] { 0, 4, 0, 5 }, Description = "spaces that are not escaped are no piece here")]
    public void The_settings_of_the_normaliser_are_kept(byte[] normalizer, string text, int[] ids) =>
        Assert.That(TokenizerFixtures.Model(TokenizerFixtures.SentencePiece(Pieces, normalizer: normalizer)).Encode(text), Is.EqualTo(ids));

    [Test]
    public void Begin_and_end_go_around_a_text_when_asked_for()
    {
        Tokenizer tokenizer = TokenizerFixtures.Model(TokenizerFixtures.SentencePiece(Pieces));
        Assert.That((tokenizer.BosId, tokenizer.EosId, tokenizer.PadId, tokenizer.Count), Is.EqualTo((1, 2, (int?)null, Pieces.Length)));
        Assert.That(tokenizer.Encode("ab", addBos: true, addEos: true), Is.EqualTo(new[] { 1, 7, 2 }));
        Assert.That(tokenizer.Encode("", addBos: true), Is.EqualTo(new[] { 1 }));
        Assert.That(tokenizer.Encode("ab"u8), Is.EqualTo(new[] { 7 }));
        Assert.That(tokenizer.Decode([1, 7, 8, 0, 2, 99]), Is.EqualTo("ab<x> ⁇ "));
        Assert.That(() => tokenizer.Decode([-1]), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Unpaired_surrogates_become_the_replacement_character()
    {
        Tokenizer tokenizer = TokenizerFixtures.Model(TokenizerFixtures.SentencePiece(Pieces, byteFallback: true));
        foreach (string text in (string[])["a\uD83Db", "a\uDE00b", "ab\uD83D", "\uDE00", "a😀\uD83D\uD83Db"])
            Assert.That(tokenizer.Decode(tokenizer.Encode(text)),
                Is.EqualTo(Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text))), VisibleText.Escape(text));
    }

    [TestCase(new byte[] { })]
    [TestCase(new byte[] { 0x20, 0 })]
    [TestCase(new byte[] { 0x18, 0 })]
    [TestCase(new byte[] { 0x18, 0, 0x20, 0 })]
    public void Decoding_gives_the_normalised_text_back(byte[] normalizer)
    {
        bool trims = !normalizer.AsSpan().EndsWith(new byte[] { 0x20, 0 });
        Tokenizer tokenizer = TokenizerFixtures.Model(TokenizerFixtures.SentencePiece(Pieces, byteFallback: true, normalizer));
        foreach (string text in TokenizerFixtures.RandomTexts(3_000))
        {
            string normalised = trims ? string.Join(' ', text.Split(' ', StringSplitOptions.RemoveEmptyEntries)).Trim(' ', '▁') : text;
            Assert.That(tokenizer.Decode(tokenizer.Encode(text)), Is.EqualTo(normalised.Replace('▁', ' ')), VisibleText.Escape(text));
        }
    }

    [Test]
    public void Decoding_gives_every_text_back_in_the_llama2c_form()
    {
        Tokenizer tokenizer = Tokenizer.Open(SharedData.Path("models", "stories260K", "tok512.bin"));
        foreach (string text in TokenizerFixtures.RandomTexts(3_000))
            Assert.That(tokenizer.Decode(tokenizer.Encode(text)), Is.EqualTo(text), VisibleText.Escape(text));
        Assert.That(tokenizer.Encode(""), Is.Empty);
    }

    [Test]
    public void Without_byte_pieces_unknown_characters_are_unknown()
    {
        Tokenizer tokenizer = Tokenizer.Open(SharedData.Path("models", "babyllama", "tok105.model"));
        int[] ids = tokenizer.Encode("a 日日 b");
        Assert.That(ids.Select(tokenizer.Names.Piece), Is.EqualTo(new[] { "▁", "a", "▁", "<unk>", "▁", "b" }));
    }

    [Test]
    public void What_is_not_supported_is_refused_by_name()
    {
        Assert.Multiple(() =>
        {
            Refuses([.. TokenizerFixtures.SentencePiece(Pieces), 0x12, 3, 0x98, 0x02, 1], "byte_fallback without piece <0x00>");
            Refuses(TokenizerFixtures.SentencePiece([.. Pieces, ("zz", 0, Unused)]), "piece 12 of type UNUSED");
            Refuses([.. TokenizerFixtures.SentencePiece([("a", -1, Normal)]), 0x12, 3, 0xC0, 0x02, 77], "an unknown id of 77");
        });

        static void Refuses(byte[] file, string setting) => Assert.That(() => TokenizerFixtures.Model(file),
            Throws.TypeOf<InvalidDataException>().With.Message.StartsWith($"folder/tokenizer.model: {setting} is not supported"));
    }

    [Test]
    public void A_damaged_file_gives_the_documented_exception_or_a_tokenizer()
    {
        byte[] file = File.ReadAllBytes(SharedData.Path("models", "babyllama", "tok105.model"));
        Random random = new(3);
        int opened = 0;
        for (int time = 0; time < 3_000; time++)
        {
            byte[] damaged = [.. file];
            damaged[random.Next(damaged.Length)] = (byte)random.Next(256);
            try
            {
                Tokenizer tokenizer = TokenizerFixtures.Model(damaged);
                Assert.That(tokenizer.Encode("Once upon a time."), Has.Length.Matches(Is.InRange(1, 40)));
                opened++;
            }
            catch (InvalidDataException fault)
            {
                Assert.That(fault.Message, Does.StartWith("folder/tokenizer.model: "));
            }
        }
        Assert.That(opened, Is.InRange(1, 2_999));
    }

    /// <summary>llama2.c's own way: look at every neighbouring pair, join the best, start again.</summary>
    private static List<int> Greedy(Llama2cTokenizer file, Dictionary<string, int> ids, string text)
    {
        List<int> tokens = [.. (" " + text).EnumerateRunes().Select(character => ids[character.ToString()])];
        while (true)
        {
            (float Score, int Place, int Id) best = (-1e10f, -1, -1);
            for (int i = 0; i + 1 < tokens.Count; i++)
                if (ids.TryGetValue(file.Piece(tokens[i]) + file.Piece(tokens[i + 1]), out int id) && file.Score(id) > best.Score)
                    best = (file.Score(id), i, id);
            if (best.Place < 0) return tokens;
            tokens[best.Place] = best.Id;
            tokens.RemoveAt(best.Place + 1);
        }
    }
}
