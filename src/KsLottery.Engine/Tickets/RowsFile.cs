using System.Globalization;
using System.Text;
using KsLottery.Engine.Checkpoints;

namespace KsLottery.Engine.Tickets;

/// <summary>Writes <c>rows.tsv</c>: one line for every row, winner or not.</summary>
/// <remarks>
/// <para>
/// UTF-8, tabs between columns, a line feed behind every line, a title line first. Numbers are invariant and the shortest that read
/// back the same. What a row does not have is <c>nan</c>, infinities are <c>inf</c> and <c>-inf</c>; <c>piece</c> is empty where no
/// tokenizer names the row, and else escaped by <see cref="KsLottery.Engine.Text.Tokens.VisibleText"/>, so that it never holds a tab or a
/// line feed.
/// </para>
/// <para>See <see cref="TicketEntry"/> for the columns. A p-value below the range of a double is 0; its <c>log10_p</c> is right.</para>
/// </remarks>
internal static class RowsFile
{
    /// <summary>The default name.</summary>
    public const string FileName = "rows.tsv";

    /// <summary>The title line, without its line feed.</summary>
    public const string Header =
        "token_id\tpiece\tcategory\th\tD\tp_value\tlog10_p\tadjusted_p\tsign\tlocation\tl2_delta\trelative_delta\tcosine";

    private const int RowsBetweenChecks = 4096;

    /// <summary>Writes the file whole or not at all.</summary>
    /// <param name="path">The target.</param>
    /// <param name="rows">All rows with their p-values.</param>
    /// <param name="tokens">Names the rows.</param>
    /// <param name="cancellationToken">Stops between rows; the target stays as it was.</param>
    /// <exception cref="IOException">The target cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static void Write(string path, ScoredRows rows, RowTokens? tokens = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rows);
        AtomicFile.Write(path, stream =>
        {
            using StreamWriter writer = new(stream, new UTF8Encoding(false), bufferSize: 1 << 16, leaveOpen: true) { NewLine = "\n" };
            Write(writer, rows, tokens ?? RowTokens.None, cancellationToken);
        }, cancellationToken);
    }

    private static void Write(StreamWriter writer, ScoredRows rows, RowTokens tokens, CancellationToken cancellationToken)
    {
        Span<char> digits = stackalloc char[32];
        writer.WriteLine(Header);
        for (int id = 0; id < rows.Scan.Rows.Count; id++)
        {
            if (id % RowsBetweenChecks == 0) cancellationToken.ThrowIfCancellationRequested();
            ScoredRow row = rows[id];
            Number(writer, id, digits, '\t');
            writer.Write(tokens.Piece(id));
            writer.Write('\t');
            writer.Write(tokens.Category(id, row.Row.State));
            writer.Write('\t');
            if (row.Row.HasCount) Number(writer, row.Row.Count, digits, '\t');
            else writer.Write("nan\t");
            Real(writer, row.Statistic, digits);
            Real(writer, row.PValue, digits);
            Real(writer, row.Log10PValue, digits);
            Real(writer, row.AdjustedPValue, digits);
            Number(writer, row.Row.Sign, digits, '\t');
            // A float has fewer digits than the double of the same value.
            if (float.IsFinite(row.Row.Location)) Number(writer, row.Row.Location, digits, '\t');
            else Real(writer, row.Row.Location, digits);
            Real(writer, row.Row.L2Delta, digits);
            Real(writer, row.Row.RelativeDelta, digits);
            Real(writer, row.Row.Cosine, digits, '\n');
        }
    }

    private static void Real(StreamWriter writer, double value, Span<char> digits, char end = '\t')
    {
        if (double.IsFinite(value))
        {
            Number(writer, value, digits, end);
            return;
        }
        writer.Write(double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf");
        writer.Write(end);
    }

    private static void Number<T>(StreamWriter writer, T value, Span<char> digits, char end) where T : ISpanFormattable
    {
        value.TryFormat(digits, out int length, default, CultureInfo.InvariantCulture);
        digits[length++] = end;
        writer.Write(digits[..length]);
    }
}
