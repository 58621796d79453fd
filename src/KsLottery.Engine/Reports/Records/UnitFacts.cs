using KsLottery.Engine.Numerics;
using KsLottery.Engine.Tickets;

namespace KsLottery.Engine.Reports;

/// <summary>What a ticket of units depends on, for the manifest.</summary>
internal static class UnitFacts
{
    private const int MaxTensors = 400;

    public static IEnumerable<FactGroup> Of(UnitFinding found)
    {
        UnitTicketSummary ticket = found.Ticket;
        yield return new($"{found.Name}: ticket",
        [
            ("signature", ticket.Signature),
            ("recipe", ticket.Recipe),
            ("output head", ticket.IsTied switch
            {
                true => "tied: it is the input embedding",
                false => "not tied",
                null => "not known to be tied",
            }),
            ("units", ticket.MaskFingerprint),
            .. found.PatchFacts,
            ("kslottery", ticket.Version),
        ]);
        yield return new($"{found.Name}: base and tuned tensors", [.. ticket.Tensors.Take(MaxTensors).SelectMany(t => ((string, string)[])
        [
            ($"{t.Name}, base", $"{t.BaseType.ToName()}, {t.BaseFingerprint}"),
            ($"{t.Name}, tuned", $"{t.TunedType.ToName()}, {t.TunedFingerprint}"),
        ])]);
    }
}
