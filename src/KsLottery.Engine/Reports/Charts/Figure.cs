namespace KsLottery.Engine.Reports;

/// <summary>A chart, how to read it, and its numbers.</summary>
/// <param name="Name">The name of its files without their endings.</param>
/// <param name="Title">What it shows.</param>
/// <param name="Caption">How to read it; text of any origin, not markup.</param>
/// <param name="Chart">The drawing.</param>
/// <param name="Numbers">What it was drawn from.</param>
internal sealed record Figure(string Name, string Title, string Caption, SvgChart Chart, NumberTable Numbers);
