using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;

namespace KsLottery.Cli.Commands;

/// <summary>A base checkpoint and a tuned one, opened together.</summary>
internal sealed class CheckpointPair : IDisposable
{
    private const int MostShown = 4;

    private readonly string? _tokenizerPath;
    private readonly ConsoleUi _ui;
    private ((long Base, long Tuned) Rows, VocabularyPairing Pairing)? _pairing;

    /// <summary>Opens both.</summary>
    /// <param name="basePath">The base.</param>
    /// <param name="tunedPath">The tuned checkpoint, or an adapter that is merged into the base in memory.</param>
    /// <param name="tokenizerPath">The tokenizer; null looks for it beside the base, then beside the tuned checkpoint.</param>
    /// <param name="options">How to read them.</param>
    /// <param name="ui">Hears what there is to know of how they were read.</param>
    public CheckpointPair(string basePath, string tunedPath, string? tokenizerPath, CheckpointOptions options, ConsoleUi ui)
    {
        if (AdaptedCheckpoint.IsAdapter(basePath))
            throw new CommandException(ExitCode.BadInput, $"{basePath}: this is a PEFT adapter, which has no weights of its own to start from. "
                + "Give its base first, and the adapter behind it.");
        (_tokenizerPath, _ui) = (tokenizerPath, ui);
        Base = Reading.Open(basePath, options, ui);
        try
        {
            Adapter = AdaptedCheckpoint.IsAdapter(tunedPath) ? AdaptedCheckpoint.Open(Base, tunedPath, options) : null;
            Tuned = Adapter?.Checkpoint ?? Reading.Open(tunedPath, options, ui);
        }
        catch
        {
            Base.Dispose();
            throw;
        }
    }

    public Checkpoint Base { get; }

    public Checkpoint Tuned { get; }

    /// <summary>The adapter that makes <see cref="Tuned"/> of the base; null where it is a checkpoint.</summary>
    public AdaptedCheckpoint? Adapter { get; }

    /// <summary>Finds the tensor of a name in both, or of a name each, <c>BASE_NAME=TUNED_NAME</c>; without any, the embedding of each.</summary>
    /// <exception cref="KeyNotFoundException">One of them has none.</exception>
    public (Tensor Base, Tensor Tuned) FindTensors(string? name)
    {
        if (name is not null) return FindNamed(name);
        Tensor before = Base.GetInputEmbedding();
        // By what it is, then by name: a writer that keeps one of two equal tensors may keep it under the other's name.
        Tensor after = Tuned.FindInputEmbedding() ?? (Tuned.TryGetTensor(before.Name, out Tensor? same) ? same : Tuned.GetInputEmbedding());
        RemarkOthers(Base, before);
        RemarkOthers(Tuned, after);
        return (before, after);
    }

    /// <summary>What the rows of a tensor of the base are called; nothing where they are no tokens and no tokenizer was given.</summary>
    /// <remarks>A tokenizer that lies there and cannot be read is worth a remark; it keeps nobody from finding rows.</remarks>
    public RowTokens FindTokens(Tensor tensor, Action<string> remark)
    {
        if (_tokenizerPath is not null) return new(TokenTable.Open(_tokenizerPath), Config);
        return !IsEmbedding(tensor) ? RowTokens.None : new(FindTable(Base.Path, remark)
            ?? (Tuned.Path == Base.Path ? null : FindTable(Tuned.Path, remark)), Config);
    }

    private static TokenTable? FindTable(string path, Action<string> remark)
    {
        try
        {
            if (TokenTable.FindBeside(path) is { } table) return table;
            if (TokenTable.HasSeveralBeside(path, out string? which)) remark($"{which} Rows go without names; name one with --tokenizer.");
        }
        catch (Exception defect) when (defect is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            remark($"rows go without this tokenizer's names, since it cannot be read: {defect.Message}");
        }
        return null;
    }

