using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Reports;
using BenchmarkDotNet.Running;

namespace KsLottery.Bench;

/// <summary>What one operation of a benchmark covers, so that a column can tell a rate.</summary>
public interface IThroughput
{
    /// <summary>Row pairs of one operation.</summary>
    long Rows { get; }

    /// <summary>Bytes that one operation reads.</summary>
    long Bytes { get; }
}

/// <summary>Row pairs per second, from the mean.</summary>
public sealed class RowsPerSecondColumn() : RateColumn("Rows/s", static t => t.Rows,
    static rate => rate.ToString("N0", CultureInfo.InvariantCulture));

/// <summary>Gigabytes (10^9) read per second, from the mean.</summary>
public sealed class GigabytesPerSecondColumn()
    : RateColumn("GB/s", static t => t.Bytes, static rate => (rate / 1e9).ToString("N2", CultureInfo.InvariantCulture));

/// <summary>A quantity of one operation over its mean time.</summary>
public abstract class RateColumn(string name, Func<IThroughput, long> quantity, Func<double, string> format) : IColumn
{
    public string Id => name;
    public string ColumnName => name;
    public bool AlwaysShow => true;
    public ColumnCategory Category => ColumnCategory.Custom;
    public int PriorityInCategory => 0;
    public bool IsNumeric => true;
    public UnitType UnitType => UnitType.Dimensionless;
    public string Legend => $"{name} at the mean time";

    public bool IsAvailable(Summary summary) => true;
    public bool IsDefault(Summary summary, BenchmarkCase benchmarkCase) => false;
    public string GetValue(Summary summary, BenchmarkCase benchmarkCase, SummaryStyle style) => GetValue(summary, benchmarkCase);

    public string GetValue(Summary summary, BenchmarkCase benchmarkCase)
    {
        double? nanoseconds = summary[benchmarkCase]?.ResultStatistics?.Mean;
        if (nanoseconds is null || Activator.CreateInstance(benchmarkCase.Descriptor.Type) is not IThroughput benchmark) return "-";
        foreach (var parameter in benchmarkCase.Parameters.Items)
            benchmarkCase.Descriptor.Type.GetProperty(parameter.Name)?.SetValue(benchmark, parameter.Value);
        return format(quantity(benchmark) / (nanoseconds.Value * 1e-9));
    }
}
