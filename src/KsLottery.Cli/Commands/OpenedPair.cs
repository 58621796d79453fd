using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;

namespace KsLottery.Cli;

/// <summary>A base checkpoint and a tuned one, opened together and set side by side.</summary>
internal sealed class OpenedPair : IDisposable
{
    private const int MaxShown = 4;

    private readonly ConsoleUi _ui;

    /// <summary>Opens both.</summary>
    /// <param name="options">Which, and how to read and to pair them; the tuned one may be an adapter, which is merged into the base in
    /// memory.</param>
    /// <param name="ui">Hears what there is to know of how they were read.</param>
    public OpenedPair(FindOptions options, ConsoleUi ui)
    {
        if (AdaptedCheckpoint.IsAdapter(options.Base))
            throw new CommandException(ExitCode.BadInput, $"{options.Base}: this is a PEFT adapter, which has no weights of its own "
                + "to start from. "
                + "Give its base first, and the adapter behind it.");
        _ui = ui;
        Base = Reading.Open(options.Base, options.Reading, ui);
        try
        {
            Adapter = AdaptedCheckpoint.IsAdapter(options.Tuned) ? AdaptedCheckpoint.Open(Base, options.Tuned, options.Reading) : null;
            Tuned = Adapter?.Checkpoint ?? Reading.Open(options.Tuned, options.Reading, ui);
        }
        catch
        {
            Base.Dispose();
            throw;
        }
        Pair = new(Base, Tuned, options.Tokenizer, options.PairRows);
    }

    public Checkpoint Base { get; }

    public Checkpoint Tuned { get; }

    /// <summary>Both, side by side.</summary>
    public CheckpointPair Pair { get; }

    /// <summary>The adapter that makes <see cref="Tuned"/> of the base; null where it is a checkpoint.</summary>
    public AdaptedCheckpoint? Adapter { get; }

    /// <summary>Finds the tensor of a name in both, or of a name each, <c>BASE_NAME=TUNED_NAME</c>; without any, the embedding of
    /// each.</summary>
    /// <exception cref="KeyNotFoundException">One of them has none.</exception>
    public (Tensor Base, Tensor Tuned) FindTensors(string? name)
    {
        if (name is not null) return FindNamed(name);
        (Tensor before, Tensor after) = Pair.GetEmbeddings();
        RemarkOthers(Base, before);
        RemarkOthers(Tuned, after);
        return (before, after);
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
        (string Base, string Tuned)[] found = [.. splits.Where(s =>
            Base.TryGetTensor(s.Base, out _) && Tuned.TryGetTensor(s.Tuned, out _))];
        if (found is [var one]) return (Base.GetTensor(one.Base), Tuned.GetTensor(one.Tuned));
        throw new KeyNotFoundException($"--tensor \"{VisibleText.Escape(name)}\": " + (found.Length > 0
            ? $"{found.Length} readings as BASE_NAME=TUNED_NAME are tensors of {Base.Path} and of {Tuned.Path}: {Text(found)}. "
                + "Rename one of them, or compare all with --all-tensors."
            : $"no reading as BASE_NAME=TUNED_NAME is a tensor of {Base.Path} and one of {Tuned.Path}: {Text(splits)}. "
                + "Give the names that inspect lists for each."));
    }

    private static string Text((string Base, string Tuned)[] splits) =>
        string.Join("; ", splits.Take(MaxShown).Select(s => $"\"{VisibleText.Escape(s.Base)}\" and \"{VisibleText.Escape(s.Tuned)}\""))
            + (splits.Length > MaxShown ? $"; and {splits.Length - MaxShown} more" : "");

    private void RemarkOthers(Checkpoint checkpoint, Tensor taken)
    {
        string[] others = [.. checkpoint.FindInputEmbeddings().Where(t => t != taken).Select(t => $"\"{VisibleText.Escape(t.Name)}\"")];
        if (others.Length > 0)
            _ui.Remark($"note: {checkpoint.Path}: \"{VisibleText.Escape(taken.Name)}\" is taken for the input embedding; "
                + $"{string.Join(", ", others)} might be meant as well. Name the one that is with --tensor.");
    }
}
