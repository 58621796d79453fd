using System.Collections;
using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;
using NUnit.Framework.Api;
using NUnit.Framework.Interfaces;
using NUnit.Framework.Internal;

namespace KsLottery.Engine.Tests;

/// <summary>
/// Runs the tests against Stryker's mutants, many in one process: bench/mutants.sh puts this file into its copy of the test project and
/// names it as the program. A process that starts takes seconds, most tests milliseconds.
/// <list type="bullet">
/// <item><c>coverage FOLDER WITHOUT…</c>: every test without a mutant; which mutants it reaches, and whether while a class begins.</item>
/// <item><c>work PART PARTS</c>: the mutants of a part that have no verdict yet; ends with another code than 0 to start anew.</item>
/// <item><c>one ID</c>: a single mutant from the first instruction on.</item>
/// <item><c>finish</c>: puts the verdicts into Stryker's report.</item>
/// </list>
/// All works in the folder that MUTANTS_WORK names, on its report.json.
/// </summary>
internal static class MutantRunner
{
    private const int None = -1, Any = -1, Again = 3, CaptureMilliseconds = 2000;

    private static readonly string Work = Environment.GetEnvironmentVariable("MUTANTS_WORK")!;
    private static readonly Type Control = typeof(Remedy).Assembly.GetTypes().Single(t => t.Name == "MutantControl");
    private static readonly FieldInfo Active = Control.GetField("ActiveMutant")!, Capture = Control.GetField("CaptureCoverage")!;

    private sealed record Reached(string Id, string Name, double Seconds, HashSet<int> Mutants, HashSet<int> AtBegin);

    private static int Main(string[] args)
    {
        Active.SetValue(null, args[0] == "one" ? Number(args[1]) : None);
        return args[0] switch
        {
            "coverage" => Cover(args[1], args[2..]),
            "work" => DoPart(Number(args[1]), Number(args[2])),
            "one" => TryAll(Number(args[1]), CoveredBy(Number(args[1]), ReadCoverage()), isFresh: true),
            _ => Finish(),
        };
    }

    // Twice: what the second round does not reach ran while a class began or a cache was filled.
    private static int Cover(string folder, string[] without)
    {
        Tests tests = new();
        ITest[] some = [.. tests.All.Where(t => t.FullName.Contains($".{folder}.", StringComparison.Ordinal)
            && !without.Any(w => t.FullName.Contains(w, StringComparison.Ordinal)))];
        Dictionary<ITest, HashSet<int>> first = some.ToDictionary(t => t, t => Reach(tests, t));
        List<(ITest Test, double Seconds, HashSet<int> Mutants)> second = [];
        foreach (ITest test in some)
        {
            Stopwatch clock = Stopwatch.StartNew();
            HashSet<int> mutants = Reach(tests, test);
            second.Add((test, clock.Elapsed.TotalSeconds, mutants));
        }
        HashSet<int> often = [.. second.SelectMany(t => t.Mutants)];
        File.WriteAllLines(Path.Combine(Work, "coverage.tsv"), second.Where(t => tests.Holds(t.Test.Id)).Select(t => string.Join('\t',
            t.Test.Id, t.Test.FullName.ReplaceLineEndings(" ").Replace('\t', ' '), t.Seconds.ToString("F3", CultureInfo.InvariantCulture),
            string.Join(' ', first[t.Test].Union(t.Mutants)),
            string.Join(' ', t.Mutants.Contains(Any) ? [] : first[t.Test].Except(often)))));
        return 0;
    }

    // Noting each step is slow in a long loop: a test that takes a while may reach every mutant.
    private static HashSet<int> Reach(Tests tests, ITest test)
    {
        bool isCut = false;
        Capture.SetValue(null, true);
        using (new Timer(_ => { Capture.SetValue(null, false); isCut = true; }, null, CaptureMilliseconds, Timeout.Infinite))
            if (!tests.Holds(test.Id)) Console.WriteLine($"fails without a mutant: {test.FullName}");
        Capture.SetValue(null, false);
        IEnumerable<int> seen = ((IEnumerable)Control.GetMethod("GetCoverageData")!.Invoke(null, null)!).Cast<IList>()
            .SelectMany(l => l.Cast<int>());
        return isCut ? [.. seen, Any] : [.. seen];
    }

