using KsLottery.Engine.Rows;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Cli.Commands;

/// <summary>Shows how far a scan has come, from whichever thread tells it.</summary>
internal sealed class ScanProgress(ProgressLine line) : IProgress<RowScanProgress>, IProgress<TensorMapProgress>, IProgress<TimeSpan>
{
    public void Report(RowScanProgress value) => line.Report(() => Describe(value));

    public void Report(TensorMapProgress value) => line.Report(() => $"{VisibleText.Escape(value.Name)}: {Describe(value.Scan)}");

    /// <summary>Shows that the scan is done and fingerprints are taken.</summary>
    public void Report(TimeSpan value) => line.Report(() => "taking the fingerprints of both tensors");

    private static string Describe(RowScanProgress value)
    {
        double rate = value.RowsDone / Math.Max(value.Elapsed.TotalSeconds, 1e-9);
        string left = rate > 0 ? Sizes.Count((long)Math.Ceiling((value.RowCount - value.RowsDone) / rate)) : "-";
        return $"{Sizes.Count(value.RowsDone)} of {Sizes.Count(value.RowCount)} rows, "
            + $"{Sizes.Count((long)rate)} rows/s, {left} s left";
    }
}
