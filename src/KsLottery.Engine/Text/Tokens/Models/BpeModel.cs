using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>Byte-pair encoding: a word's characters, joined pair by pair.</summary>
/// <remarks>Source: <c>BPE::merge_word</c> of the tokenizers library.</remarks>
internal sealed class BpeModel : IWordModel
{
    private readonly PieceIndex _vocabulary;
    private readonly CodePointTable _symbols = new();
    private readonly MergeTable _merges;
    private readonly string _prefix, _suffix;
    private readonly string? _unknown;
    private readonly bool _fusesUnknown, _ignoresMerges;
    private readonly int[]? _byteIds;
    private readonly TokenizerStep _options;

    /// <summary>Takes the settings of a file.</summary>
    /// <exception cref="InvalidDataException">A setting is not supported, or a merge is damaged.</exception>
    public BpeModel(TokenizerSettings settings)
    {
        _options = settings.Options;
        if (settings.Merges is null) throw _options.Refuse("merges", "(none)", "a BPE model with its merges");
        if (_options.Get("dropout") is { } dropout && !(dropout.ValueKind == JsonValueKind.Number && dropout.GetDouble() == 0))
            throw _options.Refuse("dropout", TokenizerStep.Raw(dropout), "null and 0, which drop no merge");
        _vocabulary = settings.Vocabulary;
        _prefix = _options.Text("continuing_subword_prefix") ?? "";
        _suffix = _options.Text("end_of_word_suffix") ?? "";
        _unknown = _options.Text("unk_token");
        _fusesUnknown = _options.Flag("fuse_unk", false);
        _ignoresMerges = _options.Flag("ignore_merges", false);
        if (_options.Flag("byte_fallback", false))
            _byteIds = [.. Enumerable.Range(0, 256).Select(value => _vocabulary.IdOf($"<0x{value:X2}>"))];
        foreach ((string piece, int id) in _vocabulary.Pieces)
            if (Rune.TryGetRuneAt(piece, 0, out Rune character) && character.Utf16SequenceLength == piece.Length)
                _symbols[character.Value] = id;
        // Symbols that are not the characters of a word join where its pieces do not show it.
        bool joinsAnywhere = _prefix.Length + _suffix.Length > 0 || JoinsStandIns(settings.Merges);
        _merges = new MergeTable(joinsAnywhere, settings.Merges.Count);
        AddMerges(settings, settings.Merges);
    }

    /// <inheritdoc/>
    public IWordEncoder Start() => new Encoder(this);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)] // For the first file of a process, which is over before code is tiered up.
    private void AddMerges(TokenizerSettings settings, MergeList merges)
    {
        int id = 0; // Of the merge before: nearly always that of the next as well, or the one before its.
        for (int rank = 0; rank < merges.Count; rank++)
        {
            ReadOnlySpan<char> left = merges.Left(rank), right = merges.Right(rank);
            // As many characters as the prefix has are cut, whatever they are.
            ReadOnlySpan<char> both = _prefix.Length == 0 ? merges.Both(rank) : Joined(settings, rank);
            (int leftId, int rightId) = (IdOf(settings, rank, left), IdOf(settings, rank, right));
            if (!settings.IsPiece(id, both)) id = settings.IsPiece(id + 1, both) ? id + 1 : IdOf(settings, rank, both);
            _merges.Set(leftId, rightId, rank, id);
            _merges.AddJoint(left, right, _symbols);
        }
    }

    private string Joined(TokenizerSettings settings, int rank)
    {
        ReadOnlySpan<char> left = settings.Merges!.Left(rank), right = settings.Merges.Right(rank);
        return right.Length >= _prefix.Length ? $"{left}{right[_prefix.Length..]}"
            : throw settings.DamagedMerge(rank, $"joins a piece that is shorter than continuing_subword_prefix {_prefix}");
    }

    private int IdOf(TokenizerSettings settings, int rank, ReadOnlySpan<char> piece) =>
        _vocabulary.TryGetValue(piece, out int id) ? id : throw Lacks(settings, rank, piece);

    private static InvalidDataException Lacks(TokenizerSettings settings, int rank, ReadOnlySpan<char> piece) => settings.DamagedMerge(rank,
        $"needs the piece {TokenizerFile.Quote(Encoding.UTF8.GetBytes(piece.ToArray()))}, which model.vocab lacks");

    private bool JoinsStandIns(MergeList merges)
    {
        if (_unknown is null && _byteIds is null) return false;
        for (int rank = 0; rank < merges.Count; rank++)
            if (IsStandIn(merges.Left(rank)) || IsStandIn(merges.Right(rank)))
                return true;
        return false;
    }

    private bool TryFind(Rune character, bool isFirst, bool isLast, out int id)
    {
        if ((isFirst || _prefix.Length == 0) && (!isLast || _suffix.Length == 0)) return _symbols.TryGetValue(character.Value, out id);
        return _vocabulary.TryGetValue(Affixed(character, isFirst, isLast), out id);
    }

    private string Affixed(Rune character, bool isFirst, bool isLast) => (isFirst ? "" : _prefix) + character + (isLast ? _suffix : "");

    /// <summary>Appends the byte pieces of a character with its affixes; none where one of them is absent.</summary>
    private bool TryAppendBytes(Rune character, bool isFirst, bool isLast, List<int> symbols)
    {
        if (_byteIds is null) return false;
        byte[] bytes = Encoding.UTF8.GetBytes(Affixed(character, isFirst, isLast));
        if (bytes.Any(value => _byteIds[value] < 0)) return false;
        symbols.AddRange(bytes.Select(value => _byteIds[value]));
        return true;
    }

    private bool IsStandIn(ReadOnlySpan<char> piece) =>
        piece.SequenceEqual(_unknown) || (_byteIds is not null && PieceNames.TryParseByte(piece, out _));

    private int UnknownId() => _vocabulary.TryGetValue(_unknown!, out int id) ? id
        : throw _options.Refuse("unk_token", _unknown!, "a piece of model.vocab, as the text has a character without one");

    private sealed class Encoder(BpeModel model) : IWordEncoder
    {
        private readonly PairMerging _merging = new(model._merges);
        private readonly List<int> _symbols = [];

        public void Append(ReadOnlySpan<char> word, List<int> tokens)
        {
            if (model._ignoresMerges && model._vocabulary.TryGetValue(word, out int whole))
            {
                tokens.Add(whole);
                return;
            }
            _symbols.Clear();
            // An unknown token waits for the next piece that is known; bytes pass it, as they do in the library.
            int? waiting = null;
            int at = 0;
            foreach (Rune character in word.EnumerateRunes())
            {
                bool isFirst = at == 0;
                at += character.Utf16SequenceLength;
                bool isLast = at == word.Length;
                if (model.TryFind(character, isFirst, isLast, out int id))
                {
                    if (waiting is { } before) _symbols.Add(before);
                    waiting = null;
                    _symbols.Add(id);
                }
                else if (!model.TryAppendBytes(character, isFirst, isLast, _symbols) && model._unknown is not null)
                {
                    if (waiting is { } before && !model._fusesUnknown) _symbols.Add(before);
                    waiting ??= model.UnknownId();
                }
            }
            if (waiting is { } last) _symbols.Add(last);
            if (_symbols.Count > 0) _merging.Append(CollectionsMarshal.AsSpan(_symbols), tokens);
        }
    }
}
