namespace KsLottery.Engine.Generation;

/// <summary>Continues a prompt by the best sequence that a beam of K sequences finds.</summary>
/// <remarks>
/// <para>
/// The rule is that of Hugging Face transformers' <c>generate(num_beams=K, do_sample=False, early_stopping=False, length_penalty=a)</c>
/// (<c>_beam_search</c> in generation/utils.py, as rewritten by pull request 35802); the KS-Lottery authors generate with K = 4 and state
/// no penalty, and a = 1 is transformers' default. A sequence's log probability is s; its length n counts new tokens, the end-of-sequence
/// token included; its score is s / nᵃ.
/// </para>
/// <list type="number">
/// <item>One beam holds the prompt, with s = 0.</item>
/// <item>A step takes, of all tokens after all beams, the K·max(2, 1 + E) candidates with the largest s; E is the number of end
/// tokens.</item>
/// <item>A candidate has ended if its token is an end token or completes a stop text, or if n is the most allowed.</item>
/// <item>Of the first K candidates those that ended are finished, with their scores; the best K finished ones are kept. Candidates that
/// ended further down are dropped.</item>
/// <item>The first K candidates that have not ended are the new beams.</item>
/// <item>The search is over when no beam is left, or when K sequences are finished and the best beam's s / nᵃ, at its present length, is
/// not above the worst finished score. Its result is the best finished sequence.</item>
/// </list>
/// <para>
/// Where transformers leaves the choice among equals open, the lower beam goes first, then the lower token, and a sequence finished earlier
/// before a later one. Where so few tokens are possible that candidates run out, transformers fills up with beams of s = -10⁹; here there
/// are fewer beams.
/// </para>
/// </remarks>
internal sealed class BeamSearch : Search
{
    private readonly GenerationOptions _options;
    private readonly int[] _prompt;
    private readonly CandidateList _candidates;
    private readonly List<Candidate> _open = [];
    private readonly List<Finished> _finished = [];
    private List<Beam> _beams;

    /// <param name="prompt">The prompt's index.</param>
    /// <param name="tokens">The prompt.</param>
    /// <param name="slots">K slots.</param>
    /// <param name="limit">The most new tokens, at least 1.</param>
    /// <param name="options">The tokens that end a sequence, and the length penalty.</param>
    public BeamSearch(int prompt, int[] tokens, int[] slots, int limit, GenerationOptions options) : base(prompt, slots, limit)
    {
        (_prompt, _options) = (tokens, options);
        _candidates = new(slots.Length * Math.Max(2, 1 + options.EosIds.Distinct().Count()));
        _beams = [new(null, 0, slots[0])];
    }

    private int Width => Slots.Length;

    protected override Generated? Decide(IDecoder decoder, NextPass next)
    {
        _candidates.Clear();
        foreach ((int beam, (_, double logProbability, int slot)) in _beams.Index())
        {
            ReadOnlySpan<float> logits = decoder.Logits(slot);
            _candidates.Offer(beam, logProbability - LogSum(logits), logits);
        }

        _open.Clear();
        foreach ((int rank, Candidate candidate) in _candidates.Items.ToArray().Index())
        {
            bool isEos = _options.EosIds.Contains(candidate.Token);
            bool isStop = !isEos && CompletesStopText(candidate);
            if (!isEos && !isStop && Length < Limit) _open.Add(candidate);
            else if (rank < Width) Finish(candidate, isEos, isStop);
        }
        if (_open.Count == 0 || _finished.Count == Width && Score(_open[0]) <= _finished[^1].Score) return _finished[0].ToResult();
        Continue(next);
        return null;
    }

    private double Score(Candidate candidate) => candidate.Score / Math.Pow(Length, _options.LengthPenalty);

    private bool CompletesStopText(Candidate candidate) => _options.StopTexts is { } texts
        && texts.IsIn(_prompt, TokenPath.ToArray(new(_beams[candidate.Beam].Path, candidate.Token)));

    private void Finish(Candidate candidate, bool isEos, bool isStop)
    {
        TokenPath? before = _beams[candidate.Beam].Path;
        Finished finished = new(Score(candidate), isEos ? before : new(before, candidate.Token), isEos || isStop, candidate.Score);
        int at = _finished.FindIndex(f => f.Score < finished.Score);
        _finished.Insert(at < 0 ? _finished.Count : at, finished);
        if (_finished.Count > Width) _finished.RemoveAt(Width);
    }

    /// <summary>Makes beams of the best open candidates. A beam's first continuation stays in its slot, a further one takes that of a beam
    /// that ended.</summary>
    private void Continue(NextPass next)
    {
        if (_open.Count > Width) _open.RemoveRange(Width, _open.Count - Width);
        HashSet<int> inherited = [.. _open.Select(c => _beams[c.Beam].Slot)];
        Queue<int> free = new(Slots.Where(slot => !inherited.Contains(slot)));
        List<Beam> beams = [];
        foreach (Candidate candidate in _open)
        {
            (TokenPath? path, _, int source) = _beams[candidate.Beam];
            int slot = inherited.Remove(source) ? source : free.Dequeue();
            if (slot != source) next.Copy(slot, source);
            next.Append(slot, candidate.Token);
            beams.Add(new(new(path, candidate.Token), candidate.Score, slot));
        }
        _beams = beams;
    }

    /// <summary>A sequence that goes on.</summary>
    private readonly record struct Beam(TokenPath? Path, double LogProbability, int Slot);

    private readonly record struct Finished(double Score, TokenPath? Path, bool IsEos, double LogProbability)
    {
        public Generated ToResult() => new(TokenPath.ToArray(Path), IsEos, LogProbability);
    }
}
