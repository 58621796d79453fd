using System.Text;
using System.Text.Unicode;
using KsLottery.Engine.Text.Tokens;

namespace KsLottery.Engine.Experiments;

/// <summary>Says which tokens are in a <see cref="TokenGroup"/>. Each is in one, and besides it may be in the prompt's.</summary>
/// <param name="tokens">The tokens.</param>
/// <param name="prompt">Those of the prompt without a sentence in it.</param>
internal sealed class TokenGroups(TokenTable tokens, IEnumerable<int> prompt)
{
    private readonly HashSet<int> _prompt = [.. prompt];

    /// <summary>The groups that divide the tokens among them.</summary>
    public static IReadOnlyList<TokenGroup> Dividing { get; } = [.. Enum.GetValues<TokenGroup>().Where(g => g != TokenGroup.Prompt)];

    /// <summary>What a group is called in files: its name in lower case.</summary>
    public static string NameOf(TokenGroup group) => group.ToString().ToLowerInvariant();

    /// <summary>The one group that a token is in, the prompt's aside.</summary>
    public TokenGroup Of(int id)
    {
        if (tokens.Kind(id) is not (TokenKind.Normal or TokenKind.Byte)) return TokenGroup.Special;
        byte[] bytes = tokens.Bytes(id);
        if (!Utf8.IsValid(bytes)) return TokenGroup.Fragment;
        string text = Encoding.UTF8.GetString(bytes);
        return text.Any(char.IsLetter) ? TokenGroup.Word
            : text.Any(char.IsDigit) ? TokenGroup.Digit
            : string.IsNullOrWhiteSpace(text) ? TokenGroup.Space
            : TokenGroup.Punctuation;
    }

    /// <summary>Whether a token is in a group.</summary>
    public bool Contains(TokenGroup group, int id) => group == TokenGroup.Prompt ? _prompt.Contains(id) : Of(id) == group;
}

/// <summary>A kind of token: what a ticket is made of, and which part of it an arm trains or leaves out.</summary>
public enum TokenGroup
{
    /// <summary>A control or special token, or a row that stands for no text.</summary>
    Special,
    /// <summary>White space alone, line feeds among it.</summary>
    Space,
    /// <summary>Digits and no letter.</summary>
    Digit,
    /// <summary>Neither letter nor digit: marks and symbols.</summary>
    Punctuation,
    /// <summary>A letter or more: a word or a part of one.</summary>
    Word,
    /// <summary>Bytes that are no whole character by themselves.</summary>
    Fragment,
    /// <summary>What the prompt holds beside the sentence, whatever it is otherwise.</summary>
    Prompt,
}
