using System.Text.RegularExpressions;

namespace KsLottery.Engine.Text.Corpora;

/// <summary>Makes the prompt of a sentence pair: what a model reads before its answer.</summary>
/// <remarks>
/// A text with the placeholders <c>{source}</c>, <c>{src_lang}</c>, <c>{tgt_lang}</c> and <c>{instruction}</c>, the pair's own instruction
/// or else "Translate the following sentences from {src_lang} to {tgt_lang}.". What is put in is not searched for placeholders again.
/// A pair with an instruction and no source asks by its instruction alone: Alpaca's forms leave their input part out, with the preamble
/// that Stanford Alpaca has for that; in a text without <c>{instruction}</c> it stands in the source's place.
/// </remarks>
public sealed partial class PromptTemplate
{
    private const string Preamble = "Below is an instruction that describes a task, paired with an input that provides further context. " +
        "Write a response that appropriately completes the request.";
    private const string InstructionPreamble = "Below is an instruction that describes a task. " +
        "Write a response that appropriately completes the request.";
    private const string InputPart = "### Input:\n{source}\n", InstructionMark = "{instruction}", SourceMark = "{source}";
    private const string Known = "{source}, {src_lang}, {tgt_lang} and {instruction}";

    private PromptTemplate(string name, string text) => (Name, Text) = (name, text);

    /// <summary>The form in which KS-Lottery's authors train (Alpaca's, as ParroT writes it), without space or line feed at the
    /// end.</summary>
    public static PromptTemplate Alpaca { get; } = new("alpaca",
        Preamble + "\n\n### Instruction:\n{instruction}\n\n### Input:\n{source}\n\n### Response:");

    /// <summary>The form in which the authors evaluate: as <see cref="Alpaca"/>, with one line feed between the parts.</summary>
    public static PromptTemplate AlpacaSingleNewline { get; } = new("alpaca-single-newline",
        Preamble + "\n### Instruction:\n{instruction}\n### Input:\n{source}\n### Response:");

    /// <summary>Three short lines, the form of an independent replication.</summary>
    public static PromptTemplate Plain { get; } = new("plain",
        "Translate the following sentence from {src_lang} to {tgt_lang}.\n{src_lang}: {source}\n{tgt_lang}:");

    /// <summary>The source and a line feed: the least, for small models that know one task.</summary>
    public static PromptTemplate Minimal { get; } = new("minimal", "{source}\n");

    /// <summary>The named forms.</summary>
    public static IReadOnlyList<PromptTemplate> All { get; } = [Alpaca, AlpacaSingleNewline, Plain, Minimal];

    /// <summary>The name of the form, <c>custom</c> for a text of the user's.</summary>
    public string Name { get; }

    /// <summary>The text with its placeholders.</summary>
    public string Text { get; }

    /// <summary>Takes the name of a form, or a text with placeholders.</summary>
    /// <param name="nameOrText">The name or text; in a text <c>\n</c> and <c>\t</c> may stand for line feed and tab.</param>
    /// <exception cref="ArgumentException">No form has the name, or a placeholder is unknown, or {source} is missing.</exception>
    public static PromptTemplate From(string nameOrText)
    {
        ArgumentException.ThrowIfNullOrEmpty(nameOrText);
        if (All.FirstOrDefault(form => form.Name == nameOrText) is { } named) return named;
        if (!nameOrText.Contains('{', StringComparison.Ordinal))
        {
            string names = string.Join(", ", All.Select(form => form.Name));
            throw new ArgumentException($"No prompt template is named '{nameOrText}'; known are {names}, " +
                $"or give a text with {Known}.", nameof(nameOrText));
        }
        string text = nameOrText.Replace("\\n", "\n", StringComparison.Ordinal).Replace("\\t", "\t", StringComparison.Ordinal);
        foreach (Match match in Placeholder().Matches(text))
            if (match.Value is not ("{source}" or "{src_lang}" or "{tgt_lang}" or "{instruction}"))
                throw new ArgumentException($"The placeholder {match.Value} is unknown; known are {Known}.", nameof(nameOrText));
        return text.Contains("{source}", StringComparison.Ordinal) ? new PromptTemplate("custom", text)
            : throw new ArgumentException($"The prompt template '{nameOrText}' has no {{source}}; put it where the sentence goes.",
                nameof(nameOrText));
    }

    /// <summary>Makes the prompt of a pair; a pair that holds its whole prompt keeps it.</summary>
    /// <param name="pair">The pair; its target is not looked at.</param>
    /// <param name="sourceLanguage">The English name of the source's language, such as <c>English</c>.</param>
    /// <param name="targetLanguage">The English name of the target's language, such as <c>Danish</c>.</param>
    /// <exception cref="ArgumentException">The template needs a language that is not given.</exception>
    public string Format(SentencePair pair, string? sourceLanguage = null, string? targetLanguage = null)
    {
        ArgumentNullException.ThrowIfNull(pair);
        if (pair.Prompt is { } prompt) return prompt;
        bool isAlone = pair.Instruction is not null && string.IsNullOrWhiteSpace(pair.Source);
        bool takesPlace = isAlone && !Text.Contains(InstructionMark, StringComparison.Ordinal);
        return Placeholder().Replace(isAlone ? TextWithoutInput() : Text, match => match.Value switch
        {
            SourceMark => takesPlace ? pair.Instruction! : pair.Source,
            "{src_lang}" => Language(sourceLanguage, "source", nameof(sourceLanguage)),
            "{tgt_lang}" => Language(targetLanguage, "target", nameof(targetLanguage)),
            _ => pair.Instruction ?? $"Translate the following sentences from {Language(sourceLanguage, "source", nameof(sourceLanguage))} "
                +
                $"to {Language(targetLanguage, "target", nameof(targetLanguage))}.",
        });
    }

    private string TextWithoutInput() => !Text.StartsWith(Preamble, StringComparison.Ordinal) ? Text : InstructionPreamble
        + Text[Preamble.Length..].Replace(InputPart + "\n", "", StringComparison.Ordinal).Replace(InputPart, "", StringComparison.Ordinal);

    /// <summary>The name.</summary>
    public override string ToString() => Name;

    private string Language(string? name, string side, string parameter) => !string.IsNullOrEmpty(name) ? name
        : throw new ArgumentException($"The prompt template '{Name}' names the {side} language, and none is given. "
            + $"{(side == "source" ? Remedy.NameSourceLanguage : Remedy.NameTargetLanguage)}, such as English.",
            parameter);

    [GeneratedRegex(@"\{[^{}]*\}")]
    private static partial Regex Placeholder();
}
