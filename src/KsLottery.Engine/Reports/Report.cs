using System.Text;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;

namespace KsLottery.Engine.Reports;

/// <summary>A page about a ticket, its trainings, certificate and controls: one HTML file that needs no other file and no script.</summary>
/// <remarks>
/// It is made from the files that the commands leave behind; what is there has its section. It holds no time and no path but those that
/// <see cref="ReportOptions.Origin"/> gives it, so that the same files give the same bytes. Text of any origin is escaped, and the page
/// itself forbids any script but its own, which only sorts tables.
/// </remarks>
public sealed class Report
{
    /// <summary>The page's name in a folder.</summary>
    public const string PageName = "report.html";

    private const string TensorBoardName = "tensorboard";
    private const int MarkLength = 400;

    private readonly ReportContent _content;
    private readonly ReportOptions _options;
    private readonly Page _page;

    private Report(ReportContent content, ReportOptions options) => (_content, _options, _page) = (content, options, new(content));

    /// <summary>The names of its charts.</summary>
    public IReadOnlyList<string> Charts => [.. _page.Figures.Select(f => f.Name)];

    /// <summary>The names of its sections.</summary>
    public IReadOnlyList<string> Sections => [.. _page.Sections];

    /// <summary>Reads a folder that commands wrote, and the folders in it.</summary>
    /// <param name="path">The folder of <c>find --out</c> (rows or other units), <c>tune</c>, <c>pretrain</c>, <c>certify</c>,
    /// <c>experiment</c> or <c>demo --keep</c>, or one that holds such folders.</param>
    /// <param name="options">What else to show.</param>
    /// <param name="cancellationToken">Stops between files.</param>
    /// <exception cref="InvalidDataException">A file is damaged or does not fit another, or there is nothing to show.</exception>
    /// <exception cref="ArgumentException">The row is not at hand, or the counts of tokens are more than the rows.</exception>
    /// <exception cref="IOException">The folder is absent or cannot be read.</exception>
    public static Report FromFolder(string path, ReportOptions? options = null, CancellationToken cancellationToken = default)
    {
        options ??= new();
        ReportContent content = new ReportFolder(path).Read(options, cancellationToken);
        return new(WithOccurrences(content, options) with { Origin = options.Origin }, options);
    }

    /// <summary>Takes what a scan found, with nothing written yet.</summary>
    /// <param name="name">What the page is called.</param>
    /// <param name="ticket">The ticket.</param>
    /// <param name="rows">All rows, from which it was selected.</param>
    /// <param name="tokens">Names the rows.</param>
    /// <param name="baseTensor">The base tensor.</param>
    /// <param name="tunedTensor">The tuned tensor.</param>
    /// <param name="options">What else to show; its row and occurrences are not looked at.</param>
    public static Report FromTicket(string name, Ticket ticket, ScoredRows rows, RowTokens tokens, Tensor baseTensor, Tensor tunedTensor,
        ReportOptions? options = null)
    {
        options ??= new();
        ArgumentNullException.ThrowIfNull(ticket);
        ArgumentNullException.ThrowIfNull(rows);
        TestedRows tested = TestedRows.From(ticket, rows, tokens);
        return new(new()
        {
            Name = name,
            Rows = tested,
            Values = RowValues.From(baseTensor, tunedTensor, tested.Best.Select(e => (e.Id, e.TunedId))),
            Tickets = [(name, ticket)],
            Facts = [TicketFacts.Of(name, ticket)],
            Origin = options.Origin,
        }, options);
    }

    /// <summary>Takes a ticket of units, with nothing written yet.</summary>
    /// <param name="name">What the page is called.</param>
    /// <param name="found">The ticket; its checkpoints must still be open.</param>
    /// <param name="options">What else to show; its row and occurrences are not looked at.</param>
    /// <param name="cancellationToken">Stops while the ticket's values are read.</param>
    public static Report FromTicket(string name, UnitTicketResult found, ReportOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        options ??= new();
        ArgumentNullException.ThrowIfNull(found);
        UnitFinding units = UnitFinding.Of(name, found, cancellationToken);
        return new(new() { Name = name, Units = units, Facts = [.. UnitFacts.Of(units)], Remarks = units.Remarks, Origin = options.Origin },
            options);
    }

