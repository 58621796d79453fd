using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Bench;

/// <summary>Writes bench/results/mutants/FOLDER.md from the report of a mutation run.</summary>
internal static partial class MutationReport
{
    private const string Killed = "Killed", Survived = "Survived", Timeout = "Timeout", NoCoverage = "NoCoverage", Pending = "Pending";

    private static readonly string[] Counted = [Killed, Survived, Timeout, NoCoverage];

    private sealed record Change(string File, int Line, string Status, string Before, string After, string? Killer, int Ordinal)
    {
        /// <summary>What stays when lines move.</summary>
        public (string, string, string) Key => (File, Before, After);

        public bool IsAlive => Status is Survived or NoCoverage;
    }

    /// <summary><c>mutants FOLDER COMMIT REPORT.json…</c>; of a mutant that was run again the last verdict counts.</summary>
    public static int Run(string folder, string commit, string[] reports)
    {
        string bench = ResultFolder.FindBench()
            ?? throw new DirectoryNotFoundException("no KsLottery.Engine.sln here or above: run it in the repository");
        Change[] all = [.. reports.SelectMany(report => Read(report, folder)).Where(c => c.Status == Pending || Counted.Contains(c.Status))
            .GroupBy(c => (c.Key, c.Ordinal)).Select(runs => runs.Last())];
        Change[] changes = [.. all.Where(c => c.Status != Pending)];
        Dictionary<(string, string, string), string> reasons = File.ReadLines(Path.Combine(bench, "mutants", "survivors.tsv")).Skip(1)
            .Select(l => l.Split('\t')).ToDictionary(c => (c[0], c[1], c[2]), c => c[3]);
        string path = Path.Combine(Directory.CreateDirectory(Path.Combine(bench, "results", "mutants")).FullName,
            folder.ToLowerInvariant() + ".md");
        AtomicFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(Describe(changes, all.Length, reasons, folder, commit))));
        Console.WriteLine($"{path}: {Score(changes)}");
        return 0;
    }

    private static IEnumerable<Change> Read(string path, string folder)
    {
        using JsonDocument report = JsonDocument.Parse(File.ReadAllBytes(path));
        Dictionary<string, string> tests = report.RootElement.GetProperty("testFiles").EnumerateObject()
            .SelectMany(file => file.Value.GetProperty("tests").EnumerateArray()).DistinctBy(Id).ToDictionary(Id, Name);
        foreach (JsonProperty file in report.RootElement.GetProperty("files").EnumerateObject())
        {
            string[] parts = file.Name.Split('/', '\\');
            if (!parts.Contains(folder)) continue;
            Dictionary<(string, string), int> alike = [];
            string[] lines = file.Value.GetProperty("source").GetString()!.ReplaceLineEndings("\n").Split('\n');
            foreach (JsonElement mutant in file.Value.GetProperty("mutants").EnumerateArray())
            {
                JsonElement place = mutant.GetProperty("location"), from = place.GetProperty("start"), to = place.GetProperty("end");
                string before = Cut(Original(lines, from, to)), after = Cut(mutant.GetProperty("replacement").GetString()!);
                int ordinal = alike[(before, after)] = alike.GetValueOrDefault((before, after)) + 1;
                bool isKilled = mutant.TryGetProperty("killedBy", out JsonElement by) && by.GetArrayLength() > 0;
                yield return new(parts[^1], Line(from), mutant.GetProperty("status").GetString()!, before, after,
                    isKilled ? tests[by[0].GetString()!] : null, ordinal);
            }
        }

        static string Id(JsonElement test) => test.GetProperty("id").GetString()!;

        // Without the arguments of a case.
        static string Name(JsonElement test) => test.GetProperty("name").GetString()!.Split('(')[0];
    }

    private static string Describe(Change[] changes, int all, Dictionary<(string, string, string), string> reasons, string folder,
        string commit)
    {
        StringBuilder text = new();
        text.AppendLine(CultureInfo.InvariantCulture, $"""
            # Mutants of {folder}

            Stryker.NET 5.1.0 on commit {commit}, with the tests of that folder: {Score(changes)} of {Which(changes, all)} are killed.
            A time-out counts as killed. A survivor counts against the score whatever its reason, also where no test can tell it from the
            original.
            Written by `bench/mutants.sh {folder}`; reasons come from `bench/mutants/survivors.tsv`.

            | file | mutants | killed | timed out | survived | not covered | score |
            |---|---:|---:|---:|---:|---:|---:|
            """);
        foreach (IGrouping<string, Change> file in changes.GroupBy(c => c.File).OrderBy(f => f.Key, StringComparer.Ordinal))
            Row(file.Key, [.. file]);
        Row("all", changes);
        text.AppendLine().AppendLine("| survivor | became | reason |").AppendLine("|---|---|---|");
        foreach (Change change in changes.Where(c => c.IsAlive).OrderBy(c => c.File, StringComparer.Ordinal).ThenBy(c => c.Line))
            text.AppendLine(CultureInfo.InvariantCulture,
                $"| {change.File}:{change.Line} `{Cell(change.Before)}`{(change.Status == NoCoverage ? ", not covered" : "")} | "
                    + $"`{Cell(change.After)}` | "
                    + $"{reasons.GetValueOrDefault(change.Key, "**none given**")} |");
        text.AppendLine().AppendLine("A run ends with the first test that fails, so a mutant counts for one test alone.").AppendLine()
            .AppendLine("| test | kills |").AppendLine("|---|---:|");
        foreach (IGrouping<string, Change> killer in changes.Where(c => c.Killer is not null).GroupBy(c => c.Killer!)
            .OrderByDescending(k => k.Count()))
            text.AppendLine(CultureInfo.InvariantCulture, $"| {killer.Key.Replace('_', ' ')} | {killer.Count()} |");
        return text.ToString();

        void Row(string name, Change[] some) => text.AppendLine(CultureInfo.InvariantCulture,
            $"| {name} | {some.Length} | {Count(some, Killed)} | {Count(some, Timeout)} | {Count(some, Survived)} | "
                + $"{Count(some, NoCoverage)} | {Score(some)} |");

        static int Count(Change[] some, string status) => some.Count(c => c.Status == status);
    }

    private static string Which(Change[] changes, int all) => changes.Length == all ? "the mutants that compile"
        : string.Create(CultureInfo.InvariantCulture,
            $"a sample of {changes.Length} of the {all} mutants that compile ({Interval(changes)})");

    /// <summary>Wilson's interval of the share that a whole run would give, at 95 %.</summary>
    private static string Interval(Change[] changes)
    {
        double z = 1.96, n = changes.Length, share = changes.Count(c => !c.IsAlive) / n, scale = 1 / (1 + (z * z / n));
        double middle = scale * (share + (z * z / (2 * n)));
        double half = scale * z * Math.Sqrt((share * (1 - share) / n) + (z * z / (4 * n * n)));
        return string.Create(CultureInfo.InvariantCulture, $"95 % interval {100 * (middle - half):F1} to {100 * (middle + half):F1} %");
    }

    private static string Score(Change[] changes) => changes.Length == 0 ? "–"
        : (100.0 * changes.Count(c => !c.IsAlive) / changes.Length).ToString("F1", CultureInfo.InvariantCulture) + " %";

    private static int Line(JsonElement place) => place.GetProperty("line").GetInt32();

    private static string Original(string[] lines, JsonElement from, JsonElement to)
    {
        int first = Line(from) - 1, last = Line(to) - 1, start = from.GetProperty("column").GetInt32() - 1,
            end = to.GetProperty("column").GetInt32() - 1;
        return first == last ? lines[first][start..end]
            : string.Join(' ', [lines[first][start..], .. lines[(first + 1)..last], lines[last][..end]]);
    }

    /// <summary>On one line, and not longer than a table can show.</summary>
    private static string Cut(string code)
    {
        string line = Spaces().Replace(code, " ").Trim();
        return line.Length > 110 ? line[..109] + "…" : line;
    }

    private static string Cell(string code) => code.Replace("|", "\\|", StringComparison.Ordinal).Replace('`', '\'');

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();
}
