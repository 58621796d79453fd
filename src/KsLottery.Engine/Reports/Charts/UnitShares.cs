using System.Globalization;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Reports;

/// <summary>Which part of each kind of tensor, and of each layer, is in a ticket of units.</summary>
internal static class UnitShares
{
    public const string KindName = "unit-kinds", LayerName = "unit-layers";

    private const int MaxKinds = 24;

    /// <summary>A bar to the right for each kind of tensor, over all layers.</summary>
    public static Figure? DrawKinds(UnitTicketSummary ticket)
    {
        const string Title = "Which kinds of tensors it takes";
        Part[] kinds = [.. PartsOf(ticket, t => TensorFields.Part(t.Name, out _)).OrderByDescending(p => p.Share)];
        if (kinds.Length < 2 || ticket.Count == 0) return null;
        Part[] parts = [.. kinds.Take(MaxKinds)];
        double all = AllOf(kinds);
        SvgChart chart = new(Title, $"The part of {Digits.Count(parts.Length)} kinds of tensors that is in the ticket.",
            Axis.Rounded("in the ticket, % of the values", 0, 100 * parts[0].Share),
            Axis.Names("", [.. parts.Select(p => p.Key).Reverse()]), height: Math.Clamp(20 * parts.Length, 40, 20 * MaxKinds));
        foreach ((int i, Part part) in parts.Reverse().Index())
            chart.Cell((0, 100 * part.Share), (i + 0.1, i + 0.9), 1, SvgChart.Color(0), part.Tip);
        chart.RuleAtX(100 * all, "all", SvgChart.Color(1));
        return new(KindName, Title, "Kinds of tensors over all layers, those that give the largest part of their values first. The line "
            + $"is the part of all tensors of the scope, {Digits.Percent(all)}: a kind to the right of it gives more than its part."
            + (kinds.Length > parts.Length ? $" {Digits.Count(kinds.Length - parts.Length, "more kind")} give less and are left out." : ""),
            chart,
            NumbersOf("kind", parts));
    }

    /// <summary>A bar upwards for each layer, over all kinds.</summary>
    public static Figure? DrawLayers(UnitTicketSummary ticket)
    {
        const string Title = "Which layers it takes";
        Part[] parts = [.. PartsOf(ticket, t => TensorFields.Part(t.Name, out int? layer) is null || layer is null ? ""
            : layer.Value.ToString(CultureInfo.InvariantCulture)).Where(p => p.Key.Length > 0)
            .OrderBy(p => int.Parse(p.Key, NumberStyles.None, CultureInfo.InvariantCulture))];
        if (parts.Length < 2 || parts.All(p => p.Parameters == 0)) return null;
        double all = AllOf(parts);
        SvgChart chart = new(Title, $"The part of {Digits.Count(parts.Length, "layer")} that is in the ticket.",
            Axis.Names("layer", [.. parts.Select(p => p.Key)]),
            Axis.Rounded("in the ticket, % of the values", 0, 100 * parts.Largest(p => p.Share)));
        chart.Bars(parts.Index().Select(p => (p.Index + 0.1, p.Index + 0.9, 100 * p.Item.Share)), SvgChart.Color(0));
        chart.RuleAtY(100 * all, "all layers", SvgChart.Color(1));
        return new(LayerName, Title, "All tensors of a layer together; those of no layer, such as the embedding, are left out. The line is "
            + $"the part of all layers together, {Digits.Percent(all)}.", chart, NumbersOf("layer", parts));
    }

    private static double AllOf(IReadOnlyList<Part> parts) =>
        (double)parts.Sum(p => p.Parameters) / Math.Max(1, parts.Sum(p => p.Elements));

    private static IEnumerable<Part> PartsOf(UnitTicketSummary ticket, Func<UnitTensorSummary, string> keyOf) =>
        ticket.Tensors.GroupBy(keyOf).Select(g => new Part(g.Key, g.Count(), g.Sum(t => t.ElementCount), g.Sum(t => t.Parameters)));

    private static NumberTable NumbersOf(string key, IEnumerable<Part> parts)
    {
        NumberTable numbers = new(key, "tensors", "elements", "ticket_parameters", "share");
        foreach (Part part in parts)
            numbers.Add(NumberTable.Text(part.Key), Digits.Exact(part.Tensors), Digits.Exact(part.Elements), Digits.Exact(part.Parameters),
                Digits.Exact(part.Share));
        return numbers;
    }

    private readonly record struct Part(string Key, int Tensors, long Elements, long Parameters)
    {
        public double Share => (double)Parameters / Math.Max(1, Elements);

        public string Tip => $"{Key}: {Digits.Count(Parameters)} of {Digits.Count(Elements, "value")} in "
            + $"{Digits.Count(Tensors, "tensor")}, {Digits.Percent(Share)}";
    }
}
