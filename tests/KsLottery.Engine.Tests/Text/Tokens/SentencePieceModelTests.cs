using KsLottery.Engine.Text.Tokens;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Text.Tokens;

internal sealed class SentencePieceModelTests
{
    [Test]
    public void A_model_gives_its_pieces_and_settings()
    {
        SentencePieceModel model = SentencePieceModel.Open(SharedData.Path("tokenizers", "tok512", "tok512.model"));

        Assert.That(model.Pieces, Has.Count.EqualTo(512));
        Assert.That(model.Algorithm, Is.EqualTo(SentencePieceAlgorithm.Bpe));
        Assert.That((model.ByteFallback, model.TreatWhitespaceAsSuffix), Is.EqualTo((true, false)));
        Assert.That((model.UnknownId, model.BeginId, model.EndId, model.PadId), Is.EqualTo((0, 1, 2, -1)));
        Assert.That((model.Normalizer, model.NormalizerRules.Length), Is.EqualTo(("identity", 0)));
        Assert.That((model.AddDummyPrefix, model.RemoveExtraWhitespaces, model.EscapeWhitespaces), Is.EqualTo((true, true, true)));
        Assert.That(model.Pieces[265].Text, Is.EqualTo("▁the"));
        Assert.That(model.Pieces[265].Score, Is.EqualTo(-6f));
    }

    [Test]
    public void Settings_that_are_left_out_have_the_defaults_of_the_format()
    {
        SentencePieceModel model = SentencePieceModel.Parse("m", Piece("a"u8));

        Assert.That(model.Algorithm, Is.EqualTo(SentencePieceAlgorithm.Unigram));
        Assert.That((model.UnknownId, model.BeginId, model.EndId, model.PadId), Is.EqualTo((0, 1, 2, -1)));
        Assert.That((model.AddDummyPrefix, model.RemoveExtraWhitespaces, model.EscapeWhitespaces), Is.EqualTo((true, true, true)));
        Assert.That((model.ByteFallback, model.TreatWhitespaceAsSuffix), Is.EqualTo((false, false)));
        Assert.That(model.Pieces, Is.EqualTo(new[] { model.Pieces[0] with { Score = 0, Type = SentencePieceType.Normal } }));
    }

    [Test]
    public void Settings_differ_from_the_defaults_where_the_file_says_so()
    {
        byte[] trainer = [0x18, 0x02, 0xC0, 0x01, 1, 0x98, 0x02, 1, 0xC0, 0x02, 5, 0xC8, 0x02, 6, 0xD0, 0x02, 7, 0xD8, 0x02, 8];
        byte[] normalizer = [0x0A, 1, (byte)'n', 0x12, 2, 9, 9, 0x18, 0, 0x20, 0, 0x28, 0];
        byte[] file = [.. Piece("a"u8), 0x12, (byte)trainer.Length, .. trainer, 0x1A, (byte)normalizer.Length, .. normalizer];
        SentencePieceModel model = SentencePieceModel.Parse("m", file);

        Assert.That(model.Algorithm, Is.EqualTo(SentencePieceAlgorithm.Bpe));
        Assert.That((model.ByteFallback, model.TreatWhitespaceAsSuffix), Is.EqualTo((true, true)));
        Assert.That((model.UnknownId, model.BeginId, model.EndId, model.PadId), Is.EqualTo((5, 6, 7, 8)));
        Assert.That((model.Normalizer, model.NormalizerRules.Length), Is.EqualTo(("n", 2)));
        Assert.That((model.AddDummyPrefix, model.RemoveExtraWhitespaces, model.EscapeWhitespaces), Is.EqualTo((false, false, false)));
    }

    [Test]
    public void The_vocabulary_with_fewer_pieces_equals_its_text_form()
    {
        SentencePieceModel model = SentencePieceModel.Open(SharedData.Path("models", "babyllama", "tok105.model"));
        string[] expected = File.ReadAllLines(SharedData.Path("models", "babyllama", "tok105.vocab"));

        Assert.That(model.Pieces.Select(piece => $"{piece.Text}\t{piece.Score}"), Is.EqualTo(expected));
    }

