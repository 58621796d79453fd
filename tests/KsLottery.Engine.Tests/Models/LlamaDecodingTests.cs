using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Generation;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Models;

[Category("instructions")]
[TestFixture]
public class LlamaDecodingTests
{
    [Test]
    public void Greedy_text_of_stories260K_is_the_published_one([ValueSource(typeof(TestDevices), nameof(TestDevices.Names))] string device)
    {
        string path = SharedData.Path("models", "hf", "stories260K_hf"), page = SharedData.Path("models", "stories260K", "stories260K.md");
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(path, "golden.json")));
        int[] ids = [.. golden.RootElement.GetProperty("greedy_200_ids").EnumerateArray().Select(i => i.GetInt32())];
        string published = File.ReadAllText(page).Split("-t 0.0\n")[1].Split("\n```")[0];

        using Checkpoint checkpoint = Checkpoint.Open(path + "/model.safetensors");
        using IOperations operations = TestDevices.Open(device);
        using LlamaWeights weights = LlamaWeights.Open(checkpoint, LlamaConfig.Load(path), operations);
        using LlamaModel model = new(weights, operations);
        using LlamaDecoder decoder = new(model, operations, slots: 1, capacity: 300);
        Generated text = Generator.Generate(decoder, [[1]], new() { MaxNewTokens = 256, EosIds = [1, 2] })[0];
        Tokenizer tokenizer = Tokenizer.Open(SharedData.Path("models", "stories260K", "tok512.bin"));
        Assert.Multiple(() =>
        {
            Assert.That(text.Tokens.Take(ids.Length - 1), Is.EqualTo(ids[1..]));
            Assert.That(tokenizer.Decode(text.Tokens), Is.EqualTo(published));
        });
    }

    [Test]
    public void A_cache_gives_the_logits_of_the_whole_sequence([ValueSource(typeof(TestDevices), nameof(TestDevices.Names))] string device)
    {
        using IOperations operations = TestDevices.Open(device);
        using LlamaWeights weights = TinyModels.Weights(TinyModels.Config(isTied: true), operations, TinyModels.Rows(4, 7));
        operations.Upload(weights.Ticket!.Weight.Value, [.. Enumerable.Range(0, 16).Select(i => MathF.Sin(i))]);
        using LlamaModel model = new(weights, operations);
        using LlamaDecoder decoder = new(model, operations, slots: 3, capacity: 9);
        int[][] sequences = [[1, 4, 7, 2, 9, 4], [3, 3, 8, 4, 7, 0], [5, 6, 7, 7, 1, 10]];
        decoder.Prefill([2, 0], [sequences[2][..2], sequences[0][..3]]);
        AssertLogits(2, sequences[2], 2);
        AssertLogits(0, sequences[0], 3);
        decoder.Prefill([1], [sequences[1][..1]]);
        AssertLogits(1, sequences[1], 1);
        for (int step = 0; step < 3; step++)
        {
            decoder.Append([1, 0, 2], [sequences[1][1 + step], sequences[0][3 + step], sequences[2][2 + step]]);
            AssertLogits(0, sequences[0], 4 + step);
            AssertLogits(1, sequences[1], 2 + step);
            AssertLogits(2, sequences[2], 3 + step);
        }
        decoder.Reorder([1], [2]);
        decoder.Append([1], [sequences[2][5]]);
        AssertLogits(1, sequences[2], 6);

        void AssertLogits(int slot, int[] sequence, int length) =>
            Assert.That(decoder.Logits(slot).ToArray(), Is.EqualTo(model.Logits(TokenBatch.OfPrompt(sequence[..length]))[^11..])
                .Within(1e-5));
    }

    [Test]
    public void Slots_and_lengths_outside_their_ranges_are_refused()
    {
        using ReferenceOperations operations = new();
        using LlamaWeights weights = TinyModels.Weights(TinyModels.Config(), operations, null);
        using LlamaModel model = new(weights, operations);
        using LlamaDecoder decoder = new(model, operations, slots: 2, capacity: 2);
        Assert.Multiple(() =>
        {
            Assert.That(() => new LlamaDecoder(model, operations, 0, 8),
                Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("slot"));
            Assert.That(() => new LlamaDecoder(model, operations, 1, 33),
                Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("32"));
            Assert.That(() => decoder.Append([0], [1]), Throws.InvalidOperationException);
            Assert.That(() => decoder.Prefill([0], [[1, 2, 3]]), Throws.ArgumentException.With.Message.Contains("1 to 2"));
        });
        decoder.Prefill([0, 1], [[1, 2], [3]]);
        Assert.Multiple(() =>
        {
            Assert.That(() => decoder.Append([0], [1]), Throws.InvalidOperationException.With.Message.Contains("2 of 2"));
            Assert.That(() => decoder.Reorder([0, 1], [1, 0]), Throws.ArgumentException);
        });
        decoder.Append([1], [1]);
        Assert.That(() => decoder.Logits(0).Length, Throws.InvalidOperationException);
    }
}
