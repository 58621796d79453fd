using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Rows;

namespace KsLottery.Engine.Tickets;

/// <summary>How a ticket is looked for.</summary>
public sealed record TicketFinderOptions
{
    /// <summary>Level, method and correction; the paper's by default.</summary>
    public TicketSelection Selection { get; init; } = new BelowAlpha();

    /// <summary>Kinds of rows that may not win.</summary>
    public RowKinds Exclude { get; init; }

    /// <summary>Device, threads and progress of the scan.</summary>
    public RowScanOptions Scan { get; init; } = new();

    /// <summary>The scan, where it was made before, as of parts that <see cref="RowScanResult.Of"/> joined; null makes it. The blocks that
    /// the ticket's rows lie in are compared with those that were scanned.</summary>
    public RowScanResult? Scanned { get; init; }

    /// <summary>Names the rows; null takes the names of the tokenizer beside the checkpoints, or between tensors alone none.</summary>
    public RowTokens? Tokens { get; init; }

    /// <summary>Which rows stand against each other; null pairs those of checkpoints by their tokenizers, of tensors by id.</summary>
    public VocabularyPairing? Vocabulary { get; init; }

    /// <summary>The base tensor's fingerprint where it is known, and of which kind the tuned one's is; null takes both in the scan,
    /// of <see cref="FingerprintKind.Tree"/>.</summary>
    public string? BaseFingerprint { get; init; }

    /// <summary>The adapter that made the tuned tensor; null where it lies in a checkpoint.</summary>
    public TicketAdapter? Adapter { get; init; }

    /// <summary>How often a text holds each token, by row, for the score "frequency"; null where nobody counted.</summary>
    public IReadOnlyList<long>? TokenCounts { get; init; }

    /// <summary>Reports a few times a second for how long fingerprints are being taken that the scan does not take.</summary>
    public IProgress<TimeSpan>? FingerprintProgress { get; init; }
}

/// <summary>A ticket, and all that it was selected from.</summary>
/// <param name="Ticket">The ticket.</param>
/// <param name="Rows">All rows with their p-values.</param>
/// <param name="Tokens">Names the rows.</param>
/// <param name="BaseTensor">The base tensor.</param>
/// <param name="TunedTensor">The tuned one.</param>
/// <param name="Vocabulary">How rows were paired; null where each was compared with that of its number.</param>
public sealed record TicketResult(
    Ticket Ticket, ScoredRows Rows, RowTokens Tokens, Tensor BaseTensor, Tensor TunedTensor, VocabularyPairing? Vocabulary);

/// <summary>Finds the winning ticket between a base and a tuned checkpoint: the rows that a fine-tune moved.</summary>
/// <remarks>KS-Lottery (arXiv 2402.02801): the two-sample Kolmogorov-Smirnov test on every row, and those below alpha.</remarks>
public static partial class TicketFinder
{
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>Finds the ticket of the input embeddings of two checkpoints by their paths.</summary>
    /// <param name="basePath">The base: a file, a folder or an index.</param>
    /// <param name="tunedPath">The tuned checkpoint.</param>
    /// <param name="options">Selection, device, progress.</param>
    /// <param name="cancellationToken">Stops between chunks of rows.</param>
    /// <remarks>A <c>TicketFolder</c> writes what <see cref="FindRows(Checkpoint, Checkpoint, TicketFinderOptions?, CancellationToken)"/>
    /// finds, patch and all rows with it.</remarks>
    /// <inheritdoc cref="FindRows(Checkpoint, Checkpoint, TicketFinderOptions?, CancellationToken)" path="/exception"/>
    /// <exception cref="CheckpointFormatException">A file is damaged.</exception>
    /// <exception cref="IOException">A file is absent or cannot be read.</exception>
    /// <example><code>
    /// Ticket ticket = TicketFinder.FindRows("base", "tuned");
    /// Console.WriteLine(ticket);
    /// foreach (TicketEntry row in ticket.Entries) Console.WriteLine(row);
    /// </code></example>
    public static Ticket FindRows(
        string basePath, string tunedPath, TicketFinderOptions? options = null, CancellationToken cancellationToken = default)
    {
        using Checkpoint baseCheckpoint = Checkpoint.Open(basePath), tuned = Checkpoint.Open(tunedPath);
        return FindRows(baseCheckpoint, tuned, options, cancellationToken).Ticket;
    }

