namespace KsLottery.Engine.Text.Tokens;

/// <summary>Whole words, and one token for all others.</summary>
internal sealed class WordLevelModel : IWordModel, IWordEncoder
{
    private readonly PieceIndex _pieces;
    private readonly TokenizerStep _options;
    private readonly string _unknown;

    /// <summary>Takes the settings of a file.</summary>
    /// <exception cref="InvalidDataException">A setting is not supported.</exception>
    public WordLevelModel(TokenizerSettings settings)
    {
        _pieces = settings.Vocabulary;
        _options = settings.Options;
        _unknown = _options.Text("unk_token") ?? throw _options.Refuse("unk_token", "(none)", "a WordLevel model with its unk_token");
    }

    /// <inheritdoc/>
    public IWordEncoder Start() => this;

    /// <inheritdoc/>
    public void Append(ReadOnlySpan<char> word, List<int> tokens) => tokens.Add(_pieces.TryGetValue(word, out int id)
        || _pieces.TryGetValue(_unknown, out id) ? id
        : throw _options.Refuse("unk_token", _unknown, "a piece of model.vocab, as the text has a word without one"));
}