    [TestCase(SentencePieceType.Normal, "▁a▁", TokenKind.Normal, " a ")]
    [TestCase(SentencePieceType.UserDefined, "▁▁", TokenKind.Normal, "  ")]
    [TestCase(SentencePieceType.UserDefined, "<unused12>", TokenKind.Unused, "<unused12>")]
    [TestCase(SentencePieceType.Control, "<s>", TokenKind.Special, "<s>")]
    [TestCase(SentencePieceType.Unknown, "<unk>", TokenKind.Special, "<unk>")]
    [TestCase(SentencePieceType.Unused, "▁b", TokenKind.Unused, "▁b")]
    [TestCase(SentencePieceType.Byte, "<0x0A>", TokenKind.Byte, "\n")]
    [TestCase(SentencePieceType.Normal, "<0x0A>", TokenKind.Normal, "<0x0A>")]
    public void Each_piece_type_has_its_kind_and_text(SentencePieceType type, string piece, TokenKind kind, string text)
    {
        SentencePieceModel model = SentencePieceModel.Parse("m", Piece(System.Text.Encoding.UTF8.GetBytes(piece), (byte)type));

        Assert.That(model.Kind(0), Is.EqualTo(kind));
        Assert.That(System.Text.Encoding.UTF8.GetString(model.Bytes(0)), Is.EqualTo(text));
    }

    [TestCase(new byte[] { }, "byte 0:", "no pieces")]
    [TestCase(new byte[] { 0x49, 0x51 }, "byte 0:", "0x49", "tiktoken")]
    [TestCase(new byte[] { 0x0A, 0x05, 0x0A, 0x01 }, "byte 2:", "5 bytes", "only 2 more")]
    [TestCase(new byte[] { 0x0A, 0x02, 0x0A, 0x05 }, "byte 4:", "5 bytes", "only 0 more")]
    [TestCase(new byte[] { 0x0A, 0x80 }, "byte 2:", "cut off")]
    [TestCase(new byte[] { 0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F }, "byte 1:", "64 bits")]
    [TestCase(new byte[] { 0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01 }, "byte 11:", "18446744073709551615 bytes")]
    [TestCase(new byte[] { 0x0A, 0x02, 0x18, 0x07 }, "byte 2:", "piece 0", "type 7")]
    [TestCase(new byte[] { 0x0A, 0x02, 0x08, 0x07 }, "byte 3:", "wire type 0 and needs 2")]
    [TestCase(new byte[] { 0x0A, 0x01, 0x03 }, "byte 2:", "field number 0")]
    [TestCase(new byte[] { 0x0A, 0x01, 0x23 }, "byte 3:", "wire type 3")]
    [TestCase(new byte[] { 0x0A, 0x05, 0x0A, 0x01, 0x1B, 0x18, 0x06 }, "byte 2:", "byte piece 0", @"\x1b")]
    [TestCase(new byte[] { 0x0A, 0x00, 0x12, 0x02, 0x18, 0x09 }, "byte 5:", "model type 9")]
    public void A_damaged_file_is_refused_with_file_and_byte(byte[] file, params string[] parts)
    {
        InvalidDataException fault = Assert.Throws<InvalidDataException>(() => SentencePieceModel.Parse("folder/m.model", file))!;
        Assert.That(fault.Message, Does.StartWith("folder/m.model: "));
        foreach (string part in parts) Assert.That(fault.Message, Does.Contain(part));
    }

    [Test]
    public void Every_prefix_of_a_model_is_refused_or_read_as_fewer_pieces()
    {
        byte[] file = File.ReadAllBytes(SharedData.Path("tokenizers", "tok512", "tok512.model"));
        Dictionary<int, int> counts = DamagedTokenizers.ReadPrefixes(file, SentencePieceModel.Parse);

        // One prefix for each piece and one for each of the two specifications after them.
        Assert.That(counts.Values, Is.EqualTo(Enumerable.Range(1, 512).Concat([512, 512])));
        Assert.That(counts.Keys.Max(), Is.EqualTo(file.Length));
    }

    [Test]
    public void Changed_bytes_never_give_another_exception()
    {
        byte[] file = File.ReadAllBytes(SharedData.Path("models", "babyllama", "tok105.model"));
        Assert.That(DamagedTokenizers.ReadMutations(file, 20_000, SentencePieceModel.Parse), Is.InRange(1, 19_999));
    }

    private static byte[] Piece(ReadOnlySpan<byte> text, byte type = 1) =>
        [0x0A, (byte)(text.Length + 4), 0x0A, (byte)text.Length, .. text, 0x18, type];
}
