namespace KsLottery.Engine.Text.Corpora;

/// <summary>Tokens to train on: every one behind the first <paramref name="PromptLength"/> is a target of the one before it.</summary>
/// <param name="Tokens">Two tokens or more.</param>
/// <param name="PromptLength">The number of tokens without loss, from 1: the first has nothing before it.</param>
public readonly record struct TokenSequence(ReadOnlyMemory<int> Tokens, int PromptLength)
{
    /// <summary>The number of rows that the sequence takes in a batch: one less than its tokens, since nothing follows the last.</summary>
    public int RowCount => Tokens.Length - 1;
}
