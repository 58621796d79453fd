using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Engine.Generation;

/// <summary>What ends a text.</summary>
/// <param name="Ids">The tokens, by rising id.</param>
/// <param name="Source">The file that names the model's own; null where none does.</param>
/// <param name="Texts">The texts; null for none.</param>
public sealed record StopTokens(IReadOnlyList<int> Ids, string? Source, StopTexts? Texts)
{
    /// <summary>
    /// The end tokens of the first file that names any — <c>generation_config.json</c>, <c>config.json</c>, those of the tokenizer — and
    /// what is asked for beside them.
    /// </summary>
    /// <param name="config">The model's configuration, as <see cref="LlamaConfig.Load(string)"/> read it.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="ids">Further tokens: llama2.c's models end a story with the token that begins one.</param>
    /// <param name="texts">Texts that end a text where they occur in it; the name of a token also stands for that token.</param>
    /// <exception cref="ArgumentException">An id has no row in the model, or a text is empty.</exception>
    public static StopTokens Of(LlamaConfig config, Tokenizer tokenizer, IReadOnlyList<int>? ids = null,
        IReadOnlyList<string>? texts = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(tokenizer);
        (IReadOnlyList<int> own, string? source) =
            config.GenerationEosTokenIds is { Count: > 0 } generation ? (generation, GenerationConfig.FileName)
            : config.EosTokenIds is { Count: > 0 } model ? (model, ModelConfig.FileName)
            : tokenizer.EosId is { } end && end < config.VocabularySize ? ([end], tokenizer.EosSource)
            : ((IReadOnlyList<int>)[], (string?)null);
        foreach (int id in ids ?? [])
            if ((uint)id >= (uint)config.VocabularySize)
                throw new ArgumentException($"the stop token {id} is none of the model's; allowed: 0 to {config.VocabularySize - 1}.",
                    nameof(ids));
        IEnumerable<int> named = (texts ?? []).Select(text => tokenizer.Names.IdOf(text)).OfType<int>()
            .Where(id => id < config.VocabularySize);
        return new([.. own.Concat(ids ?? []).Concat(named).Distinct().Order()], source,
            texts is { Count: > 0 } ? new StopTexts(tokenizer, texts) : null);
    }

    /// <summary>The options with these.</summary>
    public GenerationOptions ApplyTo(GenerationOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        return options with { EosIds = Ids, StopTexts = Texts };
    }
}
