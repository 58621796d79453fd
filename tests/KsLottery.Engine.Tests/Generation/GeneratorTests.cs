using System.Globalization;
using KsLottery.Engine.Generation;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tests.Generation;

public sealed class GeneratorTests
{
    private static readonly int[][] Prompts = [[1], [2, 3, 4, 5], [6, 1], [1], [0, 0, 0], [7, 2, 9, 4, 4, 1], [3]];

    private static readonly GenerationOptions[] AllWays =
    [
        new() { MaxNewTokens = 20, EosIds = [5] },
        new() { MaxNewTokens = 20, EosIds = [5, 6], Temperature = 0.8, TopP = 0.9, Seed = 4 },
        new() { MaxNewTokens = 20, EosIds = [5], Temperature = 1.5, Seed = ulong.MaxValue },
        new() { MaxNewTokens = 20, EosIds = [5], Beams = 2 },
        new() { MaxNewTokens = 20, Beams = 3, EosIds = [5, 8] },
    ];

    [Test]
    public void Greedy_is_the_loop_over_the_likeliest_token([Values] bool rounded)
    {
        for (ulong seed = 0; seed < 30; seed++)
        {
            HashDecoder model = new(40, 3, seed: seed, rounded: rounded);
            IReadOnlyList<Generated> results = Generator.Generate(model, Prompts, new() { MaxNewTokens = 25, EosIds = [5, 30] });
            foreach ((int[] prompt, Generated result) in Prompts.Zip(results))
            {
                List<int> tokens = [];
                double sum = 0;
                bool ended = false;
                for (int i = 0; i < 25 && !ended; i++)
                {
                    double[] logs = model.LogProbabilitiesAfter([.. prompt, .. tokens]);
                    int best = Enumerable.Range(0, 40).LargestBy(token => logs[token]);
                    sum += logs[best];
                    ended = best is 5 or 30;
                    if (!ended) tokens.Add(best);
                }
                Assert.That(result.Tokens, Is.EqualTo(tokens));
                Assert.That(result.StoppedAtEos, Is.EqualTo(ended));
                Assert.That(result.LogProbability, Is.EqualTo(sum).Within(1e-9));
            }
        }
    }

    [Test]
    public void A_result_depends_neither_on_the_slots_nor_on_the_other_prompts([ValueSource(nameof(AllWays))] GenerationOptions options)
    {
        string[] expected = Texts(Generator.Generate(new HashDecoder(12, options.Beams), Prompts, options));
        foreach (int slots in new[] { 3, 4, 7, 16, 64 })
            Assert.That(Texts(Generator.Generate(new HashDecoder(12, slots), Prompts, options)), Is.EqualTo(expected), $"{slots} slots");
        for (int i = 0; i < Prompts.Length; i++)
        {
            int[][] others = [.. Prompts.Select((prompt, j) => i == j ? prompt : [j, 11, j])];
            Assert.That(Texts(Generator.Generate(new HashDecoder(12, 6), others, options))[i], Is.EqualTo(expected[i]), $"prompt {i}");
        }
    }

    [Test]
    public void Equal_prompts_are_drawn_apart_and_a_seed_decides()
    {
        GenerationOptions options = new() { MaxNewTokens = 20, Temperature = 1, Seed = 1 };
        int[][] prompts = [.. Enumerable.Repeat<int[]>([4, 2], 50)];
        string[] first = Texts(Generator.Generate(new HashDecoder(12, 8), prompts, options));
        Assert.That(first, Is.Unique);
        Assert.That(Texts(Generator.Generate(new HashDecoder(12, 8), prompts, options)), Is.EqualTo(first));
        Assert.That(Texts(Generator.Generate(new HashDecoder(12, 8), prompts, options with { Seed = 2 })).Intersect(first), Is.Empty);
    }

    [Test]
    public void Freed_slots_are_filled_at_once()
    {
        HashDecoder model = new(8, 2, seed: 3);
        int[][] prompts = [.. Enumerable.Range(0, 40).Select(i => (int[])[i % 8, i / 8])];
        IReadOnlyList<Generated> results = Generator.Generate(model, prompts, new() { MaxNewTokens = 30, EosIds = [1] });
        Assert.That(results.Select(r => r.Tokens.Length).Distinct().Count(), Is.GreaterThan(5));
        int busy = results.Sum(r => r.Tokens.Length + (r.StoppedAtEos ? 1 : 0));
        // Two slots decide two tokens a pass; besides the end, only passes that read in a prompt leave a slot waiting.
        Assert.That(model.Passes, Is.LessThanOrEqualTo((busy + prompts.Length + 30) / 2 + prompts.Length / 2));
    }

    [Test]
    public void The_limit_and_the_capacity_end_a_sequence([Values(1, 3)] int beams)
    {
        Generated one = Generator.Generate(new HashDecoder(9, 3), [[1, 2]], new() { MaxNewTokens = 1, Beams = beams })[0];
        Assert.That((one.Tokens.Length, one.StoppedAtEos), Is.EqualTo((1, false)));
        IReadOnlyList<Generated> results = Generator.Generate(new HashDecoder(9, 3, capacity: 8),
            [[1, 2, 3, 4, 5], [1], [1, 2, 3, 4, 5, 6, 7]], new() { Beams = beams });
        Assert.That(results.Select(r => r.Tokens.Length), Is.EqualTo(new[] { 3, 7, 1 }));
    }

