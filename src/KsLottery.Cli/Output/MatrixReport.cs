using KsLottery.Engine.Experiments;
using KsLottery.Engine.Text.Scoring;

namespace KsLottery.Cli;

/// <summary>Prints a report card, as tables or as JSON.</summary>
internal sealed class MatrixReport(MatrixResult result, ConsoleUi ui)
{
    // Tables of these fit 100 columns whatever names are like.
    private const int MaxName = 18, MaxShown = 3;

    /// <summary>Prints it.</summary>
    /// <param name="end">The last line.</param>
    public void Write(string end)
    {
        foreach (IGrouping<string, MatrixCell> model in result.Cells.GroupBy(c => c.Model.Name))
            WriteModel(model.First().Model, [.. model]);
        WriteGroups();
        if (result.Directions.Count > 0) WriteDirections();
        WriteLanguages();
        if (result.Cells.Any(c => c.IsOffTarget))
            ui.WriteLine("! more outputs in a wrong language than the identifier's errors explain (95 % intervals lie apart)");
        ui.WriteLine($"Scored is {FormName()} of each output. The pieces are those of the model's own tokenizer.");
        ui.WriteLine("error: held-out lines of the target's language that the identifier takes for another");
        ui.WriteLine(end);
        ui.WriteJson(result.WriteTo);
    }

    private string FormName() => result.Plan.Form switch
    {
        HypothesisForm.Raw => "all",
        HypothesisForm.FirstLine => "the first line",
        _ => "what the authors' rule reads",
    };

    private void WriteModel(MatrixModel model, IReadOnlyList<MatrixCell> cells)
    {
        string trained = model.TrainedOn.Count == 0 ? "not trained on pairs"
            : $"trained on {string.Join(", ", model.TrainedOn.Take(MaxShown))}"
                + (model.TrainedOn.Count > MaxShown ? $" and {Sizes.Count(model.TrainedOn.Count - MaxShown)} more" : "");
        ui.WriteLine($"{Visible(model.Name)}, {Visible(trained)}");
        TextTable table = new TextTable("test", "pair", ">chrF", ">gain", ">BLEU over pieces", ">off-target", ">error", ">stops")
            .Limit(0, MaxName);
        foreach (MatrixCell c in cells)
            table.Add(Visible(c.Test.Name), NameOf(c.Exposure), NumberText.Fixed(c.Scores.Chrf.Score, 1), Signed(c.Gain),
                NumberText.Fixed(c.Scores.PieceBleu.Score, 1), (c.IsOffTarget ? "! " : "") + Percent(c.Scores.OffTargetRate),
                Percent(c.Accuracy.ErrorRate), Percent(c.Scores.Summary.EosRate));
        ui.Write(table);
        foreach (MatrixCell c in cells.Where(c => c.IsOffTarget))
            ui.WriteLine($"  {Visible(c.Test.Name)}: {Sizes.Count(c.Scores.OffTarget)} of {Sizes.Count(c.Pairs)} outputs in another "
                + $"language, most in {Visible(c.Scores.Languages.MostlyIn(c.Test.Languages.Target)!)}");
        ui.WriteLine();
    }

    private void WriteGroups()
    {
        TextTable table = new TextTable("model", "pairs", ">tests", ">mean chrF", ">spread", ">mean gain", ">off-target", ">stops")
            .Limit(0, MaxName);
        foreach (MatrixGroup g in result.Groups)
            table.Add(Visible(g.Model), NameOf(g.Exposure), Sizes.Count(g.Cells), NumberText.Fixed(g.MeanChrf, 1),
                NumberText.Fixed(g.SpreadOfChrf, 1), Signed(g.MeanGain), Percent(g.OffTargetRate), Percent(g.EosRate));
        ui.Write(table);
        ui.WriteLine();
    }

    private void WriteDirections()
    {
        string what = result.Plan.Baseline is null ? "chrF" : "gain";
        TextTable table = new TextTable("model", "better direction", $">{what}", ">reverse", ">difference").Limit(0, MaxName)
            .Limit(1, 2 * MaxName);
        foreach (MatrixDirections d in result.Directions)
            table.Add(Visible(d.Model), Visible(d.Better.ToString()), NumberText.Fixed(d.Value, 1), NumberText.Fixed(d.Reverse, 1),
                NumberText.Fixed(d.Difference, 1));
        ui.Write(table);
        ui.WriteLine();
    }

    private void WriteLanguages()
    {
        TextTable table = new TextTable("language", ">lines learned", ">held out", ">error", "mostly taken for").Limit(0, MaxName)
            .Limit(4, MaxName);
        foreach (LanguageAccuracy a in result.Accuracies)
            table.Add(Visible(a.Language), Sizes.Count(a.Lines), Sizes.Count(a.HeldOut), Percent(a.ErrorRate),
                Visible(a.MostlyTakenFor ?? "-"));
        ui.Write(table);
        ui.WriteLine();
    }

    /// <summary>What tables call an exposure.</summary>
    public static string NameOf(PairExposure exposure) => exposure switch
    {
        PairExposure.Seen => "seen",
        PairExposure.ZeroShotPair => "zero-shot pair",
        PairExposure.ZeroShotLanguage => "zero-shot language",
        _ => "untrained",
    };

    private static string Visible(string text) => ConsoleUi.OneLine(text);

    private static string Percent(double rate) => double.IsFinite(rate) ? $"{NumberText.Fixed(100 * rate, 1)} %" : NumberText.Real(rate);

    private static string Signed(double? gain) => gain is not { } value ? "-" : (value < 0 ? "" : "+") + NumberText.Fixed(value, 1);
}
