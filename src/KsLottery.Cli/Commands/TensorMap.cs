using KsLottery.Engine.Checkpoints;
using KsLottery.Engine.Devices;
using KsLottery.Engine.Kernels;
using KsLottery.Engine.Numerics;
using KsLottery.Engine.Operations;
using KsLottery.Engine.Rows;
using KsLottery.Engine.Tickets;

namespace KsLottery.Cli.Commands;

/// <summary><c>kslottery find --all-tensors</c>: a line for every matrix, the map of what a fine-tune touched.</summary>
/// <remarks>
/// Every tensor is a family of tests of its own: a correction counts the rows of that tensor. There are no fingerprints, which would
/// take longer than the scan. Tensors that are no matrices are compared byte by byte.
/// </remarks>
internal static class TensorMap
{
    private const int ChunkLength = 1 << 20;

    public static int Run(FindOptions options, ConsoleUi ui, CancellationToken cancel)
    {
        TensorMapFile? file = options.Out is null ? null : new(options.Out, options.Force);
        using CheckpointPair pair = new(options.Base, options.Tuned, options.Tokenizer, options.Reading, ui);
        TensorMapReport report = new(options.Selection)
        {
            BaseIsTied = pair.Base.IsTied,
            TunedIsTied = pair.Tuned.IsTied,
            Adapter = pair.Adapter,
        };
        using ComputeDevice device = options.Device.Open(DeviceWork.Rows);
        using (ProgressLine progress = ui.StartProgress())
        {
            foreach (Tensor before in pair.Base.Tensors)
            {
                cancel.ThrowIfCancellationRequested();
                if (!pair.Tuned.TryGetTensor(before.Name, out Tensor? after)) report.Apart.Add((before.Name, "only in the base"));
                else if (!before.Shape.SequenceEqual(after.Shape) && pair.PairRows(before, after, options.PairRows) is null)
                    report.Apart.Add((before.Name, $"{Shape(before)} in the base, {Shape(after)} in the tuned"));
                else if (before.Shape.Count != 2) Compare(before, after, report, cancel);
                else if ((WhyNot(before) ?? WhyNot(after)) is { } reason) report.Apart.Add((before.Name, reason));
                else
                {
                    ScanProgress scan = new(progress, $"{KsLottery.Engine.Text.Tokens.VisibleText.Escape(before.Name)}: ");
                    VocabularyPairing? vocabulary = pair.PairRows(before, after, options.PairRows);
                    RowScanResult result = RowScan.Run(RowMatrix.FromTensor(before), RowMatrix.FromTensor(after),
                        new() { Pairing = vocabulary?.Rows, Device = device, Threads = options.Device.Threads, Progress = scan }, cancel);
                    if (!result.Pairing.IsPlain) report.AddResized(result, vocabulary!);
                    report.Lines.Add(TensorMapLine.Of(new(result, options.Selection)));
                }
            }
        }
        report.Apart.AddRange(pair.Tuned.Tensors.Where(t => !pair.Base.TryGetTensor(t.Name, out _))
            .Select(t => (t.Name, "only in the tuned")));
        file?.Write(report.Lines, cancel);
        report.Write(ui, file?.Path);
        return ExitCode.Ok;
    }

    /// <summary>Why a tensor's rows cannot be tested, or null where they can.</summary>
    private static string? WhyNot(Tensor tensor) =>
        !tensor.ElementType.IsComputable() ? $"skipped: rows of {tensor.ElementType.ToName()} cannot be tested"
        : tensor.RowShape.Width is < 1 or > KsRowKernels.MaximumWidth
            ? $"skipped: a row has 1 to {Sizes.Count(KsRowKernels.MaximumWidth)} elements"
        : tensor.RowShape.Rows > Array.MaxLength ? "skipped: too many rows"
        : null;

    private static void Compare(Tensor before, Tensor after, TensorMapReport report, CancellationToken cancel)
    {
        report.OtherCount++;
        if (before.ElementType != after.ElementType)
        {
            report.Apart.Add((before.Name, $"{before.ElementType.ToName()} in the base, {after.ElementType.ToName()} in the tuned"));
            return;
        }
        byte[] first = new byte[before.IsMapped ? 0 : ChunkLength], second = new byte[first.Length];
        for (long offset = 0; offset < before.ByteLength; offset += ChunkLength)
        {
            cancel.ThrowIfCancellationRequested();
            int length = (int)Math.Min(ChunkLength, before.ByteLength - offset);
            if (before.GetBytes(offset, length, first).SequenceEqual(after.GetBytes(offset, length, second))) continue;
            report.ChangedOthers.Add(before.Name);
            return;
        }
    }

    private static string Shape(Tensor tensor) => $"[{string.Join(',', tensor.Shape)}]";
}
