namespace KsLottery.Engine.Transfer;

/// <summary>A tensor's name in an adapter, taken apart: <c>base_model.model.MODULE.lora_A.weight</c>.</summary>
/// <remarks>
/// Source: <c>get_peft_model_state_dict</c> of PEFT, which leaves the adapter's own name out; files that keep it, such as
/// <c>lora_A.default.weight</c> or <c>modules_to_save.default.weight</c>, are understood as well.
/// </remarks>
/// <param name="Module">The module; of a whole tensor the tensor's name.</param>
/// <param name="Role">What it is.</param>
internal readonly record struct PeftTensorName(string Module, PeftRole Role)
{
    private const string Saved = ".modules_to_save.", OriginalModule = ".original_module.", BaseLayer = ".base_layer.";

    private static readonly (string Word, PeftRole Role)[] Words =
    [
        (".lora_A", PeftRole.Down), (".lora_B", PeftRole.Up), (".lora_embedding_A", PeftRole.EmbeddingDown),
        (".lora_embedding_B", PeftRole.EmbeddingUp), (".token_adapter.trainable_tokens_delta", PeftRole.Rows),
        (".trainable_tokens_delta", PeftRole.Rows),
    ];

    /// <summary>Takes a name apart.</summary>
    public static PeftTensorName Parse(string name)
    {
        if (name.StartsWith(PeftAdapter.Prefix, StringComparison.Ordinal)) name = name[PeftAdapter.Prefix.Length..];
        if (name.Contains(OriginalModule, StringComparison.Ordinal)) return new(name, PeftRole.Original);
        int saved = name.IndexOf(Saved, StringComparison.Ordinal);
        if (saved >= 0)
        {
            string parameter = name[(saved + Saved.Length)..];
            return new($"{name[..saved]}.{parameter[(parameter.IndexOf('.', StringComparison.Ordinal) + 1)..]}", PeftRole.Whole);
        }
        foreach ((string word, PeftRole role) in Words)
        {
            int start = name.LastIndexOf(word, StringComparison.Ordinal);
            // What follows is the adapter's own name, a parameter's, both or nothing.
            if (start < 0) continue;
            string rest = name[(start + word.Length)..];
            if (rest.Length > 0 && (rest[0] != '.' || rest.Count(c => c == '.') > 2)) continue;
            return new(name[..start], name.EndsWith(".bias", StringComparison.Ordinal) ? PeftRole.Unknown : role);
        }
        bool isOther = name.Contains(".lora_", StringComparison.Ordinal) || name.Contains(".token_adapter.", StringComparison.Ordinal);
        return new(name.Replace(BaseLayer, ".", StringComparison.Ordinal), isOther ? PeftRole.Unknown : PeftRole.Whole);
    }
}
