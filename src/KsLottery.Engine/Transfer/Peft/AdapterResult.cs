namespace KsLottery.Engine.Transfer;

/// <summary>What writing a base with its adapter did.</summary>
public sealed record AdapterResult
{
    /// <summary>The folder that was written.</summary>
    public required string OutputPath { get; init; }

    /// <summary>The adapter's <c>peft_type</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>The names of the tensors that differ from the base's, or that it has not.</summary>
    public required IReadOnlyList<string> Changed { get; init; }

    /// <summary>Whether input and output embedding of the result are one matrix; null where that cannot be told.</summary>
    public required bool? IsTied { get; init; }

    /// <summary>The names of the files that were written anew.</summary>
    public required IReadOnlyList<string> WrittenFiles { get; init; }

    /// <summary>The names of the files that share their bytes with the base's.</summary>
    public required IReadOnlyList<string> LinkedFiles { get; init; }

    /// <summary>The names of the files that were copied.</summary>
    public required IReadOnlyList<string> CopiedFiles { get; init; }

    /// <summary>What the reader should know, as whole sentences. Empty where all is plain.</summary>
    public required IReadOnlyList<string> Notes { get; init; }
}
