using KsLottery.Engine.Tests.Text.Tokens;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Text.Corpora;

internal sealed class SampleEncoderTests
{
    private static readonly string[] Texts = ["Hola, món.", "\"Que sou suec?\"", "(1) ¿Sí?", "ela 日本 😀", "a  b"];

    // ▁ 259, a 260, b 261, c 262, ab 263, ▁ab 264, bc 265; <s> 1, </s> 2; ":" is 3 + 58.
    [Test]
    public void A_sample_is_begin_prompt_target_and_end()
    {
        TrainingSample sample = new SampleEncoder(TokenizerFixtures.Json(TokenizerFixtures.Llama2()), 270)
            .Encode([new SentencePair("c", "ab ab", "file", 1)], PromptTemplate.From("ab{source}:")).Samples[0];
        Assert.That(sample.Tokens, Is.EqualTo(new[] { 1, 264, 262, 61, 263, 264, 2 }), "the first ab of the target has no space before it");
        Assert.That(sample.PromptLength, Is.EqualTo(4));
    }

    [TestCase("""{"add_bos_token":false}""", new[] { 264, 262, 61, 263, 264, 2 }, 3)]
    [TestCase("""{"add_eos_token":true}""", new[] { 1, 264, 262, 61, 2, 263, 264, 2 }, 5)]
    [TestCase("""{"add_bos_token":false,"add_eos_token":true}""", new[] { 264, 262, 61, 2, 263, 264, 2 }, 4)]
    public void A_prompt_has_around_it_what_its_tokenizer_puts_around_a_text(string config, int[] tokens, int promptLength)
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder.File("tokenizer.json"), TokenizerFixtures.Llama2());
        File.WriteAllText(folder.File("tokenizer_config.json"), config);
        TrainingSample sample = new SampleEncoder(Tokenizer.Open(folder.Path), 270)
            .Encode([new SentencePair("c", "ab ab", "file", 1)], PromptTemplate.From("ab{source}:")).Samples[0];
        Assert.That((sample.Tokens, sample.PromptLength), Is.EqualTo((tokens, promptLength)));
    }

    [Test]
    public void A_token_across_the_border_is_never_trained()
    {
        // The prompt ends with a and the target begins with b: as one text they would be ab 263.
        TrainingSample sample = new SampleEncoder(TokenizerFixtures.Json(TokenizerFixtures.Llama2()), 270)
            .Encode([new SentencePair("c", "bc", "file", 1)], PromptTemplate.From("{source}a")).Samples[0];
        Assert.That(sample.Tokens, Is.EqualTo(new[] { 1, 259, 262, 260, 265, 2 }));
        Assert.That(sample.PromptLength, Is.EqualTo(4));
    }

    [TestCase("tok512", "tok512.model"), TestCase("tok512", "tok512.bin")]
    [TestCase("tok4096", "tokenizer4096.model"), TestCase("tok4096", "tokenizer4096.bin")]
    public void Prompt_and_target_together_are_the_text(string folder, string name) =>
        AssertContinues(Tokenizer.Open(SharedData.Path("tokenizers", folder, name)), atLeast: 15);

    [Test]
    public void Prompt_and_target_together_are_the_text_with_a_byte_level_tokenizer_too([Values] BpePattern pattern)
    {
        using TemporaryFolder folder = new();
        BpeTrainer.Train([.. Texts, .. PromptTemplate.All.Select(form => form.Text)], 600, pattern).Write(folder.Path);
        AssertContinues(Tokenizer.Open(folder.Path), atLeast: 10);
    }

    /// <summary>Compares with the authors' way, which encodes both as one text, wherever no token crosses the border there.</summary>
    private static void AssertContinues(Tokenizer tokenizer, int atLeast)
    {
        SampleEncoder encoder = new(tokenizer, tokenizer.Count);
        int same = 0;
        foreach (PromptTemplate template in PromptTemplate.All)
        {
            foreach (string target in Texts)
            {
                SentencePair pair = new("What's new?", target, "file", 1);
                TrainingSample sample = encoder.Encode([pair], template, "English", "Catalan").Samples[0];
                string prompt = template.Format(pair, "English", "Catalan");
                int[] fed = tokenizer.Encode(prompt, addBos: true), whole = tokenizer.Encode(prompt + target, addBos: true, addEos: true);
                Assert.That(sample.Tokens[..sample.PromptLength], Is.EqualTo(fed));
                Assert.That(sample.Tokens[^1], Is.EqualTo(tokenizer.EosId));
                Assert.That(tokenizer.Decode(sample.Tokens), Is.EqualTo(tokenizer.Decode(whole)), $"{template} {target}");
                if (!whole.AsSpan().StartsWith(fed)) continue;
                Assert.That(sample.Tokens, Is.EqualTo(whole), $"{template} {target}");
                same++;
            }
        }
        Assert.That(same, Is.AtLeast(atLeast));
    }

    [Test]
    public void Long_samples_fail_or_are_skipped_or_cut()
    {
        Tokenizer tokenizer = TokenizerFixtures.Json(TokenizerFixtures.Llama2());
        SentencePair[] pairs = [new("a", "b", "file", 1), new("a", "cbcb", "file", 2), new("abcabc", "b", "file", 3)];
        PromptTemplate template = PromptTemplate.From("{source}:");
        Assert.That(() => new SampleEncoder(tokenizer, 270, 6).Encode(pairs, template),
            Throws.TypeOf<InvalidDataException>().With.Message.StartsWith("file: line 2: 8 tokens with the prompt, at most 6 are allowed"));
        SampleSet skipped = new SampleEncoder(tokenizer, 270, 6, OverlongSamples.Skip).Encode(pairs, template);
        Assert.That((skipped.SkippedCount, skipped.TruncatedCount), Is.EqualTo((2, 0)));
        Assert.That(skipped.Samples.Select(sample => sample.Pair.Line), Is.EqualTo(new[] { 1 }));
        SampleSet cut = new SampleEncoder(tokenizer, 270, 6, OverlongSamples.Truncate).Encode(pairs, template);
        Assert.That((cut.SkippedCount, cut.TruncatedCount), Is.EqualTo((1, 1)));
        Assert.That(cut.Samples[1].Tokens, Has.Length.EqualTo(6).And.Not.Contains(2));
    }

    [Test]
    public void A_token_without_a_row_in_the_model_is_refused()
    {
        Tokenizer tokenizer = TokenizerFixtures.Json(TokenizerFixtures.Llama2());
        Assert.That(() => new SampleEncoder(tokenizer, 263).Encode([new SentencePair("a", "ab", "file", 7)], PromptTemplate.Minimal),
            Throws.TypeOf<InvalidDataException>().With.Message
                .StartsWith("file: line 7: token 263 (ab), but the model's embedding has rows 0 to 262"));
    }
}
