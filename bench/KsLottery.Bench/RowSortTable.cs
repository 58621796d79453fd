using System.Diagnostics;
using System.Globalization;
using KsLottery.Benchmarks;
using KsLottery.Engine.Numerics;

namespace KsLottery.Bench;

/// <summary>The row test against peers that sort, in every regime, type and width: each cell by programs that take turns on the same
/// rows.</summary>
internal static class RowSortTable
{
    private const int Rounds = 7, Elements = 1 << 22, MinRows = 64;

    private static readonly int[] Widths = [64, 128, 288, 1024, 4096, 5120, 8192, 16_384, 65_536];

    /// <summary>Prints a table for each type.</summary>
    /// <param name="folder">Where the rows are kept meanwhile.</param>
    /// <param name="seconds">How long a program runs at a time.</param>
    /// <param name="commands">The programs, the engine's own first: each <c>NAME=COMMAND</c>, answering as <see cref="RowSortServer"/>
    /// does.</param>
    /// <param name="only">Words of which each must be a type, a regime or a width to be measured; empty for all.</param>
    public static int Run(string folder, double seconds, string[] commands, string[] only)
    {
        using Peers peers = new(commands);
        bool areEqual = true;
        foreach (ElementType type in ElementTypes.Native)
        {
            if (!IsWanted(type.ToName(), ElementTypes.Native.Select(t => t.ToName()))) continue;
            Console.WriteLine($"\n## {type.ToName()}\n");
            Console.WriteLine(
                $"| rows | d | {peers.Names[0]}, rows/s | {string.Join(" | ", peers.Names[1..].Select(n => $"times {n} | least"))} |");
            Console.WriteLine($"|---|---:|---:|{string.Concat(peers.Names[1..].Select(_ => "---:|---:|"))}");
            foreach (string regime in BenchRows.AllRegimes)
            {
                if (!IsWanted(regime, BenchRows.AllRegimes)) continue;
                foreach (int width in Widths)
                {
                    if (!IsWanted(Text(width), Widths.Select(Text))) continue;
                    (string line, bool isEqual) = Cell(peers, folder, seconds, type, regime, width);
                    Console.WriteLine(line);
                    areEqual &= isEqual;
                }
            }
        }
        if (!areEqual) Console.WriteLine("\nThe sums of h differ where the line says so.");
        return areEqual ? 0 : 1;

        static string Text(int width) => width.ToString(CultureInfo.InvariantCulture);

        bool IsWanted(string word, IEnumerable<string> ofItsKind) => !only.Intersect(ofItsKind).Any() || only.Contains(word);
    }

    private static (string Line, bool IsEqual) Cell(Peers peers, string folder, double seconds, ElementType type, string regime, int width)
    {
        string before = Path.Combine(folder, "before"), after = Path.Combine(folder, "after");
        BenchRows rows = new(type, Math.Max(MinRows, Elements / width), width);
        rows.Fill(regime, seed: 1);
        File.WriteAllBytes(before, rows.Before.Span);
        File.WriteAllBytes(after, rows.After.Span);
        string[] sums = [.. peers.Names.Select((_, i) => peers.Ask(i, string.Create(CultureInfo.InvariantCulture,
            $"open {type.ToName()} {width} {before} {after}")))];
        double[][] rates = [.. peers.Names.Select(_ => new double[Rounds])];
        for (int round = -1; round < Rounds; round++)
        {
            for (int i = 0; i < rates.Length; i++)
            {
                string rate = peers.Ask(i, string.Create(CultureInfo.InvariantCulture, $"run {seconds}"));
                if (round >= 0) rates[i][round] = double.Parse(rate, CultureInfo.InvariantCulture);
            }
        }
        IEnumerable<string> ratios = rates.Skip(1).Select(peer => rates[0].Zip(peer, (own, other) => own / other).Order().ToArray())
            .Select(r => string.Create(CultureInfo.InvariantCulture, $"{r[Rounds / 2]:F2} | {r[0]:F2}"));
        bool isEqual = sums.Distinct().Count() == 1;
        string remark = isEqual ? "" : $" h differs: {string.Join(", ", sums)}";
        return (string.Create(CultureInfo.InvariantCulture,
            $"| {regime} | {width} | {rates[0].Order().ElementAt(Rounds / 2):N0} | {string.Join(" | ", ratios)} |{remark}"), isEqual);
    }

    /// <summary>Programs that wait for lines.</summary>
    private sealed class Peers : IDisposable
    {
        private readonly Process[] _processes;

        public Peers(string[] commands)
        {
            Names = [.. commands.Select(c => c[..c.IndexOf('=', StringComparison.Ordinal)])];
            _processes = [.. commands.Select(c => Start(c[(c.IndexOf('=', StringComparison.Ordinal) + 1)..].Split(' ')))];
        }

        public string[] Names { get; }

        public string Ask(int program, string line)
        {
            _processes[program].StandardInput.WriteLine(line);
            return _processes[program].StandardOutput.ReadLine()
                ?? throw new InvalidOperationException($"{Names[program]} ended at '{line}'");
        }

        public void Dispose()
        {
            foreach (Process process in _processes)
            {
                process.StandardInput.Close();
                process.WaitForExit();
                process.Dispose();
            }
        }

        private static Process Start(string[] words) =>
            Process.Start(new ProcessStartInfo(words[0], words[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true })!;
    }
}