    private static int DoPart(int part, int parts)
    {
        Reached[] coverage = ReadCoverage();
        Dictionary<int, string> known = ReadVerdicts();
        int[] ids = [.. Tested().Where(id => id % parts == part)];
        // Begun and not ended: the process died of it.
        foreach (int id in ids.Where(id => known.TryGetValue(id, out string? v) && v.StartsWith("Begun", StringComparison.Ordinal)))
            Say(id, "Timeout", "the process ended");
        HashSet<int> atBegin = [.. coverage.SelectMany(c => c.AtBegin)];
        bool isFresh = true;
        Tests tests = new();
        // The quick ones first.
        foreach (int id in ids.Where(id => !known.ContainsKey(id)).OrderBy(atBegin.Contains)
            .ThenBy(id => CoveredBy(id, coverage).Sum(test => test.Seconds)))
        {
            Reached[] some = CoveredBy(id, coverage);
            if (some.Length == 0) Say(id, "NoCoverage", "");
            else if (atBegin.Contains(id)) Alone(id);
            else if (TryAll(id, some, isFresh, tests) == Again) return Again;
            else isFresh = false;
        }
        return 0;
    }

    private static void Alone(int id)
    {
        Say(id, "Begun", "");
        using Process process = Process.Start(Environment.ProcessPath!, [typeof(MutantRunner).Assembly.Location, "one", $"{id}"]);
        process.WaitForExit();
        if (ReadVerdicts()[id].StartsWith("Begun", StringComparison.Ordinal)) Say(id, "Timeout", "the process ended");
    }

    private static int TryAll(int id, Reached[] some, bool isFresh, Tests? loaded = null)
    {
        Say(id, "Begun", "");
        Tests tests = loaded ?? new();
        foreach (Reached test in some.OrderByDescending(t => (Kills.GetValueOrDefault(t.Id) + 0.2) / (t.Seconds + 0.005)))
        {
            using Watch watch = new(id, test);
            Active.SetValue(null, id);
            bool holds = tests.Holds(test.Id);
            if (loaded is not null) Active.SetValue(null, None);
            if (holds) continue;
            // A test that fails without the mutant too met what an earlier one left behind.
            bool isClean = loaded is null || tests.Holds(test.Id);
            if (isClean || isFresh)
            {
                Kills[test.Id] = Kills.GetValueOrDefault(test.Id) + 1;
                Say(id, "Killed", test.Name);
            }
            else Say(id, "Again", "");
            return isClean ? 0 : Again;
        }
        Say(id, "Survived", "");
        return 0;
    }

    private static readonly Dictionary<string, int> Kills = [];

    private static int Finish()
    {
        JsonNode report = JsonNode.Parse(File.ReadAllText(Path.Combine(Work, "report.json")))!;
        Dictionary<int, string> verdicts = ReadVerdicts();
        JsonArray names = [];
        foreach (string name in verdicts.Values.Select(v => v.Split('\t')).Where(v => v[0] == "Killed").Select(v => v[1]).Distinct())
            names.Add(new JsonObject { ["id"] = name, ["name"] = name.Split('(')[0].Split('.')[^1] });
        report["testFiles"] = new JsonObject { ["tests"] = new JsonObject { ["tests"] = names } };
        // Without a verdict where the run was broken off.
        foreach (JsonNode mutant in Mutants(report).Where(IsTested))
        {
            string[] parts = verdicts.GetValueOrDefault(Id(mutant), "Pending").Split('\t');
            mutant["status"] = parts[0] == "Begun" ? "Pending" : parts[0];
            mutant["killedBy"] = parts[0] == "Killed" ? new JsonArray(parts[1]) : [];
        }
        File.WriteAllText(Path.Combine(Work, "mutation-report.json"), report.ToJsonString());
        return 0;
    }

    private static Reached[] ReadCoverage() =>
        [.. File.ReadLines(Path.Combine(Work, "coverage.tsv")).Select(l => l.Split('\t'))
            .Select(c => new Reached(c[0], c[1], double.Parse(c[2], CultureInfo.InvariantCulture), Numbers(c[3]), Numbers(c[4])))];

    // What runs while a class begins counts for the first test alone: every test may see it.
    private static Reached[] CoveredBy(int id, Reached[] coverage) =>
        coverage.Any(c => c.AtBegin.Contains(id)) ? coverage : [.. coverage.Where(c => c.Mutants.Contains(id) || c.Mutants.Contains(Any))];

