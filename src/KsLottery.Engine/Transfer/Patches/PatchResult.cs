using System.Globalization;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Transfer;

/// <summary>What applying or reverting a patch did.</summary>
public sealed record PatchResult
{
    /// <summary>The folder that was written.</summary>
    public required string OutputPath { get; init; }

    /// <summary>What was changed, in the patch's order.</summary>
    public required IReadOnlyList<PatchedTensorResult> Tensors { get; init; }

    /// <summary>The files with these tensors, by their names in <see cref="OutputPath"/>: those whose bytes differ.</summary>
    /// <remarks>Where the vocabulary was resized with the patch, or back, the notes name the others.</remarks>
    public IReadOnlyList<string> WrittenFiles => [.. Tensors.Select(t => t.File).Distinct()];

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

    /// <summary><c>13 units of 1 tensor, in model</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Tensors.Sum(t => t.Mask.Units.Count):N0} units of {Tensors.Count:N0} {(Tensors.Count == 1 ? "tensor" : "tensors")}, "
        + $"in {OutputPath}");

    /// <summary>What the reader should know, as whole sentences: tying, rounding, files with old rows. Empty where all is plain.</summary>
    public required IReadOnlyList<string> Notes { get; init; }
}

/// <summary>A tensor that a patch was put into, or taken out of.</summary>
/// <param name="Name">Its name.</param>
/// <param name="File">The file in which it lies.</param>
/// <param name="Mask">The units that the patch is about.</param>
/// <param name="Payload">What became of them.</param>
/// <param name="Fingerprint">Its fingerprint as it now stands, computed from the file that was written.</param>
public sealed record PatchedTensorResult(string Name, string File, TensorMask Mask, TicketPayload Payload, string Fingerprint);
