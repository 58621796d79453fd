using KsLottery.Engine.Rows;

namespace KsLottery.Cli.Commands;

/// <summary>Shows how far a scan has come, from whichever thread tells it.</summary>
internal sealed class ScanProgress(ProgressLine line, string name = "") : IProgress<RowScanProgress>
{
    public void Report(RowScanProgress value) => line.Report(() =>
    {
        double rate = value.RowsDone / Math.Max(value.Elapsed.TotalSeconds, 1e-9);
        string left = rate > 0 ? Sizes.Count((long)Math.Ceiling((value.RowCount - value.RowsDone) / rate)) : "-";
        return $"{name}{Sizes.Count(value.RowsDone)} of {Sizes.Count(value.RowCount)} rows, "
            + $"{Sizes.Count((long)rate)} rows/s, {left} s left";
    });
}
