using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Experiments;

namespace KsLottery.Engine.Reports;

/// <summary>One line of <c>experiment_verdicts.tsv</c>: an arm held against a control by a paired bootstrap.</summary>
/// <param name="Task">The task.</param>
/// <param name="Method">The arm.</param>
/// <param name="Control">The control.</param>
/// <param name="Seeds">The seeds that both have.</param>
/// <param name="Segments">The test pairs.</param>
/// <param name="Bleu">BLEU of the arm less the control's, with its 95 % interval.</param>
/// <param name="Loss">The same of the loss, of which less is better.</param>
internal sealed record ArmVerdict(string Task, string Method, string Control, int Seeds, int Segments, ArmVerdict.Difference Bleu,
    ArmVerdict.Difference Loss)
{
    /// <summary>The file's default name.</summary>
    public const string FileName = ExperimentTables.ComparisonsName;

    /// <summary>Reads the table.</summary>
    /// <exception cref="InvalidDataException">A line is damaged; names file and line.</exception>
    public static IReadOnlyList<ArmVerdict> Read(string path) =>
        [.. TsvFile.Read(path, "task", "method", "control", "seeds", "segments", "bleu", "bleu_low", "bleu_high", "bleu_verdict", "loss",
            "loss_low", "loss_high", "loss_verdict").Select(line => new ArmVerdict(line.Text("task"), line.Text("method"),
            line.Text("control"), (int)line.Integer("seeds", 0, int.MaxValue), (int)line.Integer("segments", 0, int.MaxValue),
            Difference.Of(line, "bleu"), Difference.Of(line, "loss")))];

    /// <summary>A difference, its interval, and what that says.</summary>
    internal readonly record struct Difference(double Value, double Low, double High, string Verdict)
    {
        public static Difference Of(TsvLine line, string score) => new(line.Real(score), line.Real($"{score}_low"),
            line.Real($"{score}_high"), line.Text($"{score}_verdict"));
    }
}
