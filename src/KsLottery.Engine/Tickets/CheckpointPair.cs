using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Engine.Tickets;

/// <summary>A base checkpoint and a tuned one side by side: which matrices are their embeddings, and which token each row is.</summary>
/// <remarks>Both must outlive it.</remarks>
internal sealed class CheckpointPair
{
    private readonly string? _tokenizer;
    private readonly RowPairingMode _mode;
    private ((long Base, long Tuned) Rows, VocabularyPairing Pairing)? _pairing;

    /// <summary>Sets two checkpoints side by side.</summary>
    /// <param name="baseCheckpoint">The base.</param>
    /// <param name="tuned">The tuned checkpoint.</param>
    /// <param name="tokenizer">The base's tokenizer; null looks for it beside the base, then beside the tuned checkpoint.</param>
    /// <param name="mode">How rows of a resized vocabulary are paired.</param>
    public CheckpointPair(Checkpoint baseCheckpoint, Checkpoint tuned, string? tokenizer = null, RowPairingMode mode = RowPairingMode.Auto)
    {
        ArgumentNullException.ThrowIfNull(baseCheckpoint);
        ArgumentNullException.ThrowIfNull(tuned);
        (Base, Tuned, _tokenizer, _mode) = (baseCheckpoint, tuned, tokenizer, mode);
    }

    /// <summary>The base.</summary>
    public Checkpoint Base { get; }

    /// <summary>The tuned checkpoint.</summary>
    public Checkpoint Tuned { get; }

    private ModelConfig? Config => Base.Config ?? Tuned.Config;

    /// <summary>The input embedding of each.</summary>
    /// <exception cref="KeyNotFoundException">One of them has none.</exception>
    public (Tensor Base, Tensor Tuned) GetEmbeddings()
    {
        Tensor before = Base.GetInputEmbedding();
        // By what it is, then by name: a writer that keeps one of two equal tensors may keep it under the other's name.
        Tensor? after = Tuned.FindInputEmbedding() ?? (Tuned.TryGetTensor(before.Name, out Tensor? same) ? same : null);
        return (before, after ?? Tuned.GetInputEmbedding());
    }

    /// <summary>Whether the rows of a tensor of the base are tokens.</summary>
    public bool IsEmbedding(Tensor tensor) => tensor == Base.FindInputEmbedding() || tensor == Base.FindOutputHead();

    /// <summary>What the rows of a tensor of the base are called; nothing where they are no tokens and no tokenizer was given.</summary>
    /// <remarks>A tokenizer that lies there and cannot be read is worth a remark; it keeps nobody from finding rows.</remarks>
    /// <param name="tensor">A tensor of the base.</param>
    /// <param name="remark">Hears, in whole sentences, why rows go without names.</param>
    /// <exception cref="InvalidDataException">The tokenizer that was given is damaged.</exception>
    /// <exception cref="IOException">The tokenizer that was given cannot be read.</exception>
    public RowTokens FindTokens(Tensor tensor, Action<string>? remark = null)
    {
        if (_tokenizer is not null) return new(TokenTable.Open(_tokenizer), Config);
        return !IsEmbedding(tensor) ? RowTokens.None : new(FindTable(Base.Path, remark)
            ?? (Tuned.Path == Base.Path ? null : FindTable(Tuned.Path, remark)), Config);
    }

    /// <summary>Pairs the rows of two tensors whose rows are tokens in both; null for others, which must have one shape.</summary>
    /// <param name="before">A tensor of the base.</param>
    /// <param name="after">A tensor of the tuned checkpoint.</param>
    /// <exception cref="InvalidDataException">The tokenizers name ids differently, and nobody said how rows are to be paired.</exception>
    public VocabularyPairing? PairRows(Tensor before, Tensor after)
    {
        ArgumentNullException.ThrowIfNull(before);
        ArgumentNullException.ThrowIfNull(after);
        bool isTokens = IsEmbedding(before) && (after == Tuned.FindInputEmbedding() || after == Tuned.FindOutputHead());
        if (!isTokens || before.Shape is not [var rows, var width] || after.Shape is not [var tunedRows, var tunedWidth]
            || width != tunedWidth) return null;
        if (_pairing is not { } known || known.Rows != (rows, tunedRows))
            _pairing = ((rows, tunedRows), VocabularyPairing.Choose(Base, Tuned, rows, tunedRows, _mode, _tokenizer));
        return _pairing!.Value.Pairing;
    }

    private static TokenTable? FindTable(string path, Action<string>? remark)
    {
        try
        {
            if (TokenTable.FindBeside(path) is { } table) return table;
            if (TokenTable.HasSeveralBeside(path, out string? which)) remark?.Invoke($"{which} Rows go without names; name the tokenizer.");
        }
        catch (Exception defect) when (defect is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            remark?.Invoke($"rows go without this tokenizer's names, since it cannot be read: {defect.Message}");
        }
        return null;
    }
}
