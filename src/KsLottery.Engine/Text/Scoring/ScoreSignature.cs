using System.Globalization;
using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Text.Scoring;

/// <summary>Signatures in sacreBLEU's grammar; the last field says that another program computed the score.</summary>
internal static class ScoreSignature
{
    public static string Compose(string name, int references, bool lowercase, bool effectiveOrder, string fields) =>
        string.Create(CultureInfo.InvariantCulture,
            $"{name}|nrefs:{references}|case:{(lowercase ? "lc" : "mixed")}|eff:{(effectiveOrder ? "yes" : "no")}|{fields}" +
            $"|version:{LibraryVersion.Current}|impl:kslottery");
}
