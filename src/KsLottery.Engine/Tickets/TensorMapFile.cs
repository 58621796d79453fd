using System.Globalization;
using System.Text;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Engine.Tickets;

/// <summary><c>tensors.tsv</c>: the map of a fine-tune, a line for each matrix.</summary>
/// <remarks>
/// UTF-8, tabs between columns, a line feed behind every line, a title line first; the columns are those of <see cref="TensorMapLine"/>.
/// </remarks>
internal sealed class TensorMapFile
{
    /// <summary>The file's name.</summary>
    public const string FileName = "tensors.tsv";

    private const string Header = "tensor\tbase_dtype\ttuned_dtype\trows\twidth\tunchanged\tchanged\tdegenerate\tnon_finite\tticket_rows\t"
        + "critical_h\tlargest_h\tlargest_D";

    private readonly string _folder;

    /// <summary>Looks before any work whether the file can be written.</summary>
    /// <param name="folder">The folder, which may hold other results; it is made where it does not exist.</param>
    /// <param name="replace">Whether an earlier map may be replaced.</param>
    /// <exception cref="IOException">Something else stands there.</exception>
    public TensorMapFile(string folder, bool replace = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        _folder = folder;
        if (File.Exists(folder)) throw new IOException($"{folder}: this is a file. Name a folder for the output.");
        if (!File.Exists(FilePath)) return;
        if (!replace)
            throw new IOException($"{FilePath}: an earlier result stands there. {Remedy.Replace}, or name another folder.");
        if (!File.ReadLines(FilePath).Take(1).Contains(Header))
            throw new IOException($"{FilePath}: another file stands there, which is no map of tensors. Name another folder.");
    }

    /// <summary>The file.</summary>
    public string FilePath => Path.Combine(_folder, FileName);

    /// <summary>Writes it whole or not at all.</summary>
    /// <param name="lines">A line for each matrix.</param>
    /// <param name="cancellationToken">Stops before the file gets its name.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Write(IEnumerable<TensorMapLine> lines, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(lines);
        StringBuilder text = new(Header + "\n");
        foreach (TensorMapLine line in lines)
            text.Append(VisibleText.Escape(line.Name))
                .Append(CultureInfo.InvariantCulture, $"\t{line.BaseType.ToName()}\t{line.TunedType.ToName()}\t")
                .Append(CultureInfo.InvariantCulture, $"{line.Rows}\t{line.Width}\t{line.Unchanged}\t{line.Changed}\t{line.Degenerate}\t")
                .Append(CultureInfo.InvariantCulture, $"{line.NonFinite}\t{line.TicketRows}\t{line.CriticalCount}\t{line.LargestCount}\t")
                .Append(CultureInfo.InvariantCulture, $"{line.LargestStatistic}\n");
        Directory.CreateDirectory(_folder);
        AtomicFile.WriteText(FilePath, text.ToString(), cancellationToken);
    }

    /// <summary>Reads a map; names are as they stand there, escaped.</summary>
    /// <exception cref="InvalidDataException">A line is damaged; names file and line.</exception>
    /// <exception cref="IOException">The file is absent or cannot be read.</exception>
    public static IReadOnlyList<TensorMapLine> Read(string path) => [.. TsvFile.Read(path, Header.Split('\t')).Select(line =>
    {
        long rows = line.Integer("rows", 0, long.MaxValue);
        int width = (int)line.Integer("width", 1, int.MaxValue - 1);
        return new TensorMapLine(line.Text("tensor"), Type("base_dtype"), Type("tuned_dtype"), rows, width, Count("unchanged"),
            Count("changed"), Count("degenerate"), Count("non_finite"), Count("ticket_rows"),
                (int)line.Integer("critical_h", 0, width + 1L),
            (int)line.Integer("largest_h", 0, width));

        long Count(string column) => line.Integer(column, 0, rows);

        ElementType Type(string column) => ElementTypes.TryParse(line.Text(column), out ElementType type) ? type
            : throw line.Wrong(column, "it must be the name of an element type");
    })];
}
