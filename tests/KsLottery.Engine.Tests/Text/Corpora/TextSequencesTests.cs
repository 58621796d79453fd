using KsLottery.Engine.Tests.Text.Tokens;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Engine.Tests.Text.Corpora;

internal sealed class TextSequencesTests
{
    private static readonly Tokenizer Bytes = TokenizerFixtures.Json(TokenizerFixtures.Llama3());

    [TestCase(1), TestCase(4), TestCase(7), TestCase(1000)]
    public void Sequences_cut_one_stream_in_which_each_token_is_a_target_once(int length)
    {
        string[] texts = ["abc", "xyz 12", "日本"];
        int[] stream = [.. texts.SelectMany(text => Bytes.Encode(text, addBos: true, addEos: true))];
        TextSequences cut = TextSequences.Encode(texts, Bytes, Bytes.Count, length, heldOutShare: 0);
        Assert.That(cut.HeldOut, Is.Empty);
        Assert.That(cut.Training.SkipLast(1), Has.All.Matches<TokenSequence>(sequence => sequence.RowCount == length));
        Assert.That(cut.Training[^1].RowCount, Is.InRange(1, length));
        Assert.That(cut.Training.SelectMany(sequence => sequence.Tokens[1..].ToArray()).Prepend(stream[0]), Is.EqualTo(stream));
        Assert.That(cut.Training.SelectMany(sequence => sequence.Tokens[..^1].ToArray()).Append(stream[^1]), Is.EqualTo(stream));
    }

    [TestCase(0.01, 1), TestCase(0.5, 50), TestCase(0.255, 26)]
    public void The_end_is_held_out(double share, int count)
    {
        TextSequences cut = TextSequences.Encode([new string('a', 99), new string('b', 98)], Bytes, Bytes.Count, 2, share);
        Assert.That((cut.Training.Count, cut.HeldOut.Count), Is.EqualTo((100 - count, count)));
        Assert.That(cut.HeldOut[^1].Tokens.Span[^1], Is.EqualTo(Bytes.EosId));
    }

    [Test]
    public void Too_little_text_and_foreign_tokens_are_refused()
    {
        Assert.That(() => TextSequences.Encode([], Bytes, 300, 4), Throws.ArgumentException.With.Message.Contains("0 tokens"));
        Assert.That(() => TextSequences.Encode(["ab"], Bytes, 300, 100),
            Throws.ArgumentException.With.Message.Contains("none is left to train on"));
        Assert.That(() => TextSequences.Encode(["ab"], Bytes, 269, 1), Throws.ArgumentException.With.Message.Contains("rows 0 to 268"));
        Assert.That(() => TextSequences.Encode(["ab"], Bytes, 300, 1, 1), Throws.TypeOf<ArgumentOutOfRangeException>());
    }
}
