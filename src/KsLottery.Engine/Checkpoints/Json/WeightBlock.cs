using System.Text.Json;

namespace KsLottery.Engine.Checkpoints;

/// <summary>Rows and columns of a block of weights that has a scale of its own, as a <c>quantization_config</c> names them.</summary>
/// <remarks><c>weight_block_size</c> of fine-grained FP8; in compressed-tensors <c>block_structure</c> of the weights of all
/// <c>config_groups</c>, where they agree.</remarks>
internal static class WeightBlock
{
    /// <summary>Reads the block, or null where none is named.</summary>
    /// <param name="quantization">The object.</param>
    /// <param name="invalid">Makes the refusal of a value, from what is wrong.</param>
    public static (int Rows, int Columns)? Read(JsonElement quantization, Func<string, Exception> invalid)
    {
        if (Pair(quantization, "weight_block_size", invalid) is { } block) return block;
        if (!quantization.TryGetProperty("config_groups", out JsonElement groups) || groups.ValueKind != JsonValueKind.Object) return null;
        HashSet<(int, int)> blocks = [];
        foreach (JsonProperty group in groups.EnumerateObject())
            if (group.Value.ValueKind == JsonValueKind.Object && group.Value.TryGetProperty("weights", out JsonElement weights)
                && weights.ValueKind == JsonValueKind.Object && Pair(weights, "block_structure", invalid) is { } structure)
                blocks.Add(structure);
        return blocks.Count == 1 ? blocks.Single() : null;
    }

    private static (int Rows, int Columns)? Pair(JsonElement parent, string key, Func<string, Exception> invalid)
    {
        if (!parent.TryGetProperty(key, out JsonElement value) || value.ValueKind == JsonValueKind.Null) return null;
        return value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 2 && Number(value[0]) is { } rows
            && Number(value[1]) is { } columns ? (rows, columns)
            : throw invalid($"{key} must be two integers from 1 to {int.MaxValue}, it is {value.GetRawText()}");
    }

    private static int? Number(JsonElement value) =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out int number) && number > 0 ? number : null;
}
