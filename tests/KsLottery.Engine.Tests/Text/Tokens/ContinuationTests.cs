using System.Text;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Engine.Tests.Text.Tokens;

internal sealed class ContinuationTests
{
    private static readonly Tokenizer Tokenizer = TokenizerFixtures.Json(TokenizerFixtures.Llama2());

    // ▁ 259, a 260, b 261, c 262, ab 263, ▁ab 264; bytes from 3; <s> 1.
    [Test]
    public void A_continuation_keeps_its_first_space_and_a_text_does_not()
    {
        Assert.That(Encoding.UTF8.GetString(Tokenizer.DecodeContinuation([1, 264], [264, 262])), Is.EqualTo(" abc"));
        Assert.That(Encoding.UTF8.GetString(Tokenizer.DecodeContinuation([1], [264, 262])), Is.EqualTo("abc"), "nothing stands before it");
        Assert.That(Tokenizer.DecodeContinuation([1, 264], []), Is.Empty);
    }

    [Test]
    public void Bytes_of_a_character_come_through_wherever_it_is_cut()
    {
        byte[] bytes = Encoding.UTF8.GetBytes("日");
        int[] ids = [.. bytes.Select(value => value + 3)];
        Assert.That(Tokenizer.DecodeContinuation([1, 264, ids[0]], ids.AsSpan(1)), Is.EqualTo(bytes[1..]));
    }
}
