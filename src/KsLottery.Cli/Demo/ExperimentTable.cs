using System.Globalization;
using System.Text;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Scoring;

namespace KsLottery.Cli.Demo;

/// <summary>Writes <c>experiment.tsv</c>: a line for each arm, which <c>kslottery report</c> draws.</summary>
internal static class ExperimentTable
{
    public const string FileName = "experiment.tsv";

    private const string Header =
        "method\trows\tparameters\tloss\tbleu\tchrf\texact_match_rate\tbleu_first_line\tchrf_first_line\tbleu_response\tchrf_response\teos_rate\tmean_tokens\n";

    public static void Write(string path, IEnumerable<ExperimentArm> arms, CancellationToken cancel)
    {
        StringBuilder text = new(Header);
        foreach (ExperimentArm arm in arms)
        {
            OutputScores scores = arm.Result.Scores!;
            text.Append(CultureInfo.InvariantCulture, $"{arm.Name}\t{arm.Rows}\t{arm.Parameters}\t{arm.Result.Loss}\t{scores.Raw.Bleu.Score}\t{scores.Raw.Chrf.Score}\t")
                .Append(CultureInfo.InvariantCulture, $"{scores.Raw.ExactMatchRate}\t{scores.FirstLine.Bleu.Score}\t{scores.FirstLine.Chrf.Score}\t")
                .Append(CultureInfo.InvariantCulture, $"{scores.Response.Bleu.Score}\t{scores.Response.Chrf.Score}\t{arm.Result.Summary!.EosRate}\t{arm.Result.MeanTokens}\n");
        }
        AtomicFile.WriteText(path, text.ToString(), cancel);
    }
}
