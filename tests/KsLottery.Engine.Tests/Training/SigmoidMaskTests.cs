using System.Text.Json;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Training;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Training;

[TestFixture]
public class SigmoidMaskTests
{
    /// <summary>Mask, model, gradient, step and rounding as they were computed elsewhere, on quadratic losses.</summary>
    [Test]
    public void Steps_are_those_of_the_golden_cases()
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(SharedData.Path("systems", "bip_graft.json")));
        JsonElement[] cases = [.. golden.RootElement.GetProperty("graft").EnumerateArray()];
        Assert.That(cases, Has.Length.EqualTo(6));
        foreach (JsonElement one in cases)
        {
            string name = one.GetProperty("name").GetString()!;
            double[] before = Numbers(one, "theta_pre"), change = Numbers(one, "delta"), score = Numbers(one, "S"),
                goal = Numbers(one, "a");
            bool[] isPatch = [.. Numbers(one, "gamma0").Select(g => g == 1)];
            double[][] curvature = [.. one.GetProperty("A").EnumerateArray().Select(Row)];
            double bias = one.GetProperty("b").GetDouble(), rate = one.GetProperty("lr").GetDouble();
            JsonElement expected = one.GetProperty("expected");

            double[] gamma = Each(i => SigmoidMask.Gamma(isPatch[i], score[i], bias));
            double[] model = Each(i => before[i] + (gamma[i] * change[i]));
            double[] slope = Each(i => Enumerable.Range(0, before.Length).Sum(j => curvature[i][j] * (model[j] - goal[j])));
            double[] gradient = Each(i => SigmoidMask.Gradient(isPatch[i], score[i], bias, slope[i] * change[i]));
            double[] after = Each(i => score[i] - (rate * gradient[i]));
            AssertNear("gamma", gamma);
            AssertNear("theta", model);
            AssertNear("dloss_dtheta", slope);
            AssertNear("dloss_dS", gradient);
            AssertNear("S_after", after);
            AssertNear("gamma_after", Each(i => SigmoidMask.Gamma(isPatch[i], after[i], bias)));
            Assert.That(Each(i => SigmoidMask.IsKept(isPatch[i], after[i], bias) ? 1 : 0),
                Is.EqualTo(Numbers(expected, "rounded_above_half")), name);

            double[] Each(Func<int, double> value) => [.. Enumerable.Range(0, before.Length).Select(value)];

            void AssertNear(string key, double[] values)
            {
                double[] right = Numbers(expected, key);
                Assert.That(values, Is.EqualTo(right).Within(1e-12 * right.Largest(x => Math.Abs(x))), $"{name}, {key}");
            }
        }
    }

    private static double[] Numbers(JsonElement of, string key) => Row(of.GetProperty(key));

    private static double[] Row(JsonElement array) => [.. array.EnumerateArray().Select(v => v.GetDouble())];
}
