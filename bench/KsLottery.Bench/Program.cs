// Runs the benchmarks and keeps their tables in bench/results/<processor>/:
//   dotnet run -c Release --project bench/KsLottery.Bench -- --filter '*'
// KsRowBench times each kernel on row pairs as they lie in a matrix; SortBench the sorts that a row kernel could be made of; NullTableBench
// the p-value tables; SafetensorsBench files in the page cache against memory. `pair` serves bench/peers/ks_peers.py.
// `sentencepiece` serves bench/peers/sentencepiece_models.py. `gemm` times matrix products against OpenBLAS, `sampled` weight gradients
// of some elements against whole ones. `select` serves bench/select-share.sh, `rows` and `row-sorts` serve bench/row-sorts.sh,
// `slow-rows` serves bench/slow-rows.sh. `mutants` makes the tables of bench/mutants.sh.

using System.Globalization;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;
using KsLottery.Bench;

if (args is ["pair", string basePath, string tunedPath, string countsPath]) return PairTiming.Run(basePath, tunedPath, countsPath);
if (args is ["sentencepiece", string models]) return SentencePiecePeers.Run(models);
if (args is ["mutants", string folder, string commit, .. string[] reports]) return MutationReport.Run(folder, commit, reports);
if (args is ["select", .. string[] selection]) return SelectionTiming.Run(selection);
if (args is ["sampled"]) return SampledTiming.Run();
if (args is ["slow-rows", string minutes, string searchSeed])
{
    return new SlowRowSearch(TimeSpan.FromMinutes(double.Parse(minutes, CultureInfo.InvariantCulture)),
        ulong.Parse(searchSeed, CultureInfo.InvariantCulture)).Run();
}
if (args is ["rows"]) return RowSortServer.Run();
if (args is ["row-sorts", string rowFolder, string seconds, string programs, .. string[] rest])
{
    int count = int.Parse(programs, CultureInfo.InvariantCulture);
    return RowSortTable.Run(rowFolder, double.Parse(seconds, CultureInfo.InvariantCulture), rest[..count], rest[count..]);
}
if (args is ["gemm", ..]) return GemmTiming.Run(args.ElementAtOrDefault(1));

ManualConfig config = ManualConfig.Create(DefaultConfig.Instance)
    .AddColumn(new RowsPerSecondColumn(), new GigabytesPerSecondColumn())
    .AddExporter(MarkdownExporter.GitHub)
    .WithSummaryStyle(SummaryStyle.Default.WithCultureInfo(CultureInfo.InvariantCulture));
IEnumerable<Summary> summaries = BenchmarkSwitcher.FromAssembly(typeof(Program).Assembly).Run(args, config);
foreach (Summary summary in summaries) ResultFolder.Keep(summary);
return 0;
