using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Transfer;

/// <summary>A patch of one matrix that replaces whole rows, seen as such: what adapters, reports and resized vocabularies read.</summary>
public sealed class PatchRows
{
    internal PatchRows(PatchedTensor tensor, long tunedRowCount, int[]? tunedIndices)
    {
        Tensor = tensor;
        (TunedRowCount, IsPairedByText) = (tunedRowCount, tunedIndices is not null);
        TunedIndices = tunedIndices ?? [.. Indices.Select(row => (int)row)];
    }

    /// <summary>The path of the patch's file.</summary>
    public string Path => Tensor.Path;

    /// <summary>The matrix of the base whose rows are replaced.</summary>
    public string TensorName => Tensor.Name;

    /// <summary>The replaced rows.</summary>
    public IndexSet Indices => Tensor.Mask.Units;

    /// <summary>The number of values in a row.</summary>
    public int Width => (int)Tensor.BaseShape[1];

    /// <summary>The number of rows that the base matrix has.</summary>
    public long BaseRowCount => Tensor.BaseShape[0];

    /// <summary>The number of rows that the tuned matrix has.</summary>
    public long TunedRowCount { get; }

    /// <summary>Whether the text of tokens paired the rows, and not their numbers.</summary>
    public bool IsPairedByText { get; }

    /// <summary>Whether the tuned matrix has another number of rows, or other tokens at the same numbers.</summary>
    public bool IsResized => TunedRowCount != BaseRowCount || IsPairedByText;

    /// <summary>The tuned rows that the rows are taken from, row i for the i-th of them; the same numbers unless the vocabulary was
    /// reordered.</summary>
    public IReadOnlyList<int> TunedIndices { get; }

    /// <summary>The element type of the base matrix.</summary>
    public ElementType BaseElementType => Tensor.BaseElementType;

    /// <summary>The tuned rows, row i for the i-th of them, in the tuned type.</summary>
    public Checkpoints.Tensor TunedRows => Tensor.Values!;

    /// <summary>The base rows, row i for the i-th of them, in a type that gives the base's exact bytes.</summary>
    public Checkpoints.Tensor BaseRows => Tensor.BaseValues;

    /// <summary>The fingerprint of the base matrix.</summary>
    public string BaseFingerprint => Tensor.BaseFingerprint;

    /// <summary>The fingerprint of the tuned matrix.</summary>
    public string TunedFingerprint => Tensor.TunedFingerprint!;

    /// <summary>What the patch says of the matrix.</summary>
    internal PatchedTensor Tensor { get; }
}
