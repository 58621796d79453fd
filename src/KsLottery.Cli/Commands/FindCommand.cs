using System.CommandLine;
using System.Diagnostics;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Ranks;
using KsLottery.Engine.Reports;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Text.Corpora;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;

namespace KsLottery.Cli;

/// <summary><c>kslottery find BASE TUNED</c>: the winning ticket, or with <c>--all-tensors</c> the map of what changed.</summary>
internal static class FindCommand
{
    public static Command Create()
    {
        Command command = new("find", "Tests every row of two checkpoints and names the winning ticket: the rows that a fine-tune moved.");
        FindOptions.AddTo(command);
        command.SetBody((arguments, ui, ranks, cancel) =>
        {
            FindOptions options = FindOptions.From(arguments);
            if (options.WorksAlone is { } what) JoinedRanks.ThrowIfSeveral(ranks, $"find {what}");
            if (options.Part is { } part) RunPart(options, part.Index, part.Count, ui, cancel);
            else if (options.AllTensors) RunMap(options, ranks, ui, cancel);
            else if (options.IsRowTest) Run(options, ranks, ui, cancel)?.Write();
            else RunUnits(options, ui, cancel).Write(ui);
            return ExitCode.Ok;
        });
        return command;
    }

    /// <summary>Finds the ticket of one tensor, and writes what <c>--out</c> asks for.</summary>
    public static FindReport Run(FindOptions options, ConsoleUi ui, CancellationToken cancel) =>
        Run(options, RankGroup.Alone, ui, cancel)!;

    /// <summary>The same by several ranks; null on all but the first.</summary>
    private static FindReport? Run(FindOptions options, RankGroup ranks, ConsoleUi ui, CancellationToken cancel)
    {
        long started = Stopwatch.GetTimestamp();
        using OpenedPair opened = new(options, ui);
        CheckpointPair pair = opened.Pair;
        (Tensor before, Tensor after) = opened.FindTensors(options.Tensor);
        CheckpointAgreement.ThrowIfDifferent(ranks, [opened.Base, opened.Tuned], cancel);
        if (!ranks.Writes)
        {
            ScanTogether(ranks, before, after, pair.PairRows(before, after), options, ui, cancel);
            return null;
        }
        List<string> remarks = [];
        RowTokens tokens = pair.FindTokens(before, remarks.Add);
        if (tokens.Source is null && (options.Exclude & ~(RowKinds.Degenerate | RowKinds.Special)) != RowKinds.None)
            throw new CommandException(ExitCode.Usage,
                $"--exclude {string.Join(',', RowKindNames.NamesOf(options.Exclude))}: no tokenizer says of what kind rows are, none lies "
                + "beside BASE or TUNED. Name one with --tokenizer FILE.");
        VocabularyPairing? vocabulary = pair.PairRows(before, after);
        // A tokenizer that cannot be read fails both, and its defect ends what was said of the names.
        remarks.AddRange([.. (vocabulary?.Remarks ?? []).Where(remark =>
            !remarks.Exists(said => said.EndsWith(remark, StringComparison.Ordinal))), .. ValueRemarks.About(before, after)]);
        foreach (string remark in remarks) ui.Remark($"note: {remark}");
        using TicketFolder? folder = options.Out is null ? null : new(options.Out, options.Force);

        RowScanResult? scanned = ranks.Size > 1 ? ScanTogether(ranks, before, after, vocabulary, options, ui, cancel)
            : options.Merged.Count > 0 ? Join(options, ui)
            : null;
        TicketResult found = Find(opened, before, after, tokens, vocabulary, scanned, options, ui, cancel);
        IReadOnlyList<string> files = folder?.Write(found, cancel) ?? [];
        if (found.Ticket.Entries.Count > 0) RemarkNoPatch(folder, ui);
        if (options.Html is not null)
            Report.FromTicket(NameOf(options.Tuned), found.Ticket, found.Rows, tokens, before, after, new() { Origin = options.Origin })
                .WritePage(options.Html, options.Force, cancel);

        return new(ui, options, found.Ticket, found.Rows, tokens)
        {
            TunedTensor = after.Name,
            IsEmbedding = pair.IsEmbedding(before),
            Adapter = opened.Adapter,
            IsTunedTied = pair.Tuned.IsTied,
            Vocabulary = vocabulary,
            Elapsed = Stopwatch.GetElapsedTime(started),
            Files = files,
        };
    }

    private static void RemarkNoPatch(TicketFolder? folder, ConsoleUi ui)
    {
        if (folder?.WhyNoPatch is { } reason) ui.Remark($"note: no {TicketPatch.FileName}: {reason}.");
    }

