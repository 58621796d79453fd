using System.Text;
using KsLottery.Engine.Evaluation;
using KsLottery.Engine.Generation;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Tests.Models;
using KsLottery.Engine.Tests.Text.Tokens;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Scoring;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Engine.Tests.Evaluation;

internal sealed class EvaluatorTests
{
    private static readonly LlamaConfig Config = TinyModels.Config(isTied: true) with
    {
        VocabularySize = 270,
        MaxLength = 64,
        EosTokenIds = [2]
    };
    private static readonly Tokenizer Tokenizer = TokenizerFixtures.Json(TokenizerFixtures.Llama2());
    private static readonly SentencePair[] Pairs =
    [
        new("abc abc", "ab ab", "file", 1), new("cba", "日 c", "file", 2), new("c", "b", "file", 3), new("a b c", "abc\nabc", "file", 4),
        new("bb cc", "ca", "file", 5), new("ca", "cab", "file", 6), new("cc", "😀", "file", 7),
    ];

    [Test]
    public void The_loss_is_the_one_that_follows_from_the_logits(
        [ValueSource(typeof(TestDevices), nameof(TestDevices.Names))] string device)
    {
        IReadOnlyList<TrainingSample> samples = Samples();
        using IOperations operations = TestDevices.Open(device);
        using LlamaWeights weights = TinyModels.Weights(Config, operations, null);
        using LlamaModel model = new(weights, operations);
        EvaluationResult result = Evaluator.Run(model, operations, Tokenizer, samples, new() { MicroBatchRows = 40 });
        double sum = 0;
        int count = 0;
        foreach ((int i, TrainingSample sample) in samples.Index())
        {
            double loss = 0;
            float[] logits = model.Logits(TokenBatch.OfPrompt(sample.Tokens));
            for (int row = sample.PromptLength - 1; row + 1 < sample.Tokens.Length; row++, count++)
            {
                float[] x = logits[(row * Config.VocabularySize)..((row + 1) * Config.VocabularySize)];
                loss += Math.Log(x.Sum(value => Math.Exp(value))) - x[sample.Tokens[row + 1]];
            }
            Assert.That(result.Samples[i].Loss, Is.EqualTo(loss).Within(1e-4), $"pair {i}");
            Assert.That(result.Samples[i].TargetCount, Is.EqualTo(sample.Tokens.Length - sample.PromptLength));
            sum += loss;
        }
        Assert.Multiple(() =>
        {
            Assert.That(result.TargetCount, Is.EqualTo(count));
            Assert.That(result.Loss, Is.EqualTo(sum / count).Within(1e-5));
            Assert.That(result.Perplexity, Is.EqualTo(Math.Exp(sum / count)).Within(1e-5).Percent);
            Assert.That((result.Scores, result.Summary, result.MeanTokens),
                Is.EqualTo(((OutputScores?)null, (GenerationSummary?)null, double.NaN)));
        });
    }

    [Test]
    public void The_number_of_slots_changes_nothing_that_is_written([Values(1, 4)] int beams)
    {
        using IOperations operations = new CpuOperations(2);
        EvaluationResult few = Evaluate(operations, new() { Beams = beams, MaxNewTokens = 24, EosIds = [2, 263] }, slots: beams);
        EvaluationResult many = Evaluate(operations, new() { Beams = beams, MaxNewTokens = 24, EosIds = [2, 263] }, slots: 8);
        Assert.That(many.Samples.Select(sample => sample.Tokens), Is.EqualTo(few.Samples.Select(sample => sample.Tokens)));
        Assert.That(many.Samples.Select(sample => sample with { Tokens = [] }),
            Is.EqualTo(few.Samples.Select(sample => sample with { Tokens = [] })));
        Assert.That(many with { Samples = [], Scores = null }, Is.EqualTo(few with { Samples = [], Scores = null }));
    }

