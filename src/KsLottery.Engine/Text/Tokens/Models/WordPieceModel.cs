using System.Text;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>WordPiece: of a word always the longest piece that it goes on with; one unknown token for a word that ends in none.</summary>
/// <remarks>Source: <c>WordPiece::tokenize</c> of the tokenizers library.</remarks>
internal sealed class WordPieceModel : IWordModel, IWordEncoder
{
    private readonly PieceIndex _pieces;
    private readonly TokenizerStep _options;
    private readonly string _unknown, _prefix;
    private readonly int _maxCharacters;

    /// <summary>Takes the settings of a file.</summary>
    /// <exception cref="InvalidDataException">A setting is not supported.</exception>
    public WordPieceModel(TokenizerSettings settings)
    {
        _pieces = settings.Vocabulary;
        _options = settings.Options;
        _unknown = _options.Text("unk_token") ?? "[UNK]";
        _prefix = _options.Text("continuing_subword_prefix") ?? "##";
        _maxCharacters = _options.Number("max_input_chars_per_word", 100);
    }

    /// <inheritdoc/>
    public IWordEncoder Start() => this;

    /// <inheritdoc/>
    public void Append(ReadOnlySpan<char> word, List<int> tokens)
    {
        int count = tokens.Count, characters = 0;
        foreach (Rune _ in word.EnumerateRunes()) characters++;
        if (characters <= _maxCharacters && TryAppendPieces(word, tokens)) return;
        tokens.RemoveRange(count, tokens.Count - count);
        tokens.Add(_pieces.TryGetValue(_unknown, out int unknown) ? unknown
            : throw _options.Refuse("unk_token", _unknown, "a piece of model.vocab, as the text has a word without pieces"));
    }

    private bool TryAppendPieces(ReadOnlySpan<char> word, List<int> tokens)
    {
        char[] piece = new char[_prefix.Length + word.Length];
        _prefix.CopyTo(piece);
        for (int start = 0; start < word.Length;)
        {
            int prefix = start > 0 ? _prefix.Length : 0;
            int length = word.Length - start;
            word[start..].CopyTo(piece.AsSpan(prefix));
            int id = 0;
            while (length > 0 && !_pieces.TryGetValue(piece.AsSpan(0, prefix + length), out id))
                length -= char.IsLowSurrogate(word[start + length - 1]) ? 2 : 1;
            if (length == 0) return false;
            tokens.Add(id);
            start += length;
            _prefix.CopyTo(piece);
        }
        return true;
    }
}
