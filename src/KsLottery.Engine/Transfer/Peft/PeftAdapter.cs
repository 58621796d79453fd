using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Transfer;

/// <summary>Writes and reads replaced embedding rows as PEFT's TRAINABLE_TOKENS adapters.</summary>
/// <remarks>
/// Source: the <c>trainable_tokens</c> tuner of PEFT and the files that it writes. What is called
/// <c>trainable_tokens_delta</c> there holds the absolute rows that take the place of the old ones, no differences. Rows are F32,
/// row i for <c>token_indices[i]</c>. A tied model's adapter holds them twice, for the input embedding and for the head.
/// </remarks>
public static partial class PeftAdapter
{
    /// <summary>The file with the rows.</summary>
    public const string WeightsName = "adapter_model.safetensors";

    /// <summary>The file that says what the rows are for; that it names the PEFT type is all that loading needs.</summary>
    public const string ConfigName = "adapter_config.json";

    private const string CardName = "README.md";
    internal const string Prefix = "base_model.model.";
    private const string Ending = ".trainable_tokens_delta";
    internal const string ParameterEnding = ".weight";
    private const string PeftType = "TRAINABLE_TOKENS";

    /// <summary>Writes the rows of a patch as an adapter that <c>PeftModel.from_pretrained</c> loads.</summary>
    /// <param name="patch">The patch; its tuned rows become the adapter's, its base rows play no part.</param>
    /// <param name="outDirectory">A folder that does not exist or is empty, in one that exists; it appears whole or not at all.</param>
    /// <param name="baseModelName">What PEFT loads the base from: a name on the hub or a path.</param>
    /// <param name="isTied">Whether the model that will load it is tied; null takes the patch's word.</param>
    /// <param name="cancellationToken">Stops between rows; nothing is left behind.</param>
    /// <exception cref="ArgumentException">
    /// Whether the model is tied is neither given nor in the patch, or the rows of a tied model are its head's.
    /// </exception>
    /// <exception cref="NotSupportedException">The patch does not replace rows of one matrix, or they are not F32, F16 or BF16: this kind
    /// of adapter has no other.</exception>
    /// <exception cref="IOException">The output is the patch, a file, or a folder with content, or cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static void Write(TicketPatch patch, string outDirectory, string baseModelName, bool? isTied = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(patch);
        ArgumentException.ThrowIfNullOrEmpty(baseModelName);
        PatchRows replaced = patch.GetRows("write an adapter of replaced rows");
        bool tied = isTied ?? patch.IsTied ?? throw new ArgumentException(
            $"{patch.Path}: the patch does not say whether the base is tied, and the adapter's form depends on it. "
            + "Say tied or untied.", nameof(isTied));
        string name = TensorNames.Plain(replaced.TensorName);
        string module = name.EndsWith(ParameterEnding, StringComparison.Ordinal) ? name[..^ParameterEnding.Length] : name;
        string head = HeadFor(module);
        if (tied && module == head)
            throw new ArgumentException($"{patch.Path}: the rows are those of {CheckpointFormatException.Quote(replaced.TensorName)}, and "
                + "a tied model's adapter starts from the input embedding. Write the untied form, or find the ticket in the input "
                + "embedding.",
                nameof(isTied));

        if (!replaced.TunedRows.ElementType.IsNative())
            throw new NotSupportedException($"{patch.Path}: the rows are {replaced.TunedRows.DtypeName}, of which no adapter can be made; "
                + $"of {ElementTypes.NativeNames} it can. Convert base and tuned checkpoint, and find the ticket again.");

        using StagedFolder folder = new(outDirectory, patch.Path);
        SelectedRows rows = new(replaced.TunedRows, IndexSet.All(replaced.Indices.Count), cancellationToken);
        string[] modules = tied ? [module, head] : [module];
        SafetensorsWriter.Write(Path.Combine(folder.Staging, WeightsName), modules.Select(m => new TensorSource(
            Prefix + m + Ending, ElementType.F32, replaced.TunedRows.Shape, stream => rows.WriteTo(stream, ElementType.F32))),
            new Dictionary<string, string> { ["format"] = "pt" }, cancellationToken);
        AtomicFile.Write(Path.Combine(folder.Staging, ConfigName),
            stream => WriteConfig(stream, replaced.Indices, baseModelName, LastPart(module)), cancellationToken);
        AtomicFile.WriteText(Path.Combine(folder.Staging, CardName),
            PeftModelCard.Compose(replaced, patch.Signature, baseModelName, tied), cancellationToken);
        folder.Commit(cancellationToken);
    }

    private static void WriteConfig(Stream stream, IndexSet rows, string baseModelName, string target)
    {
        using Utf8JsonWriter json = new(stream, new JsonWriterOptions { Indented = true, NewLine = "\n" });
        json.WriteStartObject();
        json.WriteString("peft_type", PeftType);
        json.WriteString("task_type", "CAUSAL_LM");
        json.WriteString("base_model_name_or_path", baseModelName);
        json.WriteStartArray("token_indices");
        foreach (long row in rows) json.WriteNumberValue(row);
        json.WriteEndArray();
        json.WriteStartArray("target_modules");
        json.WriteStringValue(target);
        json.WriteEndArray();
        json.WriteBoolean("init_weights", true);
        json.WriteBoolean("inference_mode", true);
        json.WriteNull("auto_mapping");
        json.WriteNull("revision");
        json.WriteEndObject();
    }

    /// <summary>The module of the output head in the model that has an input embedding of this name.</summary>
    private static string HeadFor(string module) => module.StartsWith("gpt_neox.", StringComparison.Ordinal) ? "embed_out"
        : module.StartsWith("language_model.", StringComparison.Ordinal) ? "language_model.lm_head"
        : "lm_head";

    internal static string LastPart(string module) => module[(module.LastIndexOf('.') + 1)..];
}
