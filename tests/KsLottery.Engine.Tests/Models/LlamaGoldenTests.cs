using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Models;

[Category("instructions")]
[TestFixture]
public class LlamaGoldenTests
{
    /// <summary>Of logits in F32.</summary>
    public const double Tolerance = 1e-4;

    public static readonly string[] Folders = ["stories260K_hf", "babyllama_tok105_hf"];

    [Test]
    public void Logits_equal_those_of_an_independent_model_in_double_precision(
        [ValueSource(typeof(TestDevices), nameof(TestDevices.Names))] string device,
        [ValueSource(nameof(Folders))] string folder, [Values("model", "model.bf16", "model.f16")] string file)
    {
        using IOperations operations = TestDevices.Open(device);
        double worst = WorstDifference(operations, folder, file);
        TestContext.Out.WriteLine($"{device} {folder} {file}: worst difference {worst:e1}");
        // The rounded files hold other weights than those the golden logits belong to.
        Assert.That(worst, Is.LessThan(file switch { "model" => Tolerance, "model.f16" => 0.05, _ => 0.5 }));
    }

    /// <summary>How far a model's last logits lie from the golden ones; NaN where one is.</summary>
    public static double WorstDifference(IOperations operations, string folder, string file)
    {
        string path = SharedData.Path("models", "hf", folder);
        using JsonDocument golden = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(path, "golden.json")));
        using Checkpoint checkpoint = Checkpoint.Open(Path.Combine(path, $"{file}.safetensors"));
        using LlamaWeights weights = LlamaWeights.Open(checkpoint, LlamaConfig.Load(path), operations);
        using LlamaModel model = new(weights, operations);
        double worst = 0;
        foreach (JsonElement prompt in golden.RootElement.GetProperty("golden").EnumerateArray())
        {
            int[] ids = [.. prompt.GetProperty("ids").EnumerateArray().Select(i => i.GetInt32())];
            float[] logits = model.Logits(TokenBatch.OfPrompt(ids));
            int vocabulary = model.Config.VocabularySize;
            Assert.That(logits, Has.Length.EqualTo(ids.Length * vocabulary));
            double[] expected = [.. prompt.GetProperty("last_logits").EnumerateArray().Select(l => l.GetDouble())];
            Assert.That(expected, Has.Length.EqualTo(vocabulary));
            for (int i = 0; i < vocabulary; i++) worst = Math.Max(worst, Math.Abs(logits[^(vocabulary - i)] - expected[i]));
        }
        return worst;
    }
}
