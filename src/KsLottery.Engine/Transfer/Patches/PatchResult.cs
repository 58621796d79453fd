namespace KsLottery.Engine.Transfer;

/// <summary>What applying or reverting a patch did.</summary>
public sealed record PatchResult
{
    /// <summary>The folder that was written.</summary>
    public required string OutputPath { get; init; }

    /// <summary>The file with the tensor, by its name in <see cref="OutputPath"/>: the one whose bytes differ.</summary>
    /// <remarks>Where the vocabulary was resized with the patch, or back, the notes name the others.</remarks>
    public required string WrittenFile { get; init; }

    /// <summary>The tensor whose rows were replaced.</summary>
    public required string TensorName { get; init; }

    /// <summary>The tensor's fingerprint as it now stands, computed from the file that was written.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>The number of replaced rows.</summary>
    public required int RowCount { get; init; }

    /// <summary>The number of values in a row.</summary>
    public required int Width { get; init; }

    /// <summary>Values that the checkpoint's type cannot hold exactly and that were rounded to nearest, ties to even.</summary>
    public required long InexactValues { get; init; }

    /// <summary>Finite values beyond the checkpoint's type, which became infinite; part of <see cref="InexactValues"/>.</summary>
    public required long OverflowedValues { get; init; }

    /// <summary>Whether input and output embedding of the checkpoint are one matrix; null where that cannot be told.</summary>
    public required bool? IsTied { get; init; }

    /// <summary>Files that share their bytes with the input: editing one in place changes both.</summary>
    public required IReadOnlyList<string> LinkedFiles { get; init; }

    /// <summary>Files that were copied.</summary>
    public required IReadOnlyList<string> CopiedFiles { get; init; }

    /// <summary>What the reader should know, as whole sentences: tying, rounding, files with old rows. Empty where all is plain.</summary>
    public required IReadOnlyList<string> Notes { get; init; }
}
