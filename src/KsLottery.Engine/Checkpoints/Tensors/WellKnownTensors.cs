namespace KsLottery.Engine.Checkpoints;

/// <summary>The names under which model families keep their embeddings.</summary>
internal static class WellKnownTensors
{
    private static readonly string[] InputNames =
    [
        "model.embed_tokens.weight", "transformer.wte.weight", "gpt_neox.embed_in.weight", "tok_embeddings.weight", "wte.weight",
        "model.decoder.embed_tokens.weight", "model.language_model.embed_tokens.weight", "language_model.model.embed_tokens.weight",
        "transformer.word_embeddings.weight", "word_embeddings.weight", "shared.weight",
    ];

    private static readonly string[] OutputNames = ["lm_head.weight", "output.weight", "embed_out.weight", "language_model.lm_head.weight"];

    private static readonly string[] InputEndings =
        [".embed_tokens.weight", ".wte.weight", ".embed_in.weight", ".tok_embeddings.weight", ".word_embeddings.weight"];

    private static readonly string[] OutputEndings = [".lm_head.weight", ".embed_out.weight"];

    public static Tensor? FindInput(Checkpoint checkpoint) => Choose(checkpoint, InputNames, InputEndings);

    public static Tensor? FindOutput(Checkpoint checkpoint) => Choose(checkpoint, OutputNames, OutputEndings);

    /// <summary>Every matrix that may be an input embedding, those of listed names first.</summary>
    public static IReadOnlyList<Tensor> AllInputs(Checkpoint checkpoint) =>
        [.. Listed(checkpoint, InputNames).Concat(Ending(checkpoint, InputEndings)).Distinct()];

    private static Tensor? Choose(Checkpoint checkpoint, string[] names, string[] endings)
    {
        if (Listed(checkpoint, names).FirstOrDefault() is { } listed) return listed;
        // A name that no list has counts where it leaves no choice.
        Tensor[] candidates = [.. Ending(checkpoint, endings)];
        return candidates is [Tensor only] ? only : null;
    }

    private static IEnumerable<Tensor> Listed(Checkpoint checkpoint, string[] names)
    {
        foreach (string name in names)
            if (checkpoint.TryGetTensor(name, out Tensor? tensor) && tensor.Shape.Count == 2) yield return tensor;
    }

    private static IEnumerable<Tensor> Ending(Checkpoint checkpoint, string[] endings) => checkpoint.Tensors.Where(t =>
        t.Shape.Count == 2 && Array.Exists(endings, e => TensorNames.Plain(t.Name).EndsWith(e, StringComparison.Ordinal)));
}
