using KsLottery.Engine.Generation;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tests.Generation;

public sealed class BeamSearchTests
{
    [Test]
    public void Results_are_those_of_the_rule_written_out(
        [Values(2, 3, 4)] int beams, [Values(0, 1, 2.5, -1)] double lengthPenalty, [Values(0, 1, 5)] int ends)
    {
        int endedEarly = 0, forked = 0;
        for (ulong seed = 0; seed < 20; seed++)
        {
            HashDecoder model = new(6 * beams + (int)seed, 2 * beams + 1, seed: seed, scale: 1 + seed % 4);
            GenerationOptions options = new()
            {
                MaxNewTokens = 12,
                Beams = beams,
                LengthPenalty = lengthPenalty,
                EosIds = [.. Enumerable.Range(3, ends)]
            };
            int[][] prompts = [.. Enumerable.Range(0, 4).Select(i => (int[])[i, 2, i])];
            foreach ((int[] prompt, Generated result) in prompts.Zip(Generator.Generate(model, prompts, options)))
            {
                Generated expected = PlainBeamSearch.Run(model, prompt, options);
                Assert.That(result.Tokens, Is.EqualTo(expected.Tokens), $"seed {seed}, prompt {prompt[0]}");
                Assert.That(result.StoppedAtEos, Is.EqualTo(expected.StoppedAtEos));
                Assert.That(result.LogProbability, Is.EqualTo(expected.LogProbability).Within(1e-9));
                if (result.StoppedAtEos) endedEarly++;
            }
            Assert.That(model.Copies, Has.All.Matches<(int[] Slots, int[] Sources)>(c => !c.Slots.Intersect(c.Sources).Any()),
                "no slot is copied and overwritten");
            Assert.That(model.Copies, Is.Not.Empty);
            forked += model.Copies.Count(c => c.Sources.Distinct().Count() < c.Sources.Length);
        }
        Assert.That(endedEarly, ends == 0 ? Is.Zero : Is.Positive);
        Assert.That(forked, beams == 2 ? Is.Zero : Is.Positive, "a slot is copied into several others, where there are several");
    }

    [Test]
    public void A_beam_as_wide_as_all_sequences_finds_the_best_of_them([Values(0, 0.5, 1, 2)] double lengthPenalty)
    {
        const int MaxLength = 4, Eos = 1;
        for (ulong seed = 0; seed < 25; seed++)
        {
            HashDecoder model = new(3, 40, seed: seed, scale: 1);
            (int[] tokens, double sum) = Complete([], 0).LargestBy(s => s.Sum / Math.Pow(s.Tokens.Length, lengthPenalty));
            Generated result = Generator.Generate(model, [[2]],
                new() { MaxNewTokens = MaxLength, Beams = 40, LengthPenalty = lengthPenalty, EosIds = [Eos] })[0];
            Assert.That((int[])(result.StoppedAtEos ? [.. result.Tokens, Eos] : result.Tokens), Is.EqualTo(tokens), $"seed {seed}");
            Assert.That(result.LogProbability, Is.EqualTo(sum).Within(1e-9));

            IEnumerable<(int[] Tokens, double Sum)> Complete(int[] tokens, double sum) =>
                tokens.Length == MaxLength || tokens is [.., Eos] ? [(tokens, sum)]
                : model.LogProbabilitiesAfter([2, .. tokens]).SelectMany((log, token) => Complete([.. tokens, token], sum + log));
        }
    }

    [Test]
    public void A_beam_of_one_is_greedy()
    {
        for (ulong seed = 0; seed < 50; seed++)
        {
            HashDecoder model = new(20, 1, seed: seed, rounded: seed % 2 == 0);
            GenerationOptions options = new() { EosIds = [7], MaxNewTokens = 15 };
            Generated greedy = Generator.Generate(model, [[1, 2]], options)[0];

            BeamSearch search = new(0, [], [0], options.MaxNewTokens, options);
            NextPass next = new();
            model.Prefill([0], [[1, 2]]);
            Generated? result;
            while ((result = search.Advance(model, next)) is null) next.Run(model);
            Assert.That(result.Tokens, Is.EqualTo(greedy.Tokens), $"seed {seed}");
            Assert.That((result.StoppedAtEos, result.LogProbability),
                Is.EqualTo((greedy.StoppedAtEos, greedy.LogProbability)).Within(1e-9));
        }
    }

    [Test]
    public void The_best_candidates_are_those_of_a_full_sort_and_equals_go_by_beam_then_token(
        [Values(1, 5, 16, 100, 1000)] int vocabulary, [Values] bool rounded)
    {
        for (ulong seed = 0; seed < 20; seed++)
        {
            HashDecoder model = new(vocabulary, 1, seed: seed, rounded: rounded);
            float[][] logits = [.. Enumerable.Range(0, 4).Select(beam => model.LogitsAfter([beam]))];
            logits[1][vocabulary / 2] = float.NegativeInfinity;
            double[] offsets = [-3, -2, -2, 0.25 * seed];
            CandidateList list = new(12);
            for (int beam = 0; beam < 4; beam++) list.Offer(beam, offsets[beam], logits[beam]);
            Assert.That(list.Items.ToArray(), Is.EqualTo(logits.Index()
                .SelectMany(row => row.Item.Select((x, token) => new Candidate(offsets[row.Index] + x, row.Index, token)))
                .Where(c => !double.IsInfinity(c.Score))
                .OrderByDescending(c => c.Score).ThenBy(c => c.Beam).ThenBy(c => c.Token).Take(12)), $"seed {seed}");
        }
    }
}
