namespace KsLottery.Engine.Generation;

/// <summary>A sequence's last token and the sequence before it, which others may share; null is the empty sequence.</summary>
internal sealed record TokenPath(TokenPath? Before, int Token)
{
    private readonly int _length = (Before?._length ?? 0) + 1;

    /// <summary>The tokens, first to last.</summary>
    public static int[] ToArray(TokenPath? path)
    {
        int[] tokens = new int[path?._length ?? 0];
        for (int i = tokens.Length - 1; i >= 0; i--, path = path.Before) tokens[i] = path!.Token;
        return tokens;
    }
}
