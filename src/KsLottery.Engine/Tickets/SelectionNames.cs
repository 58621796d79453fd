using KsLottery.Engine.Statistics;

namespace KsLottery.Engine.Tickets;

/// <summary>What methods and corrections are called on the command line, in files and in signatures.</summary>
internal static class SelectionNames
{
    private static readonly (KsMethod Method, string Name)[] Methods =
        [(KsMethod.Auto, "auto"), (KsMethod.Exact, "exact"), (KsMethod.Asymptotic, "asymp")];

    private static readonly (PValueAdjustment Adjustment, string Name)[] Adjustments =
    [
        (PValueAdjustment.None, "none"), (PValueAdjustment.Bonferroni, "bonferroni"), (PValueAdjustment.Holm, "holm"),
        (PValueAdjustment.BenjaminiHochberg, "bh"),
    ];

    /// <summary>The names of all methods.</summary>
    public static IEnumerable<string> OfMethods => Methods.Select(m => m.Name);

    /// <summary>The names of all corrections.</summary>
    public static IEnumerable<string> OfAdjustments => Adjustments.Select(a => a.Name);

    /// <summary>The name of a method: SciPy's.</summary>
    public static string ToName(this KsMethod method) => Methods.First(m => m.Method == method).Name;

    /// <summary>The name of a correction.</summary>
    public static string ToName(this PValueAdjustment adjustment) => Adjustments.First(a => a.Adjustment == adjustment).Name;

    /// <summary>Finds the method with a name.</summary>
    public static bool TryParse(string? name, out KsMethod method)
    {
        int at = Array.FindIndex(Methods, m => m.Name == name);
        method = at < 0 ? default : Methods[at].Method;
        return at >= 0;
    }

    /// <summary>Finds the correction with a name.</summary>
    public static bool TryParse(string? name, out PValueAdjustment adjustment)
    {
        int at = Array.FindIndex(Adjustments, a => a.Name == name);
        adjustment = at < 0 ? default : Adjustments[at].Adjustment;
        return at >= 0;
    }
}
