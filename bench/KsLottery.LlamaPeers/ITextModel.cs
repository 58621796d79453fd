namespace KsLottery.LlamaPeers;

/// <summary>A model that reads a prompt and then token after token.</summary>
internal interface ITextModel : IDisposable
{
    /// <summary>Forgets everything, and reads a prompt; gives the logits behind its last token.</summary>
    ReadOnlySpan<float> Read(int[] prompt);

    /// <summary>Reads one more token; gives the logits behind it.</summary>
    ReadOnlySpan<float> Append(int token);
}
