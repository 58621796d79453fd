using System.CommandLine;
using System.Diagnostics;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Reports;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;

namespace KsLottery.Cli.Commands;

/// <summary><c>kslottery find BASE TUNED</c>: the winning ticket, or with <c>--all-tensors</c> the map of what changed.</summary>
internal static class FindCommand
{
    private const int MillisecondsBetweenReports = 100;

    public static Command Create()
    {
        Command command = new("find", "Tests every row of two checkpoints and names the winning ticket: the rows that a fine-tune moved.");
        FindOptions.AddTo(command);
        command.SetBody((arguments, ui, cancel) =>
        {
            FindOptions options = FindOptions.From(arguments);
            if (options.AllTensors) return TensorMap.Run(options, ui, cancel);
            Run(options, ui, cancel).Write();
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>Finds the ticket of one tensor, and writes what <c>--out</c> asks for.</summary>
    public static FindReport Run(FindOptions options, ConsoleUi ui, CancellationToken cancel)
    {
        long started = Stopwatch.GetTimestamp();
        using CheckpointPair pair = new(options.Base, options.Tuned, options.Tokenizer, options.Reading, ui);
        (Tensor before, Tensor after) = pair.FindTensors(options.Tensor);
        List<string> remarks = [];
        RowTokens tokens = pair.FindTokens(before, remarks.Add);
        VocabularyPairing? vocabulary = pair.PairRows(before, after, options.PairRows);
        // A tokenizer that cannot be read fails both, and its defect ends what was said of the names.
        remarks.AddRange([.. (vocabulary?.Remarks ?? []).Where(remark => !remarks.Exists(said => said.EndsWith(remark, StringComparison.Ordinal)))]);
        foreach (string remark in remarks) ui.Remark($"note: {remark}");
        using TicketFolder? folder = options.Out is null ? null : new(options.Out, options.Force);

        ScoredRows rows = Scan(before, after, vocabulary?.Rows, options, ui, cancel);
        (string baseFingerprint, string tunedFingerprint) = TakeFingerprints(before, after, ui, cancel);
        TicketOrigin origin = TicketOrigin.Of(pair.Base, before, after, baseFingerprint, tunedFingerprint, rows.Scan.Pairing);
        Ticket ticket = Ticket.Select(rows, origin with { Adapter = pair.Adapter?.TakeOrigin(cancel) }, tokens);
        IReadOnlyList<string> files = folder?.Write(ticket, rows, tokens, before, after, vocabulary?.TunedTokens, cancel) ?? [];
        if (options.Html is not null) Report.FromTicket(NameOf(options.Tuned), ticket, rows, tokens, before, after).WritePage(options.Html, options.Force, cancel);

        return new(ui, options, ticket, rows, tokens)
        {
            TunedTensor = after.Name,
            IsEmbedding = pair.IsEmbedding(before),
            Adapter = pair.Adapter,
            IsTunedTied = pair.Tuned.IsTied,
            Vocabulary = vocabulary,
            Elapsed = Stopwatch.GetElapsedTime(started),
            Files = files,
        };
    }

    private static string NameOf(string path) => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));

    private static ScoredRows Scan(Tensor before, Tensor after, RowPairing? pairing, FindOptions options, ConsoleUi ui,
        CancellationToken cancel)
    {
        using ComputeDevice device = options.Device.Open(DeviceWork.Rows);
        using ProgressLine progress = ui.StartProgress();
        RowScanResult scan = RowScan.Run(RowMatrix.FromTensor(before), RowMatrix.FromTensor(after),
            new() { Pairing = pairing, Device = device, Threads = options.Device.Threads, Progress = new ScanProgress(progress) }, cancel);
        return new(scan, options.Selection);
    }

    /// <summary>Both at once: SHA-256 is slower than the scan, and one stream of it has no use for a second processor.</summary>
    private static (string Base, string Tuned) TakeFingerprints(Tensor before, Tensor after, ConsoleUi ui, CancellationToken cancel)
    {
        using ProgressLine progress = ui.StartProgress();
        Task<string> first = Task.Run(() => Fingerprint.OfTensor(before, cancel), CancellationToken.None);
        Task<string> second = Task.Run(() => Fingerprint.OfTensor(after, cancel), CancellationToken.None);
        Task<string[]> both = Task.WhenAll(first, second);
        while (Task.WaitAny(new Task[] { both }, MillisecondsBetweenReports, CancellationToken.None) < 0)
            progress.Report(() => "taking the fingerprints of both tensors");
        string[] results = both.GetAwaiter().GetResult();
        return (results[0], results[1]);
    }
}
