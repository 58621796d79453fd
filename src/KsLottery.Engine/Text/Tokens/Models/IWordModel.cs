namespace KsLottery.Engine.Text.Tokens;

/// <summary>The model of a <c>tokenizer.json</c>, which turns words into tokens. Safe to use from several threads.</summary>
internal interface IWordModel
{
    /// <summary>Begins a text.</summary>
    /// <returns>What turns its words into tokens; serves one thread.</returns>
    IWordEncoder Start();
}

/// <summary>Turns words into tokens.</summary>
internal interface IWordEncoder
{
    /// <summary>Appends the tokens of a word, which is not empty.</summary>
    /// <exception cref="InvalidDataException">It needs the unknown token, and the model has none.</exception>
    void Append(ReadOnlySpan<char> word, List<int> tokens);
}
