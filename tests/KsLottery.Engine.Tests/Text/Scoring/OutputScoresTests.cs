using KsLottery.Engine.Text.Scoring;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Text.Scoring;

internal sealed class OutputScoresTests
{
    [Test]
    public void A_model_that_does_not_stop_differs_in_its_forms()
    {
        OutputScores scores = OutputScores.Of([" Det er godt.\nMere", "Hej: du\n\nEn gang til", "Ja ."],
            ["Det er godt.", "Hej: du", "Ja."]);
        Assert.That(scores.All.Select(s => s.Scores.ExactMatchRate), Is.EqualTo(new[] { 0, 2 / 3.0, 0 }));
        Assert.That(scores.FirstLine.Bleu.Score, Is.GreaterThan(scores.Raw.Bleu.Score));
        Assert.That(scores.Raw.Bleu.Signature, Does.Contain("tok:13a"));
        Assert.That(scores.Raw.ChrfPlusPlus.Signature, Does.StartWith("chrF2++"));
        Assert.That(() => OutputScores.Of(["a"], ["a", "b"]), Throws.ArgumentException);
    }

    [Test]
    public void Pieces_of_a_SentencePiece_file_are_the_tokens_of_spBLEU()
    {
        string path = SharedData.Path("tokenizers", "tok4096", "tokenizer4096.model");
        string[] outputs = ["The cat sat on the mat.", "Once upon a time there was a dog."],
            references = ["The cat sat on a mat.", "Once there was a dog!"];
        BleuScore score = CorpusScores.Of(outputs, references, PieceTokenizers.Open(path)).PieceBleu!;
        Tokenizer tokenizer = Tokenizer.Open(path);
        string[] Cut(string[] lines) => [.. lines.Select(line => string.Join(' ', tokenizer.Encode(line).Select(tokenizer.Names.Piece)))];
        Assert.That(score.Score, Is.EqualTo(Bleu.Corpus(Cut(outputs), [Cut(references)], new() { Tokenizer = TextTokenizers.None }).Score));
        Assert.That(score.Signature, Does.Contain("tok:tokenizer4096|"));
    }

    [Test]
    public void A_hypothesis_is_exact_where_one_of_its_references_is_it_but_for_the_ends()
    {
        CorpusScores scores = CorpusScores.Of(["a ", "b", "c c"], [["x", "d", "c  c"], [" a", "e", "cc"]]);
        Assert.That(scores.ExactMatchRate, Is.EqualTo(1 / 3.0));
        Assert.That((scores.PieceBleu, scores.Chrf.Signature.Split('|')[0]), Is.EqualTo(((BleuScore?)null, "chrF2")));
    }

    [Test]
    public void A_tokenizer_of_a_file_has_a_name_that_leaves_a_signature_whole()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("a|b:c.json"), """{"model":{"type":"BPE","vocab":{"h":0,"i":1,"hi":2},"merges":["h i"]}}""");
        ITextTokenizer pieces = PieceTokenizers.Open(folder.File("a|b:c.json"));
        Assert.That((pieces.Name, pieces.Separate("hii")), Is.EqualTo(("a_b_c", "hi i")));
    }

    [Test]
    public void A_file_of_segments_keeps_its_byte_order_mark_and_empty_lines()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder.File("lines.txt"), [0xEF, 0xBB, 0xBF, .. "a\r\n\n b \n"u8]);
        Assert.That(SegmentFile.Read(folder.File("lines.txt")), Is.EqualTo(new[] { "\uFEFFa", "", " b " }));
        File.WriteAllBytes(folder.File("bad.txt"), [.. "a\n"u8, 0xFF]);
        Assert.That(() => SegmentFile.Read(folder.File("bad.txt")), Throws.TypeOf<InvalidDataException>().With.Message.Contains("line 2"));
    }

    /// <summary>Python reads lines so, and sacreBLEU through it.</summary>
    [Test]
    public void A_carriage_return_ends_a_segment()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder.File("lines.txt"), "a\rb\r\nc\n\rd"u8.ToArray());
        Assert.That(SegmentFile.Read(folder.File("lines.txt")), Is.EqualTo(new[] { "a", "b", "c", "", "d" }));
    }
}
