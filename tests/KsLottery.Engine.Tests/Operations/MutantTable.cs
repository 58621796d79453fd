using System.Globalization;
using System.Text;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Tests.Models;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Operations;

/// <summary>Writes which checks kill which mutant of an operation to <c>bench/results/mutants/one-wrong-element.md</c>: see
/// <c>bench/mutants.sh</c>.</summary>
[TestFixture]
internal sealed class MutantTable
{
    private const string Head = """
        # Operations with one wrong element

        Every operation of `IOperations`, and every range or value that it gives: one element of it is NaN, +∞ or 1 too large, each time it runs, on the
        processor's operations. The list is made from the interface itself; ranges that no check ever saw an operation change are its inputs. In each
        column: of the checks in which the operation changes that range, how many fail with NaN, with +∞ and with + 1. A line of `verify test` without
        a kill would be a hole: `MutantTests` fails then. Written by `bench/mutants.sh elements`.


        """;

    [Test, Explicit("writes bench/results/mutants/one-wrong-element.md")]
    public void Write()
    {
        (string Name, List<Check> Checks)[] suites =
        [
            ("verify test", [.. OperationCases.Small.Select(c => new Check(operations => c.Difference(operations) is null))]),
            ("verify grad", [.. from scope in GradientCases.Scopes
                from isTied in (bool[])[false, true]
                from recompute in (bool[])[false, true]
                select new Check(operations => GradientCases.Measure(operations, scope, isTied, recompute)
                    .Largest(t => t.Difference) < GradientCases.Tolerance)]),
            ("golden logits", [.. LlamaGoldenTests.Folders.Select(folder =>
                new Check(operations => LlamaGoldenTests.WorstDifference(operations, folder, "model") < LlamaGoldenTests.Tolerance))]),
        ];
        StringBuilder text = new(Head);
        text.AppendLine(CultureInfo.InvariantCulture,
            $"| operation and result | {string.Join(" | ", suites.Select(s => $"{s.Name} ({s.Checks.Count})"))} |");
        text.AppendLine(CultureInfo.InvariantCulture, $"|---|{string.Concat(suites.Select(_ => "---:|"))}");
        foreach (IGrouping<(string, string), Mutant> mutants in Mutant.All.GroupBy(m => (m.Operation, m.Result)))
        {
            string[] cells = [.. suites.Select(suite => Cell(mutants.Key, mutants, suite.Checks))];
            if (cells.Any(c => c != ""))
                text.AppendLine(CultureInfo.InvariantCulture,
                    $"| {mutants.Key.Item1}, {mutants.Key.Item2} | {string.Join(" | ", cells)} |");
        }
        string path = Path.Combine(SharedData.Root, "bench", "results", "mutants", "one-wrong-element.md");
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text.ToString());
    }

    private static string Cell((string, string) result, IEnumerable<Mutant> mutants, List<Check> checks)
    {
        Check[] reached = [.. checks.Where(c => c.Changed.Contains(result))];
        return reached.Length == 0 ? "" : $"{string.Join(", ", mutants.Select(m => reached.Count(c => c.Kills(m))))} of {reached.Length}";
    }

    private sealed class Check
    {
        private readonly Func<IOperations, bool> _holds;

        public Check(Func<IOperations, bool> holds)
        {
            _holds = holds;
            using MutantOperations operations = new(new CpuOperations(1), null);
            Assert.That(holds(operations));
            Changed = operations.Changed;
        }

        public HashSet<(string, string)> Changed { get; }

        public bool Kills(Mutant mutant)
        {
            using MutantOperations operations = new(new CpuOperations(1), mutant);
            return !_holds(operations);
        }
    }
}
