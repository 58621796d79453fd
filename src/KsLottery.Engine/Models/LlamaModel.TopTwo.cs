using KsLottery.Engine.Operations;
using KsLottery.Engine.Text.Corpora;

namespace KsLottery.Engine.Models;

public sealed partial class LlamaModel
{
    /// <summary>Logits come to the host in chunks of about this many bytes.</summary>
    private const int HostLogitBytes = 8 << 20;

    /// <summary>The two likeliest tokens behind each row that has a target, in the order of the rows.</summary>
    /// <remarks>Logits exist for some rows at a time, on the device and on the host; probabilities are computed on the host, in
    /// double.</remarks>
    /// <exception cref="ArgumentException">A token is outside the vocabulary.</exception>
    /// <exception cref="Checkpoints.CheckpointFormatException">A weight is NaN or infinite; names the tensor and the row.</exception>
    /// <exception cref="NotFiniteNumberException">Logits are NaN or infinite although the weights are not.</exception>
    public TopTwo[] TopTwo(TokenBatch batch)
    {
        DeviceSpan stream = Forward(batch, keep: false);
        int vocabulary = _config.VocabularySize, done = 0;
        int[] rows = TargetRows(batch);
        TopTwo[] found = new TopTwo[rows.Length];
        int hostRows = Math.Min(rows.Length, Math.Max(1, HostLogitBytes / (sizeof(float) * vocabulary)));
        float[] host = new float[(long)hostRows * vocabulary];
        foreach (int[] some in rows.Chunk(LogitRows))
        {
            DeviceSpan logits = LogitsOf(stream, some);
            for (int first = 0; first < some.Length; first += hostRows)
            {
                int count = Math.Min(hostRows, some.Length - first);
                _operations.Download(host.AsSpan(0, count * vocabulary), logits.Slice((long)first * vocabulary, (long)count * vocabulary));
                for (int i = 0; i < count; i++) found[done++] = TopTwoOf(host.AsSpan(i * vocabulary, vocabulary))
                    ?? throw NotFinite("A logit");
            }
        }
        return found;
    }

    /// <summary>The two likeliest tokens of one row of logits; null where the logits are no distribution.</summary>
    internal static TopTwo? TopTwoOf(ReadOnlySpan<float> logits)
    {
        double logSum = Softmax.LogSum(logits);
        if (!double.IsFinite(logSum)) return null;
        int first = Softmax.IndexOfMax(logits);
        double probability = Math.Exp(logits[first] - logSum);
        if (logits.Length == 1) return new(first, probability, -1, 0);
        ReadOnlySpan<float> before = logits[..first], behind = logits[(first + 1)..];
        float second = MathF.Max(Softmax.Max(before), Softmax.Max(behind));
        int place = before.IndexOf(second);
        return new(first, probability, place >= 0 ? place : first + 1 + behind.IndexOf(second), Math.Exp(second - logSum));
    }

    private static int[] TargetRows(TokenBatch batch) =>
        [.. Enumerable.Range(0, batch.RowCount).Where(i => batch.Targets[i] != TokenBatch.NoTarget)];
}

/// <summary>The two likeliest next tokens by a model's softmax.</summary>
/// <param name="First">The likeliest token; of several equally likely ones the lowest id.</param>
/// <param name="FirstProbability">Its probability.</param>
/// <param name="Second">The likeliest of the others; -1 in a vocabulary of one token.</param>
/// <param name="SecondProbability">Its probability, at most the first's.</param>
public readonly record struct TopTwo(int First, double FirstProbability, int Second, double SecondProbability)
{
    /// <summary>p₁ - p₂, 0 where two tokens are equally likely.</summary>
    public double Margin => FirstProbability - SecondProbability;
}
