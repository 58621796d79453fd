using System.Runtime.InteropServices;
using System.Text;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>A unigram language model: of all ways to cut a word the most probable one.</summary>
/// <remarks>
/// Scores are added in double precision from left to right, and of equal ways the one found first stays: so the result is that of
/// <c>Unigram::encode_optimized</c> of the tokenizers library to the last tie. A character without a piece costs ten more than the rarest
/// piece;
/// unknown characters in a row are one token, or their bytes.
/// </remarks>
internal sealed class UnigramModel : IWordModel, IWordEncoder
{
    private const double UnknownPenalty = 10;

    private readonly PieceIndex _pieces;
    private readonly List<double> _scores;
    private readonly Dictionary<long, int> _trie = [];
    private readonly List<int> _idsOfNodes = [-1];
    private readonly double _unknownScore;
    private readonly int? _unknownId;
    private readonly int[]? _byteIds;
    private readonly TokenizerStep _options;

    /// <summary>The best way to a place: where its last token starts and which it is.</summary>
    private record struct Step(double Score, int Start, int Id);

    /// <summary>Takes the settings of a file.</summary>
    /// <exception cref="InvalidDataException">A setting is not supported.</exception>
    public UnigramModel(TokenizerSettings settings)
    {
        _options = settings.Options;
        _scores = settings.Scores is { Count: > 0 } scores ? scores
            : throw _options.Refuse("vocab", "(no list)", "a Unigram model with a list of pieces and scores");
        _pieces = settings.Vocabulary;
        if (_options.Get("unk_id") is not null)
        {
            _unknownId = _options.Number("unk_id", 0);
            if (_unknownId >= _scores.Count) throw _options.Refuse("unk_id", $"{_unknownId}", $"0 to {_scores.Count - 1}");
        }
        if (_options.Flag("byte_fallback", false))
            _byteIds = [.. Enumerable.Range(0, 256).Select(value => _pieces.IdOf($"<0x{value:X2}>"))];
        _unknownScore = _scores.Min() - UnknownPenalty;
        foreach ((string piece, int id) in _pieces.Pieces) Add(piece, id);
    }

    /// <inheritdoc/>
    public IWordEncoder Start() => this;

    /// <inheritdoc/>
    public void Append(ReadOnlySpan<char> word, List<int> tokens)
    {
        Step[] best = FindBest(word);
        List<int> backwards = [];
        for (int end = word.Length; end > 0;)
        {
            int start = best[end].Start;
            if (best[end].Id == _unknownId)
                while (start > 0 && best[start].Id == _unknownId) start = best[start].Start;
            int before = backwards.Count;
            AppendPiece(word[start..end], backwards);
            CollectionsMarshal.AsSpan(backwards)[before..].Reverse();
            end = start;
        }
        backwards.Reverse();
        tokens.AddRange(backwards);
    }

    private Step[] FindBest(ReadOnlySpan<char> word)
    {
        Step[] best = new Step[word.Length + 1];
        for (int i = 1; i < best.Length; i++) best[i].Start = -1;
        for (int start = 0; start < word.Length;)
        {
            Rune.DecodeFromUtf16(word[start..], out _, out int length);
            bool hasSingle = false;
            int node = 0;
            for (int end = start; end < word.Length && _trie.TryGetValue(Key(node, word[end]), out node);)
            {
                end++;
                if (_idsOfNodes[node] is not (>= 0 and int id)) continue;
                Improve(ref best[end], best[start].Score + _scores[id], start, id);
                hasSingle |= end - start == length;
            }
            if (!hasSingle) Improve(ref best[start + length], best[start].Score + _unknownScore, start, _unknownId ?? throw LacksUnknown());
            start += length;
        }
        return best;
    }

    private static void Improve(ref Step best, double score, int start, int id)
    {
        if (best.Start < 0 || score > best.Score) best = new Step(score, start, id);
    }

    private void AppendPiece(ReadOnlySpan<char> text, List<int> tokens)
    {
        if (_pieces.TryGetValue(text, out int id))
        {
            tokens.Add(id);
            return;
        }
        if (_byteIds is not null)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(text.ToString());
            if (Array.TrueForAll(bytes, value => _byteIds[value] >= 0))
            {
                tokens.AddRange(bytes.Select(value => _byteIds[value]));
                return;
            }
        }
        tokens.Add(_unknownId ?? throw LacksUnknown());
    }

    private void Add(string piece, int id)
    {
        int node = 0;
        foreach (char unit in piece)
        {
            ref int next = ref CollectionsMarshal.GetValueRefOrAddDefault(_trie, Key(node, unit), out bool exists);
            if (!exists)
            {
                next = _idsOfNodes.Count;
                _idsOfNodes.Add(-1);
            }
            node = next;
        }
        if (node > 0) _idsOfNodes[node] = id;
    }

    private static long Key(int node, char unit) => ((long)node << 16) | unit;

    private InvalidDataException LacksUnknown() =>
        _options.Refuse("unk_id", "(none)", "the id of a piece, as the text has a character without one");
}
