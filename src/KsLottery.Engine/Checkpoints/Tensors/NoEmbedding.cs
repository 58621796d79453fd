namespace KsLottery.Engine.Checkpoints;

/// <summary>Says why a checkpoint has no input embedding that could be taken.</summary>
internal static class NoEmbedding
{
    /// <summary>The <c>format</c> in a patch's metadata; it has the name of its first version, whose patches were of rows.</summary>
    public const string PatchFormat = "kslottery.row_patch";

    private const int MaxNames = 8;

    public static Exception In(Checkpoint checkpoint)
    {
        ThrowIfPatch(checkpoint);
        if (checkpoint.Tensors.FirstOrDefault(t => t.ElementCount == 0
            && t.Name.EndsWith(".weight", StringComparison.Ordinal)) is { } empty)
            return EmptyTensor(empty);
        IReadOnlyList<Tensor> several = checkpoint.FindInputEmbeddings();
        if (several.Count > 1)
            return new KeyNotFoundException(
                $"{checkpoint.Path}: {several.Count} tensors have names of an input embedding, {List(several)}. "
                + $"{Remedy.NameTensor}.");
        Tensor[] matrices = [.. checkpoint.Tensors.Where(t => t.Shape.Count == 2)];
        return new KeyNotFoundException($"{checkpoint.Path}: no tensor has the usual name of an input embedding; "
            + $"{(matrices.Length == 0 ? "it has no matrix" : $"its matrices are {List(matrices)}")}. {Remedy.NameTensor}.");
    }

    /// <exception cref="CheckpointFormatException">The checkpoint is a patch.</exception>
    public static void ThrowIfPatch(Checkpoint checkpoint)
    {
        if (checkpoint.Shards is [SafetensorsFile file] && IsPatch(file))
            throw new CheckpointFormatException(CheckpointDefect.ForeignFile, file.Path, "this is a patch of kslottery, no model",
                Remedy.ApplyPatch.For(file.Path));
    }

    /// <summary>Whether a file is a patch, of any version.</summary>
    public static bool IsPatch(SafetensorsFile file) => file.Metadata.GetValueOrDefault("format") == PatchFormat;

    /// <summary>What is wrong with a tensor of no values.</summary>
    public static CheckpointFormatException EmptyTensor(Tensor tensor) => new(CheckpointDefect.EmptyTensor, tensor.File.Path,
        $"the tensor has no values, its shape is [{string.Join(", ", tensor.Shape)}], as where DeepSpeed ZeRO-3 saved a model whose "
            + $"partitions "
        + "were not gathered",
        "Gather them with the checkpoint's own zero_to_fp32.py, or save again with stage3_gather_16bit_weights_on_model_save",
        tensor.Name);

    private static string List(IReadOnlyList<Tensor> tensors) =>
        string.Join(", ", tensors.Take(MaxNames).Select(t => CheckpointFormatException.Quote(t.Name)))
        + (tensors.Count > MaxNames ? $" and {tensors.Count - MaxNames} more" : "");
}