    private static string NameOf(string path) => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));

    private static TicketResult Find(OpenedPair opened, Tensor before, Tensor after, RowTokens tokens, VocabularyPairing? vocabulary,
        RowScanResult? scanned, FindOptions options, ConsoleUi ui, CancellationToken cancel)
    {
        using ComputeDevice? device = scanned is null ? options.Device.Open(DeviceWork.Rows) : null;
        using ProgressLine line = ui.StartProgress();
        return TicketFinder.FindRows(opened.Base, before, after, new()
        {
            Selection = options.Selection,
            Exclude = options.Exclude,
            Scan = new() { Device = device, Threads = options.Device.Threads, Progress = line.Of<RowScanProgress>(Describe) },
            Scanned = scanned,
            Tokens = tokens,
            Vocabulary = vocabulary,
            Adapter = opened.Adapter?.TakeOrigin(cancel),
            FingerprintProgress = line.Of<TimeSpan>(_ => "taking the fingerprints of both tensors"),
        }, cancel);
    }

    private static RowScanResult? ScanTogether(RankGroup ranks, Tensor before, Tensor after, VocabularyPairing? vocabulary,
        FindOptions options, ConsoleUi ui, CancellationToken cancel)
    {
        TicketScore.Ks.ThrowIfUndecidable(options.Selection, TicketUnit.Rows.Cut(before), before.Name);
        using ComputeDevice device = options.Device.Open(DeviceWork.Rows);
        using ProgressLine line = ui.StartProgress();
        return RowScan.Run(ranks, RowMatrix.FromTensor(before), RowMatrix.FromTensor(after), new()
        {
            Device = device,
            Threads = options.Device.Threads,
            Pairing = vocabulary?.Rows,
            TakesFingerprints = true,
            Progress = line.Of<RowScanProgress>(Describe),
        }, cancel);
    }

    private static RowScanResult Join(FindOptions options, ConsoleUi ui)
    {
        RowScanPart[] parts = [.. options.Merged.Select(path => RowScanPart.Read(path, options.Reading))];
        Reading.Remark(ui, parts.SelectMany(part => part.Notes));
        return RowScanResult.Of(parts);
    }

    /// <summary>Tests a part of the rows, and writes what was found of them.</summary>
    private static void RunPart(FindOptions options, int part, int parts, ConsoleUi ui, CancellationToken cancel)
    {
        long started = Stopwatch.GetTimestamp();
        using OpenedPair opened = new(options, ui);
        (Tensor before, Tensor after) = opened.FindTensors(options.Tensor);
        VocabularyPairing? vocabulary = opened.Pair.PairRows(before, after);
        foreach (string remark in (string[])[.. vocabulary?.Remarks ?? [], .. ValueRemarks.About(before, after)])
            ui.Remark($"note: {remark}");
        RowScanPartFile.ThrowIfTaken(options.Out!, options.Force);
        RowScanPart found = ScanPart(before, after, RowRange.OfPart(before.RowShape.Rows, part, parts), vocabulary, options, ui, cancel);
        found.Write(options.Out!, cancel);
        new PartReport(found, part, parts, options.Out!, Stopwatch.GetElapsedTime(started)).Write(ui);
    }

    private static RowScanPart ScanPart(Tensor before, Tensor after, RowRange range, VocabularyPairing? vocabulary, FindOptions options,
        ConsoleUi ui, CancellationToken cancel)
    {
        using ComputeDevice device = options.Device.Open(DeviceWork.Rows);
        using ProgressLine line = ui.StartProgress();
        return RowScan.RunPart(RowMatrix.FromTensor(before), RowMatrix.FromTensor(after), range, new()
        {
            Device = device,
            Threads = options.Device.Threads,
            Pairing = vocabulary?.Rows,
            Progress = line.Of<RowScanProgress>(Describe),
        }, cancel);
    }

    /// <summary>Finds a ticket of units of any tensors, and writes what <c>--out</c> asks for.</summary>
    private static UnitReport RunUnits(FindOptions options, ConsoleUi ui, CancellationToken cancel)
    {
        long started = Stopwatch.GetTimestamp();
        if (options.Tensor is not null)
            throw new CommandException(ExitCode.Usage, $"--tensor is for rows by their test, which {options.Cause} asks another thing of: "
                + "name tensors with --tensors.");
        using OpenedPair opened = new(options, ui);
        string[] inputs = [options.Base, options.Tuned, .. options.Without,
            .. options.Without.Select(path => Path.GetDirectoryName(TicketPatch.PathOf(path))!)];
        using TicketFolder? folder = options.Out is null ? null : new(options.Out, options.Force, inputs);
        TicketRecipe recipe = options.Recipe;
        foreach (string path in options.Without)
        {
            using TicketPatch left = TicketPatch.Open(path, options.Reading);
            recipe = recipe with { Without = recipe.Without?.Union(left.Mask) ?? left.Mask };
        }
        using ProgressLine line = ui.StartProgress();
        UnitTicketResult found = TicketFinder.Find(opened.Base, opened.Tuned, recipe, new()
        {
            Scan = new() { Threads = options.Device.Threads },
            TokenCounts = CountTokens(opened, options, ui, cancel),
            FingerprintProgress = line.Of<TimeSpan>(_ => "taking the fingerprints of the tensors"),
        }, cancel);
        foreach (string remark in ValueRemarks.About(found.Pairs)) ui.Remark($"note: {remark}");
        RemarkUnchanged(found.Ticket, ui);
        IReadOnlyList<string> files = folder?.Write(found, cancel) ?? [];
        if (found.Ticket.Count > 0) RemarkNoPatch(folder, ui);
        if (options.Html is not null)
            Report.FromTicket(NameOf(options.Tuned), found, new() { Origin = options.Origin }, cancel)
                .WritePage(options.Html, options.Force, cancel);
        return new(options, found.Ticket, files, Stopwatch.GetElapsedTime(started))
        {
            Tokens = found.Pairs is [var only] ? opened.Pair.FindTokens(only.Base) : RowTokens.None,
        };
    }

    /// <summary>A number or a share is filled up with units that did not change, whose score by any change is 0.</summary>
    private static void RemarkUnchanged(UnitTicket ticket, ConsoleUi ui)
    {
        if (!ticket.Recipe.Score.Inputs.HasFlag(ScoreInputs.Base | ScoreInputs.Tuned)) return;
        long units = ticket.Tensors.Where(t => t.BaseFingerprint == t.TunedFingerprint).Sum(t => (long)t.Mask.Units.Count);
        if (units > 0)
            ui.Remark($"note: {Sizes.Count(units, "unit")} of the ticket {(units == 1 ? "lies" : "lie")} in tensors that are the same "
                + $"before and after, where the score '{ticket.Recipe.Score.Name}' of every unit is 0.");
    }

    private static long[]? CountTokens(OpenedPair opened, FindOptions options, ConsoleUi ui, CancellationToken cancel) =>
        options.Text.Length == 0 ? null
        : TokenCounts.OfTexts(LoadedModel.OpenTokenizer(options.Tokenizer, options.Base, ui), PlainText.Read(options.Text),
            opened.Base.GetInputEmbedding().RowShape.Rows, cancel);

    /// <summary>Compares all tensors, and writes what <c>--out</c> asks for.</summary>
    private static void RunMap(FindOptions options, RankGroup ranks, ConsoleUi ui, CancellationToken cancel)
    {
        TensorMapFile? file = options.Out is null || !ranks.Writes ? null : new(options.Out, options.Force);
        using OpenedPair opened = new(options, ui);
        CheckpointAgreement.ThrowIfDifferent(ranks, [opened.Base, opened.Tuned], cancel);
        TensorMap map = Map(ranks, opened.Pair, options, ui, cancel);
        if (!ranks.Writes) return;
        TensorMapLine[] lines = [.. options.ChangedOnly ? map.Lines.Where(line => line.Unchanged < line.Rows) : map.Lines];
        file?.Write(lines, cancel);
        new TensorMapReport(map, lines, opened, file?.FilePath).Write(ui);
    }

    private static TensorMap Map(RankGroup ranks, CheckpointPair pair, FindOptions options, ConsoleUi ui, CancellationToken cancel)
    {
        using ComputeDevice device = options.Device.Open(DeviceWork.Rows);
        using ProgressLine line = ui.StartProgress();
        return TensorMap.Of(ranks, pair, options.Selection, new() { Device = device, Threads = options.Device.Threads },
            line.Of<TensorMapProgress>(value => $"{VisibleText.Escape(value.Name)}: {Describe(value.Scan)}"),
            options.Recipe.Scope.Tensors, cancel);
    }

    private static string Describe(RowScanProgress value)
    {
        if (value.Compiling is { } device)
            return $"compiling the kernels for {device}, {(int)value.Elapsed.TotalSeconds} s so far; they are kept for the next time";
        double rate = value.RowsDone / Math.Max(value.Elapsed.TotalSeconds, 1e-9);
        string left = rate > 0 ? Sizes.Count((long)Math.Ceiling((value.RowCount - value.RowsDone) / rate)) : "-";
        return $"{Sizes.Count(value.RowsDone)} of {Sizes.Count(value.RowCount)} rows, {Sizes.Count((long)rate)} rows/s, {left} s left";
    }
}
