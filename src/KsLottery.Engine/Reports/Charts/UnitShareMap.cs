using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Reports;

/// <summary>Which part of each tensor is in a ticket of units: kinds of tensors down, layers to the right.</summary>
internal static class UnitShareMap
{
    public const string Name = "unit-map";

    public static Figure? Draw(UnitTicketSummary ticket)
    {
        const string Title = "Where in the model it lies";
        if (ticket.Tensors.Count < 2 || ticket.Count == 0) return null;
        double most = ticket.Tensors.Largest(t => t.Share);
        SvgChart chart = TensorFields.Draw(Title, $"The part of {Digits.Count(ticket.Tensors.Count)} tensors that is in the ticket.",
            [.. ticket.Tensors.Select(t => new TensorField(t.Name, Math.Sqrt(t.Share / most), SvgChart.Color(0),
                $"{t.Name}: {Digits.Count(t.TicketUnits)} of {Digits.Count(t.Units, "unit")}, {Digits.Percent(t.Share)} of its values"))]);
        chart.LegendScale($"0 to {Digits.Percent(most)} of the values", TensorFields.Faint, 1, "c0");
        NumberTable numbers = new("tensor", "units", "ticket_units", "elements", "ticket_parameters", "share");
        foreach (UnitTensorSummary t in ticket.Tensors)
            numbers.Add(NumberTable.Text(t.Name), Digits.Exact(t.Units), Digits.Exact(t.TicketUnits), Digits.Exact(t.ElementCount),
                Digits.Exact(t.Parameters), Digits.Exact(t.Share));
        return new(Name, Title, "A field for every tensor that might have been chosen from, the stronger the larger the part of its "
            + $"values that is in the ticket, by its square root; the strongest is {Digits.Percent(most)}.", chart, numbers);
    }
}
