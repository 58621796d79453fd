using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Transfer;

/// <summary>What pruning a checkpoint did.</summary>
public sealed record PruneResult
{
    /// <summary>The folder that was written.</summary>
    public required string OutputPath { get; init; }

    /// <summary>What was kept of each tensor of the scope, in the checkpoint's order; all else in them is zero.</summary>
    public required TicketMask Kept { get; init; }

    /// <summary>The number of elements in all tensors of the checkpoint.</summary>
    public required long CheckpointParameters { get; init; }

    /// <summary>The part of a token's multiplications by weights that are not by a pruned one, 0 to 1: of all matrices that a token goes
    /// through, the output head's too, without those between tokens of the attention.</summary>
    public required double MultiplicationShare { get; init; }

    /// <summary>The files with tensors of the scope, by their names in <see cref="OutputPath"/>.</summary>
    public required IReadOnlyList<string> WrittenFiles { get; init; }

    /// <summary>Those of them that an earlier try had finished.</summary>
    public required IReadOnlyList<string> ResumedFiles { get; init; }

    /// <summary>Files that share their bytes with the input: editing one in place changes both.</summary>
    public required IReadOnlyList<string> LinkedFiles { get; init; }

    /// <summary>Files that were copied.</summary>
    public required IReadOnlyList<string> CopiedFiles { get; init; }

    /// <summary>The names of the files of the ticket; empty where none was asked for.</summary>
    public IReadOnlyList<string> TicketFiles { get; init; } = [];

    /// <summary>What the reader should know, as whole sentences; empty where all is plain.</summary>
    public required IReadOnlyList<string> Notes { get; init; }
}
