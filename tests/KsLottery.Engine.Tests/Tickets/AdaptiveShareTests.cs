using System.Runtime.InteropServices;
using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Statistics;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Tickets;

/// <summary>Rounds of sparsity-informed adaptive pruning against the golden counts of the shared folder.</summary>
public sealed class AdaptiveShareTests
{
    [Test]
    public void A_round_keeps_what_the_golden_data_keep_and_entries_that_are_zero_are_no_part_of_it()
    {
        using TemporaryFolder folder = new();
        int settings = 0;
        foreach (JsonElement one in ScoreFixture.Golden("pqi.json").GetProperty("cases").EnumerateArray())
        {
            double[] values = ScoreFixture.Numbers(one.GetProperty("values"));
            if (values.Length == 0 || Array.Exists(values, v => v == 0 || (float)v != v)) continue;
            string name = one.GetProperty("name").GetString()!;
            string alone = Write(folder, values), among = Write(folder, [.. values.SelectMany(v => (double[])[0, v, 0])]);
            foreach (JsonElement expected in one.GetProperty("expected").EnumerateArray())
            {
                AdaptiveShare share = new(new(Number("p"), Number("q")), new(Number("eta"), Number("gamma"), Number("beta")));
                long kept = values.Length - expected.GetProperty("prune").GetInt64();
                Assert.That((Kept(alone, share), Kept(among, share)), Is.EqualTo((kept, kept)), $"{name} {expected}");
                settings++;

                double Number(string key) => expected.GetProperty(key).GetDouble();
            }
        }
        Assert.That(settings, Is.EqualTo(68));
    }

    [Test]
    public void Tensors_together_and_each_by_itself_go_by_their_own_indices()
    {
        using TemporaryFolder folder = new();
        double[] wide = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512], flat = [3, 3, 3, 3, 3, 3, 3, 3, 3, 3];
        string path = Write(folder, wide, flat);
        AdaptiveShare each = new(new(), new(), isPerTensor: true), all = new(new(), new());
        using Checkpoint model = Checkpoint.Open(path);
        PqIndex index = new();
        Assert.That(each.MeanIndexOf(model.Tensors), Is.EqualTo(index.Of(wide) / 2).Within(1e-12), "the flat one's is 0");
        Assert.That(all.MeanIndexOf(model.Tensors), Is.EqualTo(index.Of([.. wide, .. flat])).Within(1e-12));
        Assert.That(Kept(path, each), Is.EqualTo(10 - (long)(10 * index.Of(wide)) + 10));
        Assert.That(Kept(path, all), Is.EqualTo(20 - (long)(20 * index.Of([.. wide, .. flat]))));
        Assert.That(each.IndexOf([]).Index, Is.NaN);
    }

    [Test]
    public void A_normal_value_is_normal_where_a_sum_of_twelve_is_only_near_it()
    {
        SplitMix64 random = new(5);
        double[] exact = [.. Enumerable.Range(0, 400_000).Select(_ => random.NextGaussian())],
            near = [.. Enumerable.Range(0, 400_000).Select(_ => random.NextNormal())];
        // Five standard deviations of the index of so many.
        Assert.That(new PqIndex().Of(exact), Is.EqualTo(0.15279).Within(0.0015));
        Assert.That(new PqIndex(1, 2).Of(exact), Is.EqualTo(0.20212).Within(0.0015));
        Assert.That(new PqIndex(1, 2).Of(near), Is.InRange(0.196, 0.2005), "which thinner tails make smaller");
    }

    [Test]
    public void A_share_of_rows_is_refused() =>
        Assert.That(() => new AdaptiveShare(new(), new()).Rank(null!), Throws.ArgumentException.With.Message.Contains("Take elements"));

    private static long Kept(string path, AdaptiveShare share)
    {
        using Checkpoint model = Checkpoint.Open(path);
        TicketRecipe recipe = ModelPruning.RecipeOf(TicketScore.Named("magnitude"), share, TensorChoice.Parse("*"));
        return KeptUnits.Find(KeptUnits.SourcesOf(model, recipe, default), recipe, default).Count;
    }

    private static string Write(TemporaryFolder folder, params double[][] tensors)
    {
        string path = folder.File($"{Guid.NewGuid()}.safetensors");
        SafetensorsWriter.Write(path, tensors.Select((values, i) => new TensorSource($"t{i}", ElementType.F32, [values.Length],
            stream => stream.Write(MemoryMarshal.AsBytes<float>(values.Select(v => (float)v).ToArray())))));
        return path;
    }
}