    /// <summary>Refuses a place for a page that <see cref="WritePage"/> would refuse; before long work.</summary>
    /// <param name="path">The file.</param>
    /// <param name="replace">Whether an earlier page may be replaced; other files never are.</param>
    /// <exception cref="IOException">Something stands there.</exception>
    public static void ThrowIfTaken(string path, bool replace = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (Directory.Exists(path)) throw new IOException($"{path}: this is a folder. Give the name of a file in it.");
        if (Path.GetDirectoryName(Path.GetFullPath(path)) is { } folder && !Directory.Exists(folder))
            throw new DirectoryNotFoundException($"{path}: the folder {folder} does not exist. Create it first.");
        if (!File.Exists(path)) return;
        if (!IsPage(path)) throw new IOException($"{path}: another file stands there, which is no page of kslottery. Name a new file.");
        if (!replace) throw new IOException($"{path}: an earlier page stands there. {Remedy.Replace}, or name another file.");
    }

    /// <summary>Writes the page alone, whole or not at all.</summary>
    /// <param name="path">The file.</param>
    /// <param name="replace">Whether an earlier page may be replaced; other files never are.</param>
    /// <param name="cancellationToken">Stops before the file takes its name.</param>
    /// <exception cref="IOException">Something else stands there, or it cannot be written.</exception>
    public void WritePage(string path, bool replace = false, CancellationToken cancellationToken = default)
    {
        ThrowIfTaken(path, replace);
        AtomicFile.WriteText(path, _page.ToHtml(hasFiles: false), cancellationToken);
    }

    /// <summary>Writes a folder with the page, each chart as <c>.svg</c> and its numbers as <c>.tsv</c>; it appears whole or not at
    /// all.</summary>
    /// <param name="path">The folder: absent or empty, in a folder that exists.</param>
    /// <param name="replace">Whether it may hold an earlier report, which is then replaced; a folder with any other file is
    /// refused.</param>
    /// <param name="cancellationToken">Stops between files; nothing is left behind.</param>
    /// <returns>The names of the files, the page first.</returns>
    /// <exception cref="IOException">Something else stands there, or it cannot be written.</exception>
    public IReadOnlyList<string> WriteFolder(string path, bool replace = false, CancellationToken cancellationToken = default)
    {
        if (!replace && File.Exists(Path.Combine(path, PageName)))
            throw new IOException($"{path}: an earlier report stands there. {Remedy.Replace}, or name another folder.");
        using StagedFolder folder = new(path,
            replace ? [PageName, TensorBoardName, .. PageCharts.Names.SelectMany(n => (string[])[$"{n}.svg", $"{n}.tsv"])] : []);
        List<string> names = [];
        Write(PageName, _page.ToHtml(hasFiles: true));
        foreach (Figure figure in _page.Figures)
        {
            Write($"{figure.Name}.svg", figure.Chart.ToSvg(isFile: true));
            Write($"{figure.Name}.tsv", figure.Numbers.ToTsv());
        }
        if (_options.HasTensorBoard)
            foreach (TrainingRecord training in _content.Trainings)
            {
                string run = Path.Combine(TensorBoardName, training.Name), name = Path.Combine(run, TensorBoardFile.FileName);
                Directory.CreateDirectory(Path.Combine(folder.Staging, run));
                TensorBoardFile.Write(Path.Combine(folder.Staging, name), training.Steps, cancellationToken);
                names.Add(name);
            }
        folder.Commit(cancellationToken);
        return names;

        void Write(string name, string text)
        {
            AtomicFile.WriteText(Path.Combine(folder.Staging, name), text, cancellationToken);
            names.Add(name);
        }
    }

    private static ReportContent WithOccurrences(ReportContent content, ReportOptions options)
    {
        if (options.Occurrences is not { } given || content.Rows is not { } rows) return content with { Occurrences = null };
        if (given.Count > rows.Counts.Count)
            throw new ArgumentException(
                $"the tokenizer has {Digits.Count(given.Count, "token")}, the ticket's tensor {Digits.Count(rows.Counts.Count, "row")}: "
                + $"it is not that model's. {Remedy.UseModelTokenizer}.", nameof(options));
        return content with { Occurrences = [.. given, .. new long[rows.Counts.Count - given.Count]] };
    }

    private static bool IsPage(string path)
    {
        using FileStream stream = File.OpenRead(path);
        byte[] head = new byte[MarkLength];
        int length = stream.ReadAtLeast(head, head.Length, throwOnEndOfStream: false);
        return Encoding.UTF8.GetString(head, 0, length).Contains(Page.Mark, StringComparison.Ordinal);
    }
}