    [Test]
    public void What_is_written_is_scored_in_three_forms_and_summarized()
    {
        using IOperations operations = new ReferenceOperations();
        EvaluationResult result = Evaluate(operations, new() { MaxNewTokens = 20, EosIds = [2, 263] }, slots: 3);
        string[] texts = [.. result.Samples.Select(sample => sample.Output!.Value.Text)];
        string[] references = [.. Pairs.Select(pair => pair.Target)];
        foreach ((HypothesisForm form, CorpusScores scores) in result.Scores!.All)
        {
            string[] hypotheses = [.. texts.Select(text => Hypothesis.Extract(text, form))];
            Assert.That(scores.Bleu.Score, Is.EqualTo(Bleu.Corpus(hypotheses, [references]).Score));
            Assert.That(scores.Chrf, Is.EqualTo(Chrf.Corpus(hypotheses, [references])));
            Assert.That(scores.ChrfPlusPlus, Is.EqualTo(Chrf.Corpus(hypotheses, [references], ChrfOptions.ChrfPlusPlus)));
            Assert.That(scores.PieceBleu, Is.Null);
        }
        Assert.That(result.Scores.All.Select(s => s.Form), Is.EqualTo(Enum.GetValues<HypothesisForm>()));
        Assert.That(result.MeanTokens, Is.EqualTo(result.Samples.Average(sample => sample.Tokens.Count)));
        Assert.That(result.Summary, Is.EqualTo(GenerationSummary.Of([.. result.Samples.Select(sample => sample.Output!.Value)])));
        foreach ((TrainingSample sample, EvaluatedSample evaluated) in Samples().Zip(result.Samples))
        {
            int[] prompt = sample.Tokens[..sample.PromptLength];
            Assert.That(Tokenizer.Decode(prompt) + evaluated.Output!.Value.Text, Is.EqualTo(Encoding.UTF8.GetString(
                Tokenizer.DecodeBytes([.. prompt, .. evaluated.Tokens]))), "the text continues the prompt's");
        }
    }

    [Test]
    public void Progress_hears_of_every_pair_and_a_cancelled_evaluation_stops()
    {
        using IOperations operations = new ReferenceOperations();
        List<EvaluationProgress> heard = [];
        Evaluate(operations, new() { MaxNewTokens = 3 }, slots: 2, new Recorder(heard));
        Assert.That(heard[^1], Is.EqualTo(new EvaluationProgress(Pairs.Length, Pairs.Length, Pairs.Length, 3 * Pairs.Length)));
        Assert.That(heard.Select(p => p.LossCount), Is.Ordered);
        Assert.That(() => Evaluate(operations, new(), slots: 2, null, new CancellationToken(canceled: true)),
            Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public void A_prompt_without_room_for_an_answer_is_named_or_left_out()
    {
        SampleSet samples = new(Samples(), SkippedCount: 1, TruncatedCount: 0);
        int longest = samples.Samples.Max(sample => sample.PromptLength),
            count = samples.Samples.Count(sample => sample.PromptLength == longest);
        TrainingSample first = samples.Samples.First(sample => sample.PromptLength == longest);
        Assert.That(samples.LeaveRoom(10, longest + 10, skip: false).Samples, Is.EqualTo(samples.Samples));
        Assert.That(() => samples.LeaveRoom(10, longest + 9, skip: false), Throws.TypeOf<InvalidDataException>()
            .With.Message.StartWith($"file: line {first.Pair.Line}: the prompt has {longest} tokens, with 10 new ones"));
        SampleSet fitting = samples.LeaveRoom(10, longest + 9, skip: true);
        Assert.That((fitting.Samples.Count, fitting.SkippedCount), Is.EqualTo((Pairs.Length - count, 1 + count)));
        Assert.That(samples.LeaveRoom(int.MaxValue, 64, skip: true).Samples, Is.Empty);
    }

    private static IReadOnlyList<TrainingSample> Samples() =>
        new SampleEncoder(Tokenizer, Config.VocabularySize).Encode(Pairs, PromptTemplate.From("ab cab {source} ab:")).Samples;

    private static EvaluationResult Evaluate(IOperations operations, GenerationOptions generation, int slots,
        IProgress<EvaluationProgress>? progress = null,
        CancellationToken cancellationToken = default)
    {
        using LlamaWeights weights = TinyModels.Weights(Config, operations, null);
        using LlamaModel model = new(weights, operations);
        return Evaluator.Run(model, operations, Tokenizer, Samples(), new() { Generation = generation, Slots = slots }, progress,
            cancellationToken);
    }

    private sealed class Recorder(List<EvaluationProgress> heard) : IProgress<EvaluationProgress>
    {
        public void Report(EvaluationProgress value) => heard.Add(value);
    }
}
