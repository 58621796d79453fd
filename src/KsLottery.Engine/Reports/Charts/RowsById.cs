namespace KsLottery.Engine.Reports;

/// <summary>p by token id: what geneticists call a Manhattan plot.</summary>
internal static class RowsById
{
    public const string Name = "p-by-id";

    public static Figure Draw(TestedRows rows)
    {
        const string Title = "Where in the vocabulary";
        SvgChart chart = new(Title, $"−log₁₀ p of each of {Digits.Count(rows.Counts.Count, "row")} by its token id.",
            Axis.Rounded("token id", 0, Math.Max(1, rows.Counts.Count - 1)), RowCloud.Probabilities(rows));
        string named = RowCloud.Draw(chart, rows, id => id);
        NumberTable numbers = new("token_id", "h", "log10_p");
        for (int id = 0; id < rows.Counts.Count; id++)
            if (rows.Counts[id] is >= 0 and var h) numbers.Add(Digits.Exact(id), Digits.Exact(h), Digits.Exact(rows.Null.Log10PValue(h)));
        return new(Name, Title, "Every row by its token id; the higher, the less likely by chance. The scale is that of the square root, "
            + "on which p of a row rises evenly with D. Where a tokenizer numbers tokens by how frequent they are, as many do, the left "
            + $"is the common end.{named}", chart, numbers);
    }
}
