using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Conversion;

/// <summary>What a conversion read and wrote.</summary>
public sealed record ConversionResult
{
    /// <summary>The folder that was written.</summary>
    public required string OutputPath { get; init; }

    /// <summary>The names of the files in it.</summary>
    public required IReadOnlyList<string> Files { get; init; }

    /// <summary>The dimensions of the model, and the version of the input's form.</summary>
    public required Llama2cHeader Header { get; init; }

    /// <summary>The type of the weights as written.</summary>
    public required ElementType ElementType { get; init; }

    /// <summary>The number of tensors.</summary>
    public required int TensorCount { get; init; }

    /// <summary>The number of weights.</summary>
    public required long ParameterCount { get; init; }

    /// <summary>Weights that the written type cannot hold exactly and that were rounded to nearest, ties to even.</summary>
    public required long InexactValues { get; init; }

    /// <summary>Finite weights beyond the written type, which became infinite; part of <see cref="InexactValues"/>.</summary>
    public required long OverflowedValues { get; init; }

    /// <summary>What the reader should know, as whole sentences. Empty where all is plain.</summary>
    public required IReadOnlyList<string> Notes { get; init; }
}

/// <summary>How far a conversion is.</summary>
/// <param name="BytesDone">Bytes of the input's weights that are converted.</param>
/// <param name="ByteCount">Bytes of all its weights.</param>
public readonly record struct ConversionProgress(long BytesDone, long ByteCount);