    /// <summary>The same on a thread of its own.</summary>
    /// <inheritdoc cref="FindRows(string, string, TicketFinderOptions?, CancellationToken)" path="/param"/>
    /// <inheritdoc cref="FindRows(string, string, TicketFinderOptions?, CancellationToken)" path="/exception"/>
    public static Task<Ticket> FindRowsAsync(
        string basePath, string tunedPath, TicketFinderOptions? options = null, CancellationToken cancellationToken = default) =>
        Task.Factory.StartNew(() => FindRows(basePath, tunedPath, options, cancellationToken), cancellationToken,
            TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Finds the ticket of the input embeddings of two checkpoints.</summary>
    /// <param name="baseCheckpoint">The base.</param>
    /// <param name="tuned">The tuned checkpoint.</param>
    /// <param name="options">Selection, device, progress.</param>
    /// <param name="cancellationToken">Stops between chunks of rows.</param>
    /// <exception cref="KeyNotFoundException">One of them has no input embedding.</exception>
    /// <exception cref="InvalidDataException">The tokenizers name ids differently, and nobody said how rows are to be paired.</exception>
    /// <exception cref="ArgumentException">The embeddings have rows of other widths, or of one at which no p-value can be below
    /// alpha.</exception>
    /// <exception cref="NotSupportedException">An embedding is of a type that is not readable, or codes have no scale.</exception>
    /// <exception cref="Devices.DeviceFailureException">The device failed.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static TicketResult FindRows(
        Checkpoint baseCheckpoint, Checkpoint tuned, TicketFinderOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new();
        CheckpointPair pair = new(baseCheckpoint, tuned);
        (Tensor before, Tensor after) = pair.GetEmbeddings();
        return FindRows(baseCheckpoint, before, after, options with
        {
            Tokens = options.Tokens ?? pair.FindTokens(before),
            Vocabulary = options.Vocabulary ?? pair.PairRows(before, after),
        }, cancellationToken);
    }

    /// <summary>Finds the ticket of two tensors.</summary>
    /// <param name="baseCheckpoint">The base.</param>
    /// <param name="before">Its matrix.</param>
    /// <param name="after">The tuned matrix, of the same shape unless the options pair rows.</param>
    /// <param name="options">Selection, device, progress, names, pairs.</param>
    /// <param name="cancellationToken">Stops between chunks of rows.</param>
    /// <exception cref="ArgumentException">The shapes differ, or no p-value can be below alpha at this width.</exception>
    /// <exception cref="TicketMismatchException">The scan that the options give is of other tensors.</exception>
    /// <exception cref="NotSupportedException">A tensor is of a type that is not readable, or codes have no scale.</exception>
    /// <exception cref="Devices.DeviceFailureException">The device failed.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static TicketResult FindRows(Checkpoint baseCheckpoint, Tensor before, Tensor after, TicketFinderOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(before);
        options ??= new();
        RowScanOptions scan = options.Vocabulary is { } vocabulary ? options.Scan with { Pairing = vocabulary.Rows } : options.Scan;
        scan = scan with { TakesFingerprints = options.BaseFingerprint is null };
        if (options.Scanned is { } scanned) JoinedScan.ThrowIfOther(scanned, before, after, scan.Pairing);
        TicketScore.Ks.ThrowIfUndecidable(options.Selection, TicketUnit.Rows.Cut(before), before.Name);
        ScoredRows rows = options.Scanned is { } joined ? new(joined, options.Selection)
            : Score(before, after, options.Selection, scan, cancellationToken);
        string basePrint = options.BaseFingerprint ?? rows.Scan.BaseFingerprint!;
        FingerprintKind kind = Fingerprint.KindOf(basePrint);
        string tunedPrint = rows.Scan.TunedFingerprint is { } taken && Fingerprint.KindOf(taken) == kind ? taken
            : TakeFingerprint(after, kind, options, cancellationToken);
        TicketOrigin origin = TicketOrigin.Of(baseCheckpoint, before, after, basePrint, tunedPrint, rows.Scan.Pairing) with
        {
            Adapter = options.Adapter,
        };
        RowTokens tokens = options.Tokens ?? RowTokens.None;
        Ticket ticket = Ticket.Select(rows, origin, tokens, options.Exclude);
        if (options.Scanned is not null) JoinedScan.ThrowIfOtherBytes(rows.Scan, before, after, ticket.Ids, cancellationToken);
        return new(ticket, rows, tokens, before, after, options.Vocabulary);
    }

    /// <summary>Tests every row of two tensors, and says which win; fingerprints, which take longer, only where asked for.</summary>
    internal static ScoredRows Score(
        Tensor before, Tensor after, TicketSelection selection, RowScanOptions options, CancellationToken cancellationToken) =>
        new(RowScan.Run(RowMatrix.FromTensor(before), RowMatrix.FromTensor(after), options, cancellationToken), selection);

    private static string TakeFingerprint(Tensor tensor, FingerprintKind kind, TicketFinderOptions options, CancellationToken cancel) =>
        Wait(() => Fingerprint.OfTensor(tensor, kind, cancel), options);

    /// <summary>Takes fingerprints, and reports for how long.</summary>
    private static T Wait<T>(Func<T> take, TicketFinderOptions options)
    {
        long started = System.Diagnostics.Stopwatch.GetTimestamp();
        Task<T> taken = Task.Run(take, CancellationToken.None);
        while (!taken.IsCompleted && Task.WaitAny([taken], ProgressInterval) < 0)
            options.FingerprintProgress?.Report(System.Diagnostics.Stopwatch.GetElapsedTime(started));
        return taken.GetAwaiter().GetResult();
    }
}
