using KsLottery.Engine.Generation;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tests.Generation;

public sealed class SamplingTests
{
    /// <summary>Limits: the 99.9 % points of chi-square with as many degrees of freedom as there are further tokens.</summary>
    [TestCase(1, 1, 20.52), TestCase(0.5, 1, 20.52), TestCase(2, 0.7, null)]
    public void Tokens_come_as_often_as_their_probabilities_say(double temperature, double topP, double? limit)
    {
        const int Draws = 20_000;
        double[] chiSquare999 = [0, 10.83, 13.82, 16.27, 18.47, 20.52];
        HashDecoder model = new(6, 64, seed: 5, scale: 0.5);
        int[][] prompts = [.. Enumerable.Repeat<int[]>([3, 1], Draws)];
        IReadOnlyList<Generated> results = Generator.Generate(model, prompts,
            new() { MaxNewTokens = 1, Temperature = temperature, TopP = topP, Seed = 11 });
        int[] counts = [.. Enumerable.Range(0, 6).Select(token => results.Count(r => r.Tokens[0] == token))];

        (int Token, double Probability)[] nucleus = Nucleus(model.LogitsAfter([3, 1]), temperature, topP);
        Assert.That(Enumerable.Range(0, 6).Where(token => counts[token] > 0), Is.EquivalentTo(nucleus.Select(n => n.Token)));
        double statistic = nucleus.Sum(n => Math.Pow(counts[n.Token] - Draws * n.Probability, 2) / (Draws * n.Probability));
        Assert.That(statistic, Is.LessThan(limit ?? chiSquare999[nucleus.Length - 1]));
        double[] logs = model.LogProbabilitiesAfter([3, 1]);
        Assert.That(results.Largest(r => Math.Abs(r.LogProbability - logs[r.Tokens[0]])), Is.LessThan(1e-12),
            "of the model as it is, whatever the temperature");
    }

    [Test]
    public void Every_draw_is_that_of_a_full_sort([Values(1, 2, 15, 16, 17, 300)] int vocabulary,
        [Values(0.05, 0.5, 0.9, 0.999, 1)] double topP)
    {
        for (ulong seed = 0; seed < 40; seed++)
        {
            float[] logits = new HashDecoder(vocabulary, 1, seed: seed).LogitsAfter([0]);
            double temperature = 0.3 + seed % 3;
            SplitMix64 random = new(seed), same = new(seed);
            int token = new NucleusSampler(vocabulary, temperature, topP).Draw(logits, ref random);

            IEnumerable<(int Token, double Probability)> nucleus = Nucleus(logits, temperature, topP);
            if (topP == 1) nucleus = nucleus.OrderBy(n => n.Token);
            double u = same.NextDouble();
            Assert.That(token, Is.EqualTo(nucleus.First(n => (u -= n.Probability) < 0).Token), $"seed {seed}");
            Assert.That(random.Next(), Is.EqualTo(same.Next()), "one number is used for one token");
        }
    }

    /// <summary>Equal weights have exact sums: half of them is exactly the probability a half.</summary>
    [TestCase(0.5, 16), TestCase(0.500001, 17), TestCase(0.03125, 1), TestCase(1e-9, 1), TestCase(0.96875, 31), TestCase(1, 32)]
    public void The_nucleus_is_the_smallest_set_and_equals_are_taken_by_id(double topP, int size)
    {
        NucleusSampler sampler = new(32, 0.7, topP);
        SplitMix64 random = new(3);
        HashSet<int> seen = [.. Enumerable.Range(0, 2000).Select(_ => sampler.Draw(new float[32], ref random))];
        Assert.That(seen, Is.EquivalentTo(Enumerable.Range(0, size)));
    }

    [Test]
    public void A_tiny_temperature_takes_the_likeliest_and_impossible_tokens_are_never_drawn()
    {
        SplitMix64 random = new(9);
        float[] logits = [1, float.NegativeInfinity, 3, 2.999f, float.NegativeInfinity];
        NucleusSampler cold = new(5, 1e-310, 1), hot = new(5, 1e300, 1);
        HashSet<int> coldTokens = [], hotTokens = [];
        for (int i = 0; i < 500; i++)
        {
            coldTokens.Add(cold.Draw(logits, ref random));
            hotTokens.Add(hot.Draw(logits, ref random));
        }
        Assert.That(coldTokens, Is.EquivalentTo(new[] { 2 }));
        Assert.That(hotTokens, Is.EquivalentTo(new[] { 0, 2, 3 }));
    }

    /// <summary>The tokens that may be drawn, likeliest first, with their probabilities among themselves.</summary>
    private static (int Token, double Probability)[] Nucleus(float[] logits, double temperature, double topP)
    {
        double[] weights = [.. logits.Select(x => Math.Exp((x - logits.Largest()) / temperature))];
        List<(int Token, double Weight)> taken = [];
        double mass = 0, enough = topP == 1 ? double.PositiveInfinity : topP * weights.Sum();
        foreach ((int token, double weight) in weights.Index().OrderByDescending(w => w.Item).ThenBy(w => w.Index))
        {
            if (mass >= enough) break;
            taken.Add((token, weight));
            mass += weight;
        }
        return [.. taken.Select(t => (t.Token, t.Weight / mass))];
    }
}
