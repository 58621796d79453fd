using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Transfer;

internal sealed class PeftLoraWriterTests
{
    private const string First = "model.layers.0.self_attn.q_proj", Second = "model.layers.1.self_attn.q_proj",
        Keys = "model.layers.0.self_attn.k_proj";

    [Test]
    public void An_adapter_has_the_configuration_and_the_names_that_PEFT_reads()
    {
        using TemporaryFolder folder = new();
        Write(folder.Path);
        Assert.That(File.ReadAllText(folder.File("adapter_config.json")), Is.EqualTo("""
            {
              "peft_type": "LORA",
              "task_type": "CAUSAL_LM",
              "base_model_name_or_path": "some/model",
              "r": 2,
              "lora_alpha": 2,
              "lora_dropout": 0,
              "target_modules": [
                "k_proj",
                "q_proj"
              ],
              "bias": "none",
              "fan_in_fan_out": false,
              "use_rslora": false,
              "init_lora_weights": true,
              "modules_to_save": null,
              "inference_mode": true
            }
            """.ReplaceLineEndings("\n")));
        using SafetensorsFile file = SafetensorsFile.Open(folder.File("adapter_model.safetensors"));
        Assert.That(file.Metadata, Is.EqualTo(new Dictionary<string, string> { ["format"] = "pt" }));
        Assert.That(file.Tensors.Select(t => t.Name), Is.EquivalentTo(((string[])[First, Second, Keys]).SelectMany(module =>
            (string[])[$"base_model.model.{module}.lora_A.weight", $"base_model.model.{module}.lora_B.weight"])));
    }

    [Test]
    public void The_product_is_added_as_it_is()
    {
        using TemporaryFolder folder = new();
        using Checkpoint baseModel = Checkpoint.Open(PeftCase.Named("plain").WriteBase(folder));
        Write(Directory.CreateDirectory(folder.File("lora")).FullName);
        using AdaptedCheckpoint adapted = AdaptedCheckpoint.Open(baseModel, folder.File("lora"));
        Assert.That(adapted.Changed, Is.EquivalentTo(new[] { First + ".weight", Second + ".weight", Keys + ".weight" }));
        Assert.That(adapted.BaseModelName, Is.EqualTo("some/model"));
        float[] before = baseModel.GetTensor(First + ".weight").GetRow<float>(6).ToArray(), after = new float[5];
        adapted.Checkpoint.GetTensor(First + ".weight").GetBytes(6 * 20, 20, MemoryMarshal.AsBytes(after.AsSpan()).ToArray())
            .CopyTo(MemoryMarshal.AsBytes(after.AsSpan()));
        Assert.That(after, Is.EqualTo((float[])[before[0], before[1] + 6, before[2], before[3], before[4]]));
    }

    // A has a 2 for input 1, and B a 3 for the last output.
    private static void Write(string folder)
    {
        (string, TensorSource, TensorSource) Factors(string module, int outputs)
        {
            float[] down = new float[10], up = new float[outputs * 2];
            (down[6], up[^1]) = (2, 3);
            return (module + ".weight", Source("a", [2, 5], down), Source("b", [outputs, 2], up));
        }
        PeftLoraWriter.Write(folder, "some/model", 2, layers: null, [Factors(Second, 7), Factors(First, 7), Factors(Keys, 3)],
            CancellationToken.None);
    }

    private static TensorSource Source(string name, long[] shape, float[] values) =>
        TensorSource.FromBytes(name, ElementType.F32, shape, MemoryMarshal.AsBytes<float>(values).ToArray());
}