    /// <summary>Whether the rows of a tensor of the base are tokens.</summary>
    public bool IsEmbedding(Tensor tensor) => tensor == Base.FindInputEmbedding() || tensor == Base.FindOutputHead();

    /// <summary>Pairs the rows of two tensors whose rows are tokens in both; null for others, which must have one shape.</summary>
    /// <exception cref="InvalidDataException">The tokenizers name ids differently, and nobody said how rows are to be paired.</exception>
    public VocabularyPairing? PairRows(Tensor before, Tensor after, RowPairingMode mode)
    {
        bool isTokens = IsEmbedding(before) && (after == Tuned.FindInputEmbedding() || after == Tuned.FindOutputHead());
        if (!isTokens || before.Shape is not [var rows, var width] || after.Shape is not [var tunedRows, var tunedWidth]
            || width != tunedWidth) return null;
        if (_pairing is not { } known || known.Rows != (rows, tunedRows))
            _pairing = ((rows, tunedRows), VocabularyPairing.Choose(Base, Tuned, rows, tunedRows, mode, _tokenizerPath));
        return _pairing!.Value.Pairing;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Base.Dispose();
        Tuned.Dispose();
    }

    private (Tensor Base, Tensor Tuned) FindNamed(string name)
    {
        // Any character may stand in a tensor's name: a name that the base has is no pair.
        if (name.Contains('=', StringComparison.Ordinal) && !Base.TryGetTensor(name, out _)) return FindSplit(name);
        Tensor before = Base.GetTensor(name);
        try
        {
            return (before, Tuned.GetTensor(name));
        }
        catch (KeyNotFoundException absent)
        {
            throw new KeyNotFoundException($"{absent.Message} Where it has another name there, give both: --tensor BASE_NAME=TUNED_NAME.",
                absent);
        }
    }

    private (Tensor Base, Tensor Tuned) FindSplit(string name)
    {
        (string Base, string Tuned)[] splits =
            [.. Enumerable.Range(0, name.Length).Where(i => name[i] == '=').Select(i => (name[..i], name[(i + 1)..]))];
        if (splits is [var only]) return (Base.GetTensor(only.Base), Tuned.GetTensor(only.Tuned));
        (string Base, string Tuned)[] found = [.. splits.Where(s => Base.TryGetTensor(s.Base, out _) && Tuned.TryGetTensor(s.Tuned, out _))];
        if (found is [var one]) return (Base.GetTensor(one.Base), Tuned.GetTensor(one.Tuned));
        throw new KeyNotFoundException($"--tensor \"{VisibleText.Escape(name)}\": " + (found.Length > 0
            ? $"{found.Length} readings as BASE_NAME=TUNED_NAME are tensors of {Base.Path} and of {Tuned.Path}: {Text(found)}. "
                + "Rename one of them, or compare all with --all-tensors."
            : $"no reading as BASE_NAME=TUNED_NAME is a tensor of {Base.Path} and one of {Tuned.Path}: {Text(splits)}. "
                + "Give the names that inspect lists for each."));
    }

    private static string Text((string Base, string Tuned)[] splits) =>
        string.Join("; ", splits.Take(MostShown).Select(s => $"\"{VisibleText.Escape(s.Base)}\" and \"{VisibleText.Escape(s.Tuned)}\""))
            + (splits.Length > MostShown ? $"; and {splits.Length - MostShown} more" : "");

    private ModelConfig? Config => Base.Config ?? Tuned.Config;

    private void RemarkOthers(Checkpoint checkpoint, Tensor taken)
    {
        string[] others = [.. checkpoint.FindInputEmbeddings().Where(t => t != taken).Select(t => $"\"{VisibleText.Escape(t.Name)}\"")];
        if (others.Length > 0)
            _ui.Remark($"note: {checkpoint.Path}: \"{VisibleText.Escape(taken.Name)}\" is taken for the input embedding; "
                + $"{string.Join(", ", others)} might be meant as well. Name the one that is with --tensor.");
    }
}
