using KsLottery.Engine.Numerics;

namespace KsLottery.Engine.Operations;

/// <content>Terms of a loss that few trainings have: on the host, a piece at a time.</content>
internal sealed partial class KernelOperations
{
    /// <summary>Logits that are on the host at once.</summary>
    private const int LogitPiece = 1 << 22;

    /// <inheritdoc/>
    public double L1Distance(DeviceSpan gradient, DeviceSpan values, DeviceSpan reference, double scale) =>
        Distance<L1>(gradient, values, reference, scale);

    /// <inheritdoc/>
    public double SquaredL2Distance(DeviceSpan gradient, DeviceSpan values, DeviceSpan reference, double scale) =>
        Distance<SquaredL2>(gradient, values, reference, scale);

    /// <inheritdoc/>
    public double DistillationLoss(DeviceSpan teacher, DeviceSpan logits, int vocabulary, double temperature, double scale)
    {
        Operands.Distillation(teacher, logits, vocabulary, temperature);
        long length = Math.Min(logits.Length, Math.Max(1, LogitPiece / vocabulary) * (long)vocabulary);
        float[] t = new float[length], s = new float[length];
        double sum = 0;
        for (long from = 0; from < logits.Length; from += length)
        {
            int count = (int)Math.Min(length, logits.Length - from);
            Download(t.AsSpan(0, count), teacher.Slice(from, count));
            Download(s.AsSpan(0, count), logits.Slice(from, count));
            double[] losses = new double[count / vocabulary];
            SideBySide.ForEach(Enumerable.Range(0, losses.Length), threads: 0, row => losses[row] = Distillation.RowLoss(
                t.AsSpan(row * vocabulary, vocabulary), s.AsSpan(row * vocabulary, vocabulary), temperature, scale),
                    CancellationToken.None);
            foreach (double loss in losses) sum += loss;
            Upload(teacher.Slice(from, count), t.AsSpan(0, count));
        }
        return sum;
    }

    private double Distance<TDistance>(DeviceSpan gradient, DeviceSpan values, DeviceSpan reference, double scale)
        where TDistance : IDistance
    {
        Operands.Distance(gradient, values, reference);
        float[] g = new float[Math.Min(Distances.Block, gradient.Length)], x = new float[g.Length], y = new float[g.Length];
        double sum = 0;
        for (long from = 0; from < gradient.Length; from += g.Length)
        {
            int length = (int)Math.Min(g.Length, gradient.Length - from);
            Download(g.AsSpan(0, length), gradient.Slice(from, length));
            Download(x.AsSpan(0, length), values.Slice(from, length));
            Download(y.AsSpan(0, length), reference.Slice(from, length));
            sum += Distances.Of<TDistance>(g.AsSpan(0, length), x.AsSpan(0, length), y.AsSpan(0, length), (float)scale);
            Upload(gradient.Slice(from, length), g.AsSpan(0, length));
        }
        return sum;
    }
}
