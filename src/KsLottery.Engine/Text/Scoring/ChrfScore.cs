using System.Globalization;

namespace KsLottery.Engine.Text.Scoring;

/// <summary>A chrF score.</summary>
/// <param name="Score">0 to 100.</param>
/// <param name="Signature">What it depends on: <c>chrF2++|nrefs:1|case:mixed|eff:yes|nc:6|nw:2|space:no|version:…|impl:kslottery</c>; one
/// <c>+</c> in the name for each order of words.</param>
public sealed record ChrfScore(double Score, string Signature)
{
    /// <summary>One line in sacreBLEU's form: signature and score.</summary>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Signature} = {Score:F2}");
}
