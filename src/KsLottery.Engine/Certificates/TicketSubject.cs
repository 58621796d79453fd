using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Models;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;

namespace KsLottery.Engine.Certificates;

/// <summary>A base, the embed-tuned model that was made of it, and the ticket between them: checked to belong together.</summary>
/// <remarks>
/// The reference of a certificate is Embed Tuning: beside the input embedding both models must hold the same values. Where it resized the
/// vocabulary, the ticket's model and the base have that vocabulary as well: rows that were added are the embed-tuned ones in all, so that
/// only the others differ.
/// </remarks>
internal sealed class TicketSubject
{
    private static readonly string OtherTicket =
        $"Give the base and the tuned checkpoint that the ticket was found in, or {Remedy.FindTicket}.";

    private readonly LlamaConfig _baseConfig;
    private readonly RowTokens? _tunedTokens;

    private TicketSubject(Checkpoint original, Checkpoint tuned, LlamaConfig config, Ticket ticket, ScoredRows rows,
        Tensor before, Tensor after, RowTokens? tunedTokens)
    {
        (Base, Tuned, _baseConfig, Ticket, Rows) = (original, tuned, config, ticket, rows);
        (BaseEmbedding, TunedEmbedding, _tunedTokens) = (before, after, tunedTokens);
        Config = config with { VocabularySize = ticket.Origin.TunedRows };
    }

    /// <summary>The base.</summary>
    public Checkpoint Base { get; }

    /// <summary>The embed-tuned model.</summary>
    public Checkpoint Tuned { get; }

    /// <summary>The shape of the models that run, with the embed-tuned vocabulary.</summary>
    public LlamaConfig Config { get; }

    /// <summary>The ticket.</summary>
    public Ticket Ticket { get; }

    /// <summary>All rows of the embedding, compared again.</summary>
    public ScoredRows Rows { get; }

    public Tensor BaseEmbedding { get; }

    public Tensor TunedEmbedding { get; }

    /// <summary>Checks that three things belong together, and compares all rows again.</summary>
    /// <param name="original">The base, which must outlive the subject.</param>
    /// <param name="tuned">The embed-tuned model, which must outlive it too.</param>
    /// <param name="ticketPath">The <c>ticket.json</c>.</param>
    /// <param name="options">How rows are compared.</param>
    /// <param name="cancellationToken">Stops while values are compared.</param>
    /// <exception cref="TicketMismatchException">The ticket was found between other tensors, or holds other rows than its level
    /// selects.</exception>
    /// <exception cref="InvalidDataException">The models differ in shape or outside the embedding, or the ticket is damaged.</exception>
    /// <exception cref="IOException">A file is absent or cannot be read.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static TicketSubject Open(
        Checkpoint original, Checkpoint tuned, string ticketPath, RowScanOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(original);
        ArgumentNullException.ThrowIfNull(tuned);
        Ticket ticket = ReadTicket(ticketPath);
        if (ticket.Exclude != RowKinds.None)
            throw new NotSupportedException($"{ticketPath}: this ticket leaves out rows below alpha ("
                + $"{string.Join(", ", RowKindNames.NamesOf(ticket.Exclude))}), and a certificate's bounds hold where every such row is in "
                + $"it. {Remedy.FindWithAll}.");
        LlamaConfig config = LlamaConfig.Load(original);
        ThrowIfOtherShape(original, config, tuned, ticket.Origin.IsResized);
        Tensor before = original.GetInputEmbedding(), after = tuned.GetInputEmbedding();
        if (TensorNames.Plain(ticket.Origin.Tensor) != TensorNames.Plain(before.Name))
            throw new TicketMismatchException($"{ticketPath}: the ticket is of {Quote(ticket.Origin.Tensor)}, a certificate is about the "
                + $"input embedding, {Quote(before.Name)}. Find the ticket of that tensor.");
        ThrowIfOther(ticketPath, "base", ticket.Origin.BaseFingerprint, before, cancellationToken);
        ThrowIfOther(ticketPath, "tuned checkpoint", ticket.Origin.TunedFingerprint, after, cancellationToken);
        VocabularyPairing? vocabulary = Pair(ticketPath, ticket, original, tuned);
        RowPairing pairing = vocabulary?.Rows ?? RowPairing.ById(ticket.Origin.Rows, ticket.Origin.TunedRows);
        ThrowIfChanged(original, tuned, config, [before.Name], pairing, cancellationToken);

