using System.Numerics;
using System.Text.Json;
using KsLottery.Engine.Operations;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Operations;

/// <summary>The reference against what is known of the operations from elsewhere.</summary>
internal sealed class ReferenceOperationsTests
{
    [Test]
    public void Rope_is_the_rotation_of_complex_numbers_whose_parts_are_half_a_head_apart()
    {
        const int HeadWidth = 8, Heads = 2;
        using ReferenceOperations operations = new();
        int[] positions = [0, 1, 5];
        using DeviceMemory values = operations.Allocate(positions.Length * Heads * HeadWidth), cosines = operations.Allocate(6 * 4),
            sines = operations.Allocate(6 * 4);
        for (int i = 0; i < 24; i++)
        {
            double angle = i / 4 * Math.Pow(10_000, -2.0 * (i % 4) / HeadWidth);
            ReferenceOperations.Values(cosines)[i] = Math.Cos(angle);
            ReferenceOperations.Values(sines)[i] = Math.Sin(angle);
        }
        double[] before = [.. Enumerable.Range(0, (int)values.Length).Select(i => Math.Sin(i * i))];
        before.CopyTo(ReferenceOperations.Values(values));
        operations.RopeForward(values, cosines, sines, positions, HeadWidth);
        for (int n = 0; n < positions.Length * Heads; n++)
            for (int d = 0; d < HeadWidth / 2; d++)
            {
                int at = (n * HeadWidth) + d;
                Complex turned = new Complex(before[at],
                    before[at + 4]) * Complex.Exp(Complex.ImaginaryOne * positions[n / Heads] * Math.Pow(10_000, -2.0 * d / HeadWidth));
                Assert.That(ReferenceOperations.Values(values)[at], Is.EqualTo(turned.Real).Within(1e-14));
                Assert.That(ReferenceOperations.Values(values)[at + 4], Is.EqualTo(turned.Imaginary).Within(1e-14));
            }
    }

    [Test]
    public void A_range_of_another_device_is_refused_with_the_way_to_it()
    {
        using ReferenceOperations operations = new();
        using CpuOperations other = new(1);
        using DeviceMemory own = operations.Allocate(4), foreign = other.Allocate(4);
        Assert.That(() => operations.Copy(own, foreign), Throws.ArgumentException.With.Message.StartsWith(
            "the range lies in memory of F32 that another device gave out; copy it through the host with Download and Upload."));
        Assert.That(() => operations.Open(null!), Throws.ArgumentNullException.With.Property("ParamName").EqualTo("tensor"));
    }

    /// <summary>With the same gradient at every step both corrected moments are that gradient and its square.</summary>
    [Test]
    public void AdamW_moves_by_the_learning_rate_whatever_the_size_of_a_constant_gradient([Values(1e-3, 1, 1e3)] double size)
    {
        using ReferenceOperations operations = new();
        using DeviceMemory weights = operations.Allocate(2), gradient = operations.Allocate(2), first = operations.Allocate(2),
            second = operations.Allocate(2);
        (ReferenceOperations.Values(gradient)[0], ReferenceOperations.Values(gradient)[1]) = (size, -size);
        for (int t = 1; t <= 10; t++)
        {
            operations.AdamWStep(weights, gradient, first, second, new(0.01, 0.9, 0.999, 0, 0, t, 1));
            Assert.That(ReferenceOperations.Values(weights).ToArray(), Is.EqualTo(new[] { -0.01 * t, 0.01 * t }).Within(1e-13));
        }
    }

