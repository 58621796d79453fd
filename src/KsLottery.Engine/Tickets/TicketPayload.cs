namespace KsLottery.Engine.Tickets;

/// <summary>What a ticket does to a base: which value w[i] takes the place of base[i].</summary>
/// <remarks>
/// v[i] is the value that the patch holds, T the type in which the base is stored. Rounding is to nearest, ties to even. Elements of
/// tensors that the ticket does not name stay in any case.
/// </remarks>
public enum TicketPayload
{
    /// <summary>w[i] = T(v[i]) in the mask: KS-Lottery's Partial Transfer (arXiv 2402.02801), a graft (Panigrahi et al., ICML
    /// 2023).</summary>
    Replace,

    /// <summary>w[i] = T(F32(base[i]) + v[i]) in the mask, with v[i] = F32(tuned[i]) − F32(base[i]): a sparse task vector (LoTA, arXiv
    /// 2406.16797; LT-SFT, ACL 2022).</summary>
    Delta,

    /// <summary>w[i] = 0 outside of the mask, and T(v[i]) in it where the patch has values, else base[i]: a pruned model (Frankle and
    /// Carbin, ICLR 2019).</summary>
    Keep,

    /// <summary>w[i] = 0 in the mask: parts that are taken out (Jordao et al., arXiv 2301.10835).</summary>
    Drop,

    /// <summary>w[i] = |base[i]| with the sign v[i], a bit, in the mask (HideNseek, arXiv 2206.04385).</summary>
    Sign,

    /// <summary>w[i] = T(scale · G[i] · R[idx(i)]) in the mask, all from one short array R through a hash (STABLE-RPS, ICLR
    /// 2024).</summary>
    Share,
}

/// <summary>The names of <see cref="TicketPayload"/>.</summary>
public static class TicketPayloads
{
    /// <summary>All names, in the order of the values.</summary>
    public static IReadOnlyList<string> Names { get; } = ["replace", "delta", "keep", "drop", "sign", "share"];

    /// <summary>The name.</summary>
    public static string ToName(this TicketPayload payload) => Names[(int)payload];

    /// <summary>Reads a name.</summary>
    public static bool TryParse(string? name, out TicketPayload payload)
    {
        payload = default;
        for (int i = 0; i < Names.Count; i++)
        {
            if (Names[i] != name) continue;
            payload = (TicketPayload)i;
            return true;
        }
        return false;
    }
}
