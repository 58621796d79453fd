using System.Globalization;
using System.Text;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Rows;

namespace KsLottery.Engine.Tickets;

/// <summary>Writes <c>vocabulary.tsv</c>: the rows of a resized or reordered vocabulary that do not stand against the one of the same
/// id.</summary>
/// <remarks>
/// UTF-8, tabs between columns, a line feed behind every line, a title line first. <c>change</c> is <c>dropped</c> (a base row without a
/// tuned one), <c>moved</c> (paired with another id) or <c>added</c> (a tuned row without a base one); an id or norm that a line does not
/// have is empty. A norm is Euclidean; <c>nan</c> or <c>inf</c> where a value of the row is not finite.
/// </remarks>
internal static class VocabularyFile
{
    /// <summary>The default name.</summary>
    public const string FileName = "vocabulary.tsv";

    /// <summary>The title line, without its line feed.</summary>
    public const string Header = "change\tbase_id\ttuned_id\tpiece\tbase_norm\ttuned_norm";

    /// <summary>Writes the file whole or not at all.</summary>
    /// <param name="path">The target.</param>
    /// <param name="scan">The scan, with its pairing.</param>
    /// <param name="tokens">Names the rows of the base.</param>
    /// <param name="tunedTokens">Names the rows of the tuned matrix.</param>
    /// <param name="cancellationToken">Stops before the file takes its name.</param>
    /// <exception cref="IOException">The target cannot be written.</exception>
    /// <exception cref="OperationCanceledException">The work was cancelled.</exception>
    public static void Write(string path, RowScanResult scan, RowTokens? tokens = null, RowTokens? tunedTokens = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(scan);
        RowPairing pairing = scan.Pairing;
        (tokens, tunedTokens) = (tokens ?? RowTokens.None, tunedTokens ?? RowTokens.None);
        StringBuilder text = new(Header + "\n");
        for (int id = 0; id < scan.Rows.Count; id++)
        {
            RowResult row = scan.Rows[id];
            if (pairing.TunedOf(id) is var tuned && tuned == id) continue;
            if (tuned < 0) text.Append(CultureInfo.InvariantCulture, $"dropped\t{id}\t\t{tokens.Piece(id)}\t{Real(row.BaseNorm)}\t\n");
            else text.Append(CultureInfo.InvariantCulture,
                $"moved\t{id}\t{tuned}\t{tokens.Piece(id)}\t{Real(row.BaseNorm)}\t{Real(row.TunedNorm)}\n");
        }
        for (int i = 0; i < pairing.Added.Count; i++)
            text.Append(CultureInfo.InvariantCulture,
                $"added\t\t{pairing.Added[i]}\t{tunedTokens.Piece(pairing.Added[i])}\t\t{Real(scan.AddedNorms[i])}\n");
        AtomicFile.WriteText(path, text.ToString(), cancellationToken);
    }

    private static string Real(double value) => double.IsNaN(value) ? "nan" : double.IsInfinity(value) ? "inf"
        : value.ToString(CultureInfo.InvariantCulture);
}
