using System.Globalization;
using System.Text;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Evaluation;
using KsLottery.Engine.Text.Scoring;

namespace KsLottery.Engine.Experiments;

/// <summary>What the scores of an arm are made of, a line for each test pair: <c>segments.tsv</c> beside <c>scores.json</c>.</summary>
/// <param name="Bleu">The sums of BLEU of all that was written.</param>
/// <param name="Loss">The losses of the targets' tokens in nats.</param>
internal sealed record ArmSegments(SegmentedBleu Bleu, SegmentedMean Loss)
{
    public const string FileName = "segments.tsv";

    private const string LossColumn = "loss", TokensColumn = "target_tokens", HypothesisColumn = "hypothesis_length",
        ReferenceColumn = "reference_length";

    private static readonly BleuOptions Options = new();

    private static readonly string[] Columns = [LossColumn, TokensColumn, HypothesisColumn, ReferenceColumn,
        .. Orders("matches"), .. Orders("totals")];

    /// <summary>Takes the segments of an evaluation that generated.</summary>
    public static ArmSegments Of(EvaluationResult result) => new(
        Text.Scoring.Bleu.Segments([.. result.Samples.Select(s => s.Output!.Value.Text)], [[.. result.Samples.Select(s => s.Pair.Target)]],
            Options),
        new(result.Samples.Select(s => s.Loss), result.Samples.Select(s => (double)s.TargetCount)));

    public void Write(string path, CancellationToken cancel)
    {
        StringBuilder text = new StringBuilder().AppendJoin('\t', Columns).Append('\n');
        foreach ((int i, BleuCounts counts) in Bleu.Segments.Index())
        {
            double loss = Loss.SumOf(i);
            text.Append(double.IsFinite(loss) ? loss.ToString("R", CultureInfo.InvariantCulture) : "nan")
                .Append(CultureInfo.InvariantCulture, $"\t{Loss.WeightOf(i):F0}\t")
                .Append(CultureInfo.InvariantCulture, $"{counts.HypothesisLength}\t{counts.ReferenceLength}");
            foreach (long count in (IEnumerable<long>)[.. counts.Matches, .. counts.Totals])
                text.Append(CultureInfo.InvariantCulture, $"\t{count}");
            text.Append('\n');
        }
        AtomicFile.WriteText(path, text.ToString(), cancel);
    }

    /// <exception cref="InvalidDataException">The file is damaged; names file and line.</exception>
    /// <exception cref="IOException">It is absent or cannot be read.</exception>
    public static ArmSegments Read(string path)
    {
        TsvLine[] lines = [.. TsvFile.Read(path, Columns)];
        return new(new([.. lines.Select(Counts)], Options, Text.Scoring.Bleu.Signature(Options, references: 1)),
            new(lines.Select(l => l.Real(LossColumn)), lines.Select(l => (double)l.Integer(TokensColumn, 0, int.MaxValue))));
    }

    private static BleuCounts Counts(TsvLine line)
    {
        BleuCounts counts = new(Options.MaxOrder)
        {
            HypothesisLength = line.Integer(HypothesisColumn, 0, int.MaxValue),
            ReferenceLength = line.Integer(ReferenceColumn, 0, int.MaxValue),
        };
        for (int n = 0; n < Options.MaxOrder; n++)
        {
            counts.Matches[n] = line.Integer(OrderOf("matches", n), 0, int.MaxValue);
            counts.Totals[n] = line.Integer(OrderOf("totals", n), 0, int.MaxValue);
        }
        return counts;
    }

    private static IEnumerable<string> Orders(string name) => Enumerable.Range(0, Options.MaxOrder).Select(n => OrderOf(name, n));

    private static string OrderOf(string name, int order) => string.Create(CultureInfo.InvariantCulture, $"{name}_{order + 1}");
}
