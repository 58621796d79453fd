using System.Text.Json;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Transfer;

/// <summary>Writes low-rank additions as a LORA adapter that <c>PeftModel.from_pretrained</c> loads.</summary>
internal static class PeftLoraWriter
{
    /// <summary>Writes both files; each appears whole or not at all.</summary>
    /// <param name="folder">A folder that exists.</param>
    /// <param name="baseModelName">What PEFT loads the base from: a name on the hub or a path.</param>
    /// <param name="rank">r, and alpha as well: the product is added as it is.</param>
    /// <param name="layers">The layers that have an addition; null for all of them.</param>
    /// <param name="factors">For each matrix its name in the base, A (r, inputs) and B (outputs, r); names of A and B do not
    /// matter.</param>
    /// <param name="cancellationToken">Stops between chunks.</param>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static void Write(string folder, string baseModelName, int rank, IReadOnlyList<int>? layers,
        IReadOnlyList<(string Tensor, TensorSource Down, TensorSource Up)> factors, CancellationToken cancellationToken)
    {
        List<TensorSource> tensors = [];
        SortedSet<string> targets = new(StringComparer.Ordinal);
        foreach ((string tensor, TensorSource down, TensorSource up) in factors)
        {
            string module = tensor[..^PeftAdapter.ParameterEnding.Length];
            targets.Add(PeftAdapter.LastPart(module));
            tensors.Add(down with { Name = $"{PeftAdapter.Prefix}{module}.lora_A{PeftAdapter.ParameterEnding}" });
            tensors.Add(up with { Name = $"{PeftAdapter.Prefix}{module}.lora_B{PeftAdapter.ParameterEnding}" });
        }
        AtomicFile.Write(Path.Combine(folder, PeftAdapter.ConfigName),
            stream => WriteConfig(stream, baseModelName, rank, layers, targets), cancellationToken);
        SafetensorsWriter.Write(Path.Combine(folder, PeftAdapter.WeightsName), tensors,
            new Dictionary<string, string> { ["format"] = "pt" }, cancellationToken);
    }

    private static void WriteConfig(Stream stream, string baseModelName, int rank, IReadOnlyList<int>? layers, IEnumerable<string> targets)
    {
        using Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" });
        json.WriteStartObject();
        json.WriteString("peft_type", "LORA");
        json.WriteString("task_type", "CAUSAL_LM");
        json.WriteString("base_model_name_or_path", baseModelName);
        json.WriteNumber("r", rank);
        json.WriteNumber("lora_alpha", rank);
        json.WriteNumber("lora_dropout", 0);
        json.WriteStartArray("target_modules");
        foreach (string target in targets) json.WriteStringValue(target);
        json.WriteEndArray();
        if (layers is not null)
        {
            json.WriteStartArray("layers_to_transform");
            foreach (int layer in layers) json.WriteNumberValue(layer);
            json.WriteEndArray();
        }
        json.WriteString("bias", "none");
        json.WriteBoolean("fan_in_fan_out", false);
        json.WriteBoolean("use_rslora", false);
        json.WriteBoolean("init_lora_weights", true);
        json.WriteNull("modules_to_save");
        json.WriteBoolean("inference_mode", true);
        json.WriteEndObject();
    }
}
