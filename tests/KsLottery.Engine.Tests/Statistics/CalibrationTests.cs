using System.Text.Json;
using KsLottery.Engine.Statistics;
using KsLottery.Tests.Support;
using NUnit.Framework.Constraints;

namespace KsLottery.Engine.Tests.Statistics;

[TestFixture]
public class CalibrationTests
{
    /// <summary>Errors and bins as they were computed elsewhere, edges included.</summary>
    [Test]
    public void Errors_and_bins_are_those_of_the_golden_cases()
    {
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(SharedData.Path("systems", "measures.json")));
        JsonElement[] cases = [.. golden.RootElement.GetProperty("ece").EnumerateArray()];
        Assert.That(cases, Has.Length.EqualTo(10));
        foreach (JsonElement one in cases)
        {
            string name = one.GetProperty("name").GetString()!;
            Calibration calibration = new(one.GetProperty("bins").GetInt32());
            foreach ((JsonElement confidence, JsonElement correct) in one.GetProperty("confidence").EnumerateArray()
                .Zip(one.GetProperty("correct").EnumerateArray()))
                calibration.Add(confidence.GetDouble(), correct.GetInt32() == 1);
            JsonElement expected = one.GetProperty("expected");
            Assert.That(calibration.ExpectedError, Near(expected.GetProperty("ece_right_closed").GetDouble()), name);
            Assert.That(calibration.MaximumError, Near(expected.GetProperty("mce_right_closed").GetDouble()), name);
            JsonElement[] bins = [.. expected.GetProperty("bins_right_closed").EnumerateArray()];
            Assert.That(calibration.Bins.Select(b => b.Count), Is.EqualTo(bins.Select(b => b.GetProperty("count").GetInt64())), name);
            foreach ((CalibrationBin bin, JsonElement right) in calibration.Bins.Zip(bins))
            {
                if (bin.Count == 0)
                {
                    Assert.That((bin.Accuracy, bin.Confidence), Is.EqualTo((double.NaN, double.NaN)), name);
                    continue;
                }
                Assert.That(bin.Accuracy, Near(right.GetProperty("accuracy").GetDouble()), name);
                Assert.That(bin.Confidence, Near(right.GetProperty("confidence").GetDouble()), name);
            }
        }
    }

    /// <summary>0.7 · 10 is 7 in doubles, and 0.7 lies below seven tenths.</summary>
    [Test]
    public void A_confidence_lies_in_the_bin_of_its_exact_value()
    {
        foreach ((double confidence, int bins, int bin) in ((double, int, int)[])
            [(0.7, 10, 6), (Math.BitIncrement(0.7), 10, 7), (0.29, 100, 28), (1 / 3d, 3, 0), (2 / 3d, 3, 1), (1, 7, 6), (5e-324, 15, 0)])
        {
            Calibration calibration = new(bins);
            calibration.Add(confidence, isCorrect: true);
            Assert.That(calibration.Bins.Select(b => b.Count).ToList().IndexOf(1), Is.EqualTo(bin), $"{confidence:R} of {bins}");
        }
    }

    [TestCase(double.NaN), TestCase(-1e-9), TestCase(1.0000001)]
    public void What_is_no_probability_is_refused(double confidence) =>
        Assert.That(() => new Calibration().Add(confidence, isCorrect: false), Throws.TypeOf<ArgumentOutOfRangeException>());

    [Test]
    public void Of_no_prediction_there_is_no_error()
    {
        Calibration none = new();
        Assert.That((none.ExpectedError, none.MaximumError, none.Accuracy, none.Confidence),
            Is.EqualTo((double.NaN, double.NaN, double.NaN, double.NaN)));
    }

    private static EqualNumericWithoutUsingConstraint<double> Near(double value) => Is.EqualTo(value).Within(1e-14);
}
