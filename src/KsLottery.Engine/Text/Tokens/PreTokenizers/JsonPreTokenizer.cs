using System.Text.Json;

namespace KsLottery.Engine.Text.Tokens;

/// <summary>The <c>pre_tokenizer</c> section of a <c>tokenizer.json</c>: cuts a text into the words that the model sees one at a
/// time.</summary>
internal sealed class JsonPreTokenizer
{
    private delegate void Step(AlignedText word, List<AlignedText> words);

    private readonly List<Step> _steps = [];

    /// <summary>Reads the section.</summary>
    /// <exception cref="InvalidDataException">It has a step or setting that is not supported.</exception>
    public JsonPreTokenizer(string path, JsonElement? section)
    {
        foreach (TokenizerStep step in TokenizerStep.Steps(path, "pre_tokenizer", section, "pretokenizers"))
        {
            _steps.Add(step.Type switch
            {
                "BertPreTokenizer" => Bert,
                "ByteLevel" => ByteLevel(step),
                "CharDelimiterSplit" => At(Delimiter(step), SplitBehavior.Removed),
                "Digits" => At(UnicodeTables.Numeric,
                    step.Flag("individual_digits", false) ? SplitBehavior.Isolated : SplitBehavior.Contiguous),
                "FixedLength" => FixedLength(step),
                "Metaspace" => Metaspace(step),
                "Punctuation" => At(UnicodeTables.Punctuation, Behavior(step, SplitBehavior.Isolated)),
                "Split" => Split(step),
                "Whitespace" => Whitespace,
                "WhitespaceSplit" => At(UnicodeTables.Space, SplitBehavior.Removed),
                string other => throw step.Refuse("type", other, "Sequence, BertPreTokenizer, ByteLevel, CharDelimiterSplit, Digits, " +
                    "FixedLength, Metaspace, Punctuation, Split, Whitespace and WhitespaceSplit"),
            });
        }
    }

    /// <summary>Cuts a text into words, none of them empty unless there is no step.</summary>
    public List<AlignedText> Apply(AlignedText text)
    {
        List<AlignedText> words = [text];
        foreach (Step step in _steps)
        {
            List<AlignedText> cut = new(words.Count);
            foreach (AlignedText word in words) step(word, cut);
            words = cut;
        }
        return words;
    }

    private static Step At(CodePointSet delimiters, SplitBehavior behavior) =>
        (word, words) => TextSplit.Append(word, TextSplit.Find(word.Span, delimiters), behavior, words);

    private static void Bert(AlignedText word, List<AlignedText> words)
    {
        List<AlignedText> spaced = [];
        TextSplit.Append(word, TextSplit.Find(word.Span, UnicodeTables.Space), SplitBehavior.Removed, spaced);
        foreach (AlignedText part in spaced)
            TextSplit.Append(part, TextSplit.Find(part.Span, UnicodeTables.Punctuation), SplitBehavior.Isolated, words);
    }

    /// <summary><c>\w+|[^\w\s]+</c>, by the regex crate's idea of <c>\w</c>.</summary>
    private static void Whitespace(AlignedText word, List<AlignedText> words)
    {
        List<AlignedText> spaced = [];
        TextSplit.Append(word, TextSplit.Find(word.Span, UnicodeTables.Space), SplitBehavior.Removed, spaced);
        foreach (AlignedText part in spaced)
            TextSplit.Append(part, TextSplit.Find(part.Span, UnicodeProperties.JoinedWord), SplitBehavior.Contiguous, words);
    }

    private static CodePointSet Delimiter(TokenizerStep step) => CodePointSet.Of(step.Character("delimiter"));

    private static Step Split(TokenizerStep step)
    {
        SplitBehavior behavior = Behavior(step, null);
        bool isInverted = step.Flag("invert", false);
        SplitPattern pattern = JsonPattern.Read(step);
        return (word, words) =>
        {
            List<TextPart> parts = pattern.Find(word.Span);
            if (isInverted) parts = parts.ConvertAll(part => part with { IsMatch = !part.IsMatch });
            TextSplit.Append(word, parts, behavior, words);
        };
    }

    private static SplitBehavior Behavior(TokenizerStep step, SplitBehavior? otherwise) => step.Text("behavior") switch
    {
        null when otherwise is { } behavior => behavior,
        { } name when Enum.GetNames<SplitBehavior>().Contains(name) => Enum.Parse<SplitBehavior>(name),
        var other => throw step.Refuse("behavior", other ?? "(none)", string.Join(", ", Enum.GetNames<SplitBehavior>())),
    };

    private static Step ByteLevel(TokenizerStep step)
    {
        bool addsSpace = step.Flag("add_prefix_space", true);
        SplitPattern? pattern = step.Flag("use_regex", true) ? SplitPattern.Gpt2 : null;
        return (word, words) =>
        {
            if (addsSpace && word.Span is not [' ', ..]) word = word.Prepend(" ");
            List<AlignedText> parts = [];
            if (pattern is null) parts.Add(word);
            else TextSplit.Append(word, pattern.Find(word.Span), SplitBehavior.Isolated, parts);
            foreach (AlignedText part in parts) words.Add(part.Map(ByteAlphabet.Encode));
        };
    }

    private static Step FixedLength(TokenizerStep step)
    {
        int length = step.Number("length", 5);
        if (length < 1) throw step.Refuse("length", $"{length}", "1 or more");
        return (word, words) =>
        {
            int start = 0, at = 0, count = 0;
            foreach (System.Text.Rune character in word.Span.EnumerateRunes())
            {
                at += character.Utf16SequenceLength;
                if (++count % length != 0 && at < word.Text.Length) continue;
                words.Add(word.Slice(start, at));
                start = at;
            }
        };
    }

    private static Step Metaspace(TokenizerStep step)
    {
        MetaspaceScheme scheme = MetaspaceScheme.Read(step);
        bool splits = step.Flag("split", true);
        CodePointSet space = CodePointSet.Of(scheme.Replacement);
        string text = char.ConvertFromUtf32(scheme.Replacement);
        return (word, words) =>
        {
            word = word.Map(span => span.ToString().Replace(" ", text, StringComparison.Ordinal));
            bool prepends = scheme.Prepends == "always" || (scheme.Prepends == "first" && word.AtStart > 0);
            if (prepends && !word.Span.StartsWith(text)) word = word.Prepend(text);
            if (splits) TextSplit.Append(word, TextSplit.Find(word.Span, space), SplitBehavior.MergedWithNext, words);
            else words.Add(word);
        };
    }
}
