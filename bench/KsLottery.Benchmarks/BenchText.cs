using System.Globalization;
using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Benchmarks;

/// <summary>Tokens of a text and rows of a ticket, in place of random ones.</summary>
/// <param name="TicketRows">k ids, ascending.</param>
/// <param name="Sequences">T + 1 tokens each, a multiple of a step's number of them.</param>
public sealed record BenchText(IReadOnlyList<int> TicketRows, IReadOnlyList<TokenSequence> Sequences)
{
    /// <summary>Reads decimal ids with spaces between them: the ticket's on the first line, a sequence on each further one.</summary>
    /// <param name="path">The file.</param>
    /// <param name="vocabulary">V; ids are below it.</param>
    /// <param name="batch">Sequences of a step; what is left over at the end is left out.</param>
    /// <param name="length">T; each sequence has one token more.</param>
    /// <exception cref="InvalidDataException">The file is not of that form; names the line.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static BenchText Read(string path, int vocabulary, int batch, int length)
    {
        string[] lines = File.ReadAllLines(path);
        if (lines.Length <= batch)
            throw new InvalidDataException($"{path}: there are {lines.Length} lines; give a ticket's and at least {batch} sequences.");
        int[][] ids = [.. lines.Select((line, i) => ReadIds(line, $"{path}, line {i + 1}", vocabulary))];
        int other = Array.FindIndex(ids, 1, line => line.Length != length + 1);
        if (other > 0)
            throw new InvalidDataException(
                $"{path}, line {other + 1}: the sequence has {ids[other].Length} tokens; give {length + 1}, or another --length.");
        int[] rows = [.. ids[0].Distinct().Order()];
        if (rows.Length == 0) throw new InvalidDataException($"{path}, line 1: there is no id; name the ticket's rows.");
        return new(rows, [.. ids[1..(1 + ((ids.Length - 1) / batch * batch))].Select(tokens => new TokenSequence(tokens, 1))]);
    }

    private static int[] ReadIds(string line, string place, int vocabulary) =>
        [.. line.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(word =>
            int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int id) && id < vocabulary ? id
            : throw new InvalidDataException($"{place}: \"{word}\" is no token; ids go from 0 to {vocabulary - 1}."))];
}
