using KsLottery.Engine.Models;
using KsLottery.Engine.Tokens;

namespace KsLottery.Engine.Generation;

/// <summary>The tokens that end a text.</summary>
public static class StopTokens
{
    /// <summary>All that a model's configuration and its tokenizer name, growing; LLaMA 3 has several.</summary>
    /// <param name="config">The model's configuration.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="others">Further ones: llama2.c's models end a story with the token that begins one.</param>
    public static IReadOnlyList<int> Of(LlamaConfig config, Tokenizer tokenizer, params IEnumerable<int> others)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(tokenizer);
        IEnumerable<int> ofTokenizer = tokenizer.EosId is { } id ? [id] : [];
        return [.. config.EosTokenIds.Concat(ofTokenizer).Concat(others).Distinct().Order()];
    }
}