    private static HashSet<int> Numbers(string list) => [.. list.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Number)];

    private static Dictionary<int, string> ReadVerdicts()
    {
        Dictionary<int, string> verdicts = [];
        foreach (string line in Directory.GetFiles(Work, "verdicts.*.tsv").SelectMany(File.ReadLines))
        {
            string[] parts = line.Split('\t', 2);
            if (parts[1].StartsWith("Again", StringComparison.Ordinal)) verdicts.Remove(Number(parts[0]));
            else verdicts[Number(parts[0])] = parts[1];
        }
        return verdicts;
    }

    private static void Say(int id, string verdict, string test) =>
        File.AppendAllText(Path.Combine(Work, $"verdicts.{Environment.GetEnvironmentVariable("MUTANTS_PART")}.tsv"),
            $"{id}\t{verdict}\t{test}\n");

    private static IEnumerable<int> Tested() =>
        Mutants(JsonNode.Parse(File.ReadAllText(Path.Combine(Work, "report.json")))!).Where(IsTested).Select(Id).Where(IsDrawn);

    // MUTANTS_SAMPLE=N: one in N, drawn by a hash of its number; neighbours, which are mutants of one place, are drawn apart.
    private static bool IsDrawn(int id) =>
        Environment.GetEnvironmentVariable("MUTANTS_SAMPLE") is not { Length: > 0 } share
        || System.IO.Hashing.XxHash32.HashToUInt32(BitConverter.GetBytes(id)) % (uint)Number(share) == 0;

    private static bool IsTested(JsonNode mutant) => (string)mutant["status"]! is "NoCoverage" or "Survived" or "Killed" or "Timeout";

    private static IEnumerable<JsonNode> Mutants(JsonNode report) =>
        report["files"]!.AsObject().SelectMany(file => file.Value!["mutants"]!.AsArray()).Select(m => m!);

    private static int Id(JsonNode mutant) => Number((string)mutant["id"]!);

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);

    /// <summary>Ends the process where a test takes far more of the CPU than it should, or long asks for none: whatever else the machine
    /// does, the one loops and the other waits for ever.</summary>
    private sealed class Watch : IDisposable
    {
        private readonly Dictionary<string, double> _wished = [];
        private readonly Timer _timer;

        public Watch(int id, Reached test)
        {
            Process self = Process.GetCurrentProcess();
            double start = self.TotalProcessorTime.TotalSeconds, limit = 5 + 10 * test.Seconds, wished = Wished();
            Stopwatch clock = Stopwatch.StartNew();
            _timer = new(_ =>
            {
                self.Refresh();
                if (self.TotalProcessorTime.TotalSeconds - start < limit && clock.Elapsed.TotalSeconds - (Wished() - wished) < 60) return;
                Say(id, "Timeout", test.Name);
                self.Kill();
            }, null, 1000, 1000);
        }

        public void Dispose() => _timer.Dispose();

        // Seconds for which the threads ran or stood in line for a core, with those that have ended meanwhile.
        private double Wished()
        {
            foreach (string task in Directory.GetDirectories("/proc/self/task"))
            {
                try
                {
                    _wished[task] = File.ReadAllText(Path.Combine(task, "schedstat")).Split(' ')[..2].Sum(double.Parse) / 1e9;
                }
                catch (IOException)
                {
                    // The thread has ended.
                }
            }
            return _wished.Values.Sum();
        }
    }

    /// <summary>The tests of this assembly, one at a time.</summary>
    private sealed class Tests : ITestListener
    {
        private readonly NUnitTestAssemblyRunner _runner = new(new DefaultTestAssemblyBuilder());
        private readonly TextWriter _output = Console.Out;

        public Tests() => All = [.. Leaves(_runner.Load(typeof(MutantRunner).Assembly,
            new Dictionary<string, object> { ["NumberOfTestWorkers"] = 0 }))];

        public ITest[] All { get; }

        public bool Holds(string id)
        {
            ITestResult result = _runner.Run(this, new Single(id));
            Console.SetOut(_output);
            return result.FailCount == 0;
        }

        private static IEnumerable<ITest> Leaves(ITest test) => test.IsSuite ? test.Tests.SelectMany(Leaves) : [test];

        public void TestStarted(ITest test) { }

        public void TestFinished(ITestResult result) { }

        public void TestOutput(TestOutput output) { }

        public void SendMessage(TestMessage message) { }
    }

    private sealed class Single(string id) : TestFilter
    {
        public override bool Match(ITest test) => test.Id == id;

        public override TNode AddToXml(TNode parentNode, bool recursive) => parentNode.AddElement("id", id);
    }
}

/// <summary>The one test of Stryker's own run: it keeps the assembly with all mutants in it.</summary>
internal sealed class MutantKeeperTests
{
    [Test]
    public void Keep()
    {
        string library = typeof(Remedy).Assembly.Location;
        if (typeof(Remedy).Assembly.GetTypes().SingleOrDefault(t => t.Name == "MutantControl") is not { } control) return;
        // Stryker takes a test that reaches no mutant for one that reaches them all.
        control.GetMethod("IsActive")!.Invoke(null, [0]);
        File.Copy(library, Path.Combine(Path.GetDirectoryName(library)!, "../../../mutated.dll"), true);
    }
}
