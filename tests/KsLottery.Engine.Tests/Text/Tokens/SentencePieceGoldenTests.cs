using System.IO.Compression;
using System.Text.Json;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Text.Tokens;

/// <summary>Models of every kind and what the SentencePiece library made of texts and ids; bench/peers/sentencepiece_models.py wrote
/// them.</summary>
internal sealed class SentencePieceGoldenTests
{
    private const int Kinds = 22, Texts = 2_090, Decodings = 2_596;

    [Test]
    public void Every_kind_encodes_and_decodes_as_the_library_does()
    {
        int kinds = 0, texts = 0, decodings = 0;
        string name = "";
        Tokenizer tokenizer = null!;
        foreach (string line in Lines())
        {
            using JsonDocument entry = JsonDocument.Parse(line);
            if (entry.RootElement.TryGetProperty("model", out JsonElement model))
            {
                name = entry.RootElement.GetProperty("name").GetString()!;
                tokenizer = Tokenizer.Parse($"{name}.model", model.GetBytesFromBase64());
                kinds++;
                continue;
            }
            int[] ids = [.. entry.RootElement.GetProperty("ids").EnumerateArray().Select(id => id.GetInt32())];
            if (entry.RootElement.TryGetProperty("text", out JsonElement text))
            {
                Assert.That(tokenizer.Encode(text.GetString()!), Is.EqualTo(ids), $"{name}: {text.GetRawText()}");
                texts++;
            }
            Assert.That(tokenizer.Decode(ids), Is.EqualTo(entry.RootElement.GetProperty("decoded").GetString()),
                $"{name}: {string.Join(' ', ids)}");
            decodings++;
        }
        Assert.That((kinds, texts, decodings), Is.EqualTo((Kinds, Texts, Decodings)));
    }

    [Test]
    public void A_word_that_names_a_control_piece_is_unknown()
    {
        // The library gives up on such a text ("all normalized characters are not consumed").
        byte[] file = TokenizerFixtures.SentencePiece([("<unk>", 0, SentencePieceType.Unknown), ("▁<s>", 0, SentencePieceType.Control),
            ("▁a", -1, SentencePieceType.Normal)], algorithm: SentencePieceAlgorithm.Word);
        Assert.That(TokenizerFixtures.Model(file).Encode("a <s> a"), Is.EqualTo(new[] { 2, 0, 2 }));
    }

    [Test]
    public void Damaged_rules_are_refused([Values(0, 3, 4, 11)] int length)
    {
        byte[] rules = [4, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1];
        byte[] file = TokenizerFixtures.SentencePiece([("<unk>", 0, SentencePieceType.Unknown), ("a", -1, SentencePieceType.Normal)],
            normalizer: [0x12, (byte)length, .. rules[..length]]);
        if (length == 0) Assert.That(TokenizerFixtures.Model(file).Encode("a"), Is.EqualTo(new[] { 0, 1 }));
        else Assert.That(() => TokenizerFixtures.Model(file),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("normalizer_spec"));
    }

    private static IEnumerable<string> Lines()
    {
        using FileStream file =
            File.OpenRead(Path.Combine(SharedData.Root, "tests", "KsLottery.Engine.Tests", "Golden", "sentencepiece.jsonl.gz"));
        using GZipStream unpacked = new(file, CompressionMode.Decompress);
        using StreamReader reader = new(unpacked);
        while (reader.ReadLine() is { } line) yield return line;
    }
}
