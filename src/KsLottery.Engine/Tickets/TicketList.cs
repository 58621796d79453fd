using System.Globalization;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Tickets;

/// <summary>The rows of a ticket, best first, from a file: a <c>ticket.json</c>, or a plain list of row numbers.</summary>
/// <param name="Ids">Distinct row numbers in the file's order: a ranking, of which <see cref="Best"/> takes the first.</param>
/// <param name="Signature">The ticket's own line; of a plain list <c>rows:list|k:</c> and the number of rows.</param>
internal sealed record TicketList(IReadOnlyList<int> Ids, string Signature)
{
    /// <summary>Reads the file and makes sure that it belongs to a matrix.</summary>
    /// <remarks>
    /// A list has its numbers in the first column where there are tabs, else anywhere between spaces and commas. A first line of other
    /// text is a heading; <c>#</c> begins a remark.
    /// </remarks>
    /// <param name="path">The file, or the folder with a <c>ticket.json</c>.</param>
    /// <param name="tensor">The matrix, the base's embedding.</param>
    /// <param name="cancellationToken">Stops while the matrix's fingerprint is taken.</param>
    /// <exception cref="TicketMismatchException">The ticket was found in another matrix.</exception>
    /// <exception cref="InvalidDataException">The file is damaged, names no row, one twice, or one that the matrix lacks; names file and
    /// line.</exception>
    /// <exception cref="IOException">The file is absent or cannot be read.</exception>
    public static TicketList Read(string path, Tensor tensor, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentNullException.ThrowIfNull(tensor);
        path = TicketFile.PathOf(path);
        if (!IsJson(path)) return ReadPlain(path, tensor.Shape[0]);
        Ticket ticket = TicketFile.Read(path);
        string fingerprint = Fingerprint.OfTensor(tensor, Fingerprint.KindOf(ticket.Origin.BaseFingerprint), cancellationToken);
        if (ticket.Origin.BaseFingerprint != fingerprint)
            throw new TicketMismatchException(
                $"{path}: the ticket was found in {CheckpointFormatException.Quote(ticket.Origin.Tensor)} with the fingerprint "
                + $"{ticket.Origin.BaseFingerprint}, but {tensor.File.Path}, tensor {CheckpointFormatException.Quote(tensor.Name)}, has "
                + $"{fingerprint}. Tune the base that the ticket was found in, or give its row numbers as a list.");
        return ticket.Entries.Count > 0 ? new([.. ticket.Entries.Select(e => e.Id)], ticket.Signature.ToString())
            : throw new InvalidDataException(
                $"{path}: the ticket is empty, there is nothing to train. Find one with {Remedy.SelectOther}.");
    }

    /// <summary>The rows as a mask of their matrix.</summary>
    public TicketMask ToMask(Tensor tensor)
    {
        ArgumentNullException.ThrowIfNull(tensor);
        return TicketMask.OfRows(tensor.Name, tensor.Shape[0], tensor.Shape[1], Ids.Order());
    }

    /// <summary>The first rows, which are the best.</summary>
    /// <param name="count">How many, 1 to all of them.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are not so many.</exception>
    public TicketList Best(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, Ids.Count);
        return new([.. Ids.Take(count)], string.Create(CultureInfo.InvariantCulture, $"{Signature}|only:{count}"));
    }

    private static bool IsJson(string path)
    {
        using StreamReader reader = new(path);
        int first;
        do first = reader.Read();
        while (first >= 0 && char.IsWhiteSpace((char)first));
        return first == '{';
    }

    private static TicketList ReadPlain(string path, long rowCount)
    {
        List<int> ids = [];
        HashSet<int> known = [];
        int number = 0;
        foreach (string line in File.ReadLines(path))
        {
            number++;
            string text = line.Split('#')[0];
            string[] cells = text.Contains('\t', StringComparison.Ordinal) ? [text.Split('\t')[0]]
                : text.Split((char[])[' ', ','], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
            if (number == 1 && cells.Length > 0 && !Array.Exists(cells, cell => PlainNumber.IsMeant(cell))) continue;
            foreach (string cell in cells)
            {
                if (!PlainNumber.TryDigits(cell.AsSpan().Trim(), out int id) || id >= rowCount)
                    throw Invalid($"'{cell.Trim()}' is no row of the embedding, which has 0 to {rowCount - 1}. Mend the line.");
                if (!known.Add(id)) throw Invalid($"row {id} is there twice. Give each row once.");
                ids.Add(id);
            }
        }
        return ids.Count > 0 ? new(ids, string.Create(CultureInfo.InvariantCulture, $"rows:list|k:{ids.Count}"))
            : throw new InvalidDataException($"{path}: no row number in it. Give one or more.");

        InvalidDataException Invalid(string problem) =>
            new(string.Create(CultureInfo.InvariantCulture, $"{path}: line {number}: {problem}"));
    }
}