    [Test]
    public void An_end_token_may_come_first([Values(1, 2)] int beams)
    {
        HashDecoder model = new(9, 2, seed: 8);
        int likeliest = Generator.Generate(model, [[1]], new() { MaxNewTokens = 1 })[0].Tokens[0];
        Generated result = Generator.Generate(model, [[1]], new() { Beams = beams, EosIds = [likeliest], LengthPenalty = 0 })[0];
        Assert.That((result.Tokens.Length, result.StoppedAtEos), Is.EqualTo((0, true)));
        Assert.That(result.LogProbability, Is.EqualTo(model.LogProbabilitiesAfter([1]).Largest()).Within(1e-12));
    }

    [Test]
    public void No_prompts_give_no_results() => Assert.That(Generator.Generate(new HashDecoder(9, 1), []), Is.Empty);

    [Test]
    public void Progress_counts_and_cancelling_ends_before_the_next_pass([ValueSource(nameof(AllWays))] GenerationOptions options)
    {
        List<GenerationProgress> heard = [];
        Generator.Generate(new HashDecoder(12, 4), Prompts, options, new Now(heard.Add));
        Assert.That(heard[^1], Has.Property("PromptsDone").EqualTo(7).And.Property("PromptCount").EqualTo(7));
        Assert.That(heard.Select(p => p.TokensDone), Is.Ordered & Has.All.Matches(Is.Positive));

        HashDecoder model = new(12, 4);
        using CancellationTokenSource source = new();
        Now progress = new(_ =>
        {
            if (model.Passes == 3) source.Cancel();
        });
        Assert.That(() => Generator.Generate(model, Prompts, options, progress, source.Token),
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That(model.Passes, Is.EqualTo(3));
    }

    [Test]
    public void Prompts_that_cannot_be_are_refused_by_index()
    {
        HashDecoder model = new(9, 2, capacity: 8);
        Assert.That(() => Generator.Generate(model, [[1], new int[8]]),
            Throws.ArgumentException.With.Message.Contains("Prompt 1 has 8 tokens; the decoder's capacity is 8"));
        Assert.That(() => Generator.Generate(model, [[1], []]), Throws.ArgumentException.With.Message.Contains("Prompt 1 has no tokens"));
        Assert.That(() => Generator.Generate(model, [[1, 9]]),
            Throws.ArgumentException.With.Message.Contains("Prompt 0 has token 9 at position 1; allowed: 0 to 8"));
        Assert.That(() => Generator.Generate(model, [[-1]]), Throws.ArgumentException.With.Message.Contains("token -1"));
        Assert.That(model.Passes, Is.Zero);
    }

    private static readonly (GenerationOptions Options, string Message)[] BadOptions =
    [
        (new() { MaxNewTokens = 0 }, "1 or more"),
        (new() { Temperature = -1 }, "0 (the likeliest token)"),
        (new() { Temperature = double.NaN }, "0 (the likeliest token)"),
        (new() { Temperature = 1, TopP = 0 }, "above 0, up to 1"),
        (new() { Temperature = 1, TopP = 1.5 }, "above 0, up to 1"),
        (new() { TopP = 0.5 }, "TopP 0.5 draws, but Temperature is 0"),
        (new() { Beams = 0 }, "1 (no search) or more"),
        (new() { Beams = 3 }, "Beams 3 takes as many slots; the decoder has 2"),
        (new() { Beams = 2, Temperature = 0.5 }, "Beams 2 searches, Temperature 0.5 draws"),
        (new() { LengthPenalty = double.PositiveInfinity }, "a finite number"),
        (new() { EosIds = [1, 9] }, "EosIds has token 9; allowed: 0 to 8"),
    ];

    [Test]
    public void Options_out_of_range_are_refused_by_name([ValueSource(nameof(BadOptions))] (GenerationOptions Options,
        string Message) bad) =>
        Assert.That(() => Generator.Generate(new HashDecoder(9, 2), [[1]], bad.Options),
            Throws.InstanceOf<ArgumentException>().With.Message.Contains(bad.Message));

    [Test]
    public void Logits_that_are_no_distribution_are_refused_by_place([ValueSource(nameof(AllWays))] GenerationOptions options) =>
        Assert.That(() => Generator.Generate(new HashDecoder(9, 3, scale: double.NaN), [[1]], options),
            Throws.TypeOf<NotFiniteNumberException>().With.Message.Contains("new token 1 of prompt 0"));

    private static string[] Texts(IReadOnlyList<Generated> results) =>
        [.. results.Select(r =>
            string.Create(CultureInfo.InvariantCulture, $"{string.Join(' ', r.Tokens)} {r.StoppedAtEos} {r.LogProbability:r}"))];

    private sealed class Now(Action<GenerationProgress> report) : IProgress<GenerationProgress>
    {
        public void Report(GenerationProgress value) => report(value);
    }
}
