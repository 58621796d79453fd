using System.Text;
using KsLottery.Engine.Kernels;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Statistics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Reports;

/// <summary>The sentences and tables about a ticket of units.</summary>
internal static class UnitSections
{
    private const int MaxTensors = 1000, MaxMembers = 200;

    /// <summary>What was found, in two sentences.</summary>
    public static string Summary(UnitTicketSummary ticket)
    {
        string scope = ticket.Tensors is [var only] ? only.Name : Digits.Count(ticket.Tensors.Count, "tensor");
        int touched = ticket.Tensors.Count(t => t.TicketUnits > 0);
        return ticket.Count == 0 ? $"None of the {Digits.Count(ticket.UnitCount, "unit")} of {scope} is in the ticket."
            : $"{Digits.Count(ticket.Count)} of the {Digits.Count(ticket.UnitCount, "unit")} of {scope} "
                + $"{(ticket.Count == 1 ? "makes" : "make")} the ticket"
                + (ticket.Tensors.Count == 1 ? ": "
                    : $", in {(touched == ticket.Tensors.Count ? "all" : Digits.Count(touched))} of them: ")
                + $"{Digits.Count(ticket.Parameters)} of {Digits.Count(ticket.CheckpointParameters)} parameters.";
    }

    /// <summary>The figures at the head of the page.</summary>
    public static IEnumerable<(string Number, string What)> Tiles(UnitFinding found)
    {
        UnitTicketSummary ticket = found.Ticket;
        yield return (Digits.Count(ticket.Count), $"of {Digits.Count(ticket.UnitCount, "unit")} in the ticket");
        yield return (Digits.Percent(ticket.ShareOfCheckpoint), "of the checkpoint’s parameters");
        if (ticket.Tensors.Count > 1 && ticket.Tensors.LargestBy(t => t.Share) is { TicketUnits: > 0 } fullest)
            yield return (Digits.Percent(fullest.Share), $"of {fullest.Name}, the largest part of a tensor");
        if (found.Moves is { } moves) yield return (Digits.Real(moves.Largest), "largest |tuned − base| in the ticket");
    }

    /// <summary>What was asked for, and every tensor with what was taken of it.</summary>
    public static void Write(StringBuilder html, UnitFinding found)
    {
        UnitTicketSummary ticket = found.Ticket;
        html.Append("<dl>");
        foreach ((string name, string value) in RecipeWords.Of(ticket).Concat(NeededOf(ticket)).Concat(MembersOf(found)))
            html.Append("<dt>").Append(Markup.Encode(name)).Append("</dt><dd>").Append(Markup.Encode(value)).Append("</dd>");
        html.Append("</dl>\n");
        foreach (UnitTensorSummary t in ticket.Tensors.Where(t => t.BaseNonFinite + t.TunedNonFinite > 0))
            html.Append("<p class=\"warn\">").Append(Markup.Encode($"{t.Name}: {Digits.Count(t.BaseNonFinite, "value")} of the base and "
                + $"{Digits.Count(t.TunedNonFinite)} of the tuned tensor are NaN or infinite; their units never win.")).Append("</p>\n");
        PageTable table = new("`tensor", "<type", "<shape", "units", "in the ticket", "share", "parameters");
        double largest = Math.Max(double.Epsilon, ticket.Tensors.Select(t => t.Share).DefaultIfEmpty().Largest());
        foreach (UnitTensorSummary t in ticket.Tensors.Take(MaxTensors))
            table.Add(new(t.Name), new(t.BaseType == t.TunedType ? t.BaseType.ToName() : $"{t.BaseType.ToName()} / {t.TunedType.ToName()}"),
                new($"[{string.Join(", ", t.Shape)}]"), PageCell.Of(t.Units), PageCell.Of(t.TicketUnits),
                PageCell.Percent(t.Share) with { Bar = t.Share / largest }, PageCell.Of(t.Parameters));
        table.WriteHtml(html, "Tensors of the ticket");
        if (ticket.Tensors.Count > MaxTensors)
            html.Append("<p class=\"soft\">").Append(Markup.Encode($"{Digits.Count(ticket.Tensors.Count - MaxTensors)} more tensors are in "
                + $"{TicketFile.FileName}.")).Append("</p>\n");
        html.Append("<p class=\"soft\">A unit is what a ticket takes whole. Share: the part of a tensor’s values that is in the "
            + "ticket; its bar is of the largest.</p>\n");
    }

    /// <summary>The units of a single tensor by their numbers, unless they are single values.</summary>
    private static (string, string)[] MembersOf(UnitFinding found) => found.Mask?.Tensors is [{ Grid.UnitSize: > 1 } only]
        ? [($"{only.Grid.UnitName}s", string.Join(", ", only.Units.Take(MaxMembers)) + (only.Units.Count > MaxMembers ? ", …" : ""))] : [];

    /// <summary>The D that alpha asks for, where units are of one size and no correction moves it.</summary>
    private static (string, string)[] NeededOf(UnitTicketSummary ticket)
    {
        Dictionary<string, string> terms = RecipeWords.TermsOf(ticket.Recipe);
        long[] sizes = [.. ticket.Tensors.Select(t => t.Grid.UnitSize).Distinct()];
        if (sizes is not [> 0 and <= KsRowKernels.MaximumWidth and var size] || terms.GetValueOrDefault("adj") != "none"
            || !PlainNumber.TryReal(terms.GetValueOrDefault("alpha", ""), out double alpha) || !(alpha > 0 && alpha < 1)
            || !SelectionNames.TryParse(terms.GetValueOrDefault("method"), out KsMethod method)) return [];
        int needed = NullDistribution.ForEqualLengths((int)size, method).CriticalCount(alpha);
        return [("needed", $"h ≥ {Digits.Count(needed)} of {Digits.Count(size)}, that is D ≥ {Digits.Fixed((double)needed / size, 4)}")];
    }
}
