namespace KsLottery.Engine.Reports;

/// <summary>Facts of a run, as the manifest of the page lists them.</summary>
/// <param name="Name">What they are about.</param>
/// <param name="Values">Names and values, text of any origin.</param>
internal sealed record FactGroup(string Name, IReadOnlyList<(string Name, string Value)> Values);
