namespace KsLottery.Engine.Transfer;

/// <summary>What merging patches, or taking them out again, did.</summary>
public sealed record MergeResult
{
    /// <summary>The folder that was written.</summary>
    public required string OutputPath { get; init; }

    /// <summary>The tensors that were changed.</summary>
    public required IReadOnlyList<string> Tensors { get; init; }

    /// <summary>The files with these tensors, by their names in <see cref="OutputPath"/>.</summary>
    public required IReadOnlyList<string> WrittenFiles { get; init; }

    /// <summary>Those of them that an earlier try had finished.</summary>
    public required IReadOnlyList<string> ResumedFiles { get; init; }

    /// <summary>How the patches lie over each other; null where they were taken out.</summary>
    public MergeOverlap? Overlap { get; init; }

    /// <summary>Values that the checkpoint's type cannot hold exactly and that were rounded, in the files of this try.</summary>
    public required long InexactValues { get; init; }

    /// <summary>Finite values beyond the checkpoint's type, which became infinite; part of <see cref="InexactValues"/>.</summary>
    public required long OverflowedValues { get; init; }

    /// <summary>Whether input and output embedding of the checkpoint are one matrix; null where that cannot be told.</summary>
    public required bool? IsTied { get; init; }

    /// <summary>Files that share their bytes with the input: editing one in place changes both.</summary>
    public required IReadOnlyList<string> LinkedFiles { get; init; }

    /// <summary>Files that were copied.</summary>
    public required IReadOnlyList<string> CopiedFiles { get; init; }

    /// <summary>What the reader should know, as whole sentences.</summary>
    public required IReadOnlyList<string> Notes { get; init; }
}
