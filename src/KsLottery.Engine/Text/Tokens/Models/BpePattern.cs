namespace KsLottery.Engine.Text.Tokens;

/// <summary>How a byte-level BPE cuts text into the words that its merges stay within.</summary>
internal enum BpePattern
{
    /// <summary>LLaMA-3's: as GPT-2's, with digits by three and line feeds by themselves.</summary>
    Llama3,

    /// <summary>GPT-2's: letters, digits and other characters apart, one space before each with it.</summary>
    Gpt2,
}
