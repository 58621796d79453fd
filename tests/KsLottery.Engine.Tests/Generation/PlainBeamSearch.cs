using KsLottery.Engine.Generation;

namespace KsLottery.Engine.Tests.Generation;

/// <summary>
/// Beam search step for step as transformers computes it with early_stopping=False: K running and K finished places from the start, all
/// candidates sorted, what may not be chosen moved down by 10⁹, and no more than a flag once nothing can improve.
/// </summary>
internal static class PlainBeamSearch
{
    private const double Never = -1e9;

    public static Generated Run(HashDecoder model, int[] prompt, GenerationOptions options)
    {
        int width = options.Beams, keep = Math.Max(2, 1 + options.EosIds.Count) * width;
        List<(int[] Tokens, double Sum)> running = [.. Enumerable.Range(0, width).Select(i => (Array.Empty<int>(), i == 0 ? 0 : Never))];
        List<(int[] Tokens, double Sum, double Score, bool Ended)> finished =
            [.. running.Select(_ => (Array.Empty<int>(), 0.0, Never, false))];
        bool canImprove = true;
        for (int length = 1; canImprove && length <= options.MaxNewTokens; length++)
        {
            (int[] Tokens, double Sum)[] top = [.. running
                .SelectMany(beam => model.LogProbabilitiesAfter([.. prompt, .. beam.Tokens])
                    .Select((log, token) => (Tokens: (int[])[.. beam.Tokens, token], Sum: beam.Sum + log)))
                .OrderByDescending(c => c.Sum).Take(keep)];
            bool[] stops = [.. top.Select(c => options.EosIds.Contains(c.Tokens[^1]) || length == options.MaxNewTokens)];
            running = [.. top.Select((c, i) => (c.Tokens, Sum: c.Sum + (stops[i] ? Never : 0))).OrderByDescending(c => c.Sum).Take(width)];
            finished = [.. finished.Concat(top.Select((c, i) =>
                (c.Tokens, c.Sum, c.Sum / Math.Pow(length, options.LengthPenalty) + (stops[i] && i < width ? 0 : Never), stops[i]
                    && i < width)))
                .OrderByDescending(f => f.Item3).Take(width)];
            double worst = finished.Min(f => f.Score);
            canImprove = finished.Any(f => running[0].Sum / Math.Pow(length, options.LengthPenalty) > (f.Ended ? worst : Never));
        }
        (int[] tokens, double sum, _, _) = finished[0];
        bool isEos = options.EosIds.Contains(tokens[^1]);
        return new(isEos ? tokens[..^1] : tokens, isEos, sum);
    }
}
