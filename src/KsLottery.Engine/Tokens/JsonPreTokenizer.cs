using System.Text.Json;
using System.Text.RegularExpressions;

namespace KsLottery.Engine.Tokens;

/// <summary>The <c>pre_tokenizer</c> section of a <c>tokenizer.json</c>: cuts a text into the words that merges stay within.</summary>
internal sealed class JsonPreTokenizer
{
    private delegate void Step(ReadOnlyMemory<char> word, bool isAtStart, List<ReadOnlyMemory<char>> words);

    private readonly List<Step> _steps = [];

    /// <summary>Reads the section.</summary>
    /// <exception cref="InvalidDataException">It has a step or setting that is not supported.</exception>
    public JsonPreTokenizer(string path, JsonElement? section)
    {
        foreach (JsonSection step in JsonSection.Steps(path, "pre_tokenizer", section, "pretokenizers"))
        {
            _steps.Add(step.Type switch
            {
                "Split" => Split(step),
                "ByteLevel" => ByteLevel(step),
                "Metaspace" => Metaspace(step),
                string other => throw step.Refuse("type", other, "Sequence, Split, ByteLevel and Metaspace"),
            });
        }
    }

    /// <summary>Cuts a text.</summary>
    /// <param name="text">The text between two added tokens.</param>
    /// <param name="isAtStart">Whether it begins the whole text.</param>
    public List<ReadOnlyMemory<char>> Apply(string text, bool isAtStart)
    {
        List<ReadOnlyMemory<char>> words = [text.AsMemory()];
        foreach (Step step in _steps)
        {
            List<ReadOnlyMemory<char>> cut = new(words.Count);
            for (int i = 0; i < words.Count; i++) step(words[i], isAtStart && i == 0, cut);
            words = cut;
        }
        return words;
    }

    private static Step Split(JsonSection step)
    {
        bool isInverted = step.Flag("invert", false);
        bool removes = step.Text("behavior") switch
        {
            "Isolated" => false,
            "Removed" => true,
            var other => throw step.Refuse("behavior", other ?? "(none)", "Isolated and Removed"),
        };
        SplitPattern pattern = Pattern(step);
        return (word, _, words) =>
        {
            foreach ((int start, int length, bool isMatch) in pattern.Split(word.Span))
                if (!removes || isMatch == isInverted)
                    words.Add(word.Slice(start, length));
        };
    }

    private static SplitPattern Pattern(JsonSection step)
    {
        JsonSection pattern = step with { Element = step.Get("pattern") ?? default };
        string regex = pattern.Text("Regex") ?? (pattern.Text("String") is { Length: > 0 } text ? Regex.Escape(text)
            : throw step.Refuse("pattern", "(none)", "a Regex or a String"));
        try
        {
            return SplitPattern.From(regex);
        }
        catch (ArgumentException fault)
        {
            throw step.Refuse("pattern", regex, $"what .NET understands ({fault.Message})");
        }
    }

    private static Step ByteLevel(JsonSection step)
    {
        bool addsSpace = step.Flag("add_prefix_space", true);
        SplitPattern? pattern = step.Flag("use_regex", true) ? SplitPattern.Gpt2 : null;
        return (word, _, words) =>
        {
            if (addsSpace && word.Span is not [' ', ..]) word = (" " + word).AsMemory();
            if (pattern is null)
            {
                words.Add(ByteAlphabet.Encode(word.Span).AsMemory());
                return;
            }
            foreach ((int start, int length, bool _) in pattern.Split(word.Span))
                words.Add(ByteAlphabet.Encode(word.Span.Slice(start, length)).AsMemory());
        };
    }

    private static Step Metaspace(JsonSection step)
    {
        if ((step.Text("replacement") ?? "▁") is not [char space])
            throw step.Refuse("replacement", step.Text("replacement")!, "a single character");
        bool splits = step.Flag("split", true);
        string scheme = step.Text("prepend_scheme") ?? (step.Flag("add_prefix_space", true) ? "always" : "never");
        if (scheme is not ("always" or "first" or "never"))
            throw step.Refuse("prepend_scheme", scheme, "always, first and never");
        return (word, isAtStart, words) =>
        {
            string text = word.ToString().Replace(' ', space);
            if (!text.StartsWith(space) && (scheme == "always" || (scheme == "first" && isAtStart))) text = space + text;
            int start = 0;
            for (int end = 1; splits && end < text.Length; end++)
            {
                if (text[end] != space) continue;
                words.Add(text.AsMemory(start, end - start));
                start = end;
            }
            words.Add(text.AsMemory(start));
        };
    }
}
