using System.Globalization;
using System.Text;
using KsLottery.Engine.Experiments;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Training;

namespace KsLottery.Engine.Tests.Reports;

/// <summary>Folders with as much on their pages as there ever is.</summary>
internal static class PageFixture
{
    /// <summary>Two tasks, four seeds, every default arm, two more tickets with their controls; trainings, verdicts.</summary>
    public static void WriteExperiment(ReportFixture fixture, string folder)
    {
        Directory.CreateDirectory(fixture.Place(folder));
        ExperimentPlan plan = new ExperimentPlan
        {
            Base = fixture.Place(folder, "base"),
            Tasks = [new("Danish", "da.tsv", "da-test.tsv"), new("Dutch", "nl.tsv", "nl-test.tsv")],
            Seeds = [1, 2, 3, 4],
            Arms = [.. ExperimentArm.Default, new(ArmMethod.Ticket) { Rows = 16 }, new(ArmMethod.Ticket) { Without = TokenGroup.Prompt }],
        }.WithControls();
        ExperimentFile.Write(fixture.Place(folder, ExperimentFile.FileName), plan);
        SplitMix64 random = new(5);
        StringBuilder results = new("task\tseed\tmethod\trows\tparameters\tshare\tloss\tbleu\tbleu_first_line\tchrf\teos_rate\t"
            + "mean_tokens\tcontrol_of\n");
        StringBuilder verdicts = new("task\tmethod\tcontrol\tseeds\tsegments\tbleu\tbleu_low\tbleu_high\tbleu_verdict\tloss\t"
            + "loss_low\tloss_high\tloss_verdict\n");
        foreach (ExperimentTask task in plan.Tasks)
            foreach ((int i, ExperimentArm arm) in plan.Arms.Index())
            {
                bool isBase = arm.Method == ArmMethod.Base;
                string rows = isBase || arm.Method is ArmMethod.Full or ArmMethod.LowRank ? "" : $"{(arm.Rows ?? 7) + (i % 3)}";
                foreach (ulong seed in isBase ? [0] : plan.Seeds)
                {
                    double noise = random.NextNormal();
                    string[] scores = [.. ((double[])[1792 * (i + 1), 3.4e-4 * i, 4.1 - (0.05 * i) + (0.02 * noise), Math.Max(0, i + noise),
                        8 + noise, 17 + i + noise, 0.9, 40 - i]).Select((value, k) =>
                        (isBase && k < 2 ? 0 : value).ToString(CultureInfo.InvariantCulture))];
                    results.AppendJoin('\t', [task.Name, isBase ? "" : $"{seed}", arm.Name, rows, .. scores,
                        string.Join("; ", plan.ControlledBy(arm).Select(a => a.Name))]).Append('\n');
                    if (!isBase && arm.Method is not (ArmMethod.Transfer or ArmMethod.RandomDelta))
                        WriteMetrics(fixture.Place(folder, ArmFolders.NameOf(task, seed, arm)), 3 - (0.1 * i), noise);
                }
                foreach (ExperimentArm ticket in plan.ControlledBy(arm))
                    verdicts.AppendJoin('\t', task.Name, ticket.Name, arm.Name, "4\t200\t1.5\t-0.5\t3\tnot told apart\t-0.11\t-0.2\t-0.02",
                        "better").Append('\n');
            }
        File.WriteAllText(fixture.Place(folder, "experiment.tsv"), results.ToString());
        File.WriteAllText(fixture.Place(folder, "experiment_verdicts.tsv"), verdicts.ToString());
        foreach ((int i, ExperimentTask task) in plan.Tasks.Index())
        {
            fixture.WriteTicket($"moved-{i}", moved: 5 + i);
            Directory.Move(fixture.Place($"moved-{i}"), fixture.Place(folder, ArmFolders.NameOfTicket(task, 1)));
        }
    }

    /// <summary>Positions and a sweep in which two forms certify the same.</summary>
    public static void WriteCertificateTables(ReportFixture fixture, string folder)
    {
        SplitMix64 random = new(9);
        fixture.WriteLines(folder, "certificate.tsv", ["idx label predict margin bound certified agrees", .. Enumerable.Range(0, 60)
            .Select(i => string.Create(CultureInfo.InvariantCulture,
                $"{i} 5 {5 + (i % 3 / 2)} {random.NextDouble():F4} 0.34 {(i % 4 == 0 ? 1 : 0)} 1"))]);
        fixture.WriteLines(folder, "alpha-sweep.tsv", ["alpha tau rows dataset_certified max_certified sum_certified agreement "
            + "agreement_low agreement_high", .. ((double[])[0.001, 0.01, 0.05, 0.2, 0.5, 0.9]).Select((alpha, i) =>
            string.Create(CultureInfo.InvariantCulture,
                $"{alpha} 0.3 {2 * i} {0.1 * i} {0.1 * i} {0.06 * i} {0.6 + (0.06 * i)} {0.5 + (0.06 * i)} {0.65 + (0.06 * i)}"))]);
    }

    private static void WriteMetrics(string folder, double loss, double noise)
    {
        Directory.CreateDirectory(folder);
        using MetricsWriter writer = new(Path.Combine(folder, MetricsWriter.FileName));
        for (int step = 1; step <= 30; step++)
            writer.Write(new(step, step / 10.0)
            {
                Loss = loss + ((1 + (0.1 * noise)) / step),
                EvalLoss = step % 15 == 0 ? loss + 0.1 : null,
            });
    }
}
