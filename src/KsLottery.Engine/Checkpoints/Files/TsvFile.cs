using System.Globalization;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Checkpoints;

/// <summary>Reads a tab-separated file with a title line; columns are found by name, and those that nobody asks for are passed
/// over.</summary>
internal static class TsvFile
{
    /// <summary>Reads the lines behind the title, each as it is asked for.</summary>
    /// <param name="path">The file.</param>
    /// <param name="columns">Columns that it must have.</param>
    /// <exception cref="InvalidDataException">A column is missing or a line is too short; names file and line.</exception>
    /// <exception cref="IOException">The file is absent or cannot be read.</exception>
    public static IEnumerable<TsvLine> Read(string path, params string[] columns)
    {
        Dictionary<string, int>? places = null;
        int number = 0, blank = 0;
        foreach (string text in File.ReadLines(path))
        {
            number++;
            if (text.Length == 0 && blank == 0) blank = number;
            if (text.Length == 0) continue;
            if (blank > 0)
                throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture,
                    $"{path}: line {blank} is blank. Write the file again."));
            string[] cells = text.Split('\t');
            if (places is null)
            {
                places = [];
                for (int i = 0; i < cells.Length; i++) places.TryAdd(cells[i].TrimStart('\uFEFF'), i);
                if (columns.FirstOrDefault(c => !places.ContainsKey(c)) is { } missing)
                    throw new InvalidDataException($"{path}: line 1 has no column {missing}, which this file has when kslottery "
                        + "writes it. Write it again.");
                continue;
            }
            if (cells.Length != places.Count)
                throw new InvalidDataException(string.Create(CultureInfo.InvariantCulture,
                    $"{path}: line {number} has {cells.Length} columns, the title line {places.Count}. The file was cut short or "
                    + $"changed; write it again."));
            yield return new(path, number, places, cells);
        }
        if (places is null)
            throw new InvalidDataException($"{path}: the file is empty; it should begin with a title line. Write it again.");
    }
}

/// <summary>A line of a tab-separated file.</summary>
internal readonly struct TsvLine(string path, int number, Dictionary<string, int> places, string[] cells)
{
    /// <summary>The columns that the file has, in no order.</summary>
    public IEnumerable<string> Columns => places.Keys;

    public bool Has(string column) => places.ContainsKey(column);

    public string Text(string column) => cells[places[column]];

    /// <summary>A whole number within a range.</summary>
    public long Integer(string column, long min, long max) =>
        PlainNumber.TryWhole(Text(column), out long value) && value >= min && value <= max ? value
            : throw Wrong(column, string.Create(CultureInfo.InvariantCulture, $"it must be a whole number from {min} to {max}"));

    /// <summary>A number; NaN where the cell is empty or <c>nan</c>, or where there is no such column.</summary>
    public double Real(string column)
    {
        if (!Has(column)) return double.NaN;
        string text = Text(column);
        return text switch
        {
            "" or "nan" or "-" => double.NaN,
            "inf" => double.PositiveInfinity,
            "-inf" => double.NegativeInfinity,
            _ => PlainNumber.TryReal(text, out double value) ? value
                : throw Wrong(column, $"it must be a number. {PlainNumber.PointRule}"),
        };
    }

    /// <summary>Columns whose cell is a number, or was meant as one: a comma in it is refused where it is read.</summary>
    public IEnumerable<string> Numbers(params IEnumerable<string> except)
    {
        TsvLine line = this;
        return line.Columns.Except(except).Where(column => line.Text(column) is "nan" || PlainNumber.IsMeant(line.Text(column)));
    }

    /// <summary>Yes or no, in any of the usual words.</summary>
    public bool Truth(string column) => Text(column) switch
    {
        "1" or "true" or "yes" => true,
        "0" or "false" or "no" => false,
        _ => throw Wrong(column, "it must be true or false"),
    };

    public InvalidDataException Wrong(string column, string rule) => new(string.Create(CultureInfo.InvariantCulture,
        $"{path}: line {number}, {column} is {CheckpointFormatException.Quote(Text(column))}; {rule}. Write the file again."));
}
