using System.Text.Json;
using FsCheck;
using FsCheck.Fluent;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Text.Tokens;

internal sealed class BpeTrainerTests
{
    private static readonly Lazy<JsonDocument> Golden = new(() => JsonDocument.Parse(File.ReadAllText(
        Path.Combine(SharedData.Root, "tests", "KsLottery.Engine.Tests", "Golden", "bpe_golden.json"))));

    [TestCase(0), TestCase(1), TestCase(2), TestCase(3), TestCase(4), TestCase(5)]
    public void The_merges_are_those_of_Hugging_Faces_trainer(int index)
    {
        JsonElement golden = Golden.Value.RootElement[index];
        string text = golden.TryGetProperty("shared", out JsonElement path)
            ? File.ReadAllText(SharedData.Path(path.GetString()!.Split('/')))
            : golden.GetProperty("text").GetString()!;
        string[] merges = [.. golden.GetProperty("merges").EnumerateArray().Select(merge => merge.GetString()!)];
        BpePattern pattern = Enum.Parse<BpePattern>(golden.GetProperty("pattern").GetString()!);
        // Theirs reads a file by lines, line feeds included.
        BpeVocabulary learned = BpeTrainer.Train(text.Split('\n').Select(line => line + "\n").SkipLast(1).Append(text.Split('\n')[^1]),
            6_000, pattern);
        Assert.That(learned.Merges.Take(merges.Length).Select(merge => $"{merge.Left} {merge.Right}"), Is.EqualTo(merges));
        if (!golden.TryGetProperty("shared", out _)) Assert.That(learned.Merges, Has.Count.EqualTo(merges.Length), "no pair is left");
    }

    [Test]
    public void The_most_frequent_pair_goes_first_and_the_smaller_ids_of_equals() => Check.QuickThrowOnFailure(Prop.ForAll(
        Gen.Elements("a", "b", "ab", "ba", "aa", " ", "é", "1", "\n").ArrayOf().Select(parts => string.Concat(parts)).ArrayOf()
            .ToArbitrary(),
        texts => Assert.That(BpeTrainer.Train(texts, 300, BpePattern.Gpt2).Merges, Is.EqualTo(NaiveMerges(texts, 300)))));

    [Test]
    public void A_trained_tokenizer_opens_and_gives_every_text_back([Values] BpePattern pattern)
    {
        string[] texts = [.. TokenizerFixtures.RandomTexts(300), "the cat, the hat and the 1234 mats", "“quotes” \\ \" <b>&amp;</b>"];
        BpeVocabulary learned = BpeTrainer.Train(texts, 400, pattern);
        using TemporaryFolder folder = new();
        learned.Write(folder.Path);
        Tokenizer tokenizer = Tokenizer.Open(folder.Path);
        Assert.That((tokenizer.Count, tokenizer.BosId, tokenizer.EosId), Is.EqualTo((learned.Count, 0, 1)));
        Assert.That(Enumerable.Range(0, learned.Count).Select(tokenizer.Names.Piece), Is.EqualTo(learned.Pieces));
        foreach (string text in TokenizerFixtures.RandomTexts(1_000).Concat(texts))
            Assert.That(tokenizer.Decode(tokenizer.Encode(text, addBos: true, addEos: true)), Is.EqualTo(text), VisibleText.Escape(text));
        Assert.That(texts.Sum(text => tokenizer.Encode(text).Length),
            Is.LessThan(texts.Sum(text => System.Text.Encoding.UTF8.GetByteCount(text)) * 0.8));
    }

    [Test]
    public void The_order_of_the_texts_changes_nothing()
    {
        string[] texts = [.. TokenizerFixtures.RandomTexts(200)];
        Assert.That(BpeTrainer.Train(texts.Reverse(), 320).Merges, Is.EqualTo(BpeTrainer.Train(texts, 320).Merges));
    }

    [Test]
    public void A_vocabulary_has_the_size_asked_for_unless_no_pair_is_left()
    {
        Assert.That(BpeTrainer.Train(["abcabc"], 258).Count, Is.EqualTo(258));
        Assert.That(BpeTrainer.Train(["abcabc"], 260).Pieces.Skip(258), Is.EqualTo(new[] { "ab", "abc" }));
        Assert.That(BpeTrainer.Train(["abcabc"], 300).Pieces.Skip(258), Is.EqualTo(new[] { "ab", "abc", "abcabc" }));
        Assert.That(BpeTrainer.Train([], 300).Count, Is.EqualTo(258));
        Assert.That(() => BpeTrainer.Train(["a"], 257), Throws.TypeOf<ArgumentOutOfRangeException>());
    }

    /// <summary>Counts all pairs anew for every merge.</summary>
    private static List<(string, string)> NaiveMerges(string[] texts, int size)
    {
        BpeVocabulary order = BpeTrainer.Train([], 258);
        List<string> pieces = [.. order.Pieces];
        List<List<string>> words = [.. texts.SelectMany(text => SplitPattern.Gpt2.Split(text)
            .Select(part => ByteAlphabet.Encode(text.AsSpan(part.Start, part.Length)).Select(c => c.ToString()).ToList()))];
        List<(string, string)> merges = [];
        while (pieces.Count < size)
        {
            var best = words.SelectMany(word => word.Zip(word.Skip(1))).GroupBy(pair => pair)
                .OrderByDescending(group => group.Count()).ThenBy(group => pieces.IndexOf(group.Key.First))
                .ThenBy(group => pieces.IndexOf(group.Key.Second)).FirstOrDefault();
            if (best is null) break;
            (string left, string right) = best.Key;
            merges.Add((left, right));
            if (!pieces.Contains(left + right)) pieces.Add(left + right);
            foreach (List<string> word in words)
            {
                for (int i = 0; i + 1 < word.Count; i++)
                {
                    if (word[i] != left || word[i + 1] != right) continue;
                    word[i] += right;
                    word.RemoveAt(i + 1);
                }
            }
        }
        return merges;
    }
}
