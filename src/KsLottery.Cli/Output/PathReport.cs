using System.Globalization;
using KsLottery.Engine.Evaluation;
using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Cli;

/// <summary>Prints what <c>kslottery eval --between</c> found, as text or as JSON.</summary>
internal static class PathReport
{
    public static void Write(ConsoleUi ui, EvalOptions options, LinearPath path, SampleSet samples)
    {
        TextTable table = new(">share", ">loss");
        foreach ((double share, double loss) in path.Points) table.Add(Share(share), NumberText.Fixed(loss, 4));
        ui.Write(table);
        ui.WriteLine();
        new FactList()
            .Add("from", ConsoleUi.OneLine(options.Model!.Path))
            .Add("to", ConsoleUi.OneLine(options.Between!))
            .Add("pairs", Sizes.Count(samples.Samples.Count))
            .Add("barrier", $"{NumberText.Fixed(path.Barrier, 4)} nats above the mean of the ends, at {Share(path.Highest.Share)}")
            .Add("above line", $"{NumberText.Fixed(path.BarrierAboveLine, 4)} nats above the line between the ends, at "
                + Share(path.HighestAboveLine.Share))
            .WriteTo(ui);
        ui.WriteJson(json =>
        {
            json.WriteString("model", options.Model.Path);
            json.WriteString("other", options.Between);
            json.WriteString("data", options.Data);
            json.WriteNumber("pairs", samples.Samples.Count);
            json.WriteNumber("barrier", path.Barrier);
            json.WriteNumber("barrier_share", path.Highest.Share);
            json.WriteNumber("barrier_above_line", path.BarrierAboveLine);
            json.WriteNumber("barrier_above_line_share", path.HighestAboveLine.Share);
            json.WriteStartArray("points");
            foreach ((double share, double loss) in path.Points)
            {
                json.WriteStartObject();
                json.WriteNumber("share", share);
                json.WriteNumber("loss", loss);
                json.WriteEndObject();
            }
            json.WriteEndArray();
        });
    }

    private static string Share(double share) => share.ToString("0.###", CultureInfo.InvariantCulture);
}
