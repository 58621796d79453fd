using KsLottery.Engine.Evaluation;
using KsLottery.Engine.Experiments;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Training;
using KsLottery.Engine.Transfer;

namespace KsLottery.Engine.Reports;

/// <summary>Finds what a folder and the folders in it hold that a page can show.</summary>
/// <remarks>Files are known by the names that the commands give them; folders by name order, the folder itself first.</remarks>
internal sealed class ReportFolder
{
    private const string TrainingName = "training.json";
    private const string CertificateName = "certificate.json";
    private const int MaxTrainings = 24;

    private readonly string _path;
    private readonly string _name;
    private readonly string[] _folders;
    private readonly List<string> _remarks = [];

    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    public ReportFolder(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (File.Exists(path))
            throw new DirectoryNotFoundException($"{path}: this is a file. {Remedy.NameResult}.");
        if (!Directory.Exists(path)) throw new DirectoryNotFoundException($"{path}: no such folder.");
        _path = path;
        _name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(path)));
        _folders = [path, .. Directory.EnumerateDirectories(path)
            .Where(f => !Path.GetFileName(f).StartsWith('.') && !File.Exists(Path.Combine(f, Report.PageName)))
            .Order(StringComparer.Ordinal)];
    }

    /// <summary>Reads everything.</summary>
    /// <exception cref="InvalidDataException">A file is damaged, or there is nothing to show.</exception>
    public ReportContent Read(ReportOptions options, CancellationToken cancellationToken)
    {
        List<(string Folder, Ticket Ticket)> tickets = [.. _folders
            .Where(f => File.Exists(Path.Combine(f, TicketFile.FileName)) && File.Exists(Path.Combine(f, RowsFile.FileName))
                && !UnitTicketFile.Is(f))
            .Select(f => (f, TicketFile.Read(Path.Combine(f, TicketFile.FileName))))
            .OrderBy(t => t.Item2.Entries.Count == 0)];
        TestedRows? rows = tickets.Count == 0 ? null
            : TestedRows.Read(Path.Combine(tickets[0].Folder, RowsFile.FileName), tickets[0].Ticket, cancellationToken);
        UnitFinding[] units = [.. _folders.Where(UnitTicketFile.Is).Select(f => UnitFinding.Read(NameOf(f), f, cancellationToken))];
        foreach (UnitFinding other in units.Skip(1))
            _remarks.Add($"The units of one ticket are drawn, those of {units[0].Name}; kslottery report on {other.Name} gives those.");
        _remarks.AddRange(units.SelectMany(u => u.Remarks));
        ReportContent content = new()
        {
            Name = _name,
            Units = units.FirstOrDefault(),
            Masks = [.. units.Where(u => u.Mask is not null).Select(u => (u.Name, u.Mask!))],
            Rows = rows,
            Values = rows is null ? null : ReadValues(tickets[0].Folder, rows, options.Row),
            Row = options.Row,
            Occurrences = options.Occurrences,
            Tickets = [.. tickets.Select(t => (NameOf(t.Folder), t.Ticket))],
            Trainings = ReadTrainings(),
            Findings = TicketFinding.Read(_path),
            Arms = One(ArmScores.FileName, ArmScores.Read),
            Verdicts = One(ArmVerdict.FileName, ArmVerdict.Read),
            Certificate = All(CertificateName).Select(f => CertificateRecord.Read(Path.Combine(f, CertificateName)))
                .FirstOrDefault(c => c is not null),
            Positions = One(PositionMargin.FileName, PositionMargin.Read),
            Sweep = One(AlphaStep.FileName, AlphaStep.Read),
            Sparsities = One(SweepFolder.FileName, SweepFolder.Read),
            Tensors = One(TensorMapFile.FileName, TensorMapFile.Read),
            Facts = [.. units.SelectMany(UnitFacts.Of), .. ReadFacts(tickets)],
            Remarks = _remarks,
        };
        if (content.IsEmpty)
            throw new InvalidDataException($"{_path}: nothing to report: neither it nor a folder in it has {TicketFile.FileName} with "
                + $"{RowsFile.FileName} or of units, {MetricsWriter.FileName}, {PositionMargin.FileName}, {AlphaStep.FileName}, "
                    + $"{ArmScores.FileName}, {SweepFolder.FileName} or "
                + $"{TensorMapFile.FileName}. {Remedy.NameResult}.");
        return options.Row is { } row && content.Values?.Find(row) is null ? throw NoSuchRow(row, rows, content.Values) : content;
    }

    private TrainingRecord[] ReadTrainings()
    {
        Dictionary<string, (string Task, ulong Seed, string Method)> arms = ReadArms();
        return [.. All(MetricsWriter.FileName).Select(f =>
        {
            TrainingRecord training = new(NameOf(f), MetricsFile.Read(Path.Combine(f, MetricsWriter.FileName)), IsPretraining(f));
            return arms.TryGetValue(training.Name, out (string Task, ulong Seed, string Method) arm)
                ? training with { Task = arm.Task, Seed = arm.Seed, Method = arm.Method } : training;
        })];
    }

    /// <summary>The arms of an experiment by their folders.</summary>
    private Dictionary<string, (string Task, ulong Seed, string Method)> ReadArms()
    {
        string file = Path.Combine(_path, ExperimentFile.FileName);
        if (!File.Exists(file)) return [];
        try
        {
            ExperimentPlan plan = ExperimentFile.Read(file).WithControls();
            return plan.Tasks.SelectMany(task => plan.Seeds.SelectMany(seed => plan.Arms.Select(arm =>
                    (Folder: ArmFolders.NameOf(task, seed, arm), (task.Name, seed, arm.Name)))))
                .DistinctBy(arm => arm.Folder).ToDictionary(arm => arm.Folder, arm => arm.Item2);
        }
        catch (InvalidDataException)
        {
            _remarks.Add($"{ExperimentFile.FileName} is no plan that this version reads: trainings are shown by their folders.");
            return [];
        }
    }

    private static RowValues? ReadValues(string folder, TestedRows rows, int? row)
    {
        string patch = Path.Combine(folder, TicketPatch.FileName);
        if (!File.Exists(patch)) return null;
        IEnumerable<int> best = rows.Best.Select(e => e.Id);
        return RowValues.Read(patch, row is { } wanted ? best.Where(id => id != wanted).Prepend(wanted) : best);
    }

    private ArgumentException NoSuchRow(int row, TestedRows? rows, RowValues? values) => new(values is null
        ? $"row {Digits.Exact(row)}: {_path} has no {TicketPatch.FileName} beside a ticket, which would hold its values. Leave the row "
            + $"out, or {Remedy.WriteTicket}."
        : values.Ids.Count == 0 ? $"row {Digits.Exact(row)}: the ticket's {TicketPatch.FileName} has no rows, or holds codes, of which the "
            + "scale beside the base makes values. Leave the row out, or make the page of the checkpoints."
        : $"row {Digits.Exact(row)}: the ticket's {TicketPatch.FileName} has {Digits.Count(rows!.Best.Count, "row")} and not this one. "
            + $"Choose one of "
            + $"{string.Join(", ", values.Ids.Take(12).Select(id => Digits.Exact(id)))}{(values.Ids.Count > 12 ? ", …" : "")}.");

    private List<FactGroup> ReadFacts(List<(string Folder, Ticket Ticket)> tickets)
    {
        List<FactGroup> groups = [.. tickets.Select(t => TicketFacts.Of(NameOf(t.Folder), t.Ticket))];
        foreach (string name in (string[])[ExperimentFile.FileName, CertificateName, TrainingName])
        {
            string[] found = [.. All(name)];
            groups.AddRange(found.Take(MaxTrainings)
                .Select(f => new FactGroup($"{NameOf(f)}: {name}", JsonFacts.Read(Path.Combine(f, name)))));
            if (found.Length > MaxTrainings)
                _remarks.Add($"{name} of {Digits.Count(MaxTrainings, "folder")} is shown, of "
                    + $"{Digits.Count(found.Length - MaxTrainings)} more it is left out.");
        }
        return groups;
    }

    private static bool IsPretraining(string folder) => Path.Combine(folder, TrainingName) is var file && File.Exists(file)
        && JsonFacts.Read(file) is var facts && facts.Any(f => f.Name == "settings.scope") && facts.All(f => f.Name != "settings.base");

    private IEnumerable<string> All(string name) => _folders.Where(f => File.Exists(Path.Combine(f, name)));

    private IReadOnlyList<T> One<T>(string name, Func<string, IReadOnlyList<T>> read)
    {
        string[] found = [.. All(name)];
        foreach (string folder in found.Skip(1))
            _remarks.Add($"{name} of {NameOf(found[0])} is shown; kslottery report on {NameOf(folder)} shows its own.");
        return found.Length == 0 ? [] : read(Path.Combine(found[0], name));
    }

    private string NameOf(string folder) => folder == _path ? _name : Path.GetFileName(folder);
}