    /// <summary>Lines 6 to 12 of algorithm 2 one after the other, with α = 1 and η and λ as they are multiplied in practice.</summary>
    [Test]
    public void AdamW_follows_the_paper_line_by_line()
    {
        const double Eta = 3e-3, Beta1 = 0.9, Beta2 = 0.95, Epsilon = 1e-8, Lambda = 0.1, Clip = 0.7;
        using ReferenceOperations operations = new();
        using DeviceMemory weights = operations.Allocate(1), gradient = operations.Allocate(1), first = operations.Allocate(1),
            second = operations.Allocate(1);
        double theta = ReferenceOperations.Values(weights)[0] = 0.5, m = 0, v = 0, power1 = 1, power2 = 1;
        for (int t = 1; t <= 20; t++)
        {
            double g = ReferenceOperations.Values(gradient)[0] = Math.Cos(t) + 0.3;
            operations.AdamWStep(weights, gradient, first, second, new(Eta, Beta1, Beta2, Epsilon, Lambda, t, Clip));
            g *= Clip;
            m += (1 - Beta1) * (g - m);
            v += (1 - Beta2) * ((g * g) - v);
            power1 *= Beta1;
            power2 *= Beta2;
            theta -= Eta * ((m / (1 - power1) / (Math.Sqrt(v / (1 - power2)) + Epsilon)) + (Lambda * theta));
            Assert.That(ReferenceOperations.Values(weights)[0], Is.EqualTo(theta).Within(1e-14));
        }
    }

    /// <summary>The distance to a reference and its subgradient, as they were computed elsewhere.</summary>
    [Test]
    public void The_L1_distance_is_that_of_the_golden_cases()
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(SharedData.Path("systems", "losses.json")));
        JsonElement[] cases = [.. golden.RootElement.GetProperty("l1").EnumerateArray()];
        Assert.That(cases, Has.Length.EqualTo(6));
        using ReferenceOperations operations = new();
        foreach (JsonElement one in cases)
        {
            double[] values = Numbers(one.GetProperty("p")), reference = Numbers(one.GetProperty("p_ref"));
            double scale = one.GetProperty("lambda").GetDouble() / one.GetProperty("n").GetInt32();
            using DeviceMemory p = operations.Allocate(values.Length), start = operations.Allocate(values.Length),
                gradient = operations.Allocate(values.Length);
            values.CopyTo(ReferenceOperations.Values(p));
            reference.CopyTo(ReferenceOperations.Values(start));
            JsonElement expected = one.GetProperty("expected");
            string? name = one.GetProperty("name").GetString();
            Assert.That(scale * operations.L1Distance(gradient, p, start, scale),
                Is.EqualTo(expected.GetProperty("loss").GetDouble()).Within(1e-13), name);
            Assert.That(ReferenceOperations.Values(gradient).ToArray(),
                Is.EqualTo(Numbers(expected.GetProperty("subgradient"))).Within(1e-13), name);
        }

        static double[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(v => v.GetDouble())];
    }

    /// <summary>All keys alike make attention the mean of the values so far, and its log Σ exp the logarithm of their number and the
    /// score.</summary>
    [Test]
    public void Attention_to_equal_keys_is_the_mean_of_the_values_so_far()
    {
        using ReferenceOperations operations = new();
        using DeviceMemory query = operations.Allocate(10), key = operations.Allocate(10), value = operations.Allocate(10),
            output = operations.Allocate(10), sums = operations.Allocate(5);
        operations.Upload(query, [1, 2, 1, 2, 1, 2, 1, 2, 1, 2]);
        operations.Upload(key, [3, 1, 3, 1, 3, 1, 3, 1, 3, 1]);
        operations.Upload(value, [1, 0, 3, 2, 5, 7, 11, 13, 1, 1]);
        operations.AttentionForward(output, sums, query, key, value, new(1, 1, 2), (int[])[0, 3, 5]);
        Assert.That(ReferenceOperations.Values(output).ToArray(), Is.EqualTo(new[] { 1.0, 0, 2, 1, 3, 3, 11, 13, 6, 7 }).Within(1e-13));
        double score = 5 / Math.Sqrt(2);
        Assert.That(ReferenceOperations.Values(sums).ToArray(),
            Is.EqualTo(new[] { score, score + Math.Log(2), score + Math.Log(3), score, score + Math.Log(2) }).Within(1e-13));
    }

    [Test]
    public void Cross_entropy_of_equal_logits_is_the_logarithm_of_the_vocabulary()
    {
        using ReferenceOperations operations = new();
        using DeviceMemory logits = operations.Allocate(2 * 50), losses = operations.Allocate(2), sums = operations.Allocate(2);
        operations.CrossEntropyForward(losses, sums, logits, (int[])[7, -1], 50);
        Assert.That(ReferenceOperations.Values(losses).ToArray(), Is.EqualTo(new[] { Math.Log(50), 0 }).Within(1e-14));
    }
}
