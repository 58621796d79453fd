using System.Text.Json;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Transfer;

/// <summary>The README.md of an adapter: where its rows come from, since the adapter's own files have no room for it.</summary>
internal static class PeftModelCard
{
    private const int MaxIdsShown = 64;

    public static string Compose(PatchRows patch, string signature, string baseModelName, bool isTied)
    {
        // A JSON string is a YAML and a Python string too: no name from outside breaks out of it.
        string model = $"\"{JsonEncodedText.Encode(baseModelName)}\"";
        string tensor = CheckpointFormatException.Quote(patch.TensorName);
        string ids = string.Join(", ", patch.Indices.Take(MaxIdsShown)) + (patch.Indices.Count > MaxIdsShown ? ", …" : "");
        return $"""
            ---
            base_model: {model}
            library_name: peft
            ---

            # {patch.Indices.Count} replaced embedding rows

            These rows of {tensor} take the place of the base model's; its other {patch.BaseRowCount - patch.Indices.Count} rows stay.
            The model is {(isTied ? "tied: its output head changes in the same rows." : "not tied: no other matrix changes.")}

                from peft import PeftModel
                from transformers import AutoModelForCausalLM

                model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained({model}), ".")

            What `{PeftAdapter.WeightsName}` calls a delta are the rows themselves, no differences. Servers that know only LoRA cannot load
            this form; `kslottery apply` writes a whole checkpoint with the same rows.

            - token ids: {ids}
            - base tensor: `{patch.BaseFingerprint}`
            - tuned tensor: `{patch.TunedFingerprint}`

            How the rows were chosen:

                {signature.ReplaceLineEndings(" ")}

            """.ReplaceLineEndings("\n");
    }
}
