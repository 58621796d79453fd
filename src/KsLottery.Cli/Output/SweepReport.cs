using System.Text.Json;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Evaluation;
using KsLottery.Engine.Text.Tokens;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Transfer;

namespace KsLottery.Cli;

/// <summary>Tells what a sweep over sparsities found.</summary>
internal static class SweepReport
{
    public static void Write(ConsoleUi ui, SweepOptions options, IReadOnlyList<SweepPoint> points, SweepKnee? ofLoss, SweepKnee? ofScore,
        string? report)
    {
        bool hasScores = points.Any(p => !double.IsNaN(p.Score));
        TextTable table = new([">sparsity", ">kept", ">loss", ">to dense", .. hasScores ? [">chrF 1st line"] : (string[])[]]);
        foreach (SweepPoint point in points)
            table.Add([new UnitShare(point.Sparsity).ToString(), Sizes.Count(point.Kept), NumberText.Fixed(point.Loss, 4),
                NumberText.Percent(point.Loss / points[0].Loss), .. hasScores ? [NumberText.Fixed(point.Score, 1)] : (string[])[]]);
        ui.Write(table);
        ui.WriteLine();
        FactList facts = new();
        facts.Add("scope", $"{VisibleText.Escape((options.Tensors ?? ModelPruning.LayerMatrices).Text)}, kept by {options.Score}, "
            + $"{Amount(options)}; each mask keeps a part of the one before");
        facts.Add("knee of the loss", Describe(ofLoss));
        if (hasScores)
            facts.Add("knee of chrF", points[0].Score == 0 ? "unknown: the dense model's is 0, of which nothing can be lost"
                : Describe(ofScore));
        if (report is not null) facts.Add("written", $"{SweepFolder.FileName}, {SweepFolder.SettingsName} in "
            + $"{ConsoleUi.OneLine(options.Out!)}; charts in {ConsoleUi.OneLine(report)}");
        facts.WriteTo(ui);
        ui.WriteJson(json => Write(json, options, points, ofLoss, ofScore));
    }

    private static string Amount(SweepOptions options) => options.KeptOf(new(0)) switch
    {
        RowShare => "each row apart",
        TopShare { IsPerTensor: true } => "each tensor apart",
        _ => "all together",
    };

    private static string Describe(SweepKnee? knee) => knee is null ? "unknown"
        : $"{new UnitShare(knee.Sparsity)} pruned is within 1 % of the dense model, "
            + (knee.IsReached ? "the next point is not" : "and so are all points: the knee lies there or beyond");

    private static void Write(Utf8JsonWriter json, SweepOptions options, IReadOnlyList<SweepPoint> points, SweepKnee? ofLoss,
        SweepKnee? ofScore)
    {
        json.WriteString("checkpoint", options.Model.Path);
        json.WriteStartArray("points");
        foreach (SweepPoint point in points)
        {
            json.WriteStartObject();
            json.WriteNumber("sparsity", point.Sparsity);
            json.WriteNumber("kept", point.Kept);
            json.WriteNumberOrNull("loss", point.Loss);
            json.WriteNumberOrNull("chrf", point.Score);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        Write(json, "knee_of_loss", ofLoss);
        Write(json, "knee_of_chrf", ofScore);
    }

    private static void Write(Utf8JsonWriter json, string name, SweepKnee? knee)
    {
        json.WriteNumberOrNull(name, (double?)knee?.Sparsity);
        json.WriteTruth($"{name}_reached", knee?.IsReached);
    }
}
