using System.Text.Json;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Transfer;

/// <summary>What in an adapter's configuration says that its weights alone do not make the tuned model.</summary>
internal static class PeftObstacles
{
    private const string MergeFirst = "Merge it into its base with PEFT (merge_and_unload, then save_pretrained), and give that folder";

    /// <summary>Adapters that put vectors before what the model reads.</summary>
    private static readonly string[] Prompts =
        ["PROMPT_TUNING", "MULTITASK_PROMPT_TUNING", "P_TUNING", "PREFIX_TUNING", "CPT", "ADAPTION_PROMPT", "CARTRIDGE"];

    /// <summary>Ways to begin that take something off the base's own weights, so that the product is no addition to BASE.</summary>
    private static readonly string[] ChangedBases = ["pissa", "olora", "corda", "loftq", "lora_ga"];

    /// <summary>Settings of PEFT that are no variant of the product, whatever they hold.</summary>
    private static readonly string[] Harmless =
        ["use_rslora", "loftq_config", "eva_config", "corda_config", "lora_ga_config", "megatron_config", "runtime_config"];

    private static readonly (string Key, string Name)[] Variants =
    [
        ("use_dora", "DoRA (use_dora)"), ("use_qalora", "QALoRA (use_qalora)"), ("lora_bias", "LoRA with a bias of its own (lora_bias)"),
        ("layer_replication", "LoRA over repeated layers (layer_replication)"),
            ("target_parameters", "LoRA of parameters (target_parameters)"),
        ("alora_invocation_tokens", "activated LoRA (alora_invocation_tokens)"), ("use_bdlora", "BD-LoRA (use_bdlora)"),
    ];

    /// <summary>Says why an adapter cannot be applied, and the next step; null where nothing speaks against it.</summary>
    public static PeftObstacle? Find(string kind, JsonElement root)
    {
        if (Array.IndexOf(Prompts, kind) >= 0)
            return new($"this is a {kind} adapter, which puts vectors before the input and changes no weight: there is nothing to compare",
                "Give an adapter of weights, or a tuned checkpoint");
        if (kind is not ("LORA" or "TRAINABLE_TOKENS"))
            return kind.Length == 0 ? new("there is no peft_type in it", "Save the adapter again with PEFT")
                : new($"this is an adapter of kind {CheckpointFormatException.Quote(kind)}; LORA and TRAINABLE_TOKENS are computed here",
                    MergeFirst);
        if (kind != "LORA") return null;
        if (Begun(root) is { } begun)
            return new(
                $"this LoRA began as {CheckpointFormatException.Quote(begun)} (init_lora_weights), which changes the base's own weights: "
                + "added to BASE it would give another model", MergeFirst);
        return Variant(root) is { } variant ? new($"this adapter is {variant}, which is not computed here", MergeFirst) : null;
    }

    private static string? Begun(JsonElement root) =>
        root.TryGetProperty("init_lora_weights", out JsonElement value) && value.ValueKind == JsonValueKind.String
        && value.GetString() is { } text && Array.Exists(ChangedBases, name => text.StartsWith(name, StringComparison.OrdinalIgnoreCase))
            ? text : null;

    private static string? Variant(JsonElement root)
    {
        foreach ((string key, string name) in Variants)
            if (root.TryGetProperty(key, out JsonElement value) && IsSet(value)) return name;
        foreach (JsonProperty property in root.EnumerateObject())
        {
            bool isVariant = property.Name.StartsWith("use_", StringComparison.Ordinal)
                || property.Name.EndsWith("_config", StringComparison.Ordinal);
            if (isVariant && IsSet(property.Value) && Array.IndexOf(Harmless, property.Name) < 0)
                return $"a variant of LoRA ({CheckpointFormatException.Quote(property.Name)})";
        }
        return null;
    }

    private static bool IsSet(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null or JsonValueKind.False => false,
        JsonValueKind.Array => value.GetArrayLength() > 0,
        JsonValueKind.Object => value.EnumerateObject().Any(),
        _ => true,
    };
}

/// <summary>Why an adapter cannot be applied.</summary>
/// <param name="Problem">What it is, without a final full stop.</param>
/// <param name="NextStep">What the reader can do, without a final full stop.</param>
internal sealed record PeftObstacle(string Problem, string NextStep);
