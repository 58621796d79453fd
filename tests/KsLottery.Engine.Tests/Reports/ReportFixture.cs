using System.Runtime.InteropServices;
using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Tickets;
using KsLottery.Engine.Training;
using KsLottery.Engine.Transfer;
using KsLottery.Tests.Support;

namespace KsLottery.Engine.Tests.Reports;

/// <summary>Folders as the commands leave them, of made-up pairs.</summary>
internal sealed class ReportFixture : IDisposable
{
    /// <summary>The columns of <c>tensors.tsv</c>, with blanks for tabs.</summary>
    public const string TensorMapHeader =
        "tensor base_dtype tuned_dtype rows width unchanged changed degenerate non_finite ticket_rows critical_h largest_h largest_D";

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    public string Place(params string[] names) => names.Aggregate(_folder.Path, Path.Combine);

    /// <summary>Scans a pair whose first rows were spread out, each second one of the others shaken and the rest left alone; writes what
    /// find writes.</summary>
    public Ticket WriteTicket(string name, int rows = 120, int width = 64, int moved = 5)
    {
        SplitMix64 random = new(7);
        float[] before = new float[rows * width], after = new float[rows * width];
        for (int i = 0; i < before.Length; i++)
        {
            before[i] = (float)random.NextNormal();
            int row = i / width;
            after[i] = row < moved ? (3 * before[i]) + (float)random.NextNormal() : row % 2 == 0
                ? before[i] + (0.2f * (float)random.NextNormal()) : before[i];
        }
        using SafetensorsFile first = Write("before", before, rows, width), second = Write("after", after, rows, width);
        ScoredRows scored = new(RowScan.Run(RowMatrix.FromTensor(first.Tensors[0]), RowMatrix.FromTensor(second.Tensors[0])));
        Ticket ticket = Ticket.Select(scored, new()
        {
            Tensor = "embedding",
            Rows = rows,
            Width = width,
            BaseType = ElementType.F32,
            TunedType = ElementType.F32,
            BaseFingerprint = Fingerprint.OfTensor(first.Tensors[0]),
            TunedFingerprint = Fingerprint.OfTensor(second.Tensors[0]),
            IsTied = true,
            CheckpointParameters = 10L * rows * width,
        });
        using TicketFolder folder = new(Place(name));
        folder.Write(ticket, scored, RowTokens.None, first.Tensors[0], second.Tensors[0]);
        return ticket;
    }

    public void WriteTraining(string name, int steps, bool isPretraining = false)
    {
        Directory.CreateDirectory(Place(name));
        using (MetricsWriter writer = new(Place(name, MetricsWriter.FileName)))
            for (int step = 1; step <= steps; step++)
                writer.Write(new(step, step / 10.0) { Loss = 2 + (1.0 / step), EvalLoss = step % 50 == 0 ? 2.1 : null });
        string baseModel = isPretraining ? "" : ",\"base\":\"sha256:0\"";
        File.WriteAllText(Place(name, "training.json"),
            $"{{\"format\":\"kslottery-training\",\"settings\":{{\"scope\":\"full\"{baseModel}}}}}");
    }

    public string WriteLines(string folder, string name, params string[] lines)
    {
        Directory.CreateDirectory(Place(folder));
        string path = Place(folder, name);
        File.WriteAllText(path, string.Concat(lines.Select(line => line.Replace(' ', '\t') + "\n")));
        return path;
    }

    /// <summary>Everything that a page can show, in one folder and the folders in it.</summary>
    public string WriteAll()
    {
        WriteTicket("all");
        WriteTicket("ticket-2", moved: 4);
        Directory.Move(Place("ticket-2"), Place("all", "second"));
        WriteTraining(Path.Combine("all", "embed"), 120);
        WriteTraining(Path.Combine("all", "base"), 900, isPretraining: true);
        WriteLines("all", "experiment.tsv", "method rows parameters seed bleu bleu_first_line loss eos_rate", "base  0 1 9.5 20 1.5 0.02",
            "ticket 5 320 1 20 21 1.1 0.9",
            "ticket 5 320 2 22 23 1.0 1", "ticket 9 576 1 24 24 0.9 1", "full  76800 1 40 40 0.5 1");
        WriteLines("all", "certificate.tsv", "idx label predict margin bound certified agrees", "0 5 5 0.9 0.1 1 1", "1 6 7 0.5 0.1 1 0",
            "2 6 6 0.1 0.1 0 1");
        WriteLines("all", "alpha-sweep.tsv", "alpha tau rows max_certified max_violations agreement agreement_low agreement_high",
            "0.01 0.2 2 0.5 0 0.6 0.5 0.7", "0.05 0.1 5 0.4 0 0.7 0.6 0.8", "0.1 0.1 6 0.3 1 0.8 0.7 0.9");
        WriteLines("all", "sparsity-sweep.tsv", "sparsity kept loss perplexity chrf", "0 100 2 7.4 30", "0.25 75 2.01 7.5 29.9",
            "0.5 50 2.5 12.2 11");
        WriteLines("all", "tensors.tsv", TensorMapHeader, "model.embed_tokens.weight F32 F32 120 64 50 70 0 0 5 16 30 0.46875",
            "model.layers.0.mlp.up_proj.weight F32 F32 64 64 64 0 0 0 0 16 0 0",
                "model.layers.1.mlp.up_proj.weight F32 F32 64 64 64 0 0 0 0 16 0 0",
            "lm_head.weight F32 F32 120 64 120 0 0 0 0 16 0 0");
        return Place("all");
    }

    private SafetensorsFile Write(string name, float[] values, int rows, int width)
    {
        SafetensorsWriter.Write(Place(name),
            [TensorSource.FromBytes("embedding", ElementType.F32, [rows, width], MemoryMarshal.AsBytes<float>(values).ToArray())]);
        return SafetensorsFile.Open(Place(name));
    }
}
