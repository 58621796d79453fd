namespace KsLottery.Engine.Checkpoints;

/// <summary>Whether a checkpoint's output head is its input embedding, and what a reader should know of that answer.</summary>
/// <param name="IsTied">The answer; null where it cannot be told.</param>
/// <param name="Note">What was interpreted; null where nothing was.</param>
internal sealed record Tying(bool? IsTied, string? Note = null)
{
    private const string Llama = "llama", Key = "tie_word_embeddings";

    public static Tying Of(Checkpoint checkpoint)
    {
        Tensor? input = checkpoint.FindInputEmbedding(), head = checkpoint.FindOutputHead();
        bool? said = checkpoint.Config?.TieWordEmbeddings;
        if (input is not null && input == head)
            return new(true, said != false ? null
                : $"{checkpoint.Path}: {ModelConfig.FileName} says that the output head is not the input embedding, "
                + $"the file's metadata that both are {CheckpointFormatException.Quote(input.Name)}; they are taken as tied.");
        if (said is not null) return new(said);
        if (head is not null) return new(false);
        if (input is null || !SpeaksThroughHead(checkpoint.Config)) return new((bool?)null);
        return new(true, checkpoint.Config!.ModelType != Llama ? null
            : $"{checkpoint.Path}: {ModelConfig.FileName} has no {Key} and the checkpoint no output head, so that they are taken as tied. "
            + $"Transformers would make up a head of random numbers; write {Key} into {ModelConfig.FileName}.");
    }

    private static bool SpeaksThroughHead(ModelConfig? config) => config?.Architecture is { } name
        ? name.Contains("CausalLM", StringComparison.Ordinal) || name.Contains("LMHead", StringComparison.Ordinal)
        : config?.ModelType == Llama;
}
