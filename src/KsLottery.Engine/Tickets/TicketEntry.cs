using System.Globalization;

namespace KsLottery.Engine.Tickets;

/// <summary>A row of a ticket, as its file holds it.</summary>
/// <param name="Id">The row number: the token id.</param>
/// <param name="Piece">The token as harmless text on one line; empty where no tokenizer names it.</param>
/// <param name="Category">State and kind, see <see cref="RowTokens.Category"/>.</param>
/// <param name="Count">h.</param>
/// <param name="Statistic">D = h/d.</param>
/// <param name="PValue">p; 0 where it underflows.</param>
/// <param name="Log10PValue">The decimal logarithm of p.</param>
/// <param name="AdjustedPValue">p adjusted by <see cref="TicketSelection.ColumnAdjustment"/>.</param>
/// <param name="Sign">+1 where the base row's distribution function lies above at the location, else -1; 0 where h = 0.</param>
/// <param name="Location">
/// The smallest value at which the difference reaches h, counted in whole numbers. SciPy compares rounded quotients instead, and may
/// name another place, with another sign, where several reach h and d is no power of two; h and p are the same.
/// </param>
/// <param name="L2Delta">The Euclidean norm of tuned minus base.</param>
/// <param name="RelativeDelta">L2Delta over the base row's norm.</param>
/// <param name="Cosine">The cosine between base and tuned row.</param>
public sealed record TicketEntry(
    int Id, string Piece, string Category, int Count, double Statistic, double PValue, double Log10PValue, double AdjustedPValue,
    int Sign, float Location, double L2Delta, double RelativeDelta, double Cosine)
{
    /// <summary>The tuned row's number, which is another than <see cref="Id"/> only where text paired the rows.</summary>
    public int TunedId { get; init; } = Id;

    /// <summary><c>273 ':' h = 289, D = 0.5645, p = 1.57e-75, changed</c>.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture,
        $"{Id} '{Piece}' h = {Count}, D = {Statistic:f4}, p = {PValue:g3}, {Category}");

    internal static TicketEntry From(ScoredRow row, RowTokens tokens, int tunedId) => new(
        row.Id, tokens.Piece(row.Id), tokens.Category(row.Id, row.Row.State), row.Row.Count, row.Statistic, row.PValue, row.Log10PValue,
        row.AdjustedPValue, row.Row.Sign, row.Row.Location, row.Row.L2Delta, row.Row.RelativeDelta, row.Row.Cosine)
    {
        TunedId = tunedId,
    };
}
