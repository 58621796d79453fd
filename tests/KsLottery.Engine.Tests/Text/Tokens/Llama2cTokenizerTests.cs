using System.Text;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Text.Tokens;

internal sealed class Llama2cTokenizerTests
{
    [TestCase("tok512/tok512.bin", "tok512/tok512.model", 512)]
    [TestCase("tok4096/tokenizer4096.bin", "tok4096/tokenizer4096.model", 4096)]
    public void It_names_the_same_tokens_as_the_model_that_it_was_made_from(string binary, string source, int count)
    {
        Llama2cTokenizer tokenizer = Llama2cTokenizer.Open(SharedData.Path("tokenizers", binary));
        SentencePieceModel model = SentencePieceModel.Open(SharedData.Path("tokenizers", source));

        Assert.That((tokenizer.Count, model.Count), Is.EqualTo((count, count)));
        int longest = 0;
        for (int id = 0; id < count; id++)
        {
            Assert.That(tokenizer.Piece(id), Is.EqualTo(model.Piece(id).Replace('▁', ' ')), $"piece {id}");
            Assert.That(tokenizer.Bytes(id), Is.EqualTo(model.Bytes(id)), $"bytes {id}");
            Assert.That(tokenizer.Kind(id), Is.EqualTo(model.Kind(id)), $"kind {id}");
            Assert.That(tokenizer.Score(id), Is.EqualTo(model.Pieces[id].Score), $"score {id}");
            longest = Math.Max(longest, Encoding.UTF8.GetByteCount(tokenizer.Piece(id)));
        }
        Assert.That(tokenizer.MaxTokenLength, Is.EqualTo(longest));
    }

    [Test]
    public void Only_the_first_ids_can_be_special()
    {
        byte[] file = [6, 0, 0, 0, .. Token("<unk>"), .. Token("\n<s>\n"), .. Token("a"), .. Token("\n</s>\n")];
        Llama2cTokenizer tokenizer = Llama2cTokenizer.Parse("t", file);

        Assert.That(Enumerable.Range(0, 4).Select(tokenizer.Kind),
            Is.EqualTo(new[] { TokenKind.Special, TokenKind.Special, TokenKind.Normal, TokenKind.Normal }));
        Assert.That(Enumerable.Range(0, 4).Select(tokenizer.Piece), Is.EqualTo(new[] { "<unk>", "<s>", "a", "\n</s>\n" }));
    }

    [Test]
    public void A_damaged_file_is_refused_with_file_and_byte()
    {
        Assert.Multiple(() =>
        {
            Refuses([1, 0], "t.bin: byte 2: the file ends within the 4 bytes of its header");
            Refuses([0, 0, 0, 0], "t.bin: byte 0: the longest token is said to have 0 bytes");
            Refuses([1, 0, 0, 0], "t.bin: byte 4: the file holds no tokens");
            Refuses([1, 0, 0, 0, 0, 0, 0, 0], "t.bin: byte 4: the file ends within score and length of token 0");
            Refuses([1, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 65, 65], "t.bin: byte 8: token 0 is said to have 2 bytes, 0 to 1 are allowed");
            Refuses([1, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255], "t.bin: byte 8: token 0 is said to have -1 bytes");
            Refuses([2, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 65], "t.bin: byte 12: token 0 has 2 bytes and the file only 1 more");
        });

        static void Refuses(byte[] file, string message) =>
            Assert.That(() => Llama2cTokenizer.Parse("t.bin", file),
                Throws.TypeOf<InvalidDataException>().With.Message.StartsWith(message));
    }

    [Test]
    public void Every_prefix_of_a_file_is_refused_or_read_as_fewer_pieces()
    {
        byte[] file = File.ReadAllBytes(SharedData.Path("tokenizers", "tok512", "tok512.bin"));
        Dictionary<int, int> counts = DamagedTokenizers.ReadPrefixes(file, Llama2cTokenizer.Parse);

        Assert.That(counts.Values, Is.EqualTo(Enumerable.Range(1, 512)));
        Assert.That(counts.Keys.Max(), Is.EqualTo(file.Length));
    }

    [Test]
    public void Changed_bytes_never_give_another_exception()
    {
        byte[] file = File.ReadAllBytes(SharedData.Path("tokenizers", "tok512", "tok512.bin"));
        Assert.That(DamagedTokenizers.ReadMutations(file, 20_000, Llama2cTokenizer.Parse), Is.InRange(1, 19_999));
    }

    private static byte[] Token(string text) => [0, 0, 0, 0, (byte)text.Length, 0, 0, 0, .. Encoding.UTF8.GetBytes(text)];
}
