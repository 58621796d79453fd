using KsLottery.Engine.Scoring;

namespace KsLottery.Cli.Demo;

/// <summary>Prints the experiment's table, as text or as JSON.</summary>
internal sealed class ExperimentReport(Experiment experiment, ConsoleUi ui)
{
    /// <param name="kept">The folder that stays, null where none does.</param>
    /// <param name="elapsed">How long it took.</param>
    public void Write(string? kept, TimeSpan elapsed)
    {
        TextTable table = new("method", ">rows", ">parameters", ">loss", ">BLEU", ">chrF", ">exact",
            ">BLEU 1st line", ">chrF 1st line", ">stops", ">tokens");
        foreach (ExperimentArm arm in experiment.Arms)
        {
            CorpusScores raw = arm.Result.Scores!.Raw, first = arm.Result.Scores.FirstLine;
            table.Add(arm.Name, arm.Rows is { } rows ? Sizes.Count(rows) : "", arm.Parameters == 0 ? "" : Sizes.Count(arm.Parameters),
                NumberText.Fixed(arm.Result.Loss, 3), One(raw.Bleu.Score), One(raw.Chrf.Score), Percent(raw.ExactMatchRate),
                One(first.Bleu.Score), One(first.Chrf.Score), Percent(arm.Result.Summary!.EosRate), One(arm.Result.MeanTokens));
        }
        ui.WriteLine();
        ui.WriteLine($"== {Sizes.Count(experiment.Arms[0].Result.Samples.Count)} test sentences, none of them seen before, greedily");
        ui.Write(table);
        ui.WriteLine();
        ui.WriteLine("loss: nats a target token. BLEU, chrF, exact: of all that was written; 1st line: of its first line. Where the two differ,");
        ui.WriteLine("the model does not stop (stops: the share of texts that it ended itself), and what tuning gains there is learning to stop.");
        ui.WriteLine(NumberText.Seconds(elapsed) + (kept is null
            ? "; demo --keep DIR keeps data, models, ticket and patches to go on with"
            : $"; everything stands in {ConsoleUi.OneLine(kept)}"));
        ui.WriteJson(json =>
        {
            json.WriteString("signature", experiment.Ticket.Signature.ToString());
            json.WriteStartArray("ids");
            foreach (int id in experiment.Ticket.Ids) json.WriteNumberValue(id);
            json.WriteEndArray();
            json.WriteStartArray("arms");
            foreach (ExperimentArm arm in experiment.Arms)
            {
                CorpusScores raw = arm.Result.Scores!.Raw, first = arm.Result.Scores.FirstLine;
                json.WriteStartObject();
                json.WriteString("name", arm.Name);
                json.WriteNumberOrNull("rows", arm.Rows ?? double.NaN);
                json.WriteNumber("parameters", arm.Parameters);
                json.WriteNumber("loss", arm.Result.Loss);
                json.WriteNumber("bleu", raw.Bleu.Score);
                json.WriteNumber("chrf", raw.Chrf.Score);
                json.WriteNumber("exact_match_rate", raw.ExactMatchRate);
                json.WriteNumber("bleu_first_line", first.Bleu.Score);
                json.WriteNumber("chrf_first_line", first.Chrf.Score);
                json.WriteNumber("eos_rate", arm.Result.Summary!.EosRate);
                json.WriteNumber("mean_tokens", arm.Result.MeanTokens);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteString("folder", kept);
            json.WriteNumber("seconds", elapsed.TotalSeconds);
        });
    }

    private static string One(double value) => NumberText.Fixed(value, 1);

    private static string Percent(double share) => $"{NumberText.Fixed(100 * share, 0)} %";
}