        RowScanOptions paired = (options ?? new()) with { Pairing = pairing };
        // Earlier versions let alpha decide wherever a row was below it, whatever top said.
        TicketSelection selection = ticket.IsByRank ? ticket.Selection : new BelowAlpha(ticket.Selection);
        ScoredRows rows = TicketFinder.Score(before, after, selection, paired, cancellationToken);
        IndexSet selected = Ticket.Select(rows, ticket.Origin).Ids, given = ticket.Ids;
        if (!given.Equals(selected))
            throw new TicketMismatchException($"{ticketPath}: the ticket holds {given.Count} rows, its own "
                + $"{(ticket.IsByRank ? "rank" : "alpha")} selects {selected.Count}"
                + $"{FirstDifference(given, selected)}. The file was changed by hand. {Remedy.FindAgain}.");
        return new(original, tuned, config, ticket, rows, before, after, vocabulary?.TunedTokens);
    }

    private static Ticket ReadTicket(string path)
    {
        try
        {
            return TicketFile.Read(path);
        }
        catch (InvalidDataException) when (UnitTicketFile.Is(path))
        {
            throw new NotSupportedException($"{path}: this is a ticket of units, and a certificate is about rows of the input embedding "
                + "that the test selected: its bounds are made of their alpha and of the h of all other rows. Give a ticket of rows "
                + $"({Remedy.FindTicket}); how units do in a model, an evaluation with their patch says.");
        }
    }

    /// <summary>The pairs of a ticket whose rows the text of tokens paired: from the tokenizers beside both, as it was found.</summary>
    private static VocabularyPairing? Pair(string ticketPath, Ticket ticket, Checkpoint original, Checkpoint tuned)
    {
        if (!ticket.Origin.IsPairedByText) return null;
        VocabularyPairing vocabulary = VocabularyPairing.Choose(original, tuned, ticket.Origin.Rows, ticket.Origin.TunedRows,
            RowPairingMode.Text);
        return ticket.Entries.All(e => vocabulary.Rows.TunedOf(e.Id) == e.TunedId) ? vocabulary
            : throw new TicketMismatchException($"{ticketPath}: the tokenizers beside {original.Path} and {tuned.Path} pair other rows "
            + $"than the ticket has. {OtherTicket}");
    }

    /// <summary>The checkpoint and the rows to put into it for a model that is the base but for some rows.</summary>
    /// <param name="rows">Rows of the base, by its ids.</param>
    /// <returns>Where the vocabulary was resized, the embed-tuned checkpoint with the base's own rows put back, by its ids.</returns>
    public (Checkpoint Checkpoint, WideRows Rows) Place(WideRows rows)
    {
        if (!Ticket.Origin.IsResized) return (Base, rows);
        RowPairing pairing = Rows.Scan.Pairing;
        int width = Ticket.Origin.Width;
        IndexSet changed = IndexSet.Of(pairing.BaseRows, Enumerable.Range(0, pairing.BaseRows)
            .Where(row => Rows.Scan.Rows[row].State is not (RowState.Unchanged or RowState.Dropped)));
        WideRows others = WideRows.Of(BaseEmbedding, changed.Except(rows.Rows));
        (int Token, ReadOnlyMemory<float> Values)[] all = [.. ByToken(rows), .. ByToken(others)];
        Array.Sort(all, (a, b) => a.Token.CompareTo(b.Token));
        float[] values = new float[all.Length * width];
        foreach ((int place, (int _, ReadOnlyMemory<float> row)) in all.Index()) row.CopyTo(values.AsMemory(place * width));
        return (Tuned, new(IndexSet.Of(pairing.TunedRows, all.Select(row => row.Token)), values));

        IEnumerable<(int, ReadOnlyMemory<float>)> ByToken(WideRows wide) => wide.Rows.Select((row, place) =>
            (pairing.TunedOf((int)row), (ReadOnlyMemory<float>)wide.Values.AsMemory(place * width, width)));
    }

    /// <summary>Checks that a tokenizer fits the model and calls the ticket's rows what the ticket calls them.</summary>
    /// <exception cref="InvalidDataException">It does not.</exception>
    public void ThrowIfUnfit(Tokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        if (tokenizer.Count > Config.VocabularySize)
            throw new InvalidDataException($"{tokenizer.FilePath}: the tokenizer has {tokenizer.Count} tokens, the model's embedding "
                + $"{Config.VocabularySize} rows. Give the model's own tokenizer.");
        for (int id = 0; _tunedTokens is not null && id < tokenizer.Count; id++)
            if (tokenizer.Names.Visible(id) is var its && its != _tunedTokens.Piece(id))
                throw new InvalidDataException($"{tokenizer.FilePath}: this tokenizer calls id {id} {Quote(its)}, that of {Tuned.Path} "
                    + $"calls it {Quote(_tunedTokens.Piece(id))}. The vocabulary was reordered: "
                    + $"{Remedy.UseTunedTokenizer}.");
        foreach (TicketEntry entry in Ticket.Entries)
            if (entry.Piece.Length > 0 && tokenizer.Names.Visible(entry.TunedId) is var piece && piece != entry.Piece)
                throw new InvalidDataException($"{tokenizer.FilePath}: the ticket calls row {entry.TunedId} {Quote(entry.Piece)}, this "
                    + $"tokenizer calls it {Quote(piece)}. Give the tokenizer that the ticket was found with.");
    }

    /// <summary>The ticket's rows with the embed-tuned model's values, rounded to the base's type.</summary>
    public WideRows Transfer(IndexSet rows) => WideRows.Of(TunedEmbedding, rows, Rows.Scan.Pairing, BaseEmbedding.ElementType);

    /// <summary>The ticket's rows as a training of them left them: in a patch, or in a checkpoint that is otherwise the base.</summary>
    /// <exception cref="InvalidDataException">What is there is no Partial Tuning of this ticket; says why.</exception>
    public WideRows ReadTrained(string path, CheckpointOptions? options, CancellationToken cancellationToken)
    {
        IndexSet ids = Ticket.Ids;
        if (TrainedRows.IsPatch(path, out string patchPath))
        {
            using TicketPatch patch = TicketPatch.Open(patchPath, options);
            return WideRows.Of(FindTrained(patch, cancellationToken), ids, out _);
        }
        using Checkpoint trained = Checkpoint.Open(path, options);
        ThrowIfOtherShape(Base, _baseConfig, trained, mayBeResized: false);
        RowPairing pairing = RowPairing.ById(BaseEmbedding.Shape[0], BaseEmbedding.Shape[0]);
        ThrowIfChanged(Base, trained, _baseConfig, [BaseEmbedding.Name], pairing, cancellationToken);
        Tensor embedding = trained.GetInputEmbedding();
        IndexSet others = ChangedRows.Of(RowMatrix.FromTensor(BaseEmbedding), RowMatrix.FromTensor(embedding), pairing, cancellationToken)
            .Except(ids);
        return others.Count == 0 ? WideRows.Of(embedding, ids, pairing, BaseEmbedding.ElementType)
            : throw new InvalidDataException($"{path}: row {others.First()} differs from the base and is not in the ticket. Give a "
                + "checkpoint of which only the ticket's rows were trained.");
    }

    /// <summary>The part of a patch, of any unit and payload, that changes all of the ticket's rows, and nothing else.</summary>
    private PatchTarget FindTrained(TicketPatch patch, CancellationToken cancellationToken)
    {
        PatchTarget[] targets = PatchTarget.Find(patch, Base);
        if (targets.FirstOrDefault(t => t.Tensor.Name != BaseEmbedding.Name && t.Patched.ChangedElements > 0) is { } other)
            throw new InvalidDataException($"{patch.Path}: the patch changes {Quote(other.Patched.Name)}. A certificate compares with "
                + $"Embed Tuning, which leaves all but the input embedding as it was. {Remedy.TuneTicket}.");
        PatchTarget target = targets.First(t => t.Tensor.Name == BaseEmbedding.Name);
        PatchedTensor patched = target.Patched;
        FingerprintKind kind = Fingerprint.KindOf(patched.BaseFingerprint);
        string own = kind == Fingerprint.KindOf(Ticket.Origin.BaseFingerprint) ? Ticket.Origin.BaseFingerprint
            : Fingerprint.OfTensor(BaseEmbedding, kind, cancellationToken);
        if (patched.BaseFingerprint != own)
            throw new InvalidDataException($"{patch.Path}: the patch was made for a base with the fingerprint {patched.BaseFingerprint}, "
                + $"the ticket's has {own}. Give a patch that was trained on this base.");
        IndexSet rows = patched.ChangedRows, ids = Ticket.Ids;
        return rows.Equals(ids) ? target : throw new InvalidDataException($"{patch.Path}: the patch holds {rows.Count} rows, the ticket "
            + $"{ids.Count}{FirstDifference(rows, ids)}. {Remedy.TuneTicket}.");
    }

    private static void ThrowIfOtherShape(Checkpoint original, LlamaConfig config, Checkpoint other, bool mayBeResized)
    {
        LlamaConfig its = LlamaConfig.Load(other);
        if (its.IsTied != config.IsTied)
            throw new InvalidDataException($"{other.Path}: {ModelConfig.FileName} says that the output head "
                + $"{(its.IsTied ? "is" : "is not")} the input embedding, that of {original.Path} says the contrary: a row means another "
                + "thing in each. Give two models that agree in tie_word_embeddings.");
        if ((its.VocabularySize != config.VocabularySize && !mayBeResized) || its.Width != config.Width)
            throw new InvalidDataException($"{other.Path}: the embedding has {its.VocabularySize} rows of {its.Width}, that of "
                + $"{original.Path} has {config.VocabularySize} of {config.Width}. Give a model that was tuned from this base, with "
                + "the vocabulary as it was.");
        if (OnlyShape(its) != OnlyShape(config))
            throw new InvalidDataException($"{other.Path}: {ModelConfig.FileName} describes another model than that of {original.Path}. "
                + "Give a model that was tuned from this base.");
    }

    private static LlamaConfig OnlyShape(LlamaConfig config) => config with
    {
        VocabularySize = 0,
        MaxLength = 0,
        BosTokenId = null,
        EosTokenIds = [],
        GenerationEosTokenIds = [],
        Notes = [],
    };

    private static void ThrowIfOther(string ticketPath, string what, string expected, Tensor tensor, CancellationToken cancellationToken)
    {
        string actual = Fingerprint.OfTensor(tensor, Fingerprint.KindOf(expected), cancellationToken);
        if (actual != expected)
            throw new TicketMismatchException($"{ticketPath}: the ticket was found with a {what} of the fingerprint {expected}, but "
                + $"{tensor.File.Path}, tensor {Quote(tensor.Name)}, has {actual}. {OtherTicket}");
    }

    /// <summary>Checks that two models hold the same values in all tensors but some.</summary>
    private static void ThrowIfChanged(
        Checkpoint original, Checkpoint other, LlamaConfig config, string[] except, RowPairing pairing, CancellationToken cancellationToken)
    {
        foreach (Tensor tensor in original.Tensors)
        {
            // A head that a tied model holds all the same is never read.
            if (except.Contains(tensor.Name) || (config.IsTied && TensorNames.Plain(tensor.Name) == LlamaWeights.HeadName)) continue;
            if (!other.TryGetTensor(tensor.Name, out Tensor? its)) throw Differs("is missing");
            if (TensorNames.Plain(tensor.Name) == LlamaWeights.HeadName && !pairing.IsPlain)
            {
                if (ChangedRows.Of(RowMatrix.FromTensor(tensor), RowMatrix.FromTensor(its), pairing, cancellationToken).Count > 0)
                    throw Differs("holds other values in the rows that both have");
                continue;
            }
            if (!its.Shape.SequenceEqual(tensor.Shape))
                throw Differs($"has the shape [{string.Join(", ", its.Shape)}] in place of [{string.Join(", ", tensor.Shape)}]");
            if (!TrainedRows.HaveSameValues(tensor, its, cancellationToken)) throw Differs("holds other values");

            InvalidDataException Differs(string how) =>
                new($"{other.Path}: {Quote(tensor.Name)} {how} than in {original.Path}. A certificate compares with "
                + $"Embed Tuning, which leaves all but the input embedding as it was. {Remedy.TuneEmbedding}.");
        }
    }

    private static string FirstDifference(IndexSet given, IndexSet expected)
    {
        IndexSet extra = given.Except(expected), missing = expected.Except(given);
        return (extra.Count > 0 ? $"; row {extra.First()} is there and should not be" : "")
            + (missing.Count > 0 ? $"; row {missing.First()} is missing" : "");
    }

    private static string Quote(string name) => CheckpointFormatException.Quote(name);
}
